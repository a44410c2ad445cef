"""What owner and mailbox users are told of a move, and to whom it was written when."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves.models import Letter, Move, PlanRow
from mailstead.control.moves.services.common import locked, step
from mailstead.control.moves.services.planning import refuse_open_questions
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


@transaction.atomic
def announce(
    *,
    actor: Actor,
    now: dt.datetime,
    move: Move,
    window_from: dt.datetime,
    window_until: dt.datetime,
    time_zone: str,
    note: str = "",
    to_mailboxes: bool = True,
) -> int:
    """Write to the owner, and to each mailbox at the old server, when it will happen.

    Returns how many letters; each is written once for a window. Raises `Refusal`.
    """
    locked(move)
    refuse_open_questions(move)
    if window_from >= window_until or window_until < now:
        raise Refusal(
            "window-invalid",
            "The window must end after it begins, and in the future.",
            remedy="Give other times.",
        )
    zone_of(time_zone)
    move.window_from, move.window_until = window_from, window_until
    move.time_zone, move.note = time_zone, note.strip()[:4000]
    step(actor, now, move, "announce")
    return tell(now=now, move=move, about="announced", to_mailboxes=to_mailboxes)


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; raises `Refusal` (`time-zone-unknown`)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refusal(
            "time-zone-unknown",
            "There is no time zone {name}.",
            remedy="Give one such as Europe/Berlin.",
            name=ascii(name[:40]),
        ) from error


def tell(*, now: dt.datetime, move: Move, about: str, to_mailboxes: bool = True) -> int:
    """Write to everybody concerned and remember it; inside the transaction of what it is about."""
    readers = [(one, "owner") for one in _owners(move)]
    if to_mailboxes:
        readers += [(one, "mailbox") for one in _mailboxes(move, about)]
    already = set(
        Letter.objects.filter(move=move, about=about, at__gte=_since(move, about)).values_list(
            "recipient", flat=True
        )
    )
    count = 0
    for recipient, reader in dict.fromkeys(readers):
        if recipient in already:
            continue
        with translation.override(settings.LANGUAGE_CODE):
            subject, text = letter(move, about, reader, recipient)
        people.post(now=now, recipient=recipient, subject=subject, text=text)
        Letter.objects.create(move=move, recipient=recipient, about=about, reader=reader, at=now)
        count += 1
    return count


def _since(move: Move, about: str) -> dt.datetime:
    """Letters of an earlier window do not count."""
    return move.since if about == "announced" else move.created_at


def _owners(move: Move) -> list[str]:
    found = [move.customer.email] if move.customer and move.customer.email else []
    rows = PlanRow.objects.filter(move=move, kind="owner").exclude(grade="refused")
    return list(dict.fromkeys([*found, *rows.values_list("subject", flat=True)]))


def _mailboxes(move: Move, about: str) -> list[str]:
    """Addresses where their users still read, or read by now."""
    if about == "announced":
        rows = PlanRow.objects.filter(move=move, kind="mailbox").exclude(grade="refused")
        return list(rows.order_by("number").values_list("subject", flat=True))
    numbers = move.things.filter(kind="mailbox").values("object_id")
    boxes = Mailbox.objects.filter(pk__in=numbers, removed_at=None).select_related("domain")
    return [box.address for box in boxes.order_by("pk")]


def letter(move: Move, about: str, reader: str, recipient: str) -> tuple[str, str]:
    """Subject and text, in the language that holds."""
    host = move.old_host if about == "home-back" else move.server.hostname if move.server else ""
    facts = {
        "house": settings.PANEL_NAME,
        "panel": settings.PANEL_ORIGIN,
        "host": host,
        "address": recipient,
        "account": move.account,
        "from": _moment(move.window_from, move),
        "until": _moment(move.window_until, move),
        "zone": move.time_zone,
        "note": f"\n\n{move.note}" if move.note else "",
    }
    own = move.origin == "node"
    subject, text = _own_texts(about) if own else _texts(about, reader)
    return subject.format(**facts), text.format(**facts)


def _moment(at: dt.datetime | None, move: Move) -> str:
    if at is None:
        return "–"
    return at.astimezone(zone_of(move.time_zone or "UTC")).strftime("%Y-%m-%d %H:%M")


def _own_texts(about: str) -> tuple[str, str]:
    """Between own servers: little changes for anybody."""
    if about == "announced":
        return gettext("Your mail moves to another server of {house}"), gettext(
            "Hello,\n\nmail for {address} moves to another server of {house}, "
            "from {from} until {until} ({zone}).\n\n"
            "Passwords, folders and settings stay as they are, and mail arrives all the time. A "
            "mail program in which the old server is named by its own name needs the new one: "
            "{host}, for IMAP and POP3 as for sending (SMTP). If your domains' DNS is with "
            "somebody else, the panel shows what to change there: {panel}/{note}\n"
        )
    return gettext("Your mail is at the server {host} now"), gettext(
        "Hello,\n\nmail for {address} is at the server {host} from now on. The one before passes "
        "everything on for some weeks. A mail program in which it is named by its own name needs "
        "the new one, for IMAP and POP3 as for sending (SMTP); the password is the one that you "
        "have.\n\nPanel: {panel}/\n"
    )


def _texts(about: str, reader: str) -> tuple[str, str]:
    if about == "announced" and reader == "owner":
        return gettext("Your mail moves to {house}"), gettext(
            "Hello,\n\nthe mail of the account {account} moves to {house}, "
            "from {from} until {until} ({zone}).\n\n"
            "Nobody needs a new password: all mailboxes keep theirs. You get an invitation to the "
            "panel, {panel}, where you see how far it is.\n\n"
            "In the mail programs of your people the server is {host} afterwards, for IMAP and "
            "POP3 as for sending (SMTP). If your domains' DNS is with somebody else, the panel "
            "shows what to change there.{note}\n"
        )
    if about == "announced":
        return gettext("Your mailbox moves to {house}"), gettext(
            "Hello,\n\nthe mailbox {address} moves to {house}, "
            "from {from} until {until} ({zone}).\n\n"
            "Your password stays the same, and all your mail and folders come along. Afterwards "
            "the server is {host}, for IMAP and POP3 as for sending (SMTP); the user name is "
            "{address}. Settings: {panel}/my/clients/{note}\n"
        )
    if about == "switched":
        return gettext("Your mail is at {house} now"), gettext(
            "Hello,\n\nfrom now on mail for {address} arrives at {house}. The server is {host}, "
            "for IMAP and POP3 as for sending (SMTP); the password is the one that you have.\n\n"
            "Panel and webmail: {panel}/\n"
        )
    return gettext("Your mail goes to the old server again"), gettext(
        "Hello,\n\nthe move of the account {account} was taken back: mail for {address} arrives "
        "at the old server again. What has arrived here since is brought there too, which may take "
        "a while. It stays here as well, as all that you have saved here: server {host}, user name "
        "{address}, your own password.\n"
    )
