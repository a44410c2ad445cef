"""A small ManageSieve client (RFC 5804): enough to log in and keep scripts."""

from __future__ import annotations

import base64
import socket
import ssl
from types import TracebackType


class ManageSieveError(Exception):
    """The server said NO or BYE; the text is what it said."""


class ManageSieve:
    """One connection; STARTTLS at once unless `tls` is off."""

    def __init__(self, address: str, port: int, *, tls: bool = True) -> None:
        self._socket = socket.create_connection((address, port), timeout=20)
        self._file = self._socket.makefile("rb")
        self.greeting = self._answer()
        if tls:
            self.command("STARTTLS")
            self._file.close()
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self._socket = context.wrap_socket(self._socket)
            self._file = self._socket.makefile("rb")
            self.greeting = self._answer()

    def __enter__(self) -> ManageSieve:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._socket.close()

    def login(self, user: str, password: str) -> None:
        """AUTHENTICATE PLAIN."""
        plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.command(f'AUTHENTICATE "PLAIN" "{plain}"')

    def put(self, name: str, script: str) -> None:
        """Store a script; raises `ManageSieveError` when the server cannot compile it."""
        data = script.encode()
        self._socket.sendall(f'PUTSCRIPT "{name}" {{{len(data)}+}}\r\n'.encode() + data + b"\r\n")
        self._answer()

    def activate(self, name: str) -> None:
        self.command(f'SETACTIVE "{name}"')

    def scripts(self) -> list[str]:
        """The stored scripts, the active one marked as the server marks it."""
        return self.command("LISTSCRIPTS")

    def command(self, line: str) -> list[str]:
        """Send one command; returns the lines before the final OK."""
        self._socket.sendall(line.encode() + b"\r\n")
        return self._answer()

    def _answer(self) -> list[str]:
        lines: list[str] = []
        while True:
            raw = self._file.readline()
            if not raw:
                raise ManageSieveError("the server closed the connection")
            line = raw.decode().rstrip("\r\n")
            if line.endswith("}"):  # a literal follows: keep it with its line
                size = int(line.rpartition("{")[2].rstrip("+}"))
                line = line.rpartition("{")[0] + self._file.read(size).decode()
                line += self._file.readline().decode().rstrip("\r\n")
            word = line.partition(" ")[0].upper()
            if word == "OK":
                return lines
            if word in {"NO", "BYE"}:
                raise ManageSieveError(line)
            lines.append(line)
