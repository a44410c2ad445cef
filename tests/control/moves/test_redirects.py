"""Old panels' addresses after a switch: made, counted, ended, and who may do that."""

from __future__ import annotations

import datetime as dt
from itertools import count

import pytest
from django.conf import settings

from mailstead.control.moves import queries, services
from mailstead.control.moves.models import Move, Redirect, RedirectUse
from mailstead.control.people.actor import Actor
from mailstead.wire.changes import AnyChange, RedirectGone, RedirectPut
from mailstead.wire.events import OldPortSeen, RedirectUsed
from tests.control.company import Company, feed_of, refused
from tests.control.moves.test_life import finish_round, planned, tell, work
from tests.control.world import World

_NUMBERS = count()


@pytest.fixture
def switched(company: Company) -> Move:
    """A move whose mail is delivered here."""
    move = planned(company)
    services.start(**company.who, move=move)
    work(company)
    finish_round(company, move)
    move.refresh_from_db()
    services.switch(**company.who, move=move)
    move.refresh_from_db()
    return move


def puts() -> dict[str, RedirectPut]:
    """What nodes have been told that still holds."""
    held: dict[str, RedirectPut] = {}
    for change in feed_of():
        if isinstance(change, RedirectPut):
            held[change.host] = change
        elif isinstance(change, RedirectGone):
            held.pop(change.host)
    return held


def visit(company: Company, host: str, via: str, times: int, **more: object) -> RedirectUsed:
    values = {"at": company.now, "last": company.now} | more
    number = f"visit-{next(_NUMBERS)}"
    return RedirectUsed(id=number, host=host, via=via, count=times, **values)  # type: ignore[arg-type]


def in_snapshot() -> dict[str, AnyChange]:
    found = services.snapshot("node1")
    return {one.host: one for one in found if isinstance(one, RedirectPut)}


def test_the_switch_makes_those_of_each_domain(company: Company, switched: Move) -> None:
    told = puts()
    assert {"mail.moved.example", "webmail.moved.example", "cpanel.moved.example"} <= set(told)
    assert not {"moved.example", "www.moved.example"} & set(told)
    one = told["webmail.moved.example"]
    assert one.domain == "moved.example" and one.until == company.now + services.KEPT
    assert one.panel == f"{settings.PANEL_ORIGIN}/"
    assert in_snapshot() == told


def test_visits_add_up_and_a_batch_sent_twice_counts_once(company: Company, switched: Move) -> None:
    later = company.now + dt.timedelta(minutes=5)
    first = visit(company, "mail.moved.example", "2083", 3)
    tell(company, first)
    tell(company, first, visit(company, "mail.moved.example", "2083", 2, last=later))
    tell(company, visit(company, "mail.moved.example", "/webmail", 1))
    tell(company, visit(company, "gone.example", "2083", 9))
    found = {
        one.via: (one.hits, one.last_seen)
        for one in queries.old_addresses(switched)
        if one.host == "mail.moved.example"
    }
    assert found == {"2083": (5, later), "/webmail": (1, company.now)}
    assert RedirectUse.objects.count() == 2


def test_the_operator_names_another_host(company: Company, switched: Move) -> None:
    row = services.add_redirect(**company.who, move=switched, host="CP1.Old-Host.example", days=10)
    assert row.host == "cp1.old-host.example"
    told = puts()["cp1.old-host.example"]
    # No certificate is ordered for a name that lies in no domain of ours.
    assert (told.domain, told.until) == ("", company.now + dt.timedelta(days=10))
    inside = services.add_redirect(**company.who, move=switched, host="whm.moved.example")
    assert inside.domain == "moved.example"
    services.end_redirect(**company.who, move=switched, host="cp1.old-host.example")
    assert "cp1.old-host.example" not in puts()
    with refused("redirect-unknown"):
        services.end_redirect(**company.who, move=switched, host="cp1.old-host.example")


def test_names_that_are_not_to_be_taken_over(company: Company, switched: Move) -> None:
    for host in ("node1.host.example", settings.ALLOWED_HOSTS[0], "mta-sts.moved.example"):
        with refused("redirect-ours"):
            services.add_redirect(**company.who, move=switched, host=host)
    with refused("days-invalid"):
        services.add_redirect(**company.who, move=switched, host="a.old.example", days=731)
    other = services.create_move(
        **company.who, place="/root/other.tar.gz", server=company.server, customer_name="Other"
    )
    with refused("move-not-switched"):
        services.add_redirect(**company.who, move=other, host="cp1.old.example")
    Move.objects.filter(pk=other.pk).update(state="switched")
    other.refresh_from_db()
    with refused("redirect-exists"):
        services.add_redirect(**company.who, move=other, host="mail.moved.example")


def test_they_end_in_time(company: Company, switched: Move) -> None:
    services.add_redirect(**company.who, move=switched, host="cp1.old.example", days=1)
    count_before = Redirect.objects.count()
    assert services.expire_redirects(company.now) == 0
    assert services.expire_redirects(company.now + dt.timedelta(days=1)) == 1
    assert "cp1.old.example" not in puts()
    assert services.expire_redirects(company.now + services.KEPT) == count_before - 1
    assert puts() == {} and in_snapshot() == {}


def test_a_move_that_is_taken_back_takes_them_with_it(company: Company, switched: Move) -> None:
    services.back(**company.who, move=switched)
    assert puts() == {} and not Redirect.objects.exists()


def test_a_taken_port_stands_on_the_page_until_it_is_free(company: Company, switched: Move) -> None:
    tell(company, OldPortSeen(id="port-1", at=company.now, port=2083, holder="apache2 (pid 7)"))
    (one,) = queries.taken_ports(switched)
    assert (one.server, one.port, one.holder) == ("node1", 2083, "apache2 (pid 7)")
    tell(company, OldPortSeen(id="port-2", at=company.now, port=2083))
    assert queries.taken_ports(switched) == []


def test_the_page_is_the_companys(world: World) -> None:
    olga = {"actor": Actor.operator("olga"), "now": world.now}
    move = services.create_move(
        **olga,  # type: ignore[arg-type]
        place="/root/acct.tar.gz",
        server=world.server,
        customer=world.customers["customer"],
    )
    Move.objects.filter(pk=move.pk).update(state="switched")
    client = world.client("operator")
    where = f"/moves/{move.pk}/redirects/"
    added = client.post(f"{where}new/", {"host": "cp1.old.example", "days": "5"})
    assert added.status_code == 302
    tell_later = Redirect.objects.get()
    RedirectUse.objects.create(redirect=tell_later, via="2083", hits=4321, last_seen=world.now)
    page = client.get(f"/moves/{move.pk}/").content.decode()
    assert "cp1.old.example" in page and "2083" in page and "4321" in page
    other = world.client("customer")
    assert "cp1.old.example" not in other.get(f"/moves/{move.pk}/").content.decode()
    assert other.post(f"{where}cp1.old.example/end/").status_code in (403, 404)
    assert client.get(f"{where}cp1.old.example/end/").status_code == 200
    assert client.post(f"{where}cp1.old.example/end/").status_code == 302
    assert not Redirect.objects.exists()
