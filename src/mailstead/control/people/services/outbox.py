"""Mail from the panel to people: kept in a table until the node's own Postfix has taken it.

A request only writes the row, so that it takes the same time whether or not there is anybody to
write to; the worker sends.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import translation

from mailstead.control.people.models import OutgoingMail

FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(hours=2)
GIVE_UP = dt.timedelta(days=2)
CLAIM = dt.timedelta(minutes=2)
"""For so long nobody else tries what one worker has taken."""
BATCH = 50


def post(*, now: dt.datetime, recipient: str, subject: str, text: str) -> OutgoingMail:
    """Write to a person; inside the transaction of what it is about."""
    return OutgoingMail.objects.create(
        recipient=recipient,
        subject=" ".join(subject.split())[:250],
        text=text,
        created_at=now,
        next_try_at=now,
    )


def post_each(
    *, now: dt.datetime, readers: Iterable[tuple[str, str]], letter: Callable[[], tuple[str, str]]
) -> None:
    """Write the same to several, to each in their language; inside the transaction of it.

    `readers` are addresses with their languages (empty: the house's), `letter` gives subject and
    text in the language that holds.
    """
    for address, language in readers:
        with translation.override(language or settings.LANGUAGE_CODE):
            subject, text = letter()
        post(now=now, recipient=address, subject=subject, text=text)


def send_due(now: dt.datetime) -> int:
    """Hand what is due to Postfix; returns how many it took."""
    sent = 0
    for row in OutgoingMail.objects.filter(next_try_at__lte=now).order_by("next_try_at")[:BATCH]:
        # Claimed by one of several workers: only one changes the row.
        claimed = OutgoingMail.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
        if claimed.update(next_try_at=now + CLAIM):
            sent += _try(row, now)
    return sent


def _try(row: OutgoingMail, now: dt.datetime) -> bool:
    try:
        _submit(row)
    except (OSError, smtplib.SMTPException) as error:
        row.tries += 1
        row.words = f"{type(error).__name__}: {error}"[:400]
        pause = min(FIRST_PAUSE * 2 ** min(row.tries - 1, 10), LONGEST_PAUSE)
        row.next_try_at = now + pause if now - row.created_at < GIVE_UP else None
    else:
        row.sent_at, row.next_try_at, row.words = now, None, ""
        # A link in it may still be good: what has been sent is nobody's business any more.
        row.text = ""
    with transaction.atomic():
        row.save()
    return row.sent_at is not None


def _submit(row: OutgoingMail) -> None:
    sender = settings.PANEL_SENDER
    message = EmailMessage()
    message["From"] = f"{settings.PANEL_NAME} <{sender}>"
    message["To"] = row.recipient
    message["Subject"] = row.subject
    message["Date"] = format_datetime(row.created_at)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # RFC 3834 §5: no answering machine shall answer.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.text)
    with smtplib.SMTP("127.0.0.1", settings.PANEL_SMTP_PORT, timeout=20) as smtp:
        smtp.send_message(message, from_addr=sender, to_addrs=[row.recipient])


def drop_sessions(now: dt.datetime) -> int:
    """Drop the sessions of browsers that are over; returns how many."""
    return Session.objects.filter(expire_date__lt=now).delete()[0]


def drop_old(now: dt.datetime) -> int:
    """Drop what was sent or given up more than 30 days ago; returns how many."""
    old = OutgoingMail.objects.filter(next_try_at=None, created_at__lt=now - dt.timedelta(days=30))
    return old.delete()[0]
