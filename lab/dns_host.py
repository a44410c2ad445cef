"""The DNS host: Knot, authoritative for the root and all below it, changed while it runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import dns.tsigkeyring
import dns.update

from lab import zones
from lab.commands import LabError, wait_until
from lab.namespaces import Namespace


class DnsHost:
    """Knot in its own host. `set` and `remove` change records at once (RFC 2136).

    With `signed` the root and `example.` are signed (DNSSEC); `test.` is not.
    """

    def __init__(self, namespace: Namespace, folder: Path, *, signed: bool = False) -> None:
        self.namespace = namespace
        self.signed = signed
        self.folder = folder
        self.address = str(namespace.host.v4)
        self._zones = zones.zone_names()
        self._updaters: dict[str, tuple[str, str]] = {}
        """Zones that take changes only with a key: its name and its secret, base64."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "knot.log"

    def start(self) -> None:
        """Write the zones and start Knot; returns when it answers."""
        (self.folder / "db").mkdir(parents=True)
        for name in self._zones:
            self._write_zone(name)
        self._configuration.write_text(self._configure(), encoding="utf-8")
        self._process = self.namespace.start("knotd", "-c", self._configuration, log=self.log)
        wait_until(self._answers, f"Knot answers at {self.address}; its log is {self.log}")
        if self.signed:
            self._join_chain()

    def reap(self) -> None:
        """Take note of the end of a process that was killed."""
        if self._process is not None:
            self._process.wait(10)

    def set(self, name: str, kind: str, *values: str, ttl: int = zones.TTL) -> None:
        """Make these the records of this name and type; names in values end with a dot."""
        update = self._update(name, kind)
        update.replace(dns.name.from_text(name), ttl, kind, *values)
        self._send(update)

    def remove(self, name: str, kind: str | None = None) -> None:
        """Remove a name's records of this type, or all of them."""
        update = self._update(name)
        update.delete(dns.name.from_text(name), *([kind] if kind else []))
        self._send(update)

    def set_text(self, name: str, text: str) -> None:
        """Make `text` the TXT record of a name, cut into strings of 255 octets (RFC 1035 §3.3)."""
        parts = [text[at : at + 255] for at in range(0, len(text), 255)] or [""]
        escaped = (part.replace("\\", "\\\\").replace('"', '\\"') for part in parts)
        self.set(name, "TXT", " ".join(f'"{part}"' for part in escaped))

    def host(self, name: str, *addresses: str) -> None:
        """Give a host its addresses and give the addresses its name (FCrDNS)."""
        four = [address for address in addresses if ":" not in address]
        six = [address for address in addresses if ":" in address]
        for kind, values in (("A", four), ("AAAA", six)):
            if values:
                self.set(name, kind, *values)
        for address in addresses:
            self.set(zones.reverse_name(address), "PTR", f"{name.rstrip('.')}.")

    def mail_domain(self, name: str, *exchangers: str) -> None:
        """Point a domain's mail to these hosts, the first preferred."""
        values = [f"{at * 10 + 10} {host.rstrip('.')}." for at, host in enumerate(exchangers)]
        self.set(name, "MX", *values)

    def add_zone(self, name: str, key: tuple[str, str] | None = None) -> None:
        """Serve a zone of its own, delegated from the one above; it takes records from now on.

        With a `key` (name and secret) only those that are signed with it (RFC 8945).
        """
        name = f"{name.rstrip('.')}."
        if key is not None:
            self._updaters[name] = key
        self.set(name, "NS", zones.ROOT_SERVER)
        self._zones.append(name)
        self._write_zone(name)
        self._configuration.write_text(self._configure(), encoding="utf-8")
        self.namespace.run("knotc", "-c", self._configuration, "reload")
        wait_until(lambda: self.ask(name, "SOA"), f"Knot serves {name}")

    @property
    def anchor(self) -> Path:
        """The root's keys, with which a resolver of this lab begins to validate."""
        return self.folder / "root.key"

    def _join_chain(self) -> None:
        """Write down the root's keys, and put those of the zones below into it."""
        self.anchor.write_text(self._keys(".", "dnskey"), encoding="ascii")
        for name in zones.SIGNED[1:]:
            # `example. DS 1 13 2 …`
            records = [line.split(" DS ", 1)[1] for line in self._keys(name, "ds").splitlines()]
            self.set(name, "DS", *records)

    def _keys(self, zone: str, form: str) -> str:
        return self.namespace.run("keymgr", "-c", self._configuration, zone, form).stdout

    def ask(self, name: str, kind: str) -> list[str]:
        """The records of a name as Knot gives them, as text; empty where there are none."""
        query = dns.message.make_query(name, kind)
        answer = dns.query.tcp(query, self.address, timeout=3)
        return sorted(
            item.to_text()
            for rrset in answer.answer
            if dns.rdatatype.to_text(rrset.rdtype) == kind
            for item in rrset
        )

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """A resolver for test code, as a client of this lab would have it."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [self.address]
        resolver.lifetime = 5
        return resolver

    @property
    def _configuration(self) -> Path:
        return self.folder / "knot.conf"

    def _configure(self) -> str:
        plan = self.namespace.plan
        listed = "".join(map(self._zone_lines, self._zones))
        keys = "".join(
            f'  - id: {key}\n    algorithm: hmac-sha256\n    secret: "{secret}"\n'
            for key, secret in self._updaters.values()
        )
        closed = "".join(
            f"  - id: {key}\n    action: update\n    key: {key}\n"
            for key, _ in self._updaters.values()
        )
        return (
            f'server:\n  rundir: "{self.folder}"\n  pidfile: "{self.folder}/knot.pid"\n'
            f"  listen: [ {plan.dns.v4}@53, {plan.dns.v6}@53 ]\n"
            "  udp-workers: 1\n  tcp-workers: 2\n  background-workers: 1\n"
            f'control:\n  listen: "{self.folder}/knot.sock"\n'
            "log:\n  - target: stdout\n    any: info\n"
            + (f"key:\n{keys}" if keys else "")
            + f'database:\n  storage: "{self.folder}/db"\n'
            # The lab's hosts are one another's equals; who may change what is not under test here.
            "acl:\n  - id: lab\n    action: update\n"
            f"    address: [ {plan.network4}, {plan.network6} ]\n{closed}"
            f'template:\n  - id: default\n    storage: "{self.folder}"\n    acl: lab\n'
            # Changes are kept in memory and die with the lab.
            "    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n"
            f"zone:\n{listed}"
        )

    def _zone_lines(self, name: str) -> str:
        signed = self.signed and name in zones.SIGNED
        acl = f"    acl: {self._updaters[name][0]}\n" if name in self._updaters else ""
        return f'  - domain: "{name}"\n{acl}' + ("    dnssec-signing: on\n" if signed else "")

    def _write_zone(self, name: str) -> None:
        # Knot's default file name is the zone's name, the root's is ".zone".
        path = self.folder / f"{name.rstrip('.')}.zone"
        path.write_text(zones.zone(name, self.namespace.host), encoding="utf-8")

    def _update(self, name: str, kind: str = "") -> dns.update.UpdateMessage:
        # A DS record is above the cut (RFC 4035 section 2.4).
        above = [zone for zone in self._zones if kind != "DS" or zone != name]
        return dns.update.UpdateMessage(zones.enclosing(name, above))

    def _send(self, update: dns.update.UpdateMessage) -> None:
        answer = dns.query.tcp(update, self.address, timeout=5)
        if answer.rcode() != dns.rcode.NOERROR:
            raise LabError(
                f"Knot refused a change with {dns.rcode.to_text(answer.rcode())}: see {self.log}"
            )

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise LabError(f"Knot ended at once: {said}")
        try:
            return bool(self.ask(".", "SOA"))
        except dns.exception.DNSException:
            return False
