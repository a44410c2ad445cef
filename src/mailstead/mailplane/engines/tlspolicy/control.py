"""The commands of the server of TLS policies."""

from __future__ import annotations

import os
import signal
import socket
import sys

from mailstead.home import Home
from mailstead.mailplane.engines.tlspolicy.model import TlspolicyModel
from mailstead.standards import socketmap

MODULE = "mailstead.mailplane.engines.tlspolicy.serve"


def command(model: TlspolicyModel) -> list[str]:
    """What the supervisor runs."""
    words = ["--home", str(model.home.root), "--resolver", str(model.resolver)]
    return [sys.executable, "-m", MODULE, *words]


def prepare(model: TlspolicyModel) -> None:
    """Make the directory of its socket, into which Postfix may come."""
    place = model.home.tlspolicy_socket.parent
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)


def reopen_log(home: Home, pid: int) -> None:
    """It writes to the supervisor's file, which begins new ones by itself; this one ends it."""
    os.kill(pid, signal.SIGTERM)


def answers(model: TlspolicyModel) -> bool:
    """Whether it answers."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            client.connect(str(model.home.tlspolicy_socket))
            client.sendall(socketmap.request("tls", "[127.0.0.1]"))
            return client.recv(64) == socketmap.not_found()
    except OSError:
        return False
