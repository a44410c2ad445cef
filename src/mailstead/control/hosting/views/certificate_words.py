"""How it stands with a certificate, in words, and what is to be done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext

from mailstead.control.hosting.models import Certificate


@dataclass(frozen=True)
class Said:
    """The words for one state."""

    kind: str
    """`good`, `warn`, `bad`, `idle`."""
    words: str
    todo: str = ""


def say(certificate: Certificate | None, target: str, now: dt.datetime) -> Said:
    """The state in words; `target` is the server's host name."""
    state = certificate.state if certificate else "waiting"
    end = certificate.not_after if certificate else None
    if end is not None and end <= now:
        return Said(
            "bad",
            gettext("expired"),
            gettext("Mail programs refuse this name until there is a new certificate."),
        )
    if state == "elsewhere":
        todo = gettext(
            "Publish a CNAME record that leads this name to {target}. It is looked for every few "
            "minutes."
        ).format(target=target)
        return Said("warn", gettext("does not point here"), todo)
    if state == "refused":
        todo = gettext("Change the CAA record of the domain so that it names our authority too.")
        return Said("bad", gettext("forbidden by the domain"), todo)
    if state == "failed":
        todo = gettext("It is tried again by itself. Press the button when you have mended it.")
        return Said("bad", gettext("no certificate given"), todo)
    return _quiet(state)


def _quiet(state: str) -> Said:
    if state == "valid":
        return Said("good", gettext("valid"))
    if state == "expiring":
        return Said("warn", gettext("not renewed yet"), gettext("The company has been told."))
    if state == "off":
        return Said(
            "idle",
            gettext("certificates are off"),
            gettext("The company has not switched on certificates at this server."),
        )
    return Said("idle", gettext("is being looked at"))


PURPOSES = ("mail", "webmail", "mta-sts", "autoconfig")


def purpose_words(purpose: str) -> str:
    """What a host name is for."""
    return {
        "mail": gettext("Mail programs"),
        "webmail": gettext("Webmail"),
        "mta-sts": gettext("Policy for senders (MTA-STS)"),
        "autoconfig": gettext("Settings for mail programs"),
    }.get(purpose, purpose)
