"""PostSRSd's own commands."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.postsrsd.model import PostsrsdModel

USER = "postsrsd"


def secrets_file(home: Home) -> Path:
    """The secrets, one a line: the first signs, all are believed (postsrsd(8))."""
    return home.postsrsd / "secrets"


def command(model: PostsrsdModel) -> list[str]:
    """What the supervisor runs."""
    return [
        "/usr/sbin/postsrsd",
        "-4",
        "-l127.0.0.1",
        f"-d{model.hostname}",
        f"-s{secrets_file(model.home)}",
        f"-f{model.forward}",
        f"-r{model.reverse}",
        f"-u{USER}",
    ]


def prepare(model: PostsrsdModel) -> None:
    """Make the directory and, once, a secret: with another one bounces on their way are lost."""
    home = model.home
    home.postsrsd.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = secrets_file(home)
    if not path.exists():
        fresh = path.with_name("secrets.new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
        fresh.replace(path)


def reopen_log(home: Home, pid: int) -> None:
    """Nothing to do: PostSRSd writes to the system's log only."""


def answers(model: PostsrsdModel) -> bool:
    """Whether both tables answer (tcp_table(5)): 500 is an answer too."""
    try:
        for port in (model.forward, model.reverse):
            with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
                client.sendall(b"get postmaster\n")
                if not client.recv(64).startswith((b"200 ", b"500 ")):
                    return False
    except OSError:
        return False
    return True
