"""Messages for tests: each with a Message-ID of its own, by which it is found again."""

from __future__ import annotations

import itertools
import os
from email.message import EmailMessage
from email.utils import formatdate

_numbers = itertools.count(1)


def unique(prefix: str = "t") -> str:
    """A word that no other test, process or run of pytest uses."""
    return f"{prefix}{os.getpid():x}x{next(_numbers):x}"


def message(
    sender: str = "stranger@far.example",
    to: str = "somebody@far.example",
    *,
    subject: str = "A word about the harvest",
    text: str = "The apples are in, the pears follow on Thursday.\n\nYours, Bob\n",
    headers: dict[str, str] | None = None,
    attachment: bytes | None = None,
) -> EmailMessage:
    """An ordinary message with a new Message-ID."""
    made = EmailMessage()
    made["From"] = sender or "MAILER-DAEMON@far.example"
    made["To"] = to
    made["Subject"] = subject
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = f"<{unique('m')}@{(sender or 'x@far.example').rpartition('@')[2]}>"
    for name, value in (headers or {}).items():
        made[name] = value
    made.set_content(text)
    if attachment is not None:
        made.add_attachment(
            attachment, maintype="application", subtype="octet-stream", filename="harvest.bin"
        )
    return made


def message_id(made: EmailMessage) -> str:
    """The Message-ID with its brackets."""
    return str(made["Message-ID"]).strip()
