#!/bin/sh
# Builds a Kubernetes control plane (API server, controller manager, etcd) from Debian's own sources and
# packages into the folder named by $1, where tests/kubernetes finds it. No cluster, no registry of images, no
# service is started. A folder that has the three programs is left as it is. About six minutes on two cores.
set -eu

target=$1
version=1.20.2
mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\{0,1\} *$/\1/p; s/^deb .*\(https\{0,1\}:[^ ]*\/debian\)\/\{0,1\} .*/\1/p' \
	/etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)

if [ -x "$target/kube-apiserver" ] && [ -x "$target/kube-controller-manager" ] && [ -x "$target/etcd" ]; then
	exit 0
fi
if [ -z "$mirror" ]; then
	echo "No mirror of Debian is named in /etc/apt: this builds on Debian 12." >&2
	exit 1
fi
mkdir -p "$target"
work=$(mktemp -d "${TMPDIR:-/tmp}/osk-control-plane.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

missing=
for program in go rsync jq make dpkg-source; do
	command -v $program >/dev/null 2>&1 || missing="$missing $program"
done
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "Missing:$missing. On Debian: sudo apt-get install golang-go rsync jq make dpkg-dev" >&2
		exit 1
	fi
	echo "Installing what builds Kubernetes …"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		golang-go rsync jq make dpkg-dev >/dev/null
fi

# A list of sources of its own: the machine's own lists need no deb-src line and stay as they are.
mkdir -p lists/partial parts
cat >parts/sources.sources <<END
Types: deb deb-src
URIs: $mirror
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
apt() {
	apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts" \
		-o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root "$@"
}
echo "Fetching Debian's sources of Kubernetes $version …"
apt update
apt source --download-only kubernetes
# From the package, not installed: its service would start.
apt download etcd-server
dpkg-deb -x etcd-server_*.deb etcd
cp etcd/usr/bin/etcd "$target/etcd"
dpkg-source -x kubernetes_*.dsc tree >/dev/null

echo "Building the API server and the controller manager …"
cat >version <<END
KUBE_GIT_COMMIT=debian
KUBE_GIT_TREE_STATE=archive
KUBE_GIT_VERSION=v$version
KUBE_GIT_MAJOR=1
KUBE_GIT_MINOR=20
END
cd tree
export KUBE_GIT_VERSION_FILE="$work/version" GOPROXY=off GOFLAGS=-mod=vendor GOCACHE="$work/cache" GOPATH="$work/go"
make WHAT="cmd/kube-apiserver cmd/kube-controller-manager" >"$work/build.log" 2>&1 || {
	tail -n 30 "$work/build.log" >&2
	exit 1
}
for name in kube-apiserver kube-controller-manager; do
	find _output -type f -name $name -exec cp {} "$target/$name" \;
done
"$target/kube-apiserver" --version
