"""smtpd(8) remembers how it resolved an address; what changes must count all the same."""

from __future__ import annotations

import pytest
from tests.mailplane.engines.harness import GONE, Host, until

pytestmark = pytest.mark.engines


def ask(host: Host, address: str) -> tuple[int, str]:
    """What a new connection to port 25 says to a recipient."""
    with host.smtp() as session:
        session.mail("someone@away.example")
        code, words = session.rcpt(address)
    return code, words.decode()


def test_a_new_domain_counts_for_who_was_refused_before(host: Host) -> None:
    address = "ann@newly.example"
    assert ask(host, address) == (554, f"5.7.1 <{address}>: Relay access denied")
    host.maps.update("recipients", {address: "DUNNO", "newly.example": GONE}, ())
    host.maps.update("domains", {"newly.example": "ok"}, ())
    for _ in range(5):
        assert ask(host, address)[0] == 250
    host.maps.update("domains", {}, ["newly.example"])
    for _ in range(5):
        assert ask(host, address)[0] == 554
    host.maps.update("recipients", {}, [address, "newly.example"])


@pytest.mark.parametrize("way", ["refuse:5.2.1 not now", "later:4.2.2 full"])
def test_a_refusing_transport_leaves_no_trace_when_it_is_gone(host: Host, way: str) -> None:
    address = host.add(f"trace{len(way)}")
    host.maps.update("transport", {address: way}, ())
    assert ask(host, address)[0] == 250, "the refusal at RCPT is the recipients map's"
    host.maps.update("transport", {}, [address])
    for _ in range(5):
        assert ask(host, address)[0] == 250


@pytest.mark.parametrize(
    ("way", "status"), [("refuse:5.2.1 not now", "bounced"), ("later:4.2.2 full", "deferred")]
)
def test_mail_that_a_chain_leads_to_a_refusing_address(host: Host, way: str, status: str) -> None:
    end, chain = host.add(f"end{status}"), host.add(f"chain{status}")
    host.maps.update("transport", {end: way}, ())
    host.maps.update("aliases", {chain: end}, ())
    host.deliver(chain)
    until(lambda: f"to=<{end}>" in host.log("postfix"), "the queue has tried")
    line = next(line for line in host.log("postfix").splitlines() if f"to=<{end}>" in line)
    assert f"status={status}" in line and way.partition(" ")[2] in line, line
