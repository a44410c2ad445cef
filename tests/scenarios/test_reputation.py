"""DNS lists: the node asks with its own resolver, and believes only a list that is sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lab.commands import wait_until
from lab.internet import Lab
from tests.support.plugin import LISTS
from tests.support.site import Site

from mailstead.standards.dnsbl import FOUR, NAMES, SIX, question

pytestmark = pytest.mark.lab
ADDRESSES, BY_NAME = LISTS


class Lists:
    """The lists of the lab: names that are set and taken away."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._made: list[str] = []

    def found(self, subject: str, zone: str, answer: str = "127.0.0.2", words: str = "") -> str:
        """The list answers for this subject; returns the name."""
        name = question(subject, zone)
        # A look in between would find the words later than the entry.
        if words:
            self._lab.dns.set_text(f"{name}.", words)
        self._lab.dns.set(f"{name}.", "A", answer)
        self._made.append(name)
        return name

    def sound(self) -> None:
        """Both lists have the test entries that the standard asks for."""
        for probe, zone in ((FOUR, ADDRESSES), (SIX, ADDRESSES), (NAMES, BY_NAME)):
            self.found(probe.listed, zone)

    def gone(self, *names: str) -> None:
        """Take names away."""
        for name in names or self._made:
            self._lab.dns.remove(f"{name}.")


@pytest.fixture
def lists(lab: Lab) -> Iterator[Lists]:
    """What this test puts into them is taken away at its end."""
    made = Lists(lab)
    yield made
    made.gone()


def look(site: Site) -> dict[str, Any]:
    """What the command finds now; the lab's answers live two seconds in the node's resolver."""
    found: dict[str, Any] = site.node.cli("reputation", "look")
    return found


def test_a_listing_is_found_told_once_and_closed_by_itself(site: Site, lists: Lists) -> None:
    def past() -> list[dict[str, Any]]:
        items = site.node.cli("reputation", "list", "--past")["items"]
        return [row for row in items if row["subject"] == site.node.address]

    before = len(past())
    lists.sound()
    wait_until(lambda: look(site) == {"listed": [], "silent": []}, "all lists answer, all clear")
    names = [
        lists.found(site.node.address, ADDRESSES, "127.0.0.3", "see https://bl.example/why"),
        lists.found(site.node.address6, ADDRESSES),
        lists.found(site.node.hostname, BY_NAME),
    ]
    wanted = {
        (site.node.address, ADDRESSES),
        (site.node.address6, ADDRESSES),
        (site.node.hostname, BY_NAME),
    }

    def now() -> set[tuple[str, str]]:
        return {(one["subject"], one["list"]) for one in look(site)["listed"]}

    def told() -> set[tuple[str, str]]:
        # Other tests tell of lists that nobody asks.
        items = site.node.cli("reputation", "list")["items"]
        return {(one["subject"], one["list"]) for one in items if one["list"] in LISTS}

    wait_until(lambda: now() == wanted, "the entries are seen")
    wait_until(lambda: told() == wanted, "the control plane hears of them", seconds=60)
    rows = site.node.cli("reputation", "list")["items"]
    assert "see https://bl.example/why" in {row["words"] for row in rows}
    lists.gone(*names)
    wait_until(lambda: now() == set(), "the entries are gone")
    wait_until(lambda: told() == set(), "the control plane hears of that", seconds=60)
    assert len(past()) == before + 1, "one entry, however often the node has looked"
    assert all(row["ended"] is not None for row in past())


def test_a_list_that_has_been_shut_down_is_not_believed(site: Site, lists: Lists) -> None:
    # It answers everything, its negative test entry too: nobody is listed by that.
    lists.sound()
    lists.found(FOUR.clear, ADDRESSES)
    lists.found(SIX.clear, ADDRESSES)
    lists.found(site.node.address, ADDRESSES)
    wait_until(lambda: look(site) == {"listed": [], "silent": [ADDRESSES]}, "it is not believed")


def test_a_list_that_refuses_this_node_ends_no_entry(site: Site, lists: Lists) -> None:
    lists.sound()
    name = lists.found(site.node.address, ADDRESSES)
    entry = [{"subject": site.node.address, "list": ADDRESSES}]
    wait_until(lambda: look(site)["listed"] == entry, "the entry is seen")
    # As lists say that somebody asks too much.
    lists.found(site.node.address, ADDRESSES, "127.255.255.254")
    wait_until(lambda: look(site)["silent"] == [ADDRESSES], "it says nothing more")
    assert look(site)["listed"] == entry
    lists.gone(name)
    wait_until(lambda: look(site)["listed"] == [], "the entry is gone")
