"""Plays an SMTP dialog written as text against a running server.

| line | meaning |
|---|---|
| `# …` | a comment; the first one is the promise |
| `given NAME…` | mailboxes; `$NAME` is the address, `$NAME.login` its AUTH PLAIN response |
| `limit NAME MEASURE_WINDOW N` | what that mailbox may send: `recipients_hour 3` |
| `port SERVICE` | connect: `smtp`, `submission`, `submissions` |
| `C: text` | the client sends the text and CRLF |
| `C> text` | the client sends the text alone, with `\\r`, `\\n`, `\\0` in it |
| `S: regex` | the server's next reply, all its lines, matches from its first character |
| `N: regex` | that reply has this nowhere |
| `tls` | the client starts TLS |
| `silent` | the server has nothing more to say |
| `closed` | the server closes the connection |
| `mailbox NAME N` | in the end the mailbox holds N messages, and nothing waits in the queue |
"""

from __future__ import annotations

import base64
import re
import select
import socket
from collections.abc import Callable
from pathlib import Path

from tests.mailplane.engines.harness import DOMAIN, PASSWORD, Host, until, without_verification

from mailstead.mailplane.engines.postfix import control as postfix
from mailstead.wire.sending import Ceilings


class DialogError(AssertionError):
    """The dialog went another way than its text says."""


class Player:
    """One dialog with one server."""

    def __init__(self, host: Host, word: str) -> None:
        self._host = host
        self._word = word
        self._names = {"domain": DOMAIN}
        self._socket: socket.socket | None = None
        self._unread = b""
        self._reply = ""
        self._acts: dict[str, Callable[[str], None]] = {
            "given": self._given,
            "limit": self._limit,
            "port": self._connect,
            "C:": lambda text: self._send(text.encode() + b"\r\n"),
            "C>": lambda text: self._send(text.encode().decode("unicode_escape").encode("latin-1")),
            "S:": self._expect,
            "N:": self._lacks,
            "tls": self._start_tls,
            "silent": self._silent,
            "closed": self._closed,
            "mailbox": self._mailbox,
        }

    def play(self, path: Path) -> None:
        """Play the file; raises `DialogError` with the line that went wrong."""
        try:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if not line.strip() or line.startswith("#"):
                    continue
                act, _, rest = line.partition(" ")
                try:
                    self._acts[act](self._filled(rest))
                except (DialogError, OSError) as error:
                    raise DialogError(f"{path.name}:{number}: {line}\n{error}") from error
        finally:
            if self._socket is not None:
                self._socket.close()

    def _filled(self, text: str) -> str:
        for name in sorted(self._names, key=len, reverse=True):
            text = text.replace(f"${name}", self._names[name])
        return text

    def _given(self, names: str) -> None:
        for name in names.split():
            address = self._host.add(f"{name}-{self._word}")
            self._names[name] = address
            self._names[f"{name}.login"] = base64.b64encode(
                f"\0{address}\0{PASSWORD}".encode()
            ).decode()
            self._names[f"{name}.wrong"] = base64.b64encode(f"\0{address}\0wrong".encode()).decode()

    def _limit(self, text: str) -> None:
        name, field, number = text.split()
        self._host.sending(self._names[name], Ceilings(**{field: int(number)}))

    def _connect(self, service: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._host.port(service)), 20)

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise DialogError("the dialog has no 'port' yet")
        return self._socket

    def _send(self, data: bytes) -> None:
        self._open().sendall(data)

    def _start_tls(self, _: str) -> None:
        self._socket = without_verification().wrap_socket(self._open())

    def _line(self) -> str:
        while b"\n" not in self._unread:
            more = self._open().recv(65536)
            if not more:
                raise DialogError("the server closed the connection")
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    def _expect(self, pattern: str) -> None:
        lines = [self._line()]
        while lines[-1][3:4] == "-":
            lines.append(self._line())
        self._reply = "\n".join(lines)
        if not re.match(pattern, self._reply, re.DOTALL):
            raise DialogError(f"the server said: {self._reply}")

    def _lacks(self, pattern: str) -> None:
        if re.search(pattern, self._reply):
            raise DialogError(f"the server said: {self._reply}")

    def _silent(self, _: str) -> None:
        # What is on its way arrives with the answer to a NOOP at the latest.
        self._send(b"NOOP\r\n")
        self._expect(r"250 2\.0\.0")
        if self._unread or select.select([self._open()], [], [], 0.2)[0]:
            raise DialogError(f"the server said more: {self._unread!r}")

    def _closed(self, _: str) -> None:
        if self._unread or self._open().recv(1):
            raise DialogError("the server did not close the connection")

    def _mailbox(self, rest: str) -> None:
        name, _, wanted = rest.partition(" ")
        address = self._names[name]
        if self._socket is not None:
            self._socket.close()
        until(lambda: not self._waiting(address), f"the queue is done with {address}")
        found = len(self._host.stored(address))
        if found != int(wanted):
            raise DialogError(f"the mailbox holds {found}")

    def _waiting(self, address: str) -> bool:
        return any(address in str(entry) for entry in postfix.queue(self._host.home))
