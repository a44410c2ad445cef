"""While a domain is on two nodes: one delivers, the other passes on, both know the addresses."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.mailplane.directory.test_incremental import MemoryMaps
from tests.mailplane.directory.test_meanwhile import ANN, BOX

from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.compile import PEERS, answers
from mailstead.mailplane.directory.state import State
from mailstead.wire.changes import (
    AnyChange,
    DomainPut,
    ForwarderPut,
    PeersPut,
    Revision,
    Route,
)

NAME = "moved.example"
DOMAIN = DomainPut(name=NAME, customer=1, active=True)
SALES = ForwarderPut(
    address=f"sales@{NAME}", route=Route(action="deliver", destinations=(ANN, "far@away.example"))
)
CATCH_ALL = Route(action="deliver", destinations=(ANN,))
Node = Callable[..., State]


@pytest.fixture
def node() -> Iterator[Node]:
    """A node with the domain as it is told, a mailbox, a forwarder and an alias."""
    with tempfile.TemporaryDirectory() as folder:
        maps = MemoryMaps()
        directory = Directory(Home(Path(folder)), maps, maps, maps)

        def make(**more: object) -> State:
            domain = msgspec.structs.replace(DOMAIN, **more)
            alias = msgspec.structs.replace(
                DOMAIN, name="alias.example", alias_of=NAME,
                home=domain.home, held=domain.held,
            )  # fmt: skip
            changes: list[AnyChange] = [domain, BOX, SALES, alias]
            directory.apply([Revision(number=n, change=one) for n, one in enumerate(changes, 1)])
            return directory.state

        yield make
        directory.close()


def test_the_second_passes_all_on_and_expands_nothing(node: Node) -> None:
    state = node(home="node2.far.example")
    for name in (NAME, "alias.example"):
        assert answers(state, name)["transport", name] == "smtp:[node2.far.example]"
    for address in (ANN, SALES.address, "ann@alias.example"):
        maps = {name for name, _ in answers(state, address)}
        # A forwarder that both expand would send twice.
        assert "recipients" in maps and not maps & {"aliases", "transport"}


def test_the_second_refuses_whom_the_home_would_refuse(node: Node) -> None:
    state = node(home="node2.far.example")
    assert answers(state, NAME)["recipients", NAME].startswith("550 5.1.1")
    assert ("recipients", f"@{NAME}") not in answers(state, NAME)
    assert answers(state, ANN)["recipients", ANN] == "DUNNO"
    # The postmaster, too, is the home's.
    assert ("aliases", f"postmaster@{NAME}") not in answers(state, NAME)
    assert answers(state, NAME)["recipients", f"postmaster@{NAME}"] == "DUNNO"


def test_with_a_catch_all_the_second_takes_every_address(node: Node) -> None:
    found = answers(node(home="node2.far.example", catch_all=CATCH_ALL), NAME)
    assert found["recipients", f"@{NAME}"] == "DUNNO" and ("aliases", f"@{NAME}") not in found


def test_who_logs_in_at_the_second_may_do_all(node: Node) -> None:
    found = answers(node(home="node2.far.example"), ANN)
    assert found["senders", ANN] == f"{ANN}/7" and ("login", ANN) in found


@pytest.mark.parametrize("home", ["", "node2.far.example"])
def test_while_it_is_held_mail_waits_on_both(node: Node, home: str) -> None:
    state = node(home=home, held=True)
    found = answers(state, NAME)
    # Deferred, by the transport into which smtpd(8) does not look.
    assert found["transport", NAME].startswith("later:4.3.2 ")
    assert answers(state, ANN)["recipients", ANN] == "DUNNO"
    assert ("aliases", SALES.address) not in answers(state, SALES.address)
    assert found["recipients", NAME].startswith("550 5.1.1")


def test_after_it_all_is_as_before(node: Node) -> None:
    before = {one: answers(node(), one) for one in (NAME, ANN, SALES.address)}
    node(held=True)
    assert {one: answers(node(), one) for one in before} == before


def test_mail_from_nodes_of_ours_is_not_scanned_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        maps = MemoryMaps()
        directory = Directory(Home(Path(folder)), maps, maps, maps)
        put = PeersPut(addresses=("192.0.2.2",))
        directory.apply([Revision(number=1, change=put)])
        assert answers(directory.state, PEERS) == {("peers", "192.0.2.2"): "DISABLE"}
        directory.apply([Revision(number=2, change=PeersPut())])
        assert answers(directory.state, PEERS) == {}
        directory.close()
