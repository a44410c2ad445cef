"""The proof that the host works: a message sent as a user sends it, and read as users read it."""

from __future__ import annotations

import email
import email.policy
import email.utils
import imaplib
import os
import poplib
import smtplib
import ssl
import time
import uuid
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.standards.refusal import Refusal

DEADLINE = 45.0
"""Seconds within which the message must have arrived."""


@dataclass(frozen=True)
class Account:
    """A mailbox and its password."""

    address: str
    password: str


@dataclass(frozen=True)
class Proved:
    """What was seen; seconds."""

    accepted: float
    """From the connection to submission until its 250."""
    arrived: float
    """From the 250 until IMAP shows the message."""
    octets: int
    """Of the attachment that came back unchanged."""


def prove(settings: Settings, sender: Account, recipient: Account) -> Proved:
    """Send with an attachment, read back over IMAP and POP3, delete; raises `Refusal`."""
    attachment = os.urandom(20_000)
    mark = uuid.uuid4().hex
    context = _context(Path(Home(settings.home).certificate))
    started = time.monotonic()
    try:
        _submit(settings, context, sender, recipient.address, mark, attachment)
        accepted = time.monotonic()
        _read_imap(settings, context, recipient, mark, attachment)
        arrived = time.monotonic()
        _read_pop3(settings, context, recipient, mark)
    except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto) as error:
        raise Refusal(
            "proof-failed",
            f"The test message failed: {type(error).__name__}: {error}.",
            remedy=f"Look into {Home(settings.home).log}/postfix.log and dovecot.log.",
        ) from error
    return Proved(accepted - started, arrived - accepted, len(attachment))


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    # The certificate is this very host's; the name that clients use is not that of loopback.
    context.check_hostname = False
    return context


def _submit(
    settings: Settings,
    context: ssl.SSLContext,
    sender: Account,
    recipient: str,
    mark: str,
    attachment: bytes,
) -> None:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = sender.address
    message["To"] = recipient
    message["Subject"] = f"Mailstead test {mark}"
    message["Message-ID"] = f"<{mark}@{settings.hostname}>"
    message["Date"] = email.utils.format_datetime(email.utils.localtime())
    message.set_content("Sent by 'mailstead up' to prove that this host works.\n")
    message.add_attachment(
        attachment, maintype="application", subtype="octet-stream", filename="proof.bin"
    )
    port = settings.ports.of("submission")
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=30) as client:
        client.starttls(context=context)
        client.login(sender.address, sender.password)
        client.send_message(message)


def _read_imap(
    settings: Settings, context: ssl.SSLContext, account: Account, mark: str, attachment: bytes
) -> None:
    port = settings.ports.of("imaps")
    with imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=context, timeout=30) as client:
        client.login(account.address, account.password)
        deadline = time.monotonic() + DEADLINE
        while True:
            for folder in ("INBOX", "Junk"):
                client.select(folder)
                found = client.search(None, "SUBJECT", mark)[1][0].split()
                if found:
                    data = client.fetch(found[0].decode(), "(BODY.PEEK[])")[1][0]
                    assert isinstance(data, tuple)
                    _check(data[1], attachment)
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the message did not arrive within {DEADLINE:.0f} seconds")
            time.sleep(0.1)


def _check(raw: bytes, attachment: bytes) -> None:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    parts = [part.get_content() for part in message.iter_attachments()]
    if parts != [attachment]:
        raise OSError("the attachment came back changed")


def _read_pop3(settings: Settings, context: ssl.SSLContext, account: Account, mark: str) -> None:
    port = settings.ports.of("pop3s")
    client = poplib.POP3_SSL("127.0.0.1", port, context=context, timeout=30)
    try:
        client.user(account.address)
        client.pass_(account.password)
        for number in range(len(client.list()[1]), 0, -1):
            if mark.encode() in b"\n".join(client.top(number, 0)[1]):
                client.dele(number)
                return
        raise OSError("POP3 does not show the message")
    finally:
        client.quit()
