"""The way back after a theft, in one act: passwords, sessions, what was changed, held mail, word.

Every part is optional. What a service refuses is said and stays; the rest is done.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Autoresponder, Forwarder, Mailbox
from mailstead.control.people.actor import Actor
from mailstead.control.protection.models import Case
from mailstead.control.protection.queries.changes import Change, changes
from mailstead.control.protection.services import deciding
from mailstead.standards import password as passwords
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Route


@dataclass(frozen=True)
class Wanted:
    """Which parts."""

    new_password: bool = True
    password: str = ""
    """Empty: one is made."""
    app_passwords: bool = True
    sessions: bool = True
    undo: frozenset[str] = frozenset()
    """Of `queries.changes.KINDS`."""
    kept: deciding.Decision | None = None
    """What becomes of all messages that wait; None: they stay kept."""
    release: bool = True


@dataclass
class Outcome:
    """What was done, in sentences."""

    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What could not be done, and why."""
    made: str = ""
    """The password that was made; shown this once."""


@transaction.atomic
def recover(
    *, actor: Actor, now: dt.datetime, case: Case, wanted: Wanted, proven: bool = False
) -> Outcome:
    """Do what is wanted; raises `Refusal` where nothing of it may be done.

    `proven` as in `deciding.release`. Without a new password only the company releases.
    """
    deciding.permit(actor, "case.recover", case)
    deciding.refuse_weak_proof(actor, proven=proven)
    mailbox = case.mailbox
    if mailbox is None or mailbox.removed_at is not None:
        raise Refusal(
            "case-without-mailbox",
            "The mailbox is not there any more.",
            remedy="Restore it first, if it was removed.",
        )
    if wanted.release and not wanted.new_password and not actor.sees_everything:
        raise Refusal(
            "password-missing",
            "The mailbox needs a new password: the old one is the thief's too.",
            remedy="Give one.",
        )
    outcome = Outcome()
    found = {one.kind: one for one in changes(actor, case)}
    if wanted.new_password:
        _password(actor, now, mailbox, wanted, outcome)
    if wanted.app_passwords:
        count = hosting.remove_all_app_passwords(actor=actor, now=now, mailbox=mailbox)
        words = ngettext("{n} app password is removed.", "{n} app passwords are removed.", count)
        outcome.done.append(words.format(n=count))
    if wanted.sessions:
        # The node does it within a moment; nobody waits for it inside a transaction.
        hosting.end_sessions(actor=actor, now=now, mailbox=mailbox, seconds=0)
        outcome.done.append(gettext("Open sessions of mail programs end."))
    for kind, change in found.items():
        if kind in wanted.undo:
            _undo(actor, now, mailbox, change, outcome)
    if wanted.release:
        # Before the kept mail is decided: what is sent goes out of a mailbox that is released.
        owner = deciding.permit(actor, "case.release", case)
        deciding.answer(actor, now, case, "released", owner, "")
        outcome.done.append(gettext("The mailbox sends again."))
    if wanted.kept:
        _kept(actor, now, case, wanted.kept, outcome, proven)
    return outcome


def _password(
    actor: Actor, now: dt.datetime, mailbox: Mailbox, wanted: Wanted, outcome: Outcome
) -> None:
    password = wanted.password
    if password:
        deciding.refuse_old(mailbox, password)
    else:
        password = outcome.made = passwords.generate()
    hosting.set_password(actor=actor, now=now, mailbox=mailbox, password=password)
    outcome.done.append(gettext("A new password holds; the old one opens nothing any more."))


def _kept(
    actor: Actor,
    now: dt.datetime,
    case: Case,
    choice: deciding.Decision,
    outcome: Outcome,
    proven: bool,
) -> None:
    count = deciding.decide(actor=actor, now=now, case=case, others=choice, proven=proven)
    words = (
        ngettext("{n} held message is sent.", "{n} held messages are sent.", count)
        if choice == "send"
        else ngettext("{n} held message is deleted.", "{n} held messages are deleted.", count)
    )
    outcome.done.append(words.format(n=count))


def kind_words(kind: str) -> str:
    """What was changed, for people."""
    return {
        "rules": gettext("Rules"),
        "forwarder": gettext("Forwarder at this address"),
        "autoresponder": gettext("Automatic answer"),
        "recovery": gettext("Recovery address"),
    }[kind]


def _undo(
    actor: Actor, now: dt.datetime, mailbox: Mailbox, change: Change, outcome: Outcome
) -> None:
    """As it was before, or why that cannot be."""
    name = kind_words(change.kind)
    try:
        with transaction.atomic():
            _set_as_it_was(actor, now, mailbox, change)
    except Refusal as refusal:
        words = gettext("{what} could not be put back: {why}")
        outcome.refused.append(words.format(what=name, why=refusal.say(gettext)))
        return
    outcome.done.append(gettext("{what}: as it was before.").format(what=name))


def _set_as_it_was(actor: Actor, now: dt.datetime, mailbox: Mailbox, change: Change) -> None:
    was = change.was
    who: dict[str, Any] = {"actor": actor, "now": now}
    if change.kind == "rules":
        rules = hosting.parse_rules((was or {}).get("rules", []))
        hosting.set_rules(**who, mailbox=mailbox, rules=rules)
    elif change.kind == "recovery":
        address = (was or {}).get("recovery_address", "")
        hosting.set_recovery_address(**who, mailbox=mailbox, address=address)
    elif change.kind == "forwarder":
        _forwarder(who, mailbox, was)
    else:
        _answer(who, mailbox, was)


def _forwarder(who: dict[str, Any], mailbox: Mailbox, was: dict[str, Any] | None) -> None:
    if was is None:
        row = Forwarder.objects.filter(domain=mailbox.domain, local=mailbox.local).first()
        if row is not None:
            hosting.remove_forwarder(**who, forwarder=row)
        return
    hosting.set_forwarder(
        **who,
        domain=mailbox.domain,
        address=mailbox.address,
        route=Route(
            action=was["action"], destinations=tuple(was["destinations"]), text=was["text"]
        ),
        keep_copy=was["keep_copy"],
    )


def _answer(who: dict[str, Any], mailbox: Mailbox, was: dict[str, Any] | None) -> None:
    if was is None:
        row = Autoresponder.objects.filter(domain=mailbox.domain, local=mailbox.local).first()
        if row is not None:
            hosting.remove_autoresponder(**who, answer=row)
        return
    plain = {name: was[name] for name in ("subject", "body", "html", "interval", "from_name")}
    hosting.set_autoresponder(
        **who,
        domain=mailbox.domain,
        address=mailbox.address,
        starts=_moment(was["starts"]),
        ends=_moment(was["ends"]),
        **plain,
    )


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
