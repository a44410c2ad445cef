"""A plan in words: what each change does, and what is lost by it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from mailstead.control.dns.models import Push
from mailstead.control.dns.push.plan import Change, spf_parts
from mailstead.control.dns.push.providers import PROVIDERS
from mailstead.control.dns.push.records import said

_KINDS = {"mx": "MX", "spf": "SPF", "dmarc": "DMARC", "dkim": "DKIM"}


@dataclass(frozen=True)
class Said:
    """One change as people read it."""

    change: Change
    what: str
    """What kind of record it is for people: `SPF` rather than `TXT`."""
    title: str
    before: list[str]
    after: list[str]
    note: str
    warning: str


def say_of(change: Change) -> Said:
    """One change."""
    title = {
        "create": gettext("new"),
        "update": gettext("changed"),
        "delete": gettext("removed"),
    }[change.kind]
    return Said(
        change,
        _KINDS.get(change.purpose, change.type),
        title,
        [said(change.type, value) for value in change.before],
        [said(change.type, value) for value in change.after],
        _note(change),
        _warning(change),
    )


def _note(change: Change) -> str:
    parts = spf_parts(change)
    if change.purpose == "spf" and parts and change.after:
        return gettext("One SPF record of those that are there and ours; what they allow is kept.")
    kept = set(change.before) & set(change.after)
    if change.kind == "update" and kept:
        return gettext("The other values at this name stay.")
    return ""


def _warning(change: Change) -> str:
    if not change.loud:
        return ""
    if change.type == "MX":
        return gettext(
            "Mail for the domain goes to another host now. With this change it comes here, and the "
            "mailboxes there get nothing any more. Do it only when all mailboxes are ready here."
        )
    return gettext("What stands at this name now does not go with the new record and is removed.")


def provider_name(key: str) -> str:
    """A DNS host by its key, whether or not it can be pushed to here."""
    return next((one.name for one in PROVIDERS if one.key == key), key)


def state_of(push: Push) -> tuple[str, str]:
    """Kind and words of a push's state."""
    if push.state == Push.State.PLANNED:
        return "idle", gettext("planned")
    if push.state == Push.State.APPLYING:
        return "warn", gettext("broken off")
    if push.state == Push.State.FAILED:
        return "bad", gettext("failed")
    if push.verified_at:
        return "good", gettext("in the DNS")
    return "warn", gettext("not yet in the DNS")
