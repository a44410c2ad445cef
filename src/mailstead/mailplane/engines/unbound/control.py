"""unbound's own commands."""

from __future__ import annotations

import os
import shutil
import signal
import socket

import dns.resolver

from mailstead.home import Home
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.engines.unbound.model import SYSTEM_ANCHOR, UnboundModel
from mailstead.mailplane.engines.unbound.render import USER, config_file

# A query for localhost's address (RFC 1035 §4.1), id 0x4d53: unbound answers it by itself
# (unbound.conf(5), local-zone), so that a machine without a network shows a resolver that runs.
_QUERY = b"\x4d\x53\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01"


def command(model: UnboundModel) -> list[str]:
    """What the supervisor runs."""
    return ["/usr/sbin/unbound", "-d", "-c", str(config_file(model.home))]


def prepare(model: UnboundModel) -> None:
    """Make the directory and a trust anchor that unbound may renew (RFC 5011)."""
    home = model.home
    home.unbound.mkdir(parents=True, exist_ok=True)
    anchor = home.unbound / "root.key"
    if model.anchor:
        shutil.copy(model.anchor, anchor)
    elif not anchor.exists() and SYSTEM_ANCHOR.exists():
        shutil.copy(SYSTEM_ANCHOR, anchor)
    shutil.chown(home.unbound, USER, USER)
    for path in (anchor, home.log / "unbound.log"):
        if path.parent == home.log:
            path.touch()
        if path.exists():
            shutil.chown(path, USER, USER)
    check_config(model)


def check_config(model: UnboundModel) -> None:
    """Let unbound judge its file; raises `EngineError`."""
    run(["/usr/sbin/unbound-checkconf", str(config_file(model.home))])


def reopen_log(home: Home, pid: int) -> None:
    """Write to the log that now has its name: unbound(8) opens it when it reloads."""
    os.kill(pid, signal.SIGHUP)


def own_resolver(port: int, seconds: float) -> dns.resolver.Resolver:
    """A client of this node's resolver alone, whatever the machine's own settings say.

    `seconds`: for one question with all its tries.
    """
    client = dns.resolver.Resolver(configure=False)
    client.nameservers, client.port, client.lifetime = ["127.0.0.1"], port, seconds
    return client


def answers(model: UnboundModel) -> bool:
    """Whether the resolver answers; the network may be away."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        try:
            client.sendto(_QUERY, ("127.0.0.1", model.port))
            return client.recv(512)[:2] == _QUERY[:2]
        except OSError:
            return False
