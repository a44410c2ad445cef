"""mta-sts-daemon's own commands."""

from __future__ import annotations

import os
import shutil
import signal
import socket

from mailstead.home import Home
from mailstead.mailplane.engines.mtasts.model import USER, MtastsModel
from mailstead.mailplane.engines.mtasts.render import config_file
from mailstead.standards import socketmap

PROGRAM = "/usr/bin/mta-sts-daemon"


def command(model: MtastsModel) -> list[str]:
    """What the supervisor runs."""
    argv = [PROGRAM, "-c", str(config_file(model.home)), "-v", "warn"]
    argv += ["-l", str(model.home.log / "mtasts.log")]
    if model.authorities:
        # Python's ssl reads this one file besides the system's directory.
        return ["/usr/bin/env", f"SSL_CERT_FILE={model.authorities}", *argv]
    return argv


def prepare(model: MtastsModel) -> None:
    """Make its directories and its log."""
    home = model.home
    log = home.log / "mtasts.log"
    log.touch()
    for place in (home.mtasts, home.mtasts_socket.parent):
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)
    for path in (home.mtasts, home.mtasts_socket.parent, log):
        shutil.chown(path, USER, USER)


def reopen_log(home: Home, pid: int) -> None:
    """It cannot: it is told to end, and the supervisor starts it anew."""
    os.kill(pid, signal.SIGTERM)


def answers(model: MtastsModel) -> bool:
    """Whether it answers; it looks for nothing at an address."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            client.connect(str(model.home.mtasts_socket))
            client.sendall(socketmap.request("postfix", "[127.0.0.1]"))
            return client.recv(64).startswith(b"9:NOTFOUND")
    except OSError:
        return False
