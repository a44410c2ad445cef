"""Free ports for servers that tests start."""

from __future__ import annotations

import itertools
import os
import socket

# Above the ports that the kernel gives to clients (ip(7), ip_local_port_range): no connection can
# come between the look and the server. Each worker of pytest-xdist has its own.
_FIRST = 61_000
_EACH = 1_100
_WORKERS = 4
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_turn = itertools.cycle(range(_FIRST + _worker * _EACH, _FIRST + (_worker + 1) * _EACH))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has, over TCP and UDP; not given twice in a row."""
    for port in itertools.islice(_turn, _EACH):
        if all(_free(port, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port
    raise AssertionError("no free ports")


def _free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # As the servers do: a connection that ended a moment ago is no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
