"""The mail plane on its own: no control database, no Redis, no web, no agent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.node import Node
from tests.support.messages import message, unique
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


@contextlib.contextmanager
def moved_away(database: Path) -> Iterator[None]:
    """Inside the block the database and what belongs to it is somewhere else."""
    parts = sorted(database.parent.glob(database.name + "*"))
    assert parts, f"{database} does not exist"
    for part in parts:
        part.rename(part.with_name("away-" + part.name))
    try:
        yield
    finally:
        for part in parts:
            part.with_name("away-" + part.name).replace(part)


@contextlib.contextmanager
def stopped(node: Node, *names: str) -> Iterator[None]:
    """Inside the block these processes are stopped."""
    for name in names:
        node.supervisor.stop(name)
    try:
        yield
    finally:
        for name in names:
            node.supervisor.start(name)


def receives_sends_and_reads(site: Site, ann: Mailbox) -> None:
    """The three things that must always work."""
    received = message()
    site.taken(received, ann.address)
    site.arrives(received, ann.address)
    bob = f"bob-{unique('w')}@far.example"
    sent = message(ann.address, bob)
    assert ann.submit(sent, [bob])[bob].startswith("250 ")
    site.arrives(sent, bob)
    with ann.imap() as imap:
        assert int((imap.select("INBOX")[1][0] or b"0").decode()) >= 1
    with ann.pop3() as pop3:
        assert pop3.stat()[0] >= 1


def test_with_control_database_redis_web_worker_and_agent_gone(site: Site) -> None:
    ann = site.mailbox("ann")
    with (
        stopped(site.node, "web", "worker", "agent", "redis"),
        moved_away(site.node.home.control_database),
    ):
        receives_sends_and_reads(site, ann)
    bob = site.mailbox("bob")  # and changes flow again
    receives_sends_and_reads(site, bob)


def test_an_engine_started_without_the_control_plane_serves(site: Site) -> None:
    ann = site.mailbox("ann")
    with (
        stopped(site.node, "web", "worker", "agent", "redis"),
        moved_away(site.node.home.control_database),
    ):
        for name in ("dovecot", "postfix"):
            site.node.supervisor.restart(name)
        site.node.wait_ports()
        receives_sends_and_reads(site, ann)


def test_changes_made_while_the_agent_is_away_are_applied_when_it_is_back(site: Site) -> None:
    site.mailbox("ann")
    carl = site.at("carl")
    with stopped(site.node, "agent"):
        site.node.cli("mailbox", "add", carl, "--password-stdin", stdin="some password 9!\n")
        assert site.receive(message(), carl)[carl].startswith("550 5.1.1")
    site.applied()
    made = message()
    site.taken(made, carl)
    site.arrives(made, carl)
