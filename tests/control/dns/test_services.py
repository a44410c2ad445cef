"""Looks are kept, changes are told, and each domain has its turn."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import pytest

from mailstead.control.dns import queries, services
from mailstead.control.dns.answers import Key, Seen
from mailstead.control.dns.lookup import Way
from mailstead.control.dns.models import Check
from mailstead.control.dns.night import Night
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Domain
from mailstead.control.people.models import AuditEntry
from mailstead.standards.refusal import Refusal
from tests.control.dns.pretend import dark, dns_of
from tests.control.world import World

MX = ("cars.example", "MX")
TXT = ("cars.example", "TXT")
DMARC = ("_dmarc.cars.example", "TXT")
GOOD: dict[Key, list[str]] = {
    MX: ["10 node1.example."],
    TXT: ["v=spf1 a:node1.example ~all"],
    DMARC: ["v=DMARC1; p=none"],
}


def check(world: World, look: services.Look, *, role: str = "customer", hours: int = 0) -> Domain:
    """Look at Carl's domain some hours after the world began; the domain afterwards."""
    domain = Domain.objects.select_related("customer__reseller", "server").get(
        pk=world.domains["main"].pk
    )
    now = world.now + dt.timedelta(hours=hours)
    services.check_domain(actor=world.actor(role), now=now, domain=domain, look=look)
    return Domain.objects.get(pk=domain.pk)


def told() -> list[AuditEntry]:
    """What the trail says of changes."""
    return list(AuditEntry.objects.filter(verb="domain.dns-changed").order_by("pk"))


def test_only_a_change_is_told_and_in_the_name_of_the_system(world: World) -> None:
    assert check(world, dns_of(GOOD)).dns_state == "good"
    assert check(world, dns_of(GOOD), hours=1).dns_state == "good"
    assert not told()
    without = {**GOOD, MX: []}
    assert check(world, dns_of(without), hours=2).dns_state == "bad"
    (entry,) = told()
    assert (entry.actor, entry.label) == ("system", "cars.example")
    assert entry.customer == world.customers["customer"].pk
    assert entry.before == {"MX cars.example": "good"}
    assert entry.after == {"MX cars.example": "missing"}
    left = {**GOOD, MX: ["10 node1.example.", "20 old.example."]}
    assert check(world, dns_of(left), hours=3).dns_state == "warn"
    assert told()[-1].after == {
        "MX cars.example": "good",
        "MX cars.example 20 old.example.": "extra",
    }


def test_a_verdict_is_as_old_as_it_is(world: World) -> None:
    check(world, dns_of(GOOD))
    check(world, dns_of({**GOOD, MX: []}), hours=2)
    check(world, dns_of({**GOOD, MX: []}), hours=5)
    report = queries.report(world.domains["main"])
    ages = {line.expected.purpose: line.kept.since for line in report.records if line.kept}
    assert ages["spf"] == world.now
    assert ages["mx"] == world.now + dt.timedelta(hours=2)
    assert report.at == world.now + dt.timedelta(hours=5)


def test_what_cannot_be_learnt_changes_nothing(world: World) -> None:
    left = {**GOOD, MX: ["10 node1.example.", "20 old.example."]}
    check(world, dns_of(left))
    assert check(world, dark, hours=1).dns_state == "warn"
    report = queries.report(world.domains["main"])
    assert (report.trouble, report.zone) == ("resolver-silent", "cars.example")
    assert [line.kept.code for line in report.others if line.kept] == ["mx-left"]
    assert not told()


def test_a_first_look_in_the_dark_knows_nothing(world: World) -> None:
    assert check(world, dark).dns_state == "unknown"
    left = {**GOOD, MX: ["10 node1.example.", "20 old.example."]}
    assert check(world, dns_of(left), hours=1).dns_state == "warn"
    assert not told()


def test_a_record_that_is_asked_for_anew_is_not_yet_checked(world: World) -> None:
    check(world, dns_of(GOOD))
    domain = world.domains["main"]
    hosting.update_server(
        actor=world.actor("operator"), now=world.now, server=world.server, hostname="n2.example"
    )
    domain = Domain.objects.select_related("server").get(pk=domain.pk)
    (mx, *_) = queries.report(domain).records
    assert mx.kept is None and mx.publish == "10 n2.example."
    assert check(world, dns_of(GOOD), hours=1).dns_state == "bad"
    (entry,) = told()
    assert (entry.before, entry.after) == (
        {"MX cars.example": "good", "TXT cars.example": "good"},
        {"MX cars.example": "wrong", "TXT cars.example": "wrong"},
    )


def test_a_second_press_asks_nobody(world: World) -> None:
    check(world, dns_of(GOOD))
    assert check(world, dns_of({})).dns_state == "good"


@pytest.mark.parametrize("role", ["mailbox", "stranger"])
def test_who_may_not_does_not_look(world: World, role: str) -> None:
    with pytest.raises(Refusal):
        check(world, dns_of(GOOD), role=role)
    assert not Check.objects.exists()


def test_too_many_looks_at_a_time_are_refused(world: World) -> None:
    def busy(domain: str, wanted: Sequence[Key], way: Way) -> Seen:
        nested.append(None)
        if len(nested) < 9:
            check(world, busy)
        return dark(domain, wanted, way)

    nested: list[None] = []
    with pytest.raises(Refusal) as refused:
        check(world, busy)
    assert refused.value.code == "checks-many"
    assert len(nested) == 4
    check(world, dns_of(GOOD))


def good(domain: str, wanted: Sequence[Key], way: Way) -> Seen:
    """Whatever the domain, all is well."""
    texts = {domain: TXT, f"_dmarc.{domain}": DMARC}
    records = {
        key: GOOD[MX] if key[1] == "MX" else GOOD[texts[key[0]]]
        for key in wanted
        if not key[0].startswith("_smtp._tls.")
    }
    return dns_of(records, zone=domain)(domain, wanted, way)


NIGHT = Night(begins=1, hours=5)


def noon(world: World, days: int = 0) -> dt.datetime:
    """Of a day, when nobody's turn has come."""
    return world.now.replace(hour=12, minute=0) + dt.timedelta(days=days)


def dawn(world: World, days: int = 1) -> dt.datetime:
    """The end of a night, when everybody's turn has come."""
    return noon(world, days).replace(hour=6)


def test_each_domain_has_its_turn_in_the_night(world: World) -> None:
    looked: list[str] = []

    def look(domain: str, wanted: Sequence[Key], way: Way) -> Seen:
        looked.append(domain)
        return good(domain, wanted, way)

    hosting.remove_domain(
        actor=world.actor("operator"),
        now=world.now,
        domain=world.domains["other"],
        grace=dt.timedelta(days=1),
    )
    assert services.check_due(noon(world), look) == 3
    assert sorted(looked) == ["cars.example", "ritas.example", "shop.example"]
    assert services.check_due(noon(world).replace(hour=23), look) == 0
    assert services.check_due(dawn(world).replace(hour=1), look) == 0
    assert services.check_due(dawn(world), look) == 3
    assert services.check_due(noon(world, 1), look) == 0
    assert not told()


def test_many_domains_are_spread_over_the_night() -> None:
    now = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    turns = [NIGHT.next_turn(f"domain{n}.example", now) for n in range(20_000)]
    assert min(turns) >= now.replace(day=25, hour=1) and max(turns) < now.replace(day=25, hour=6)
    minutes = Counter(turn.replace(second=0) for turn in turns)
    # 300 minutes of some 67 each.
    assert len(minutes) == 300 and max(minutes.values()) < 2 * 20_000 / 300


@pytest.mark.parametrize("begins", [0, 1, 22])
def test_the_next_turn_is_one_of_every_night_and_never_at_once(begins: int) -> None:
    night = Night(begins, hours=5)
    now = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    for hour in range(48):
        at = now + dt.timedelta(hours=hour)
        turn = night.next_turn("cars.example", at)
        assert dt.timedelta(hours=1) <= turn - at <= dt.timedelta(hours=25)
        assert turn.time() == night.next_turn("cars.example", now).time()


@pytest.mark.parametrize("look", [dark, dns_of({})], ids=["unknown", "nothing published yet"])
def test_a_new_domain_is_tried_again_soon_until_it_is_well(
    world: World, look: services.Look
) -> None:
    hours = dt.timedelta(hours=1)
    assert services.check_due(noon(world), look) == 4
    assert services.check_due(noon(world) + dt.timedelta(minutes=59), look) == 0
    assert services.check_due(noon(world) + hours, good) == 4
    assert services.check_due(noon(world) + 2 * hours, good) == 0


def test_an_old_domain_that_lies_fallow_is_asked_about_in_the_night(world: World) -> None:
    assert services.check_due(noon(world, 4), dns_of({})) == 4
    assert services.check_due(noon(world, 4).replace(hour=23), dns_of({})) == 0
    assert services.check_due(dawn(world, 5), dns_of({})) == 4


def test_a_round_is_small_and_new_domains_come_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 3)
    assert services.check_due(world.now, dark) == 3
    later = world.now + dt.timedelta(hours=2)
    assert services.check_due(later, dark) == 1
    assert services.check_due(later, dark) == 3
    assert services.check_due(later, dark) == 0
