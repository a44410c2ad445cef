"""While an account moves: its mailboxes are here already, and its mail goes to the old server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.directory.test_incremental import MemoryMaps

from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.compile import answers
from mailstead.mailplane.directory.state import State
from mailstead.wire.changes import AnyChange, DomainPut, ForwarderPut, MailboxPut, Revision, Route

ANN = "ann@moved.example"
BOX = MailboxPut(
    address=ANN,
    store="a" * 32,
    secret="{PLAIN}x",
    credential=7,
    quota=0,
    login=True,
    sending=True,
    receiving=True,
    login_name="annold",
)


@pytest.fixture
def state() -> Iterator[State]:
    """A node with one domain, its mailbox and a forwarder."""
    maps = MemoryMaps()
    with tempfile.TemporaryDirectory() as folder:
        directory = Directory(Home(Path(folder)), maps, maps, maps)
        changes: list[AnyChange] = [
            DomainPut(name="moved.example", customer=1, active=True, relay_to="192.0.2.7"),
            BOX,
            ForwarderPut(
                address="sales@moved.example", route=Route(action="deliver", destinations=(ANN,))
            ),
        ]
        directory.apply([Revision(number=n, change=one) for n, one in enumerate(changes, 1)])
        yield directory.state
        directory.close()


def test_its_mail_is_passed_on_whoever_it_is_for(state: State) -> None:
    domain = answers(state, "moved.example")
    assert domain["transport", "moved.example"] == "smtp:[192.0.2.7]"
    assert domain["recipients", "@moved.example"] == "DUNNO"
    assert ("recipients", "moved.example") not in domain
    for address in (ANN, "sales@moved.example"):
        maps = {name for name, _ in answers(state, address)}
        assert not maps & {"aliases", "recipients", "transport"}


def test_who_has_a_mailbox_logs_in_and_sends_all_the_same(state: State) -> None:
    found = answers(state, ANN)
    assert found["login-name", "annold"] == ANN
    assert found["senders", ANN] == f"{ANN}/7"
    assert found["credentials", f"{ANN}/7"] == "OK"
    # The other name opens the mailbox; no address may be used for it besides the mailbox's own.
    assert not [key for key in found if key[0] == "senders" and key[1] != ANN]
