"""The company's zone of keys with a real authoritative server: Knot, which takes signed updates."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.zone
import pytest

from mailstead.control.dns import operator_zone
from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import DkimKey, Domain
from mailstead.control.people.actor import Actor
from tests.control.company import GRACE, Company, refused
from tests.control.dkim.test_rotation import ZONE, with_dkim
from tests.support.ports import free_port

NAME, SECRET = "company", "c2VjcmV0IG9mIHRoaXMgdGVzdCBhbG9uZSEhISEhISE="
WRONG = "b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5IGVsc2UhISE="
EMPTY = (
    f"$ORIGIN {ZONE}.\n@ 60 SOA ns1 hostmaster 1 60 30 3600 60\n@ 60 NS ns1\nns1 60 A 127.0.0.1\n"
)

pytestmark = pytest.mark.engines


@contextmanager
def knot(folder: Path, zone: str = EMPTY) -> Iterator[int]:
    """A server of the zone; yields its port on the loopback."""
    port = free_port()
    (folder / "zone").write_text(zone, encoding="utf-8")
    (folder / "knot.conf").write_text(
        f'server:\n  rundir: "{folder}"\n  pidfile: "{folder}/pid"\n  listen: 127.0.0.1@{port}\n'
        f'control:\n  listen: "{folder}/sock"\n'
        f'database:\n  storage: "{folder}/db"\n'
        f'key:\n  - id: {NAME}\n    algorithm: hmac-sha256\n    secret: "{SECRET}"\n'
        f"acl:\n  - id: {NAME}\n    action: update\n    key: {NAME}\n"
        f'zone:\n  - domain: {ZONE}\n    file: "{folder}/zone"\n    acl: {NAME}\n'
        "    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        ["/usr/sbin/knotd", "-c", str(folder / "knot.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        assert process.poll() is None, "Knot has ended"
        try:
            if ask(port, ZONE, "SOA"):
                return
        except (dns.exception.DNSException, OSError):
            time.sleep(0.05)
    raise AssertionError("Knot does not answer")


def ask(port: int, name: str, kind: str = "TXT") -> list[str]:
    """What the server says; several strings of a text joined."""
    answer = dns.query.tcp(dns.message.make_query(name, kind), "127.0.0.1", timeout=3, port=port)
    return [
        b"".join(one.strings).decode() if kind == "TXT" else one.to_text()
        for rrset in answer.answer
        for one in rrset
    ]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    with knot(tmp_path) as port:
        settings = {"zone": ZONE, "tsig_name": NAME, "tsig_secret": SECRET}
        with_dkim(monkeypatch, servers=(f"127.0.0.1@{port}",), **settings)
        yield port


def signing_domain(company: Company, name: str = "a.example") -> tuple[Domain, str]:
    """A domain with a key, and the key's name in the zone."""
    domain = company.domain(name, dkim=True)
    return domain, queries.zone_name(domain.pk, "ms1")


def due(company: Company) -> int:
    return queries.zone_size(company.actor).due


def test_the_server_has_each_key_and_each_withdrawal_as_soon_as_it_is_told(
    company: Company, server: int
) -> None:
    domain, name = signing_domain(company)
    key = DkimKey.objects.get(domain=domain)
    assert operator_zone.push_due(company.now) == 1
    assert ask(server, name) == [f"v=DKIM1; k=rsa; p={key.public_key}"]
    assert operator_zone.push_due(company.now) == 0
    services.revoke_key(
        actor=company.actor, now=company.now, domain=domain, selector="ms1", reason="leaked"
    )
    assert operator_zone.push_due(company.now) == 2
    assert ask(server, name) == ["v=DKIM1; k=rsa; p="]
    assert ask(server, queries.zone_name(domain.pk, "ms2"))
    assert due(company) == 0


def test_names_of_a_domain_go_when_it_is_gone_for_good_and_not_before(
    company: Company, server: int
) -> None:
    domain, name = signing_domain(company)
    operator_zone.push_due(company.now)
    services.remove_domain(**company.who, domain=domain, grace=GRACE)
    operator_zone.push_due(company.now)
    assert ask(server, name)
    services.purge_expired(company.now + GRACE)
    assert due(company) == 1
    operator_zone.push_due(company.now + GRACE)
    assert not ask(server, name)
    assert due(company) == 0


def test_what_the_server_has_not_taken_is_told_again(
    company: Company, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, name = signing_domain(company)
    with monkeypatch.context() as wrong:
        with_dkim(wrong, tsig_secret=WRONG)
        with refused("zone-refused"):
            operator_zone.push_due(company.now)
    with monkeypatch.context() as away:
        with_dkim(away, servers=(f"127.0.0.1@{free_port()}",))
        with refused("zone-refused"):
            operator_zone.push_due(company.now)
    assert not ask(server, name)
    assert due(company) == 1
    operator_zone.push_due(company.now)
    assert ask(server, name)


def test_after_the_loss_of_a_server_it_is_told_everything(
    company: Company, server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [signing_domain(company, f"{letter}.example")[1] for letter in "abc"]
    operator_zone.push_due(company.now)
    other = tmp_path / "other"
    other.mkdir()
    with knot(other) as port:
        with_dkim(monkeypatch, servers=(f"127.0.0.1@{port}",))
        assert operator_zone.push_due(company.now) == 0
        assert operator_zone.push_all(**company.who) == 3
        assert all(ask(port, name) for name in names)


def test_the_exported_zone_is_one_that_a_server_takes_and_says_the_same(
    company: Company, server: int, tmp_path: Path
) -> None:
    for letter in "ab":
        signing_domain(company, f"{letter}.example")
    operator_zone.push_due(company.now)
    text = "".join(operator_zone.zone_text(company.actor, company.now))
    zone = dns.zone.from_text(text, relativize=False)
    texts = {
        name.to_text(omit_final_dot=True): b"".join(next(iter(found)).strings).decode()
        for name, found in zone.iterate_rdatasets("TXT")
    }
    assert len(texts) == 2
    other = tmp_path / "other"
    other.mkdir()
    with knot(other, text) as port:
        for name, said in texts.items():
            assert ask(server, name) == ask(port, name) == [said]


def test_the_zone_is_the_companys_own_affair(company: Company, server: int) -> None:

    customer = Actor(kind="customer", name="c", customer=company.customer.pk)
    with refused("forbidden"):
        list(operator_zone.zone_text(customer, company.now))
    with refused("forbidden"):
        operator_zone.push_all(actor=customer, now=company.now)


def test_without_a_zone_nothing_is_told_to_nobody(company: Company) -> None:
    signing_domain(company)
    assert operator_zone.push_due(company.now) == 0
    with refused("zone-missing"):
        list(operator_zone.zone_text(company.actor, company.now))
