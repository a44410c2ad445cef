"""Certificates: none ends soon, none fails."""

from __future__ import annotations

import datetime as dt

from mailstead.mailplane.node.certificates import schedule, store, wanted
from mailstead.mailplane.node.certificates.book import Book
from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend

_MOST = 3


def check(context: Context) -> Finding:
    """Every name that should have a certificate has one that is not about to end."""
    settings, home = context.settings, context.home
    if not settings.certificates.directory:
        return Finding(
            "warn",
            "No authority is named: mail programs and browsers warn of a self-signed certificate.",
            "Switch certificates on in mailstead.toml (docs/operator/certificates.md).",
        )
    names = wanted.everything(settings, home)
    if settings.hostname not in names:
        return Finding(
            "warn",
            f"{settings.hostname} is no public name: its certificate stays self-signed.",
            "Give the server a name in a domain of yours.",
        )
    book, now = Book(home), dt.datetime.now(dt.UTC)
    ending, failing = [], []
    for name, one in names.items():
        found = store.leaf(home, name)
        if found is not None and schedule.alarm(found, now):
            days = max(0, (found.not_valid_after_utc - now).days)
            ending.append(f"{name} ({days} days)")
        elif found is None and (one.node or book.note(name).state in ("failed", "refused")):
            failing.append(f"{name}: {book.note(name).words or 'not tried yet'}")
    if ending:
        words = f"Certificates end and are not renewed: {', '.join(ending[:_MOST])}."
        return Finding("fail", words, "'mailstead certificate list --troubled' says why.")
    if failing:
        words = f"{len(failing)} names have no certificate, such as {failing[0]}"
        return Finding("warn", words, "'mailstead certificate list --troubled' shows all.")
    return Finding("ok", f"All of {len(names)} certificates are in order.")


mend = no_mend
