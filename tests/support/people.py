"""A mailbox as its owner has it: an address, a password, and the protocols it is used through."""

from __future__ import annotations

import contextlib
import imaplib
import poplib
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import EmailMessage

from lab.node import Node

from tests.support.managesieve import ManageSieve, ManageSieveError

PASSWORD = "correct horse battery 7!"


def unverified() -> ssl.SSLContext:
    """TLS without a check of the certificate: the lab's are self-signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Mailbox:
    """A mailbox of the node and what its owner knows."""

    address: str
    node: Node
    password: str = PASSWORD

    @contextlib.contextmanager
    def smtp(self, *, log_in: bool = True, implicit_tls: bool = False) -> Iterator[smtplib.SMTP]:
        """An SMTP session at submission, under TLS and logged in."""
        smtp: smtplib.SMTP
        if implicit_tls:
            smtp = smtplib.SMTP_SSL(
                self.node.address, 465, "laptop.client.example", timeout=30, context=unverified()
            )
        else:
            smtp = smtplib.SMTP(self.node.address, 587, "laptop.client.example", timeout=30)
            smtp.starttls(context=unverified())
        try:
            if log_in:
                smtp.login(self.address, self.password)
            yield smtp
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()

    def submit(
        self, made: EmailMessage, to: Sequence[str], *, sender: str | None = None
    ) -> dict[str, str]:
        """Send a message; returns the reply to each recipient, as `250 2.1.5 Ok`."""
        with self.smtp() as smtp:
            return send_over(smtp, sender or self.address, to, made)

    @contextlib.contextmanager
    def imap(self) -> Iterator[imaplib.IMAP4_SSL]:
        """A logged-in IMAP session over TLS, port 993."""
        imap = imaplib.IMAP4_SSL(self.node.address, 993, ssl_context=unverified(), timeout=20)
        try:
            imap.login(f'"{self.address}"', self.password)
            yield imap
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                imap.logout()

    @contextlib.contextmanager
    def pop3(self) -> Iterator[poplib.POP3_SSL]:
        """A logged-in POP3 session over TLS, port 995."""
        pop3 = poplib.POP3_SSL(self.node.address, 995, context=unverified(), timeout=20)
        try:
            pop3.user(self.address)
            pop3.pass_(self.password)
            yield pop3
        finally:
            with contextlib.suppress(poplib.error_proto, OSError):
                pop3.quit()

    @contextlib.contextmanager
    def sieve(self) -> Iterator[ManageSieve]:
        """A logged-in ManageSieve session under TLS."""
        with ManageSieve(self.node.address, 4190) as sieve:
            sieve.login(self.address, self.password)
            yield sieve

    def can_log_in(self) -> dict[str, bool]:
        """For each protocol, whether the log-in works now.

        All at once: Dovecot lets whoever is refused wait for seconds.
        """
        ways = {"imap": self.imap, "pop3": self.pop3, "smtp": self.smtp, "sieve": self.sieve}
        with ThreadPoolExecutor(len(ways)) as pool:
            return dict(zip(ways, pool.map(_opens, ways.values()), strict=True))


def _opens(way: Callable[[], AbstractContextManager[object]]) -> bool:
    try:
        with way():
            return True
    except _REFUSALS:
        return False


_REFUSALS: tuple[type[Exception], ...] = (
    imaplib.IMAP4.error,
    poplib.error_proto,
    smtplib.SMTPAuthenticationError,
    ManageSieveError,
)


def send_over(
    smtp: smtplib.SMTP, sender: str, to: Sequence[str], made: EmailMessage
) -> dict[str, str]:
    """One transaction in a session; returns the last reply about each recipient."""
    smtp.ehlo_or_helo_if_needed()
    code, text = smtp.mail(sender)
    if code != 250:
        smtp.rset()
        return dict.fromkeys(to, _reply(code, text))
    replies = {address: _reply(*smtp.rcpt(address)) for address in to}
    taken = [address for address in to if replies[address].startswith("25")]
    if not taken:
        if smtp.sock is not None:
            smtp.rset()
        return replies
    code, text = smtp.data(made.as_bytes())
    return replies | dict.fromkeys(taken, _reply(code, text))


def _reply(code: int, text: bytes) -> str:
    return f"{code} {text.decode(errors='replace')}".replace("\n", " ")
