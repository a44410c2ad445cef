"""Django's settings, made from the instance's `mailstead.toml`.

Without an instance (type checker, tests) a throw-away configuration stands in; the tests name their
database in `MAILSTEAD_TEST_DATABASE_URL`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from mailstead.config import FILE_NAME, Settings, home_from_environment, load, panel_origin
from mailstead.home import Home

_root = home_from_environment()
_real = (_root / FILE_NAME).exists()
MAILSTEAD: Settings = load(_root) if _real else Settings(home=Path("/nonexistent"))
_home = Home(MAILSTEAD.home)


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": {
            "timeout": 20,
            # A deferred transaction that turns into a write can fail with "locked" at once.
            "transaction_mode": "IMMEDIATE",
            # NORMAL may lose the last commits in a power cut; the node has applied them already.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _database() -> dict[str, Any]:
    url = MAILSTEAD.database.url if _real else os.environ.get("MAILSTEAD_TEST_DATABASE_URL", "")
    if url:
        return _postgresql(url)
    return _sqlite(str(_home.control_database) if _real else ":memory:")


DATABASES = {"default": _database()}
SECRET_KEY = (
    (_home.secrets / "django-secret-key").read_text(encoding="ascii").strip()
    if _real and (_home.secrets / "django-secret-key").exists()
    else "only-for-tools-without-an-instance"
)
# Subjects of messages stand in the log as hashes with this key; without one they are not found.
SUBJECT_KEY = (
    _home.subject_key.read_bytes().strip()
    if _real and _home.subject_key.exists()
    else b"only-for-tools-without-an-instance"
)
DEBUG = False
# Names and addresses: a request for another host name is refused (nginx does so before us).
_hostnames = MAILSTEAD.web.hostnames or (MAILSTEAD.hostname or "panel.example",)
ALLOWED_HOSTS = list(_hostnames)
_https = MAILSTEAD.ports.of("https")
PANEL_ORIGIN = panel_origin(MAILSTEAD)
"""Where links in mails lead: the configured name, never the one that a request brings."""
PANEL_NAME = MAILSTEAD.web.name
PANEL_SENDER = MAILSTEAD.web.sender or f"no-reply@{MAILSTEAD.hostname or 'panel.example'}"
PANEL_SMTP_PORT = MAILSTEAD.ports.of("reinject")
CSRF_TRUSTED_ORIGINS = [
    f"https://{name}" + ("" if _https == 443 else f":{_https}") for name in _hostnames
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    # Spoken by allauth's page of security keys ("3 minutes ago").
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "mailstead.control.web",
    "mailstead.control.feed",
    "mailstead.control.people",
    "mailstead.control.jobs",
    "mailstead.control.hosting",
    "mailstead.control.dns",
    "mailstead.control.delivery",
    "mailstead.control.protection",
    "mailstead.control.moves",
    # After ours, whose templates stand in front of its own.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "mailstead.control.people.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mailstead.control.hosting.middleware.ActorMiddleware",
]
ROOT_URLCONF = "mailstead.control.project.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mailstead.control.people.context.panel",
            ],
            "builtins": ["mailstead.control.web.templatetags.panel"],
        },
    }
]

# Signing in
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "mailstead.control.hosting.sign_in.MailboxBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "mailstead.control.people.validators.BreachedValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "mailstead.control.people.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_FORMS = {
    "login": "mailstead.control.people.forms.SignInForm",
    "reset_password": "mailstead.control.hosting.forms.sign_in.ForgottenForm",
}
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,5/300s/key",
    "reset_password": "10/m/ip,3/900s/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Mailstead"
USERSESSIONS_TRACK_ACTIVITY = True
# Counts of wrong passwords outlive a restart and are the same for every process.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "panel_cache",
    }
}
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_AGE = MAILSTEAD.web.session_days * 86400
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "mailstead.control.people.views.errors.csrf_failed"
LANGUAGE_COOKIE_NAME = "__Host-language"
LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Words, times, files
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [str(Path(__file__).resolve().parents[1] / "web" / "locale")]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = str(_home.static)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if _real
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
