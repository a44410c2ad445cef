"""Mail that waits while a domain changes its server goes as soon as it may, with real Postfix."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, until

from mailstead.mailplane.directory.compile import HELD
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.node.held_mail import HeldMail
from mailstead.wire.changes import DomainPut
from mailstead.wire.codec import encode

pytestmark = pytest.mark.engines


def follow(host: Host, mail: HeldMail, *, held: bool) -> None:
    """What the agent does with a change of the domain."""
    put = DomainPut(name=DOMAIN, customer=1, active=True, held=held)
    host.login("INSERT OR REPLACE INTO thing VALUES ('domain', ?, ?)", (DOMAIN, encode(put)))
    later = {DOMAIN: f"later:4.3.2 {HELD}"}
    host.maps.update("transport", later if held else {}, () if held else (DOMAIN,))
    mail.heard([put])


def waiting(host: Host) -> int:
    rows = list(queue.messages(host.home))
    return sum(HELD in one.get("delay_reason", "") for row in rows for one in row["recipients"])


@contextmanager
def working(mail: HeldMail) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=mail.run, args=(stopping,))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def test_what_waited_goes_when_the_hold_ends(own_host: Host) -> None:
    # By itself Postfix would try again much later than this test waits.
    settings = ("minimal_backoff_time=1h", "maximal_backoff_time=1h")
    run(["postconf", "-c", str(own_host.home.postfix), "-e", *settings])
    run(["postfix", "-c", str(own_host.home.postfix), "reload"])
    address = own_host.add("waits")
    mail = HeldMail(own_host.home)
    with working(mail):
        follow(own_host, mail, held=True)
        for number in range(3):
            own_host.deliver(address, subject=f"waits-{number}")
        until(lambda: waiting(own_host) == 3, "mail waits")
        assert HeldMail(own_host.home).once() == 0 and own_host.stored(address) == []
        follow(own_host, mail, held=False)
        until(lambda: len(own_host.stored(address)) == 3, "it has come", 120)
    # One whose agent was away while the hold ended looks when it begins.
    address = own_host.add("waits-too")
    follow(own_host, mail, held=True)
    own_host.deliver(address)
    until(lambda: waiting(own_host) == 1, "mail waits once more")
    own_host.maps.update("transport", {}, (DOMAIN,))
    own_host.login("DELETE FROM thing")
    # It forgets where addresses went; what waits goes on waiting.
    run(["postfix", "-c", str(own_host.home.postfix), "reload"])
    with working(HeldMail(own_host.home)):
        until(lambda: own_host.stored(address), "it has come, too", 120)
