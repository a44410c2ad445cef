"""nginx's own commands."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl

from mailstead.home import Home
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
    scratch = home.nginx / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    scratch.chmod(0o700)
    shutil.chown(scratch, USER, USER)
    for name in ("nginx.log", "nginx-access.log"):
        # The error log quotes requests with their secrets. nginx gives the logs to its worker's
        # user itself when it begins new ones.
        log = home.log / name
        log.touch(0o640)
        log.chmod(0o640)
        shutil.chown(log, USER, "root")
    run([*_argv(home), "-t", "-q"])


def reopen_log(home: Home, pid: int) -> None:
    """Write to the logs that now have its names (nginx(8), SIGUSR1)."""
    os.kill(pid, signal.SIGUSR1)


def reload(home: Home) -> None:
    """Read the files anew; connections that are open go on with what they have (nginx(8))."""
    pid = home.run / "nginx.pid"
    if pid.exists() and (number := pid.read_text(encoding="ascii").strip()).isdigit():
        os.kill(int(number), signal.SIGHUP)


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
