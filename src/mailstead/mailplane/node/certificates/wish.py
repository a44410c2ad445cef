"""What somebody at this machine wants tried at once: a file for each name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from mailstead.config import load
from mailstead.home import Home
from mailstead.mailplane.node.certificates import store, wanted
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal


def _folder(home: Home) -> Path:
    return home.tls / "wishes"


def make(home: Home, name: str, now: dt.datetime) -> str:
    """Note a wish; returns the name in its one form. Raises `Refusal` (`certificate-…`)."""
    bare = normalise_domain(name)
    settings = load(home.root)
    if not settings.certificates.directory:
        raise Refusal(
            "certificate-off",
            "Certificates are not switched on at this server.",
            remedy="Name an authority in mailstead.toml (docs/operator/certificates.md).",
        )
    if bare not in wanted.everything(settings, home):
        raise Refusal(
            "certificate-unknown",
            "{name} is no public name of this server and of no customer here.",
            remedy="'mailstead certificate list' shows which there are.",
            name=bare,
        )
    _folder(home).mkdir(parents=True, exist_ok=True)
    store.put(_folder(home) / bare, now.isoformat().encode(), store.PUBLIC)
    return bare


def taken(home: Home) -> dict[str, dt.datetime]:
    """When each wish was made."""
    if not _folder(home).is_dir():
        return {}
    found = {}
    for path in _folder(home).iterdir():
        try:
            found[path.name] = dt.datetime.fromisoformat(path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return found


def fulfilled(home: Home, name: str) -> None:
    """It was tried."""
    (_folder(home) / name).unlink(missing_ok=True)
