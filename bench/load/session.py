"""One SMTP client session: pipelined where the server offers it, several messages in a row.

Written for little CPU rather than for generality: it shares the machine with what it measures.
RFC 5321; RFC 2920 for pipelining (MAIL, RCPT and DATA in one packet, as Postfix's own client does).
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass, field

TIMEOUT = 120.0
"""Seconds for any one reply; a server that needs longer has failed."""


class Unexpected(Exception):
    """The server answered something else than a working mail host would."""


@dataclass(frozen=True)
class Target:
    """Where a load goes; without a password no TLS and no log-in, as mail from outside."""

    port: int
    password: str = ""
    host: str = "127.0.0.1"


@dataclass
class Session:
    """An open session; `log_in` names the mailbox that authenticates."""

    target: Target
    log_in: str
    source: str = ""
    _reader: asyncio.StreamReader = field(init=False)
    _writer: asyncio.StreamWriter = field(init=False)

    async def open(self, context: ssl.SSLContext) -> None:
        """Connect, greet and, where the target has a password, STARTTLS and AUTH PLAIN."""
        self._reader, self._writer = await asyncio.open_connection(
            self.target.host,
            self.target.port,
            local_addr=(self.source, 0) if self.source else None,
        )
        await self.expect(b"220")
        await self.command(b"EHLO load.example", b"250")
        if self.target.password:
            await self.command(b"STARTTLS", b"220")
            await self._writer.start_tls(context)
            await self.command(b"EHLO load.example", b"250")
            plain = f"\0{self.log_in}\0{self.target.password}".encode()
            await self.command(b"AUTH PLAIN " + base64.b64encode(plain), b"235")

    async def send(self, sender: str, recipient: str, body: bytes) -> None:
        """One message; returns when the server has taken the responsibility for it."""
        envelope = f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
        self._writer.write(envelope.encode())
        await self.expect(b"250")
        await self.expect(b"250")
        await self.expect(b"354")
        self._writer.write(body)
        await self.expect(b"250")

    async def quit(self) -> None:
        self._writer.write(b"QUIT\r\n")
        await self.expect(b"221")
        self.close()

    def close(self) -> None:
        """End the connection without a word."""
        if hasattr(self, "_writer"):
            self._writer.close()

    async def command(self, line: bytes, code: bytes) -> None:
        self._writer.write(line + b"\r\n")
        await self.expect(code)

    async def ask(self, line: bytes) -> bytes:
        """One command and the last line of its reply, whatever it says."""
        self._writer.write(line + b"\r\n")
        return await self._reply()

    async def expect(self, code: bytes) -> None:
        """Read one reply; raises `Unexpected` when its code is another."""
        line = await self._reply()
        if not line.startswith(code):
            raise Unexpected(line.decode(errors="replace").strip() or "connection closed")

    async def _reply(self) -> bytes:
        async with asyncio.timeout(TIMEOUT):
            line = await self._reader.readline()
            while line[3:4] == b"-":
                line = await self._reader.readline()
        return line


def context() -> ssl.SSLContext:
    """TLS as a client that does not know the benchmark's own certificate."""
    # Not the default context: it reads every certificate authority, which takes 30 ms.
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made
