"""What a person answers: it was the owner, it was stolen, and what becomes of each kept message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from django.db import transaction

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.control.protection.queries import OPEN
from mailstead.control.protection.services import guard_words
from mailstead.control.protection.services.settle import ask_due
from mailstead.standards import password as passwords
from mailstead.standards.refusal import Refusal
from mailstead.wire.protection import GuardWord

Decision = Literal["send", "delete"]
DECISIONS: tuple[Decision, ...] = ("send", "delete")


def permit(actor: Actor, rule: str, case: Case) -> people.Owner:
    """Refuse who may not do this with this case; returns whose trail it belongs to."""
    if case.mailbox is not None:
        return hosting.permit(actor, rule, case.mailbox)
    roles.require(actor, rule)
    if not actor.sees_everything:
        raise Refusal("object-unknown", "There is no such thing here.")
    return people.COMPANY


def refuse_weak_proof(actor: Actor, *, proven: bool) -> None:
    """Refuse a mailbox user who has shown nothing but the password that may be the thief's too."""
    if actor.kind == "mailbox" and not proven:
        raise Refusal(
            "proof-weak",
            "Whoever stole the password could do this too.",
            remedy="Open the link that is sent to your recovery address, or ask whoever "
            "administers your mailbox.",
        )


@transaction.atomic
def release(
    *,
    actor: Actor,
    now: dt.datetime,
    case: Case,
    password: str | None = None,
    decisions: Mapping[int, str] | None = None,
    others: Decision | None = None,
    reason: str = "",
    proven: bool = False,
) -> None:
    """The mailbox sends again; from everybody but the company a new password is wanted.

    `decisions` are numbers of kept messages with `send` or `delete`, `others` is for all that are
    not named; what is not decided stays kept. `proven`: a mailbox user has shown more than the
    mailbox's password. `case.mailbox.breached` says whether the new password is known from leaks.
    Raises `Refusal`.
    """
    owner = permit(actor, "case.release", case)
    refuse_weak_proof(actor, proven=proven)
    if password is not None or not actor.sees_everything:
        _new_password(actor, now, case, password)
    answer(actor, now, case, "released", owner, reason)
    if decisions or others:
        decide(actor=actor, now=now, case=case, decisions=decisions, others=others, proven=proven)


def _new_password(actor: Actor, now: dt.datetime, case: Case, password: str | None) -> None:
    mailbox = case.mailbox
    if mailbox is None:
        raise Refusal("object-unknown", "There is no such thing here.")
    if password is None:
        raise Refusal(
            "password-missing",
            "The mailbox needs a new password: the old one is the thief's too.",
            remedy="Give one.",
        )
    refuse_old(mailbox, password)
    hosting.set_password(actor=actor, now=now, mailbox=mailbox, password=password)


def refuse_old(mailbox: Mailbox, password: str) -> None:
    """Refuse the password that the mailbox has; raises `Refusal` (`password-same`)."""
    secret = Mailbox.objects.filter(pk=mailbox.pk).values_list("secret", flat=True).first()
    if secret and passwords.verify(password, secret):
        raise Refusal(
            "password-same",
            "This is the password that was stolen.",
            remedy="Choose another one, which you use nowhere else.",
        )


@transaction.atomic
def confirm(*, actor: Actor, now: dt.datetime, case: Case, reason: str = "") -> None:
    """It was stolen: the mailbox sends nothing until it is released. Raises `Refusal`."""
    answer(actor, now, case, "confirmed", permit(actor, "case.confirm", case), reason)


def answer(
    actor: Actor,
    now: dt.datetime,
    case: Case,
    word: GuardWord,
    owner: people.Owner,
    reason: str,
) -> None:
    """Say the word to the node, of this case and of every other that the mailbox has open."""
    clean = " ".join(reason.split())[:400]
    guard_words.say(
        server=case.server, address=case.address, mailbox=case.mailbox, word=word, now=now
    )
    same = Case.objects.filter(server=case.server, address=case.address, mailbox=case.mailbox)
    rows = {row.pk: row for row in same.filter(state__in=OPEN).select_for_update()}
    before = Case.objects.select_for_update().get(pk=case.pk)
    rows[case.pk] = before
    for row in rows.values():
        was = row.state
        row.state, row.decided_by, row.decided_at = word, str(actor)[:280], now
        row.reason = clean
        row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
        people.record(
            actor=actor,
            verb="case.release" if word == "released" else "case.confirm",
            kind="case",
            label=row.address,
            object_id=row.pk,
            now=now,
            before={"state": was},
            after={"state": word},
            reason=clean,
            owner=owner,
        )
    case.state, case.decided_by, case.decided_at = word, str(actor)[:280], now
    case.reason = clean


@transaction.atomic
def decide(
    *,
    actor: Actor,
    now: dt.datetime,
    case: Case,
    decisions: Mapping[int, str] | None = None,
    others: Decision | None = None,
    proven: bool = False,
) -> int:
    """Say what becomes of kept messages; returns of how many. `release` names the arguments.

    What is decided already stays so. The node is asked in the same transaction, and again by
    `settle_due` until it has done it. Raises `Refusal`.
    """
    owner = permit(actor, "case.decide", case)
    refuse_weak_proof(actor, proven=proven)
    wanted = dict(decisions or {})
    known = {*wanted.values(), *([others] if others else [])}
    if not known <= set(DECISIONS):
        raise Refusal(
            "decision-unknown",
            "A kept message is either sent or deleted.",
            remedy="Choose 'send' or 'delete'.",
        )
    state = Case.objects.select_for_update().values_list("state", flat=True).get(pk=case.pk)
    if "send" in known and state != "released" and not actor.sees_everything:
        raise Refusal(
            "case-not-released",
            "Nothing is sent while the mailbox is held.",
            remedy="Release it with a new password first.",
        )
    rows = KeptMessage.objects.filter(case=case, state="waiting", decision="none")
    strange = set(wanted) - set(
        KeptMessage.objects.filter(case=case, pk__in=wanted).values_list("pk", flat=True)
    )
    if strange:
        raise Refusal("kept-unknown", "There is no such message in this case.")
    count = 0
    for choice in DECISIONS:
        named = [number for number, one in wanted.items() if one == choice]
        chosen = rows.exclude(pk__in=wanted) if others == choice else rows.none()
        ids = [*chosen.values_list("pk", flat=True), *named]
        count += _mark(actor, now, case, choice, ids, owner)
    if count:
        ask_due(now, case)
    return count


def _mark(
    actor: Actor,
    now: dt.datetime,
    case: Case,
    choice: Decision,
    ids: list[int],
    owner: people.Owner,
) -> int:
    rows = KeptMessage.objects.filter(
        case=case, pk__in=ids, state="waiting", decision="none"
    ).select_for_update()
    found = list(rows.values_list("pk", "queue"))
    if not found:
        return 0
    KeptMessage.objects.filter(pk__in=[pk for pk, _ in found]).update(
        decision=choice, decided_by=str(actor)[:280], decided_at=now, due_at=now
    )
    people.record(
        actor=actor,
        verb="case.decide",
        kind="case",
        label=case.address,
        object_id=case.pk,
        now=now,
        after={"decision": choice, "messages": [queue for _, queue in found]},
        owner=owner,
    )
    return len(found)
