"""Django's settings, made from the instance's `mailstead.toml`.

Without an instance (type checker, tests) a throw-away configuration stands in; the tests name their
database in `MAILSTEAD_TEST_DATABASE_URL`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from mailstead.config import FILE_NAME, Settings, home_from_environment, load
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
DEBUG = False
# The one socket is reachable by the agent only; host names come with the panel.
ALLOWED_HOSTS = ["mailstead"]
INSTALLED_APPS = [
    "mailstead.control.feed",
    "mailstead.control.people",
    "mailstead.control.hosting",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "mailstead.control.project.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
