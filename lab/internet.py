"""A whole lab: made in one call, used through its hosts, removed in one call."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from lab import state, zones
from lab.certificates import Authority
from lab.clients import ClientsHost
from lab.dns_host import DnsHost
from lab.foreign import ForeignHost
from lab.namespaces import Namespace, make_bridge
from lab.node import Node
from lab.plan import FIRST_NODE, Plan


class Lab:
    """A small internet. Use as a context manager, or call `down` yourself.

    With `lasting` it stays after this process has ended, until `python -m lab down`; otherwise
    the next lab that starts removes it if this process died without doing so.

    With `signed` its DNS is signed, and its nodes validate and believe its own authority.
    """

    def __init__(self, *, lasting: bool = False, signed: bool = False) -> None:
        self.signed = signed
        self.plan: Plan = state.claim(owner=None if lasting else os.getpid())
        self.folder: Path = state.folder(self.plan.number)
        self.nodes: list[Node] = []
        self._daemons: list[DnsHost | ForeignHost] = []
        try:
            self._make()
        except BaseException:
            self.down()
            raise

    def _make(self) -> None:
        plan = self.plan
        make_bridge(plan)
        spaces = [Namespace(plan, host) for host in (plan.dns, plan.far, plan.clients)]
        for space in spaces:
            space.make()
            if space.host != plan.clients:
                space.route_to_clients()
        (self.folder / "root.hints").write_text(zones.hints(plan), encoding="ascii")
        self.authority = Authority(self.folder / "authority.pem")
        self.dns = DnsHost(spaces[0], self.folder / "dns", signed=self.signed)
        self._daemons.append(self.dns)
        self.dns.start()
        spaces[1].resolver(self.dns.address)
        self.foreign = ForeignHost(spaces[1], self.folder / "far", self.dns, self.authority)
        self._daemons.append(self.foreign)
        self.foreign.start()
        self.clients = ClientsHost(spaces[2], self.dns)
        self.clients.start()

    def add_node(self, name: str = "node", hostname: str = "mx.node.example") -> Node:
        """A host on which an instance of Mailstead can be started; its names are in the DNS."""
        host = self.plan.host(name, FIRST_NODE + len(self.nodes))
        space = Namespace(self.plan, host)
        space.make()
        space.route_to_clients()
        # The node asks the resolver that it runs itself.
        space.resolver("127.0.0.1")
        self.dns.host(hostname, str(host.v4), str(host.v6))
        node = Node(space, self.folder / name, hostname, self.dns, self.folder / "root.hints")
        if self.signed:
            node.believe(self.dns.anchor, self.authority.file)
        self.nodes.append(node)
        return node

    def down(self) -> None:
        """Stop everything and remove it."""
        for node in self.nodes:
            node.cool()
        state.release(self.plan)
        for host in self._daemons:
            host.reap()

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()
