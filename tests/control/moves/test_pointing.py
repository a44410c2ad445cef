"""Where the DNS of a move's domains leads is told from the doctor's last look, and asked anew."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.dns.answers import Answer, Found, Key, Seen
from mailstead.control.dns.lookup import Way
from mailstead.control.dns.services import check_domain
from mailstead.control.hosting.models import Domain
from mailstead.control.moves import queries, services
from mailstead.control.moves.models import Came, Move
from mailstead.control.people.models import AuditEntry
from tests.control.company import Company
from tests.control.world import World

HERE, OLD, OTHER = "10 node1.host.example.", "10 mx.old.example.", "0 mx.third.example."


def looked(company: Company, domain: Domain, *mx: str) -> None:
    """The doctor has found these MX records, and nothing else."""

    def look(name: str, keys: list[Key], way: Way) -> Seen:
        answers = {}
        for key in keys:
            values = tuple(mx) if key == (name, "MX") else ()
            answer = Answer("found", values) if values else Answer("no-name")
            answers[key] = Found((answer,), answer)
        return Seen("", name, ("ns1.far.example",), answers)

    check_domain(**company.who, domain=domain, look=look)  # type: ignore[arg-type]


@pytest.fixture
def move(company: Company) -> Move:
    """A move that has made one domain."""
    domain = company.domain("moved.example")
    made = services.create_move(
        **company.who,
        place="/root/acct.tar.gz",
        server=company.server,
        customer=company.customer,
        old_host="mx.old.example",
    )
    Came.objects.create(move=made, kind="domain", object_id=domain.pk, label=domain.name)
    return made


@pytest.mark.parametrize(
    ("mx", "state", "hosts"),
    [
        ((HERE,), "here", ("node1.host.example",)),
        ((OLD,), "old", ("mx.old.example",)),
        ((OTHER,), "elsewhere", ("mx.third.example",)),
        ((HERE, OLD), "both", ("node1.host.example", "mx.old.example")),
        ((), "nowhere", ()),
    ],
)
def test_the_last_look_says_where_a_domain_leads(
    company: Company, move: Move, mx: tuple[str, ...], state: str, hosts: tuple[str, ...]
) -> None:
    (before,) = queries.pointing(move)
    assert (before.state, before.at) == ("unknown", None)
    looked(company, before.domain, *mx)
    (one,) = queries.pointing(move)
    assert one.state == state
    assert set(one.hosts) == set(hosts)
    assert one.at == company.now
    assert any(name.startswith("TXT") for name in one.missing)


def test_looking_again_is_asked_of_the_worker(company: Company, move: Move) -> None:
    later = company.now + dt.timedelta(hours=9)
    Domain.objects.update(dns_due_at=later)
    assert services.look_at_dns(**company.who, move=move) == 1
    assert Domain.objects.get(name="moved.example").dns_due_at is None
    assert AuditEntry.objects.filter(verb="move.check-dns").count() == 1


def test_the_page_shows_what_to_set_and_offers_to_push(world: World) -> None:
    move = world.moves["main"]
    domain = world.domains["main"]
    Came.objects.create(move=move, kind="domain", object_id=domain.pk, label=domain.name)
    for role in ("operator", "customer"):
        page = world.client(role).get(f"/moves/{move.pk}/dns/").content.decode()
        assert "MX" in page
        assert f"/domains/{domain.name}/dns/push/" in page
    client = world.client("operator")
    assert client.post(f"/moves/{move.pk}/dns/check/").status_code == 302
    assert world.client("customer").post(f"/moves/{move.pk}/dns/check/").status_code == 403
    assert world.client("stranger").get(f"/moves/{move.pk}/dns/").status_code == 404
