"""The foreign mail host: another implementation, with its own domains; sends and receives."""

from __future__ import annotations

import contextlib
import email.policy
import os
import re
import smtplib
import socket
import subprocess
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from lab import exim
from lab.certificates import Authority, dkim_key
from lab.commands import LabError, wait_until
from lab.dns_host import DnsHost
from lab.namespaces import Namespace

HOSTNAME = "mx.far.example"
REPORTS = "reports-lab.org"
"""A domain below a top level that the public suffix list knows: Rspamd reads no URL of others."""
DOMAINS = ("far.example", "elsewhere.example", "client.example", REPORTS)


class ForeignHost:
    """Exim in its own host.

    Every address of its domains takes mail, except that local parts which begin with
    `refuse` are refused for good (550) and those which begin with `busy` for now (451);
    `full…` is full, `slow…` drips, `grey…` is greylisted while `greylisting` says so. Which of
    the addresses that speak to it it does not trust, or finds too quick, a test says.
    """

    def __init__(
        self, namespace: Namespace, folder: Path, dns: DnsHost, authority: Authority
    ) -> None:
        self._authority = authority
        self.namespace = namespace
        self.folder = folder
        self.dns = dns
        self.address = str(namespace.host.v4)
        self.hostname = HOSTNAME
        self.domains = DOMAINS
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Publish the domains, write the configuration, start Exim; returns when it greets."""
        program = exim.binary()
        for name in ("spool", "log", "mail"):
            (self.folder / name).mkdir(parents=True)
        self._authority.certificate(
            HOSTNAME, self.certificate, self.folder / "host.key", f"*.{DOMAINS[0]}"
        )
        (self.folder / "more-domains").touch()
        self._publish(dkim_key(self.folder / "dkim.key"))
        names = "".join(f"{name}: {name}\n" for name in DOMAINS)
        (self.folder / "dkim-domains").write_text(names, encoding="ascii")
        for name, text in zip(("passwd", "group"), exim.passwd(), strict=True):
            (self.namespace.etc / name).write_text(text, encoding="utf-8")
        self.configuration.write_text(self._configure(), encoding="utf-8")
        self.distrust()
        self.slow_down()
        self._own()
        self._process = self.namespace.start(
            program, "-C", self.configuration, "-bdf", "-q2s", log=self.folder / "exim.out"
        )
        wait_until(self._greets, f"Exim greets at {self.address}; see {self.folder}/exim.out")

    def reap(self) -> None:
        """Take note of the end of a process that was killed."""
        if self._process is not None:
            self._process.wait(10)

    @property
    def configuration(self) -> Path:
        return self.folder / "exim.conf"

    @property
    def certificate(self) -> Path:
        return self.folder / "host.pem"

    def add_domain(self, name: str, *exchangers: str) -> None:
        """Take mail for one more domain; its MX records name these hosts, or this one."""
        with (self.folder / "more-domains").open("a", encoding="ascii") as more:
            more.write(f"{name}: {name}\n")
        self.dns.mail_domain(name, *(exchangers or (HOSTNAME,)))

    def send(
        self,
        sender: str,
        recipients: str | Sequence[str],
        message: EmailMessage | bytes,
    ) -> None:
        """Hand a message to Exim, which looks up the recipients' MX and delivers it by itself."""
        data = message if isinstance(message, bytes) else message.as_bytes(policy=email.policy.SMTP)
        with smtplib.SMTP(self.address, 25, local_hostname="outside.lab", timeout=20) as smtp:
            smtp.sendmail(sender, [recipients] if isinstance(recipients, str) else recipients, data)

    def messages(self, address: str | None = None) -> list[EmailMessage]:
        """What has arrived, oldest first: all of it, or what came for one envelope recipient."""
        files = sorted(self.folder.glob("mail/*/new/*"), key=lambda path: path.stat().st_mtime_ns)
        found = [_parse(path) for path in files]
        if address is None:
            return found
        return [m for m in found if str(m["Envelope-to"]).strip().lower() == address.lower()]

    def log(self, text: str = "") -> list[str]:
        """The lines of Exim's main log that contain `text`."""
        path = self.folder / "log" / "mainlog"
        lines = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return [line for line in lines.splitlines() if text in line]

    def queue(self) -> list[str]:
        """The envelopes in Exim's queue, as `exim -bp` shows them."""
        done = self.namespace.run(exim.binary(), "-C", self.configuration, "-bp")
        return [line for line in done.stdout.splitlines() if re.search(r"<.*>", line)]

    @contextlib.contextmanager
    def closed(self) -> Iterator[None]:
        """While inside, every recipient is answered with 451."""
        switch = self.folder / "closed"
        switch.touch()
        try:
            yield
        finally:
            switch.unlink()

    def distrust(self, *addresses: str) -> None:
        """From now on these addresses, and no others, are refused for their reputation (550)."""
        self._list("refused-hosts", addresses)

    def slow_down(self, *addresses: str) -> None:
        """From now on these addresses, and no others, are told to slow down (421)."""
        self._list("slowed-hosts", addresses)

    def _list(self, name: str, addresses: Sequence[str]) -> None:
        part = self.folder / f"{name}.part"
        part.write_text("".join(f"{one}: 1\n" for one in addresses), encoding="ascii")
        part.replace(self.folder / name)

    @contextlib.contextmanager
    def greylisting(self) -> Iterator[None]:
        """While inside, `grey…` is told to come back."""
        switch = self.folder / "greylisting"
        switch.touch()
        try:
            yield
        finally:
            switch.unlink()

    def _publish(self, key: str) -> None:
        host = self.namespace.host
        plan = self.namespace.plan
        self.dns.host(HOSTNAME, str(host.v4), str(host.v6))
        # Mail of client.example leaves from the clients' addresses; answers to it come here.
        extra = dict.fromkeys(DOMAINS, "")
        extra["client.example"] = f"ip4:{plan.clients4} ip6:{plan.clients6} "
        for name in DOMAINS:
            self.dns.mail_domain(name, HOSTNAME)
            self.dns.set_text(name, f"v=spf1 ip4:{host.v4} ip6:{host.v6} {extra[name]}-all")
            self.dns.set_text(f"far._domainkey.{name}", key)
            self.dns.set_text(f"_dmarc.{name}", "v=DMARC1; p=none")

    def _configure(self) -> str:
        plan, host = self.namespace.plan, self.namespace.host
        listen = [str(host.v4), str(host.v6), "127.0.0.1"]
        relay = [str(plan.outside.v4), str(plan.outside.v6), "127.0.0.1"]
        return exim.configuration(self.folder, HOSTNAME, DOMAINS, listen, relay)

    def _own(self) -> None:
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, exim.UID, exim.UID)
        # Exim refuses a configuration file that others than root could have written.
        os.chown(self.configuration, 0, 0)

    def _greets(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            said = (self.folder / "exim.out").read_text(encoding="utf-8", errors="replace")
            raise LabError(f"Exim ended at once: {said}")
        with socket.create_connection((self.address, 25), timeout=2) as connection:
            return connection.recv(100).startswith(b"220 ")


def _parse(path: Path) -> EmailMessage:
    parsed = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    assert isinstance(parsed, EmailMessage)
    return parsed
