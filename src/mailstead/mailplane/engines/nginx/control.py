"""nginx's own commands."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.nginx import redirects
from mailstead.mailplane.engines.nginx.model import NginxModel
from mailstead.mailplane.engines.nginx.render import USER, config_file
from mailstead.mailplane.engines.processes import run

PROGRAM = "/usr/sbin/nginx"


def _argv(home: Home) -> list[str]:
    return [
        *(PROGRAM, "-p", f"{home.nginx}/", "-c", str(config_file(home))),
        *("-e", f"{home.log}/nginx.log"),
    ]


def command(model: NginxModel) -> list[str]:
    """What the supervisor runs."""
    return _argv(model.home)


def prepare(model: NginxModel) -> None:
    """Make its directories and let nginx judge its file; raises `EngineError`."""
    home = model.home
    if not runs(home):
        # Its ports may be somebody else's by now, and then nginx would not start: the agent makes
        # the file anew when it has looked.
        redirects.path(home).unlink(missing_ok=True)
    scratch = home.nginx / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    scratch.chmod(0o700)
    shutil.chown(scratch, USER, USER)
    for name in ("nginx.log", "nginx-access.log", redirects.LOG):
        # The error log quotes requests with their secrets. nginx gives the logs to its worker's
        # user itself when it begins new ones.
        log = home.log / name
        log.touch(0o640)
        log.chmod(0o640)
        shutil.chown(log, USER, "root")
    judge(home)


def judge(home: Home) -> None:
    """Let nginx read its files as they are; raises `EngineError` with its words."""
    run([*_argv(home), "-t", "-q"])


def reopen_log(home: Home, pid: int) -> None:
    """Write to the logs that now have its names (nginx(8), SIGUSR1)."""
    os.kill(pid, signal.SIGUSR1)


def reload(home: Home) -> None:
    """Read the files anew; connections that are open go on with what they have (nginx(8))."""
    number = _pid(home)
    if number is not None:
        os.kill(number, signal.SIGHUP)


def runs(home: Home) -> bool:
    """Whether its master is there."""
    number = _pid(home)
    comm = Path(f"/proc/{number}/comm")
    return number is not None and comm.exists() and comm.read_text().strip() == "nginx"


def _pid(home: Home) -> int | None:
    pid = home.run / "nginx.pid"
    text = pid.read_text(encoding="ascii").strip() if pid.exists() else ""
    return int(text) if text.isdigit() else None


def answers(model: NginxModel) -> bool:
    """Whether it speaks TLS; what stands behind it may still be starting."""
    context = ssl.create_default_context()
    # Only whether it is there: the certificate may be one of our own making.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", model.https), timeout=2) as plain,
            context.wrap_socket(plain, server_hostname=model.hostnames[0]),
        ):
            return True
    except OSError:
        return False
