"""What speaks for a theft, in sentences that a customer understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

CLUES: dict[str, str | Promise] = {
    "network-new": _("Mail was sent from a network that this mailbox has never used before."),
    "network-known": _("The network is one that this mailbox has used for days."),
    "country-new": _("Mail was sent from a country in which this mailbox was never used."),
    "device-new": _("Mail was sent with a program that this mailbox has never used before."),
    "device-known": _("The program is one that this mailbox has used for days."),
    "read-here": _("Mail was read from the same network before."),
    "never-read-here": _("Mail is read elsewhere, never from the network that sends."),
    "first-sending": _("The mailbox sends for the first time, or after a long pause."),
    "networks-many": _("Mail was sent from several new networks within a day."),
    "networks-at-once": _("Mail was sent from two networks within minutes."),
    "people-new": _("Mail went to many people to whom this mailbox never wrote before."),
    "people-known": _("Mail went to people to whom this mailbox wrote before."),
    "crowded": _("One message has more recipients than any before."),
    "volume": _("The mailbox sends far more than it ever did."),
    "nobody-there": _("Many recipients do not exist, or their servers refuse the mail."),
    "spam": _("The content filter takes the mail for spam."),
    "same-text": _("The same text goes to many people, and it was never sent before."),
    "author-foreign": _("The mail is written in another's name."),
    "client-shared": _("The same computer sends as several mailboxes."),
    "text-shared": _("Other mailboxes send nearly the same text."),
    "campaign": _("Text or computer are those of another mailbox that was stolen."),
    "breached": _("The password of the mailbox is known from leaks of other services."),
    "complaint": _("Recipients have called mail of this mailbox spam."),
    "young": _("The mailbox is new: little is known of how it is used."),
}
"""The guard's signals (`mailplane.guard.evidence.SIGNALS`) as sentences."""


@dataclass(frozen=True)
class ClueTold:
    """One clue as a reader sees it."""

    words: str
    facts: str
    nats: float
    at: str
    """ISO 8601."""


def clues_told(clues: Sequence[Mapping[str, Any]]) -> list[ClueTold]:
    """What speaks for a theft and for the owner, the heaviest first; unknown signals by name."""
    return [
        ClueTold(
            words=str(CLUES.get(one["signal"], one["signal"])),
            facts=str(one.get("facts", "")),
            nats=float(one["nats"]),
            at=str(one["at"]),
        )
        for one in clues
    ]


def against(clues: Sequence[Mapping[str, Any]]) -> list[str]:
    """Only what speaks for a theft, as sentences, each once."""
    found = [one.words for one in clues_told(clues) if one.nats > 0]
    return list(dict.fromkeys(found))


def step_words(step: str) -> tuple[str, str]:
    """Kind of state and words for where the node is with a mailbox."""
    return {
        "watched": ("idle", gettext("only watched")),
        "hold": ("warn", gettext("mail is held")),
        "suspended": ("bad", gettext("sending is stopped")),
        "released": ("good", gettext("sends again")),
    }.get(step, ("idle", step))


def state_words(state: str) -> tuple[str, str]:
    """Kind of state and words for what somebody has answered."""
    return {
        "open": ("bad", gettext("waits for an answer")),
        "released": ("good", gettext("released")),
        "confirmed": ("bad", gettext("confirmed as stolen")),
        "closed": ("idle", gettext("over without an answer")),
    }.get(state, ("idle", state))


def kept_words(state: str, decision: str) -> tuple[str, str]:
    """Kind of state and words for what becomes of a kept message."""
    if state == "waiting":
        return {
            "send": ("idle", gettext("is being sent")),
            "delete": ("idle", gettext("is being deleted")),
        }.get(decision, ("warn", gettext("waits for your word")))
    return {
        "sent": ("good", gettext("sent")),
        "deleted": ("idle", gettext("deleted")),
        "gone": ("idle", gettext("not in the queue any more")),
    }.get(state, ("idle", state))
