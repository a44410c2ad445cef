"""Hand messages to the old server by SMTP, as they came.

Straight to it, past our own Postfix: nothing is signed, counted or sent on by a rule once more. The
old server takes mail for its mailboxes from anybody; TLS is used where it is offered, and nobody
vouches for its certificate, as between any two mail servers.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable

import dns.exception
import dns.resolver

_SECONDS = 120.0
_MOST_IN_ONE = 100
"""Messages in one session; servers bound them."""
_SENDER = re.compile(r"[^\s<>\x00-\x1f\x7f]{1,320}")
_LINE_END = re.compile(rb"\r?\n")


class Refused(Exception):
    """The old server does not take this message, for good."""


class Later(Exception):
    """The old server does not take this message now."""


class Away(Later):
    """The old server does not answer, or takes nothing now."""


class Doubt(Exception):
    """The old server was taking the message when it fell silent: it may have it."""


class Line:
    """Sessions with the old server, one after another."""

    def __init__(self, host: str, port: int, domain: str, hostname: str) -> None:
        self._host, self._port, self._domain, self._hostname = host, port, domain, hostname
        self._session: smtplib.SMTP | None = None
        self._count = 0

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._session.quit()
            self._session = None

    def hand(self, sender: str, recipient: str, text: bytes, begin: Callable[[], None]) -> None:
        """Hand one message over; `begin` is called before the old server can have taken it.

        Raises `Refused`, `Later`, `Doubt`; in the first two cases it has not taken it.
        """
        sender = sender if _SENDER.fullmatch(sender) else ""
        try:
            self._hand(sender, recipient, text, begin)
        except Refused:
            if not sender:
                raise
            # It may know better than us who writes for that sender (SPF): without one it has no
            # such reason, and nobody gets a report about mail that was delivered long ago.
            self._hand("", recipient, text, begin)

    def _hand(self, sender: str, recipient: str, text: bytes, begin: Callable[[], None]) -> None:
        session = self._ready()
        try:
            options = ["BODY=8BITMIME"] if session.has_extn("8bitmime") else []
            if not sender.isascii():
                if session.has_extn("smtputf8"):
                    options.append("SMTPUTF8")
                    session.command_encoding = "utf-8"
                else:
                    sender = ""
            self._check(session.mail(sender, options))
            self._check(session.rcpt(recipient))
            self._check(session.docmd("DATA"), 354)
            body = _LINE_END.sub(b"\r\n", text)
            if not body.endswith(b"\r\n"):
                body += b"\r\n"
            session.send(re.sub(rb"(?m)^\.", b"..", body))
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Away(f"{self._host} stopped answering: {error}") from error
        begin()
        try:
            session.send(b".\r\n")
            answer = session.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Doubt(f"{self._host} fell silent while it was taking the message.") from error
        self._count += 1
        self._check(answer)

    def _check(self, answer: tuple[int, bytes], wanted: int = 250) -> None:
        code, words = answer[0], answer[1].decode("utf-8", "replace").replace("\n", " ")
        if code == wanted or (wanted == 250 and code == 251):
            return
        said = f"{self._host} says: {code} {words}"[:400]
        if code == 421 or code < 400:
            self._drop()
            raise Away(said)
        if self._session is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._session.rset()
        raise Later(said) if code < 500 else Refused(said)

    # The session

    def _ready(self) -> smtplib.SMTP:
        if self._session is not None and self._count >= _MOST_IN_ONE:
            self.close()
        if self._session is None:
            words = "no host"
            for host in self._hosts():
                try:
                    self._session = self._open(host)
                    self._count = 0
                    return self._session
                except (OSError, smtplib.SMTPException) as error:
                    words = f"{host}: {error}"[:300]
            raise Away(f"The old server cannot be reached ({words}).")
        return self._session

    def _open(self, host: str) -> smtplib.SMTP:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for secure in (True, False):
            # Raises where it does not greet us.
            session = smtplib.SMTP(host, self._port, self._hostname, _SECONDS)
            try:
                assert session.sock is not None
                # The last dot goes by itself, and must not wait for the text to be acknowledged.
                session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                session.ehlo_or_helo_if_needed()
                name = (session.ehlo_resp or session.helo_resp or b"").split()[:1]
                if name == [self._hostname.encode()]:
                    raise smtplib.SMTPConnectError(220, "this is our own server")
                if not secure or not session.has_extn("starttls"):
                    return session
                session.starttls(context=context)
                session.ehlo_or_helo_if_needed()
                return session
            except (OSError, smtplib.SMTPException):
                # Some offer TLS that nobody can speak any more.
                offered = session.has_extn("starttls")
                session.close()
                if not secure or not offered:
                    raise
        raise AssertionError

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _hosts(self) -> list[str]:
        if self._host != "mx":
            return [self._host.removeprefix("ipv6:")]
        try:
            found = dns.resolver.resolve(self._domain, "MX")
        except dns.exception.DNSException as error:
            raise Away(f"The DNS names no mail server of {self._domain}: {error}") from error
        rows = sorted((row.preference, str(row.exchange).rstrip(".")) for row in found)
        return [host for _, host in rows if host]
