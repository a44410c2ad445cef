"""Network namespaces joined by one bridge: made, entered, emptied and removed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from lab.commands import LabError, run, start
from lab.plan import Host, Plan

ETC = Path("/etc/netns")
"""`ip netns exec` mounts the files of /etc/netns/NAME over those in /etc (ip-netns(8))."""

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One host of the lab."""

    def __init__(self, plan: Plan, host: Host) -> None:
        self.plan = plan
        self.host = host
        self.name = plan.namespace(host.name)

    @property
    def etc(self) -> Path:
        """Files that stand in for those of /etc inside this host."""
        return ETC / self.name

    def make(self) -> None:
        """Create the namespace with one interface on the lab's bridge."""
        link, inside = self.plan.link(self.host.name), "eth0"
        self.etc.mkdir(parents=True, exist_ok=True)
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", link, "type", "veth", "peer", "name", inside, "netns", self.name)
        run("ip", "link", "set", link, "master", self.plan.bridge, "up")
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", inside, "up")
        self.ip("addr", "add", f"{self.host.v4}/{self.plan.network4.prefixlen}", "dev", inside)
        self.ip("addr", "add", f"{self.host.v6}/64", "dev", inside, "nodad")

    def route_to_clients(self) -> None:
        """Reach the many addresses of the clients' host."""
        via = self.plan.clients
        self.ip("route", "add", str(self.plan.clients4), "via", str(via.v4))
        self.ip("-6", "route", "add", str(self.plan.clients6), "via", str(via.v6))

    def add_address(self, v4: str) -> None:
        """Give the host one more IPv4 address."""
        self.ip("addr", "add", f"{v4}/{self.plan.network4.prefixlen}", "dev", "eth0")

    def resolver(self, address: str) -> None:
        """Ask this resolver in this host."""
        self.etc.joinpath("resolv.conf").write_text(
            f"nameserver {address}\noptions timeout:1 attempts:2\n", encoding="ascii"
        )

    def ip(self, *words: str) -> None:
        """`ip` inside this host, without the cost of entering it."""
        run("ip", "-n", self.name, *words)

    def argv(self, *words: str | Path | int) -> list[str]:
        """The command line that runs a program in this host."""
        return ["ip", "netns", "exec", self.name, *(str(word) for word in words)]

    def run(
        self,
        *words: str | Path | int,
        stdin: str | None = None,
        timeout: float = 60,
        check: bool = True,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in this host to its end."""
        argv = self.argv(*words)
        return run(*argv, stdin=stdin, timeout=timeout, check=check, env=env, cwd=cwd)

    def start(
        self, *words: str | Path | int, log: Path, env: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a daemon in this host."""
        return start(*self.argv(*words), log=log, env=env)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets that this thread makes inside the block belong to this host (setns(2)).

        Names are still looked up with the resolver of the root namespace: use addresses.
        """
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            inside = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            try:
                _setns(inside)
                yield
            finally:
                _setns(before)
                os.close(inside)
        finally:
            os.close(before)

    def pids(self) -> list[int]:
        """The processes in this host."""
        return _pids(self.name)


def make_bridge(plan: Plan) -> None:
    """Create the lab's bridge and give the root namespace its address on it."""
    bridge = plan.bridge
    run("ip", "link", "add", "name", bridge, "type", "bridge", "forward_delay", "0")
    # A bridge's multicast snooping delays IPv6 neighbour discovery in the first seconds.
    run("ip", "link", "set", bridge, "type", "bridge", "mcast_snooping", "0")
    run("ip", "link", "set", bridge, "up")
    outside, clients = plan.outside, plan.clients
    run("ip", "addr", "add", f"{outside.v4}/{plan.network4.prefixlen}", "dev", bridge)
    run("ip", "addr", "add", f"{outside.v6}/64", "dev", bridge, "nodad")
    run("ip", "route", "add", str(plan.clients4), "via", str(clients.v4))
    run("ip", "-6", "route", "add", str(plan.clients6), "via", str(clients.v6))


def existing(plan: Plan) -> list[str]:
    """The namespaces that exist with this lab's prefix."""
    listed = run("ip", "netns", "list", check=False).stdout.splitlines()
    names = [line.split()[0] for line in listed if line.strip()]
    return [name for name in names if name.startswith(plan.bridge + "-")]


def remove_all(plan: Plan) -> None:
    """End every process of the lab's hosts, then remove hosts, bridge and their files in /etc."""
    names = existing(plan)
    empty(names)
    for name in names:
        run("ip", "netns", "delete", name, check=False)
    run("ip", "link", "delete", plan.bridge, check=False)
    # A namespace removed while a stray socket is still open keeps its end on the bridge.
    for link in Path("/sys/class/net").glob(plan.bridge + "-*"):
        run("ip", "link", "delete", link.name, check=False)
    for folder in ETC.glob(plan.bridge + "-*"):
        shutil.rmtree(folder)
    with contextlib.suppress(OSError):
        ETC.rmdir()


def empty(names: list[str], seconds: float = 10) -> None:
    """Kill everything that runs in these namespaces; raises `LabError` if something survives."""
    deadline = time.monotonic() + seconds
    while left := [pid for name in names for pid in _pids(name)]:
        if time.monotonic() > deadline:
            raise LabError(f"Processes {left} of a lab could not be ended; look at them with ps.")
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _pids(name: str) -> list[int]:
    said = run("ip", "netns", "pids", name, check=False).stdout.split()
    return [int(word) for word in said if int(word) != os.getpid() and not _zombie(int(word))]


def _zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def _setns(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
