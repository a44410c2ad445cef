"""Looking up against real servers: unbound as the zone's own and as the resolver of the node."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailstead.control.dns import lookup
from mailstead.control.dns.answers import Answer, Seen
from mailstead.control.dns.lookup import Way, look
from tests.control.dns.servers import unbound
from tests.support.ports import free_port

KEY = "A" * 300
ZONE = [
    "cars.example. SOA ns1.cars.example. host.cars.example. 1 3600 600 86400 300",
    "cars.example. NS ns1.cars.example.",
    "ns1.cars.example. A 127.0.0.1",
]
OWN = [
    *ZONE,
    "cars.example. MX 10 Node1.Example.",
    "cars.example. MX 20 old.example.",
    'cars.example. TXT "v=spf1 include:_spf.other.example " "~all"',
    'cars.example. TXT "unrelated"',
    f'ms1._domainkey.cars.example. TXT "v=DKIM1; p={KEY[:200]}" "{KEY[200:]}"',
    "alias._domainkey.cars.example. CNAME key.other.example.",
    "above.example. SOA ns1.cars.example. host.above.example. 1 3600 600 86400 300",
    "above.example. NS ns1.cars.example.",
    "new.above.example. MX 10 node1.example.",
]
PUBLIC = [
    *ZONE,
    "cars.example. MX 10 old.example.",
    'other.example. TXT "root"',
    'key.other.example. TXT "v=DKIM1; p=BBBB"',
    '_spf.other.example. TXT "v=spf1 include:more.other.example a -all"',
    'more.other.example. TXT "v=spf1 mx -all"',
    "tricked.example. SOA ns1.tricked.example. host.tricked.example. 1 3600 600 86400 300",
    "tricked.example. NS ns1.tricked.example.",
    "ns1.tricked.example. A 127.0.0.1",
    "silent.example. SOA ns1.silent.example. host.silent.example. 1 3600 600 86400 300",
    "silent.example. NS ns1.silent.example.",
    "ns1.silent.example. A 127.0.0.1",
    "silent.example. MX 10 node1.example.",
    "above.example. SOA ns1.cars.example. host.above.example. 1 3600 600 86400 300",
    "above.example. NS ns1.cars.example.",
]
PUBLIC_ZONES = (
    "cars.example",
    "other.example",
    "tricked.example",
    "silent.example",
    "above.example",
)
MX = ("cars.example", "MX")
TXT = ("cars.example", "TXT")
DKIM = ("ms1._domainkey.cars.example", "TXT")
ALIAS = ("alias._domainkey.cars.example", "TXT")
DMARC = ("_dmarc.cars.example", "TXT")


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    """A server of the zone that is newer than what the resolver has."""
    folder: Path = tmp_path_factory.mktemp("dns")
    nowhere = free_port()
    # The resolver fails for `broken.example`: nobody listens where it is sent; `nothing.example`
    # does not exist.
    more = f"stub-zone:\n  name: broken.example\n  stub-addr: 127.0.0.1@{nowhere}\n"
    zones = (*PUBLIC_ZONES, "nothing.example")
    with (
        unbound(folder, ["cars.example", "above.example"], OWN) as server,
        unbound(folder, zones, PUBLIC, more) as resolver,
    ):
        yield Way(resolver_port=resolver, server_port=server, near=True)


def test_the_zones_own_servers_and_the_public_view_are_told_apart(way: Way) -> None:
    seen = look("cars.example", [MX, TXT, DKIM, DMARC], way)
    assert (seen.trouble, seen.zone, seen.servers) == ("", "cars.example", ("ns1.cars.example",))
    mx = seen.answers[MX]
    assert set(mx.authoritative[0].values) == {"10 node1.example.", "20 old.example."}
    assert mx.public == Answer("found", ("10 old.example.",))
    (texts,) = seen.answers[TXT].authoritative
    assert set(texts.values) == {"v=spf1 include:_spf.other.example ~all", "unrelated"}
    assert seen.answers[DKIM].authoritative == (Answer("found", (f"v=DKIM1; p={KEY}",)),)
    assert seen.answers[DMARC].authoritative == (Answer("no-name"),)
    assert seen.answers[DMARC].public == Answer("no-name")


def test_an_alias_is_followed_to_where_the_key_is(way: Way) -> None:
    found = look("cars.example", [ALIAS], way).answers[ALIAS]
    assert found.authoritative == (Answer("found", ("v=DKIM1; p=BBBB",)),)


def test_what_an_spf_record_leads_to_is_fetched_to_be_counted(way: Way) -> None:
    assert look("cars.example", [TXT], way).policies == {
        "_spf.other.example": "v=spf1 include:more.other.example a -all",
        "more.other.example": "v=spf1 mx -all",
    }


def test_a_domain_that_does_not_exist_is_no_fault(way: Way) -> None:
    seen = look("nothing.example", [("nothing.example", "MX")], way)
    assert seen.trouble == "no-domain"
    assert seen.answers[("nothing.example", "MX")].public == Answer("no-name")


def test_a_domain_that_was_made_just_now_is_found_though_the_resolver_remembers_that_it_was_not(
    way: Way,
) -> None:
    seen = look("new.above.example", [("new.above.example", "MX")], way)
    assert (seen.trouble, seen.zone) == ("", "above.example")
    found = seen.answers[("new.above.example", "MX")]
    assert found.authoritative == (Answer("found", ("10 node1.example.",)),)
    assert found.public == Answer("no-name")


def test_a_zone_that_fails_is_told_from_a_resolver_that_does(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The resolver needs its time to find out: longer than we wait, then it knows.
    monkeypatch.setattr(lookup, "_RESOLVING", 0.3)
    key = ("broken.example", "MX")
    assert look("broken.example", [key], way) == Seen(trouble="zone-silent")


def test_servers_that_do_not_know_the_zone_leave_the_public_view(way: Way) -> None:
    key = ("silent.example", "MX")
    seen = look("silent.example", [key], way)
    assert seen.trouble == "servers-silent"
    assert seen.answers[key].public == Answer("found", ("10 node1.example.",))


def test_nobodys_domain_leads_to_this_machine(way: Way) -> None:
    far = Way(resolver_port=way.resolver_port, server_port=way.server_port)
    seen = look("cars.example", [MX], far)
    assert (seen.trouble, seen.answers[MX].authoritative) == ("servers-silent", ())


def test_a_resolver_that_is_not_there_is_said_at_once() -> None:
    begun = time.monotonic()
    seen = look("cars.example", [MX, TXT], Way(resolver_port=free_port()))
    assert seen.trouble == "resolver-silent"
    assert time.monotonic() - begun < 1


def test_a_server_that_says_nothing_is_waited_for_once(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_ONE", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dumb:
        dumb.bind(("127.0.0.1", 0))
        mute = Way(resolver_port=way.resolver_port, server_port=dumb.getsockname()[1], near=True)
        begun = time.monotonic()
        seen = look("cars.example", [MX, TXT, DKIM, DMARC], mute)
    assert seen.trouble == "servers-silent"
    assert seen.answers[MX].public == Answer("found", ("10 old.example.",))
    assert time.monotonic() - begun < 1


def test_a_whole_look_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "PATIENCE", 0.5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dumb:
        dumb.bind(("127.0.0.1", 0))
        begun = time.monotonic()
        seen = look("cars.example", [MX, TXT], Way(resolver_port=dumb.getsockname()[1]))
    assert seen.trouble == "resolver-silent"
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("answer", [b"", b"\x00", b"nonsense" * 20])
def test_an_answer_that_cannot_be_read_is_none(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_RESOLVING", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as odd:
        odd.bind(("127.0.0.1", 0))
        odd.settimeout(5)

        def once() -> None:
            _, peer = odd.recvfrom(2048)
            odd.sendto(answer, peer)

        thread = threading.Thread(target=once)
        thread.start()
        seen = look("cars.example", [MX], Way(resolver_port=odd.getsockname()[1]))
        thread.join()
    assert seen.trouble == "resolver-silent"
