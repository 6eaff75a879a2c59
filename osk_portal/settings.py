"""Settings of OSK-Portal, in Django's order, from the environment (see toolkit.env).

One file for every place: ``OSK_ENV`` is production, tryout (``make run``) or test. Nothing exists only in
production; what differs is a value.
"""

from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from osk_portal.toolkit import clamav, cluster_entry, env, gate_domain

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

OSK_VAR = env.path("OSK_VAR", BASE_DIR / "var", help="Folder for everything that the portal keeps.")
OSK_ENV = env.choice(
    "OSK_ENV",
    "tryout",
    ("production", "tryout", "test"),
    help="production refuses embedded parts, demo logins and unsafe settings; tryout is `make run`.",
)
PRODUCTION = OSK_ENV == "production"
if OSK_ENV == "tryout":
    # Written by `make run` while its parts are up, so that a manage.py by hand finds the same ones.
    env.load_file(OSK_VAR / "run.env")
OSK_PROCESS = env.choice(
    "OSK_PROCESS",
    "command",
    ("web", "worker", "beat", "command"),
    help="What this process is: chooses time limits towards the broker and database connections.",
)

# Security

SECRET_KEY = env.secret("SECRET_KEY", help="At least 50 random characters.")
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS", help="Earlier keys, while they rotate.")
OSK_ENCRYPTION_KEYS = env.secrets(
    "OSK_ENCRYPTION_KEYS", help="Fernet keys for secrets at rest, the newest first."
)
if not SECRET_KEY or not OSK_ENCRYPTION_KEYS:
    if PRODUCTION:
        raise ImproperlyConfigured("Set SECRET_KEY and OSK_ENCRYPTION_KEYS.")
    # A command by hand before the first `make run`: good for --help, never for a server.
    SECRET_KEY = SECRET_KEY or "try-out-only-" + "0" * 50
    OSK_ENCRYPTION_KEYS = OSK_ENCRYPTION_KEYS or [("0" * 43) + "="]
DEBUG = False
OSK_BASE_URL = env.text(
    "OSK_BASE_URL",
    f"http://localhost:{env.number('PORT', 8000, help='Port of the web server of `make run`.')}",
    help="Address under which people reach the portal; used in mails.",
).rstrip("/")
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS",
    [urlsplit(OSK_BASE_URL).hostname or "localhost", "localhost", "127.0.0.1"],
    help="Host names that the portal answers to.",
)
CSRF_TRUSTED_ORIGINS = env.words(
    "CSRF_TRUSTED_ORIGINS", help="Further origins with scheme, where a proxy changes the host."
)
OSK_PROXY_COUNT = env.number(
    "OSK_PROXY_COUNT", 0, help="Reverse proxies in front of the portal that set X-Forwarded-For."
)
HTTPS = env.flag("OSK_HTTPS", PRODUCTION, help="People reach the portal by https.")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if env.flag("OSK_TRUST_FORWARDED_PROTO", False, help="The proxy sets X-Forwarded-Proto."):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Preloading binds every host below the operator's domain for years: the operator's decision, not ours.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_NAME = "__Host-sid" if HTTPS else "sid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "osk_portal.pages.errors.csrf_failure"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
OSK_SESSION_IDLE_MINUTES = env.number(
    "OSK_SESSION_IDLE_MINUTES", 60, help="Minutes without a request after which a login ends."
)
OSK_SESSION_ABSOLUTE_HOURS = env.number(
    "OSK_SESSION_ABSOLUTE_HOURS", 12, help="Hours after which a login ends in any case."
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # KERN's icons are masks with data: addresses
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [
            SELF,
            *env.words("OSK_FORM_ACTION_ORIGINS", help="Origins of the identity provider."),
        ],
        "frame-src": [NONE],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# Application

INSTALLED_APPS = [
    "osk_portal.apps.PortalConfig",
    "osk_portal.accounts.apps.AccountsConfig",
    "osk_portal.notifications.apps.NotificationsConfig",
    "network",
    "catalog",
    "sandbox",
    "consulting",
    "osk_portal.pages.apps.PagesConfig",
    "osk_portal.apps.OskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "osk_portal.toolkit.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "osk_portal.pages.middleware.DatabaseDownMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "osk_portal.pages.middleware.LoginRequiredMiddleware",
    "osk_portal.toolkit.middleware.HeadersMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "osk_portal.accounts.middleware.SessionAgeMiddleware",
    "osk_portal.accounts.middleware.StaffSecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "osk_portal.urls"
WSGI_APPLICATION = "osk_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "osk_portal.pages.context_processors.portal",
            ],
        },
    }
]
FORM_RENDERER = "osk_portal.toolkit.forms.KernRenderer"

# Database

DATABASE_URL = env.secret(
    "DATABASE_URL",
    help="postgresql://user:password@host:port/name; unset: embedded (try-out only).",
)
if PRODUCTION and not DATABASE_URL:
    raise ImproperlyConfigured("Set DATABASE_URL: the embedded PostgreSQL is for try-outs only.")


def _database(url: str) -> dict[str, object]:
    """Django's settings of a libpq address; what Django has no name for goes to OPTIONS."""
    try:
        parts = conninfo_to_dict(url or "postgresql://osk@localhost/osk")
    except ProgrammingError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {str(error).strip()}") from error
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    known = {name: str(parts.pop(key, "")) for name, key in names.items()}
    in_web = OSK_PROCESS == "web"
    options: dict[str, object] = {"connect_timeout": 10, **parts}
    if in_web:
        # Worth five times the throughput in web (quality.md 4.1); after a worker's fork it is harmful.
        options["pool"] = {"min_size": 2, "max_size": 6, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **known,
        "CONN_MAX_AGE": 0 if in_web else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASES = {"default": _database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Login limits and allauth's codes: must survive a restart and be shared by all web processes.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # Parts of pages by the values they show, so that a new value is a new part and none is ever stale.
    "fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# Accounts (quality.md 1.3)

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "pages:my_area"
ACCOUNT_ADAPTER = "osk_portal.accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "osk_portal.accounts.adapters.SocialAccountAdapter"
MFA_ADAPTER = "osk_portal.accounts.adapters.MFAAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600  # ASVS v5.0.0-6.5.5: at most ten minutes
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 600
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_TIMEOUT = 900
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "website"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
    "barrier_report": "5/10m/ip",
    "publiccode_check": "30/10m/ip",
    "report_create": "5/10m/ip",
    "report_address": "3/h/key",
    "publiccode_fetch": "10/10m/ip",
    "case_link_dead": "20/5m/ip",
    "case_link_message": "10/10m/key",
    "sandbox_guest": "60/10m/key",
    "sandbox_invite": "30/h/key",
    "sandbox_wish": "20/h/key",
    "calendar_feed": "30/5m/key",
    "calendar_feed_dead": "20/5m/ip",
    "own_data_copy": "10/h/key",
    "account_end": "10/h/key",
    "confirm_email": "3/3m/key",
}
OSK_SIGNUP_OPEN = env.flag("OSK_SIGNUP_OPEN", True, help="Anybody may make an account.")
ACCOUNT_FORMS = {
    "login": "osk_portal.accounts.forms.LoginForm",
    "signup": "osk_portal.accounts.forms.SignupForm",
    "add_email": "osk_portal.accounts.forms.AddEmailForm",
    "change_email": "osk_portal.accounts.forms.ChangeEmailForm",
    "change_password": "osk_portal.accounts.forms.ChangePasswordForm",
    "set_password": "osk_portal.accounts.forms.SetPasswordForm",
    "reset_password": "osk_portal.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "osk_portal.accounts.forms.ResetPasswordKeyForm",
    "confirm_email_verification_code": "osk_portal.accounts.forms.ConfirmEmailVerificationCodeForm",
    "confirm_password_reset_code": "osk_portal.accounts.forms.ConfirmPasswordResetCodeForm",
    "reauthenticate": "osk_portal.accounts.forms.ReauthenticateForm",
}
SOCIALACCOUNT_FORMS = {"signup": "osk_portal.accounts.forms.SocialSignupForm"}
MFA_FORMS = {
    "authenticate": "osk_portal.accounts.forms.AuthenticateForm",
    "reauthenticate": "osk_portal.accounts.forms.MFAReauthenticateForm",
    "activate_totp": "osk_portal.accounts.forms.ActivateTOTPForm",
    "add_webauthn": "osk_portal.accounts.forms.AddWebAuthnForm",
    "edit_webauthn": "osk_portal.accounts.forms.EditWebAuthnForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = OSK_PROXY_COUNT
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "OSK-Portal"
MFA_TOTP_TOLERANCE = 0
MFA_TRUST_ENABLED = False
USERSESSIONS_TRACK_ACTIVITY = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
_oidc_url = env.text(
    "OIDC_SERVER_URL", help="Address of the State's identity provider (OpenID Connect)."
)
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "landesdienst",
                "name": env.text("OIDC_NAME", "Landesdienst", help="Its name on the login page."),
                "client_id": env.text("OIDC_CLIENT_ID", help="Our client id there."),
                "secret": env.secret("OIDC_CLIENT_SECRET", help="Our client secret there."),
                "settings": {
                    "server_url": _oidc_url,
                    "uid_field": "sub",
                    "token_auth_method": "client_secret_basic",
                    "oauth_pkce_enabled": True,
                    "fetch_userinfo": True,
                },
            }
        ]
        if _oidc_url
        else [],
    }
}
OIDC_STAFF_ACR = env.words(
    "OIDC_STAFF_ACR", help="acr values that count as a second factor for staff."
)

# Language and time

LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
# One catalogue an area: two people translate without touching the same file.
LOCALE_PATHS = [
    BASE_DIR / "locale" / area
    for area in ("ground", "accounts", "network", "catalog", "sandbox", "consulting")
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Berlin"

# Files

STATIC_URL = "static/"
STATIC_ROOT = OSK_VAR / "static"
_modules = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("kern", _modules / "@kern-ux" / "native" / "dist"),
    ("fira-sans", _modules / "@fontsource" / "fira-sans" / "files"),
    ("htmx", _modules / "htmx.org" / "dist"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": OSK_VAR / "private",
            "base_url": None,
            "file_permissions_mode": 0o640,
        },
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Pages name files by their hashed names only; without the plain ones, a first start compresses half.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = OSK_VAR / "media"
FILE_UPLOAD_PERMISSIONS = 0o640
# A text of 10 MB gets its answer at the field, with everything still there, instead of an error page.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
# More than a request may hold, so that one too many gets its answer at the field.
DATA_UPLOAD_MAX_NUMBER_FILES = 50

# Mail

EMAIL_URL = env.secret(
    "EMAIL_URL", help="smtp://user:password@host:port or smtps://…; unset: embedded."
)
_mail = urlsplit(EMAIL_URL or "smtp://localhost:1025")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT = _mail.port or 25
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = env.flag("EMAIL_STARTTLS", PRODUCTION and not EMAIL_USE_SSL, help="Use STARTTLS.")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text(
    "OSK_MAIL_FROM",
    "OSK-Portal <portal@osk.example>",
    help="Sender of all mails; reports of failed delivery come back to it.",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
OSK_MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
OSK_REPLY_ADDRESS = env.text(
    "OSK_REPLY_ADDRESS",
    help="Mailbox for answers by mail, as antwort@osk.example (at most 15 characters before the @; its server must "
    "deliver antwort+anything@ there too); unset: mails name the portal as the way to answer.",
)
OSK_CONTACT_EMAIL = env.text(
    "OSK_CONTACT_EMAIL", "opensource@itdz-berlin.de", help="Where people reach the OSK."
)
OSK_MAIL_MOST_MB = env.number(
    "OSK_MAIL_MOST_MB", 30, help="Megabytes of a mail that comes in.", least=1
)
OSK_IMAP_URL = env.text(
    "OSK_IMAP_URL",
    help="Mailbox of the OSK that is read every minute: imaps://user@host/folder; unset: none.",
)
OSK_IMAP_PASSWORD = env.secret("OSK_IMAP_PASSWORD", help="Password of that mailbox.")
OSK_IMAP_DONE_FOLDER = env.text(
    "OSK_IMAP_DONE_FOLDER",
    help="Folder for mails that were taken; unset: they stay where they are, marked as read.",
)
OSK_SECURITY_EMAIL = env.text(
    "OSK_SECURITY_EMAIL", OSK_CONTACT_EMAIL, help="Where people report security holes."
)
OSK_STRATEGY_URL = env.text(
    "OSK_STRATEGY_URL",
    "https://www.berlin.de/sen/itk/",
    help="The State's own page about its open source strategy.",
)
OSK_FILM_URL = env.text(
    "OSK_FILM_URL", help="Address of the explainer film; unset: its text version only."
)

# Jobs (quality.md 2.3, foundations.md "Broker and doorbell")

CELERY_BROKER_URL = env.secret(
    "CELERY_BROKER_URL", help="redis://… or unix socket; unset: embedded (try-out only)."
)
if PRODUCTION and not CELERY_BROKER_URL:
    raise ImproperlyConfigured("Set CELERY_BROKER_URL: the embedded broker is for try-outs only.")
CELERY_BROKER_URL = CELERY_BROKER_URL or "redis://localhost:6379/0"
_patience = 0.4 if OSK_PROCESS in ("web", "command") else 10
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {}
    if CELERY_BROKER_URL.startswith("memory:")
    else {
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 0.4,
        "socket_timeout": _patience,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "max_retries": 0,
        "global_keyprefix": "osk:",
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {
    name: {} for name in ("default", "mail", "provision", "fetch")
}
CELERY_TASK_ROUTES = {
    "osk_portal.notifications.tasks.deliver": {"queue": "mail"},
    "sandbox.tasks.*": {"queue": "provision"},
    "catalog.tasks.fetch_*": {"queue": "fetch"},
    "consulting.tasks.scan_file": {"queue": "fetch"},
    "sandbox.tasks.scan_file": {"queue": "fetch"},
    "sandbox.tasks.scan_snapshot": {"queue": "fetch"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30 if PRODUCTION else 5
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep-outbox": {"task": "osk_portal.notifications.tasks.sweep", "schedule": 15.0},
    "tick-sandbox": {"task": "sandbox.tasks.tick", "schedule": 15.0},
    "reconcile-sandbox": {"task": "sandbox.tasks.reconcile", "schedule": 60.0},
    "sweep-fetches": {"task": "catalog.tasks.sweep_fetches", "schedule": 60.0},
    "sweep-notices": {"task": "catalog.tasks.sweep_notices", "schedule": 60.0},
    "tell-proposals": {"task": "catalog.tasks.tell_proposals", "schedule": 300.0},
    "renew-common-words": {"task": "catalog.tasks.renew_common_words", "schedule": 300.0},
    "sweep-scans": {"task": "consulting.tasks.sweep_scans", "schedule": 30.0},
    "sweep-report-scans": {"task": "sandbox.tasks.sweep_scans", "schedule": 30.0},
    "tell-deadlines": {"task": "consulting.tasks.tell_deadlines", "schedule": 300.0},
    "tell-mails": {"task": "consulting.tasks.tell_mails", "schedule": 300.0},
    "tend-appointments": {"task": "consulting.tasks.tend_appointments", "schedule": 300.0},
    "poll-mailbox": {"task": "consulting.tasks.poll_mailbox", "schedule": 60.0},
    "run-daily": {"task": "osk_portal.notifications.tasks.run_daily", "schedule": 300.0},
}

# Logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "osk_portal.toolkit.logs.RequestIdFilter"}},
    "formatters": {
        "json": {
            "()": "osk_portal.toolkit.logs.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(process_name)s",
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": [], "propagate": True},
        # A stranger's doing, answered with 400: no ERROR, which calls a person, and no trace.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.security.RequestDataTooBig": {"level": "CRITICAL"},
    },
}

# The portal's own numbers (product.md is their source)

OSK_DEMO = env.flag(
    "OSK_DEMO", not PRODUCTION, help="Load the demo world and its logins (try-out only)."
)
if PRODUCTION and OSK_DEMO:
    raise ImproperlyConfigured(
        "OSK_DEMO=1 makes logins with a known password: never in production."
    )
OSK_FIRST_RESPONSE_DAYS = env.number(
    "OSK_FIRST_RESPONSE_DAYS", 2, help="Working days to the first response."
)
OSK_ANSWER_DAYS = env.number("OSK_ANSWER_DAYS", 10, help="Working days to the answer.")
OSK_PROPOSAL_DAYS = env.number("OSK_PROPOSAL_DAYS", 10, help="Working days to decide a proposal.")
OSK_CLAIM_ANSWER_DAYS = env.number(
    "OSK_CLAIM_ANSWER_DAYS",
    10,
    help="Working days in which the maintainer of a catalog entry may answer a claim by another organisation.",
    least=1,
)
OSK_CLAIM_DAYS = env.number(
    "OSK_CLAIM_DAYS",
    30,
    help="Days in which the proof of a claim to a catalog entry must be there.",
    least=1,
)
OSK_CLAIM_LETTER_DAYS = env.number(
    "OSK_CLAIM_LETTER_DAYS",
    365,
    help="Days after which the letter of a decided claim to a catalog entry is deleted.",
    least=1,
)
OSK_ASSESSMENT_DAYS = env.number(
    "OSK_ASSESSMENT_DAYS",
    10,
    help="Working days that a maintainer sees an assessment before it may be published.",
    least=1,
)
OSK_DRAFT_DAYS = env.number("OSK_DRAFT_DAYS", 60, help="Days after which an untouched draft goes.")
OSK_REOPEN_DAYS = env.number(
    "OSK_REOPEN_DAYS", 90, help="Days in which a closed case can be reopened."
)
OSK_CLOSE_AFTER_DAYS = env.number(
    "OSK_CLOSE_AFTER_DAYS", 10, help="Working days after which an answered case is closed."
)
OSK_CLOSED_ON_EVES = env.flag(
    "OSK_CLOSED_ON_EVES", True, help="24 and 31 December are no working days."
)
OSK_CLOSURES = [
    date.fromisoformat(day)
    for day in env.words(
        "OSK_CLOSURES", help="Further days without work, as 2026-05-15,2026-05-16."
    )
]
OSK_OFFICE_OPENS = env.number(
    "OSK_OFFICE_OPENS", 8, help="Hour in Berlin from which mails about deadlines go to the OSK."
)
OSK_OFFICE_CLOSES = env.number(
    "OSK_OFFICE_CLOSES", 16, help="Hour in Berlin from which no mail about deadlines is sent."
)
OSK_FILES_MOST = env.number(
    "OSK_FILES_MOST", 10, help="Files that each side of a request may add.", least=1
)
OSK_FILE_MOST_MB = env.number("OSK_FILE_MOST_MB", 20, help="Megabytes of one file.", least=1)
OSK_FILES_MOST_MB = env.number(
    "OSK_FILES_MOST_MB", 100, help="Megabytes of all files of one side of a request.", least=1
)
OSK_ARCHIVE_OFFER_SETTLED = env.flag(
    "OSK_ARCHIVE_OFFER_SETTLED",
    False,
    help="The offer of records to the Landesarchiv is settled: requests are anonymised. Else reported only.",
)
OSK_CLAMAV = env.address(
    "OSK_CLAMAV",
    clamav.parse,
    help="ClamAV daemon that checks uploaded files: unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310. "
    "Empty: files are not scanned.",
)
OSK_DATA_LICENCE = env.text(
    "OSK_DATA_LICENCE", "CC0-1.0", help="Licence of the catalog's data, as an SPDX identifier."
)
OSK_DATA_LICENCE_URL = env.text(
    "OSK_DATA_LICENCE_URL",
    "https://creativecommons.org/publicdomain/zero/1.0/",
    help="Where the text of that licence stands.",
)
OSK_API_PER_MINUTE = env.number(
    "OSK_API_PER_MINUTE",
    120,
    help="Requests to the API that one address may make a minute.",
)
OSK_FETCH_HOSTS = [
    host.lower()
    for host in env.words(
        "OSK_FETCH_HOSTS",
        [
            "opencode.de",
            "gitlab.opencode.de",
            "raw.githubusercontent.com",
            "github.com",
            "codeberg.org",
            "gitlab.com",
        ],
        help="Hosts from which the portal fetches publiccode.yml files and pictures, by https. No other host is asked. "
        "The try-out with the demo world asks none.",
    )
]
OSK_BADGE_API = env.text(
    "OSK_BADGE_API",
    "",
    help="Address of openCode's Badge API, ending in /api/v1; its host must be in OSK_FETCH_HOSTS. "
    "Empty: no badges are fetched.",
)
OSK_CHECK_ALL_LINKS = env.flag(
    "OSK_CHECK_ALL_LINKS",
    False,
    help="Check the links of catalog entries on every public host each week. Otherwise only those on "
    "OSK_FETCH_HOSTS are asked, and of all others nobody hears when they lead nowhere. Links by http are never asked.",
)
OSK_STALE_DAYS = env.number(
    "OSK_STALE_DAYS",
    365,
    help="Days without a change after which the maintainer of a catalog entry is asked to look at it.",
    least=1,
)
OSK_FACETS_SECONDS = env.number(
    "OSK_FACETS_SECONDS",
    30,
    help="How many seconds figures beside the catalog's filters, and its lists for visitors, may be old.",
)
if OSK_ENV == "test":
    OSK_FACETS_SECONDS = 0  # a test sees what it has just written
OSK_NOTICE_REMIND_DAYS = env.number(
    "OSK_NOTICE_REMIND_DAYS",
    5,
    help="Working days after which who has not confirmed a security notice is reminded once; 0: never.",
)
OSK_REPORT_ADDRESS_DAYS = env.number(
    "OSK_REPORT_ADDRESS_DAYS",
    30,
    help="Days after the decision on a reported statement after which its sender's address is deleted.",
)
OSK_REUSE_CONFIRM_MONTHS = env.number(
    "OSK_REUSE_CONFIRM_MONTHS",
    12,
    help="Months after which an organisation is asked whether a reuse that it has declared still holds.",
    least=1,
)
OSK_REUSE_LAPSE_MONTHS = env.number(
    "OSK_REUSE_LAPSE_MONTHS",
    3,
    help="Months without an answer after which a reuse is marked as not confirmed and no longer counted.",
    least=1,
)
OSK_SITE_NAME = "OSK-Portal"
OSK_SANDBOX_INSTANCE = env.text(
    "OSK_SANDBOX_INSTANCE", "tryout", help="Name of this portal on everything it provisions."
)
# How far the database has come, kept beside it: a restored one is recognised (sandbox/restoring.py).
OSK_SANDBOX_MARKER: Path | None = OSK_VAR / "sandbox-marker.json"
OSK_SANDBOX_QUOTA = env.number(
    "OSK_SANDBOX_QUOTA", 2, help="Test environments an organisation may have at the same time."
)
OSK_SANDBOX_QUOTA_DAYS = env.number(
    "OSK_SANDBOX_QUOTA_DAYS", 90, help="Days that an organisation may book in a quarter.", least=1
)
OSK_SANDBOX_HORIZON_DAYS = env.number(
    "OSK_SANDBOX_HORIZON_DAYS",
    90,
    help="How many days ahead a test environment may be booked.",
    least=1,
)
OSK_SANDBOX_APPROVAL_DAYS = env.number(
    "OSK_SANDBOX_APPROVAL_DAYS",
    2,
    help="Working days in which the OSK promises to decide on a booking that needs approval.",
    least=1,
)
OSK_SANDBOX_HOLD_DAYS = env.number(
    "OSK_SANDBOX_HOLD_DAYS",
    5,
    help="Working days for which such a booking holds its place, at most until its begin.",
    least=1,
)
OSK_SANDBOX_OFFER_HOURS = env.number(
    "OSK_SANDBOX_OFFER_HOURS",
    24,
    help="Hours for which an offer of the waitlist holds its place; never until a day on which nobody works.",
    least=1,
)
OSK_SANDBOX_GUEST_DAYS = env.number(
    "OSK_SANDBOX_GUEST_DAYS",
    30,
    help="Days after the end of a test environment, after which names and addresses of its guests are deleted.",
    least=15,
)
OSK_SANDBOX_KEEP_YEARS = env.number(
    "OSK_SANDBOX_KEEP_YEARS",
    3,
    help="Years after the end of a booked test environment, after which purpose, reports and names are deleted.",
    least=1,
)
OSK_SANDBOX_SNAPSHOT_DAYS = env.number(
    "OSK_SANDBOX_SNAPSHOT_DAYS",
    30,
    help="Days after the end of a test environment, after which its saved configurations are deleted.",
    least=1,
)
OSK_SANDBOX_SNAPSHOTS_MOST = env.number(
    "OSK_SANDBOX_SNAPSHOTS_MOST",
    3,
    help="Saved configurations that are kept of a booking at the same time.",
    least=1,
)
OSK_SANDBOX_SNAPSHOT_MOST_MB = env.number(
    "OSK_SANDBOX_SNAPSHOT_MOST_MB",
    20,
    help="Megabytes of files in one saved configuration; with ClamAV at most its StreamMaxLength.",
    least=1,
)
OSK_SANDBOX_SNAPSHOT_MOST_FILES = env.number(
    "OSK_SANDBOX_SNAPSHOT_MOST_FILES",
    5000,
    help="Files in one saved configuration.",
    least=1,
)
OSK_SANDBOX_DOMAIN = env.address(
    "OSK_SANDBOX_DOMAIN",
    gate_domain.parse,
    help="Domain of the test environments, as test.example; a separate one, never below the portal's or above it. "
    "Empty: no gate, environments are opened at the engine's own address.",
)
OSK_SANDBOX_GATE_KEY = env.secret(
    "OSK_SANDBOX_GATE_KEY",
    help="What the gate's reverse proxy says to the portal: at least 32 random characters. See gate.md.",
)
OSK_SANDBOX_MAIL_PORT = env.number(
    "OSK_SANDBOX_MAIL_PORT",
    0,
    help="Port at which `manage.py sandbox_mail` takes what products want to send. 0: they are offered none.",
)
OSK_SANDBOX_LEAST_MEMORY_MB = env.number(
    "OSK_SANDBOX_LEAST_MEMORY_MB",
    256,
    help="Memory in MB that an engine must have free, beside what a test environment asks for, before one is set up. "
    "0: not looked at.",
)
OSK_SANDBOX_LEAST_DISK_MB = env.number(
    "OSK_SANDBOX_LEAST_DISK_MB",
    1024,
    help="Disk in MB that an engine must have free, beside what a test environment asks for, before one is set up. "
    "0: not looked at.",
)
OSK_SANDBOX_USER = env.text(
    "OSK_SANDBOX_USER",
    # Owns nothing and has no account; "nobody" is the embedded PostgreSQL.
    "61000",
    help="User of the tried-out programs where the portal is root: a name or a free number.",
)
OSK_SANDBOX_PORTS = env.text(
    "OSK_SANDBOX_PORTS",
    "21000-21999",
    help="Loopback ports of the process backend, as 21000-21999.",
)
OSK_SANDBOX_ENGINE = env.text(
    "OSK_SANDBOX_ENGINE",
    "",
    help="Socket of Podman or Docker, as unix:///run/podman/podman.sock. Empty: no containers.",
)
OSK_SANDBOX_NETWORK = env.text(
    "OSK_SANDBOX_NETWORK",
    "10.213.0.0/16",
    help="Addresses of the containers, 32 for each test environment. Nothing else may use them.",
)
OSK_SANDBOX_KUBERNETES_SERVER = env.text(
    "OSK_SANDBOX_KUBERNETES_SERVER",
    "",
    help="API server of the cluster, as https://10.0.0.1:6443. Empty: no cluster.",
)
OSK_SANDBOX_KUBERNETES_CA = env.text(
    "OSK_SANDBOX_KUBERNETES_CA",
    "",
    help="File with the certificate of the cluster's authority. Empty: those of the machine.",
)
OSK_SANDBOX_KUBERNETES_TOKEN_FILE = env.text(
    "OSK_SANDBOX_KUBERNETES_TOKEN_FILE",
    "",
    help="File with the token of the portal's service account; read anew each time.",
)
OSK_SANDBOX_KUBERNETES_FROM = env.words(
    "OSK_SANDBOX_KUBERNETES_FROM",
    ["osk-gate", "osk-portal"],
    cluster_entry.namespace,
    help="Namespaces of the gate and of the portal: nobody else reaches a product.",
)
OSK_SANDBOX_KUBERNETES_FROM_ADDRESSES = env.words(
    "OSK_SANDBOX_KUBERNETES_FROM_ADDRESSES",
    [],
    cluster_entry.addresses,
    help="Addresses of a gate or a portal outside of the cluster, as 10.0.0.7 or 10.0.0.0/28.",
)
OSK_SANDBOX_KUBERNETES_STORAGE_CLASS = env.text(
    "OSK_SANDBOX_KUBERNETES_STORAGE_CLASS",
    "",
    help="Storage class of volumes; it must delete them (reclaimPolicy). Empty: the cluster's own.",
)
OSK_SANDBOX_KUBERNETES_MAIL = env.address(
    "OSK_SANDBOX_KUBERNETES_MAIL",
    cluster_entry.service,
    help="Address of the cluster's service of the mail sink, at the port OSK_SANDBOX_MAIL_PORT. Empty: none there.",
)
OSK_SANDBOX_KUBERNETES_MAIL_NAMESPACE = env.text(
    "OSK_SANDBOX_KUBERNETES_MAIL_NAMESPACE",
    "osk-portal",
    help="Namespace in which the mail sink runs.",
)
for _name in ("OSK_SANDBOX_KUBERNETES_DOMAIN", "OSK_SANDBOX_KUBERNETES_INGRESS_CLASS"):
    # An Ingress stood beside the gate: whoever reached its controller reached the products.
    env.withdrawn(
        _name,
        instead="People come by the gate alone (OSK_SANDBOX_DOMAIN): see docs/operations/kubernetes.md.",
    )
OSK_SANDBOX_REGISTRIES = [
    host.lower()
    for host in env.words(
        "OSK_SANDBOX_REGISTRIES",
        ["registry.opencode.de", "docker.io", "ghcr.io", "quay.io"],
        help="Registries from which an organisation's own prototype may come. No other one is taken.",
    )
]
OSK_SANDBOX_PROTOTYPE_DAYS = env.number(
    "OSK_SANDBOX_PROTOTYPE_DAYS",
    180,
    help="Days for which a prototype can be booked once the OSK has approved it.",
    least=1,
)
OSK_SANDBOX_PROTOTYPE_MEMORY_MB = env.number(
    "OSK_SANDBOX_PROTOTYPE_MEMORY_MB",
    4096,
    help="Memory that all parts of a prototype may take together, in MB.",
    least=64,
)
OSK_SANDBOX_PROTOTYPE_CLASSES = env.words(
    "OSK_SANDBOX_PROTOTYPE_CLASSES", ["small"], help="Classes of places that a prototype may name."
)
OSK_SANDBOX_SCAN_DAYS = env.number(
    "OSK_SANDBOX_SCAN_DAYS",
    30,
    help="Days after the last scan of a test product for known holes, from which on its page shows a warning.",
    least=1,
)
OSK_SANDBOX_SCAN_MOST_DAYS = env.number(
    "OSK_SANDBOX_SCAN_MOST_DAYS",
    90,
    help="Days after the last scan, from which on the test product cannot be booked until it is scanned again.",
    least=1,
)
OSK_SANDBOX_PROGRAMS = {
    "radicale": env.text(
        "OSK_RADICALE_PYTHON",
        str(BASE_DIR / ".venv-radicale" / "bin" / "python"),
        help="Python of the virtual environment with Radicale.",
    )
}
SITE_ID = None
