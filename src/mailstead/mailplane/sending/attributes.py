"""Postfix's words between its own processes: names and values, each ended by NUL (attr_print0(3)).

An empty name ends a message. Only what must be changed is changed; all else passes byte for byte.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

LARGEST = 100_000
"""Octets of a message; Postfix's own are a tenth of that."""


class Closed(Exception):
    """The other side has gone."""


class Talk:
    """One connection, read message by message."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._rest = b""

    def read(self) -> bytes:
        """One whole message; raises `Closed`, `OSError`."""
        while (end := _end(self._rest)) < 0:
            if len(self._rest) > LARGEST:
                raise Closed
            more = self.connection.recv(16384)
            if not more:
                raise Closed
            self._rest += more
        message, self._rest = self._rest[:end], self._rest[end:]
        return message

    def say(self, message: bytes) -> None:
        """Send a message; raises `OSError`."""
        self.connection.sendall(message)


def _end(data: bytes) -> int:
    """Where the first message ends; -1: it is not complete."""
    place = 0
    while True:
        name = data.find(b"\0", place)
        if name < 0:
            return -1
        if name == place:
            return name + 1
        value = data.find(b"\0", name + 1)
        if value < 0:
            return -1
        place = value + 1


def values(message: bytes) -> dict[bytes, bytes]:
    """Names and values; of a name that stands twice the last."""
    parts = message.split(b"\0")
    return dict(zip(parts[0:-2:2], parts[1:-2:2], strict=False))


def changed(message: bytes, new: Mapping[bytes, bytes]) -> bytes:
    """The message with other values for some names."""
    parts = message.split(b"\0")
    for place in range(0, len(parts) - 2, 2):
        value = new.get(parts[place])
        if value is not None:
            parts[place + 1] = value
    return b"\0".join(parts)
