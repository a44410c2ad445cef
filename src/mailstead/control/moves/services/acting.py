"""The acts of a move's life: start, switch, verify, confirm, report a loss, take back, finish."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from mailstead.control.dns import services as dns
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.services.domains import checked_relay
from mailstead.control.jobs import services as jobs
from mailstead.control.jobs.models import Job
from mailstead.control.moves.models import Copy, Loss, Move, PlanRow, Step
from mailstead.control.moves.queries import moved_domains
from mailstead.control.moves.services import copies, imap, letters, redirects, returning
from mailstead.control.moves.services.common import locked, note, step
from mailstead.control.moves.services.install import INSTALL, install_total
from mailstead.control.moves.services.own import handover, make
from mailstead.control.moves.services.planning import refuse_open_questions
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

GRACE = dt.timedelta(days=30)
"""After the switch, for which a move can be taken back."""


@transaction.atomic
def start(*, actor: Actor, now: dt.datetime, move: Move, reason: str = "") -> Job | None:
    """Make everything here, then copy the mail; returns the job that makes it, if one is needed.

    Raises `Refusal` (`move-asks`, `move-state`, `node-closed`).
    """
    locked(move)
    refuse_open_questions(move)
    if move.origin == make.NODE:
        make.start_own(actor, now, move, reason)
        return None
    # What an earlier way back has left is over: from now on the old server's mail comes here.
    returning.close(move, now)
    move.switched_at = move.grace_until = None
    step(actor, now, move, "start", reason)
    return _install(actor, now, move)


@transaction.atomic
def go_on(*, actor: Actor, now: dt.datetime, move: Move, reason: str = "") -> None:
    """Let the copies go on where they stopped, and try again what could not be made.

    Raises `Refusal`.
    """
    copies.pause(actor=actor, now=now, move=move, paused=False, reason=reason)
    if move.state not in ("copying", "switched", "verified", "watched"):
        return
    under_way = Job.objects.filter(pk=move.job or 0, state__in=("waiting", "running"))
    failed = PlanRow.objects.filter(move=move, outcome="failed").exists()
    if not under_way.exists() and (failed or move.job is not None):
        _install(actor, now, move)


def _install(actor: Actor, now: dt.datetime, move: Move) -> Job:
    job = jobs.create_job(
        actor=actor,
        now=now,
        kind=INSTALL,
        title=str(move),
        customer=move.customer_id,
        payload={"move": move.pk, "after": -1},
        total=install_total(move),
    )
    move.job = job.pk
    move.save(update_fields=["job"])
    return job


@transaction.atomic
def installed(*, move: Move) -> None:
    """All rows were made or have said why not: the copies may begin."""
    Move.objects.filter(pk=move.pk).update(job=None)


@transaction.atomic
def switch(
    *,
    actor: Actor,
    now: dt.datetime,
    move: Move,
    grace: dt.timedelta = GRACE,
    force: bool = False,
    reason: str = "",
) -> None:
    """Take the routing over: mail is delivered here from now on.

    Whatever still reaches the old server comes by further rounds, which leave alone what arrives
    here. With `force` also while some copy has not had its first round. Between own servers it
    begins here, and the nodes bring it to its end (`own.handover`). Raises `Refusal`.
    """
    locked(move)
    never = Copy.objects.filter(move=move, counted_round=0).exclude(state="done")
    never = never.exclude(mailbox__removed_at__isnull=False)
    if not force and (move.job is not None or never.exists()):
        raise Refusal(
            "move-not-copied",
            "Not every mailbox has been copied once.",
            remedy="Wait until it has, or see what has failed.",
        )
    if move.origin == make.NODE:
        handover.begin(actor=actor, now=now, move=move, act="switch", grace=grace, reason=reason)
        return
    step(actor, now, move, "switch", reason)
    move.switched_at, move.grace_until = now, now + grace
    move.save(update_fields=["switched_at", "grace_until"])
    relay(actor, now, move, move.old_host, "")
    redirects.redirect_domains(move, moved_domains(move), now)
    # Whether the DNS leads here is seen within seconds, not in the morning.
    dns.ask_looks(actor=Actor.system(), domains=moved_domains(move))
    rows = list(Copy.objects.select_for_update().filter(move=move, state__in=("done", "failed")))
    copies.begin_rounds(move, rows, now)
    letters.tell(now=now, move=move, about="switched")


def _back_to_node(actor: Actor, now: dt.datetime, move: Move, reason: str) -> None:
    if move.state == "copying":
        handover.stop_early(actor=actor, now=now, move=move, reason=reason)
    else:
        handover.begin(actor=actor, now=now, move=move, act="back", grace=GRACE, reason=reason)


def relay(actor: Actor, now: dt.datetime, move: Move, before: str, after: str) -> None:
    """Mail for the moved domains is passed on to another host, or to none; inside a transaction."""
    if before == after:
        return
    for domain in moved_domains(move):
        if domain.relay_to == before:
            hosting.set_domain_relay(actor=actor, now=now, domain=domain, relay_to=after)


@transaction.atomic
def verify(*, actor: Actor, now: dt.datetime, move: Move, reason: str = "") -> None:
    """The parity report is ready to be read by the customer. Raises `Refusal`."""
    locked(move)
    open_losses = Loss.objects.filter(move=move, settled_at=None)
    if open_losses.exists():
        raise Refusal(
            "loss-open",
            "A reported loss has not been settled.",
            remedy="Settle it first.",
        )
    step(actor, now, move, "verify", reason)


@transaction.atomic
def confirm(*, actor: Actor, now: dt.datetime, move: Move, reason: str = "") -> None:
    """All is there, says the customer, or the operator for them. Raises `Refusal`."""
    locked(move)
    if move.state != "verified":
        raise Refusal(
            "move-not-verified",
            "There is no parity report to be confirmed now.",
            remedy="Wait until it is ready.",
        )
    note(actor, now, move, "confirm", reason=reason)
    move.confirmed_at, move.confirmed_by = now, str(actor)[:280]
    step(Actor.system(), now, move, "watch", reason)


@transaction.atomic
def report_loss(*, actor: Actor, now: dt.datetime, move: Move, words: str) -> Loss:
    """Something is missing: the move is open again. Raises `Refusal`."""
    locked(move)
    text = words.replace("\r\n", "\n").strip()
    if not text or len(text) > 4000:
        raise Refusal(
            "words-missing", "Say in a few words what is missing.", remedy="Give at most 4000."
        )
    note(actor, now, move, "report-loss", after={"words": text[:400]})
    step(Actor.system(), now, move, "reopen", text)
    move.confirmed_at, move.confirmed_by = None, ""
    move.save(update_fields=["confirmed_at", "confirmed_by"])
    return Loss.objects.create(move=move, at=now, by=str(actor)[:280], words=text)


@transaction.atomic
def settle_loss(*, actor: Actor, now: dt.datetime, move: Move, number: int, words: str) -> None:
    """What became of a reported loss; the customer reads it. Raises `Refusal`."""
    locked(move)
    loss = Loss.objects.select_for_update().filter(move=move, pk=number, settled_at=None).first()
    if loss is None:
        raise Refusal("loss-unknown", "There is no such open loss.")
    if not words.strip():
        raise Refusal("words-missing", "Say what became of it.", remedy="Give a sentence.")
    loss.settled_at, loss.settled_by = now, str(actor)[:280]
    loss.settled_words = words.strip()[:4000]
    loss.save()
    note(actor, now, move, "settle-loss", after={"words": loss.settled_words[:400]})


@transaction.atomic
def finish(*, actor: Actor, now: dt.datetime, move: Move, reason: str = "") -> None:
    """The move is done: the old server is needed no more. Raises `Refusal`."""
    locked(move)
    if move.origin == make.NODE:
        make.finish_own(actor, now, move, reason)
        return
    step(actor, now, move, "finish", reason)
    copies.end_copies(move, now)
    imap.forget(move)


@transaction.atomic
def back(
    *, actor: Actor, now: dt.datetime, move: Move, old_host: str = "", reason: str = ""
) -> None:
    """Mail goes to the old server again, which is passed on what still arrives here.

    All that is here stays; what has come since the switch is brought to the old server too, and
    until it is the move is `returning`. Raises `Refusal` (`grace-over`, `old-host-missing`).
    """
    locked(move)
    if move.grace_until is not None and now > move.grace_until:
        raise Refusal(
            "grace-over", "The time to take this move back is over.", remedy="Plan another move."
        )
    if move.origin == make.NODE:
        _back_to_node(actor, now, move, reason)
        return
    host = checked_relay(old_host) or move.old_host
    if not host:
        raise Refusal(
            "old-host-missing",
            "It is not known where the old server is.",
            remedy="Name the host to which mail is passed on.",
        )
    since = _delivered_since(move)
    move.old_host = host
    returning.extend_grace(move, now)
    step(actor, now, move, "back", reason)
    # First the routing, then what lies here: what comes between the two is found by the last look.
    domains = [one for one in moved_domains(move) if one.relay_to == ""]
    for domain in domains:
        hosting.set_domain_relay(actor=actor, now=now, domain=domain, relay_to=host)
    dns.ask_looks(actor=Actor.system(), domains=moved_domains(move))
    if since is not None:
        returning.begin(move, domains, since, now)
    else:
        copies.end_copies(move, now)
    redirects.end_redirects(move, now)
    Copy.objects.filter(move=move).update(state="waiting", due_at=None, counted_round=0)
    letters.tell(now=now, move=move, about="back")
    returning.finish_if_all(move, now)


def _delivered_since(move: Move) -> dt.datetime | None:
    """From when on mail was delivered here; None: it went to the old server all the time."""
    if move.old_host:
        return move.switched_at
    begun = Step.objects.filter(move=move, act="start").order_by("-pk").first()
    return begun.at if begun else move.switched_at


@transaction.atomic
def look_at_dns(*, actor: Actor, now: dt.datetime, move: Move) -> int:
    """Have the DNS of all domains of the move looked at within seconds; returns of how many."""
    note(actor, now, move, "check-dns")
    # Who may ask for it of the move needs no right to the domains' DNS besides.
    return dns.ask_looks(actor=Actor.system(), domains=moved_domains(move))
