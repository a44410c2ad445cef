"""A recipient who is not there is not written to again, until somebody lets it go."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3

import pytest
from lab.commands import wait_until
from tests.support.messages import message, unique
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


def base(who: Mailbox) -> sqlite3.Connection:
    return sqlite3.connect(who.node.home.control / "mailstead.db", timeout=20)


def bounces(who: Mailbox, recipient: str) -> int:
    """How many messages to the recipient are told to have come back."""
    query = "SELECT count(*) FROM delivery_delivery WHERE recipient = ? AND state = 'bounced'"
    with contextlib.closing(base(who)) as opened:
        return int(opened.execute(query, (recipient,)).fetchone()[0])


def send(who: Mailbox, *recipients: str) -> dict[str, str]:
    return who.submit(message(sender=who.address, to=recipients[0]), list(recipients))


def test_from_two_bounces_to_a_refusal_at_sending_and_back(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    gone, there = f"refuse-{unique()}@far.example", f"{unique('there')}@far.example"
    assert send(ann, gone)[gone].startswith("250")
    wait_until(lambda: bounces(ann, gone) == 1, "the first bounce is told", seconds=60)
    with contextlib.closing(base(ann)) as opened, opened:
        # As if it had been two hours ago; nobody waits for them here.
        (at,) = opened.execute(
            "SELECT updated FROM delivery_delivery WHERE recipient = ?", (gone,)
        ).fetchone()
        earlier = str(dt.datetime.fromisoformat(at) - dt.timedelta(hours=2))
        opened.execute(
            "UPDATE delivery_delivery SET updated = ? WHERE recipient = ?", (earlier, gone)
        )
    assert send(ann, gone)[gone].startswith("250")

    def answer() -> str:
        return send(ann, gone, there)[gone]

    wait_until(lambda: bounces(ann, gone) == 2, "the second bounce is told", seconds=60)
    wait_until(lambda: answer().startswith("550"), "it is refused at sending", seconds=30)
    replies = send(ann, gone, there)
    assert replies[gone].startswith("550 5.1.1") and "came back more than once" in replies[gone]
    assert "https://" in replies[gone] and "/delivery/unreachable/" in replies[gone]
    assert replies[there].startswith("250"), "the others still get theirs"
    assert send(bob, gone)[gone].startswith("250"), "another mailbox is not concerned"

    (row,) = site.node.cli("suppression", "list", ann.address)["items"]
    assert (row["recipient"], row["address"]) == (gone, ann.address)
    site.node.cli("suppression", "release", ann.address, gone)
    wait_until(lambda: answer().startswith("250"), "it may be written to again", seconds=30)
