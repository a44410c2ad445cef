"""A customer with domains and mailboxes of its own for one test, made through the command line.

The one place in the end-to-end tests that knows how the command line is spelt.
"""

from __future__ import annotations

import imaplib
import json
import os
import signal
import time
import warnings
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from lab.commands import LabError, wait_until
from lab.internet import Lab
from lab.node import Node

from tests.support.collector import Collector, read
from tests.support.messages import message_id, unique
from tests.support.people import PASSWORD, Mailbox, send_over

STRANGER = "stranger@client.example"
"""An address outside: mail from it comes from the clients' host, answers go to the foreign host."""

SLOW = 15.0
"""Seconds after which a node is asked why it has not applied a change."""


class Site:
    """What one test has on the node. Names are unique, so tests can run in any order."""

    def __init__(self, lab: Lab, node: Node) -> None:
        self.lab = lab
        self.node = node
        self.word = unique("s")
        self.collector = Collector(lab, node)
        self._customer: str | None = None
        self._main: str | None = None

    # What a test sets up

    @property
    def customer(self) -> str:
        """The customer that owns what this test makes, made at the first use."""
        if self._customer is None:
            self._customer = self.add_customer("owner")
        return self._customer

    @property
    def main(self) -> str:
        """A domain of the customer, made at the first use."""
        if self._main is None:
            self._main = self.domain("main")
        return self._main

    def add_customer(self, name: str, *options: str) -> str:
        """A customer; returns its name."""
        full = f"{name} {self.word}"
        self.node.cli("customer", "add", full, *options)
        return full

    def name(self, word: str) -> str:
        """A domain name of this test that is not hosted until `domain` makes it so."""
        return f"{word}-{self.word}.example"

    def domain(self, word: str, customer: str | None = None) -> str:
        """A hosted domain, its MX record in the lab's DNS; returns its name."""
        name = self.name(word)
        self.node.cli("domain", "add", name, "--customer", customer or self.customer)
        self.publish(name)
        return name

    def publish(self, name: str) -> None:
        """Point a domain's mail to the node in the lab's DNS."""
        self.lab.dns.mail_domain(name, self.node.hostname)
        self.lab.dns.set_text(name, "v=spf1 mx -all")

    def at(self, local: str, domain: str | None = None) -> str:
        """An address in a domain of this test."""
        return f"{local}@{domain or self.main}"

    def mailbox(
        self, local: str, domain: str | None = None, *options: str, password: str = PASSWORD
    ) -> Mailbox:
        """A mailbox and its owner."""
        address = self.at(local, domain)
        self.cli("mailbox", "add", address, "--password-stdin", *options, stdin=password + "\n")
        return Mailbox(address, self.node, password)

    def forwarder(self, local: str, *to: str, domain: str | None = None, keep: bool = False) -> str:
        """A forwarder to addresses; returns its address."""
        address = self.at(local, domain)
        options = [word for target in to for word in ("--to", target)]
        self.cli("forwarder", "add", address, *options, *(["--keep-copy"] if keep else []))
        return address

    def refusing(self, local: str, text: str, domain: str | None = None) -> str:
        """An address that answers every sender with a text (`:fail:`)."""
        address = self.at(local, domain)
        self.cli("forwarder", "add", address, "--fail", text)
        return address

    def blackhole(self, local: str, domain: str | None = None) -> str:
        """An address whose mail is taken and thrown away (`:blackhole:`)."""
        address = self.at(local, domain)
        self.cli("forwarder", "add", address, "--blackhole")
        return address

    def catchall(self, domain: str, *options: str) -> None:
        """What a domain does with mail for addresses that it has not: the options say."""
        self.cli("catchall", "set", domain, *options)

    def autoresponder(self, address: str, body: str, *options: str) -> None:
        """An automatic answer at an address."""
        self.cli("autoresponder", "add", address, "--body", "-", *options, stdin=body)

    def forward_domain(self, source: str, target: str) -> None:
        """Send every name of a domain that it has not itself to its twin in another domain."""
        self.cli("domain", "set", source, "--forward-to", target)

    def refused_domain_forwarder(self, source: str, target: str) -> str:
        """The sentence with which a domain forwarder is refused."""
        return self.node.refused("domain", "set", source, "--forward-to", target)

    def alias_domain(self, word: str, target: str) -> str:
        """A domain that behaves as another of the same customer."""
        name = self.name(word)
        self.node.cli("domain", "add", name, "--customer", self.customer)
        self.cli("domain", "set", name, "--alias-of", target)
        self.publish(name)
        return name

    def rule(self, address: str, name: str, *, subject: str, into: str) -> None:
        """A rule of a mailbox: mail whose subject contains a word goes into a folder."""
        condition = {"field": "subject", "match": "contains", "value": subject}
        rule = {"name": name, "enabled": True, "any_of": False, "conditions": [condition]}
        rules = [rule | {"actions": [{"do": "file", "value": into}]}]
        self.cli("rules", "set", address, "-", stdin=json.dumps(rules))

    def set_password(self, address: str, password: str) -> None:
        """Give a mailbox another password."""
        self.cli("mailbox", "password", address, "--password-stdin", stdin=password + "\n")

    def publish_dkim(self, domain: str) -> None:
        """Put the aliases for the domain's keys into the lab's DNS, and wait until it signs."""
        for record in self.node.cli("domain", "show", domain)["dns"]:
            if "._domainkey." in record["name"]:
                self.lab.dns.set(record["name"], record["type"], record["value"])
        wait_until(lambda: self._signs(domain), f"{domain} signs", seconds=40, every=1)
        self.applied()

    def _signs(self, domain: str) -> bool:
        self.node.cli("domain", "check", domain)
        return any(key["state"] == "signing" for key in self.keys(domain))

    def keys(self, domain: str) -> list[dict[str, Any]]:
        """The domain's DKIM keys, as the command line lists them."""
        found: list[dict[str, Any]] = self.node.cli("domain", "dkim", "list", domain)["items"]
        return found

    def import_mailboxes(self, table: str) -> None:
        """Import mailboxes from CSV text, without waiting for the node."""
        self.node.run("mailbox", "import", "-", "--json", stdin=table, timeout=120)

    def check_directory(self) -> list[str]:
        """What `directory check` finds different between the node and the control plane."""
        done = self.node.run("directory", "check", "--json", check=False)
        return [] if done.returncode == 0 else done.stdout.splitlines()

    def cli(self, *words: str, stdin: str | None = None) -> Any:
        """A command, waited for until the node's directory has its change."""
        answer = self.node.cli(*words, stdin=stdin)
        self.applied()
        return answer

    def applied(self) -> None:
        """Wait until the node has applied every change that is committed.

        Where that is slow, the report of the tests says what the node was doing.
        """
        what = "the node's directory has the last change"
        try:
            wait_until(self._is_applied, what, seconds=SLOW)
        except LabError:
            said = f"Not yet after {SLOW:g} s: {what}\n{self._doings()}"
            warnings.warn(said, stacklevel=2)
            wait_until(self._is_applied, what, seconds=60)

    def _doings(self) -> str:
        supervisor, log = self.node.supervisor, self.node.home.log
        parts = [f"{supervisor.states()}", json.dumps(self.node.cli("server", "list"))]
        for name in ("agent", "web"):
            os.kill(supervisor.pids()[name], signal.SIGUSR1)
        time.sleep(1)  # They write without telling when they have.
        for name in ("agent", "web"):
            said = (log / f"{name}.out").read_text(encoding="utf-8", errors="replace")
            parts.append(f"{name}: {said[-6000:]}")
        return "\n".join(parts)

    def _is_applied(self) -> bool:
        servers = self.node.cli("server", "list")
        return all(row["revision"] == row["applied"] for row in servers["items"])

    # What a test does and sees

    def receive(
        self,
        made: EmailMessage,
        to: Sequence[str] | str,
        *,
        sender: str = STRANGER,
        source: str | None = None,
    ) -> dict[str, str]:
        """Mail from a stranger straight to port 25; returns the reply about each recipient."""
        addresses = [to] if isinstance(to, str) else list(to)
        with self.lab.clients.smtp(self.node.address, source=source) as smtp:
            return send_over(smtp, sender, addresses, made)

    def arrives(self, made: EmailMessage, *at: str, seconds: float = 25) -> None:
        """The message is at each of these places within the time, and nowhere else.

        A place is an address, or `address/Folder`; named twice, two copies are expected.
        """
        wanted = sorted(at)
        identity = message_id(made)

        def found() -> bool:
            places = self.collector.places(identity)
            return all(places.count(place) >= wanted.count(place) for place in wanted)

        wait_until(found, f"{identity} is at {wanted}", seconds=seconds, every=0.1)
        self.collector.settle()
        places = self.collector.places(identity)
        assert places == wanted, f"{identity} was to be at {wanted} and is at {places}"

    def taken(self, made: EmailMessage, to: Sequence[str] | str, **options: Any) -> None:
        """Mail from a stranger that the node must accept for every recipient."""
        replies = self.receive(made, to, **options)
        assert all(reply.startswith("250 ") for reply in replies.values()), replies

    def near_file(self, made: EmailMessage) -> Path:
        """The one file in the node's store that holds the message."""
        (path,) = self.collector.near_files(message_id(made))
        return path

    def foreign_file(self, made: EmailMessage) -> Path:
        """The one file at the foreign host that holds the message."""
        (path,) = self.collector.far_files(message_id(made))
        return path

    def stored(self, made: EmailMessage, address: str) -> EmailMessage:
        """The message as it is stored in a mailbox."""
        files = self.collector.near_files(message_id(made))
        (path,) = [p for p in files if p.is_relative_to(self.node.maildir(address))]
        return read(path)

    def txt(self, name: bytes | str, timeout: int = 5) -> bytes | None:
        """The TXT record of a name, as dkimpy asks for it."""
        text = name.decode() if isinstance(name, bytes) else name
        # The DNS host is asked itself, and leaves aliases into other zones to resolvers.
        text = next(iter(self.lab.dns.ask(text, "CNAME")), text)
        for record in self.lab.dns.resolver.resolve(text, "TXT", lifetime=timeout):
            return b"".join(record.strings)
        return None

    def wait_for_mail(self, imap: imaplib.IMAP4, count: int) -> None:
        """Wait until the inbox of an IMAP session holds so many messages."""
        wanted = [str(count).encode()]
        wait_until(lambda: imap.select("INBOX")[1] == wanted, f"the inbox holds {count}")
