"""Ports: who holds one that we need."""

from __future__ import annotations

import contextlib
import errno
import re
import socket
from pathlib import Path

from mailstead.config import Ports, Settings
from mailstead.standards.refusal import Refusal

LOOPBACK = ("reinject", "forward", "logins", "srs", "srs_back", "resolver")
"""Services that listen on 127.0.0.1 only."""
OF_THE_PANEL = ("https", "http")
"""Services that only the machine of the control plane has."""


def needed(settings: Settings) -> dict[str, int]:
    """Each service's port."""
    without = {"offset", *(OF_THE_PANEL if settings.control != "here" else ())}
    if not settings.moves.listen:
        without.add("doveadm")
    names = [name for name in Ports.__struct_fields__ if name not in without]
    return {name: settings.ports.of(name) for name in names}


def refuse_taken(settings: Settings) -> None:
    """Raise `Refusal` (`port-taken`) naming the first port that another process holds."""
    for name, port in needed(settings).items():
        kinds = [socket.SOCK_STREAM]
        if name == "resolver":
            kinds.append(socket.SOCK_DGRAM)
        for kind in kinds:
            if not is_free("127.0.0.1" if name in LOOPBACK else "", port, kind):
                raise Refusal(
                    "port-taken",
                    f"Port {port} ({name}) is taken by {holder(port)}.",
                    remedy="Stop it, or choose other ports with --port-offset.",
                )


def is_free(
    host: str,
    port: int,
    kind: socket.SocketKind = socket.SOCK_STREAM,
    family: socket.AddressFamily = socket.AF_INET,
) -> bool:
    """Whether a port can be had; raises `OSError` where that cannot be known."""
    with socket.socket(family, kind) as probe:
        if family is socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind is socket.SOCK_STREAM:
            # As the engines do it: connections that linger from before do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            if kind is socket.SOCK_STREAM:
                probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def holder(port: int) -> str:
    """Which process holds a port, as `name (pid N)`, or words for an unknown one."""
    inodes = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = Path("/proc/net") / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _sockets(process):
            try:
                name = (process / "comm").read_text().strip()
            except OSError:
                continue
            return f"{name} (pid {process.name})"
    return "another program"


def _sockets(process: Path) -> set[str]:
    """The inodes of a process's open sockets; what ends meanwhile is left out."""
    found = set()
    with contextlib.suppress(OSError):
        for entry in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                link = re.fullmatch(r"socket:\[(\d+)\]", str(entry.readlink()))
                if link:
                    found.add(link.group(1))
    return found
