"""The port on loopback at which Dovecot asks about log-ins (its `auth_policy_server_url`).

Purpose: says before each log-in of any protocol whether the password may be tried.
Protocol: HTTP/1.1 and JSON (logins/http.py, logins/policy.py). Dovecot's auth process keeps a few
    connections open and closes those that were idle for ten seconds.
Security: `127.0.0.1` only, and whoever asks must know the key, which root and the guard may read:
    a web site of a customer on this machine could otherwise make up wrong passwords and keep others
    out. No password comes here, only 16 bits of its hash with a
    secret that this process does not know.
Diagnostics: each refusal with its reason, each trouble. On trouble of our own the answer is 500 or
    none: Dovecot then lets the log-in go on.
"""

from __future__ import annotations

import asyncio
import socket
import sqlite3

import structlog

from mailstead.mailplane.guard.logins.desk import LoginDesk
from mailstead.mailplane.guard.logins.http import Exchange, Request, Response

HOST = "127.0.0.1"
MOST_CONNECTIONS = 500
"""Dovecot's client opens at most 100."""

log = structlog.get_logger("guard")


def listen(port: int) -> socket.socket:
    """The socket; raises `OSError` where the port is taken."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((HOST, port))
    door.listen(MOST_CONNECTIONS)
    door.setblocking(False)
    return door


class LoginDoor:
    """Makes the connections' protocols, and counts them."""

    def __init__(self, desk: LoginDesk) -> None:
        self._desk = desk
        self.count = 0

    def __call__(self) -> asyncio.Protocol:
        return _Connection(self)

    def answer(self, request: Request) -> Response:
        """The desk's answer; 500 when its file cannot be read."""
        try:
            return self._desk.answer(request)
        except sqlite3.Error:
            log.exception("cannot judge a log-in")
            return Response(500)


class _Connection(asyncio.Protocol):
    """One connection of Dovecot's auth process."""

    _transport: asyncio.Transport

    def __init__(self, door: LoginDoor) -> None:
        self._door = door
        self._exchange = Exchange(door.answer)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._door.count += 1
        if self._door.count > MOST_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.count -= 1

    def data_received(self, data: bytes) -> None:
        self._pass(data)

    def eof_received(self) -> bool:
        self._pass(b"")
        return False

    def _pass(self, data: bytes) -> None:
        out = self._exchange.receive(data)
        if out and not self._transport.is_closing():
            self._transport.write(out)
        if self._exchange.over:
            self._transport.close()
