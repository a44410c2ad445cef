"""The life of a domain's keys, step by step, with a DNS that says what the test wants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import connection

from mailstead.control.dns import keys as steps
from mailstead.control.dns.answers import Answer, Found, Key, Seen
from mailstead.control.dns.lookup import Way
from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import DkimKey, Domain
from mailstead.control.people.models import AuditEntry
from mailstead.wire.changes import DkimKeyGone, DkimKeyPut
from tests.control.company import Company, feed_of, refused, replayed, snapshot_state

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ZONE = "dkim.host.example"


class Internet:
    """What the DNS says: names and types to values; what a node signs with must be among it."""

    def __init__(self) -> None:
        self.records: dict[Key, str] = {}

    def look(self, domain: str, wanted: Sequence[Key], way: Way) -> Seen:
        return Seen(zone=domain, answers={key: self._found(key) for key in wanted})

    def _found(self, key: Key) -> Found:
        answer = Answer("found", (text,)) if (text := self.text(key)) else Answer("no-name")
        return Found((answer,), answer)

    def text(self, key: Key) -> str:
        name, kind = key
        alias = self.records.get((name, "CNAME"))
        if kind == "TXT" and alias:
            return self.records.get((alias.rstrip("."), "TXT"), "")
        return self.records.get(key, "")

    def publish(self, domain: Domain) -> None:
        """The customer publishes what the domain's page shows."""
        fresh = Domain.objects.select_related("server").get(pk=domain.pk)
        for name, kind, value in queries.dns_records(fresh):
            self.records[name, kind] = value

    def take_zone(self, company: Company) -> None:
        """The company's server has what it was told."""
        for name, text in queries.zone_records(company.actor):
            self.records[name, "TXT"] = text

    def has(self, put: DkimKeyPut) -> bool:
        """Whether receivers find the public half of a key that a node signs with."""
        own = DkimKey.objects.get(domain__name=put.domain, private_key=put.private_key)
        text = self.text((f"{put.selector}._domainkey.{put.domain}", "TXT"))
        return text.endswith(f"p={own.public_key}")


@pytest.fixture
def internet() -> Internet:
    return Internet()


def with_dkim(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    changed = msgspec.structs.replace(settings.MAILSTEAD.dkim, **values)
    monkeypatch.setattr(
        settings, "MAILSTEAD", msgspec.structs.replace(settings.MAILSTEAD, dkim=changed)
    )


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    with_dkim(monkeypatch, zone=ZONE)


def states(domain: Domain) -> dict[str, str]:
    return {key.selector: key.state for key in DkimKey.objects.filter(domain=domain)}


def signing() -> list[DkimKeyPut]:
    """Keys with which the node signs now."""
    state = replayed(feed_of()).values()
    return [one for one in state if isinstance(one, DkimKeyPut) and one.signs]


def held() -> set[str]:
    """Selectors of the keys that the node has."""
    return {one.selector for one in replayed(feed_of()).values() if isinstance(one, DkimKeyPut)}


def test_a_key_signs_only_once_it_is_seen(company: Company, internet: Internet, zone: None) -> None:
    domain = company.domain("a.example", dkim=True)
    assert steps.advance_due(company.now, internet.look) == 1
    assert states(domain) == {"ms1": "waiting"}
    assert not signing()
    # The customer is done; the company's server is not.
    internet.publish(domain)
    steps.advance_due(company.now + HOUR, internet.look)
    assert states(domain) == {"ms1": "waiting"}
    internet.take_zone(company)
    steps.advance_due(company.now + 2 * HOUR, internet.look)
    assert states(domain) == {"ms1": "signing"}
    assert [one.selector for one in signing()] == ["ms1"]


class Written:
    """Counts the statements that change rows."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.number += sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        return execute(sql, params, many, context)


def test_a_whole_rotation_needs_nobody_and_never_signs_with_what_is_not_there(
    company: Company, internet: Internet, zone: None
) -> None:
    domain = company.domain("a.example", dkim=True)
    internet.publish(domain)
    internet.take_zone(company)
    seen: list[tuple[str, ...]] = []
    written, compared = Written(), -1
    for hour in range(0, 24 * 372, 9):
        now = company.now + hour * HOUR
        with connection.execute_wrapper(written):
            steps.advance_due(now, internet.look)
        # The zone's server hears of it some time later.
        if hour % 2 == 0:
            internet.take_zone(company)
        assert all(internet.has(one) for one in signing())
        # Where nothing was written both say what they said before.
        if compared != written.number:
            assert replayed(feed_of()) == snapshot_state()
            compared = written.number
        now_states = tuple(sorted(f"{k} {v}" for k, v in states(domain).items()))
        if not seen or seen[-1] != now_states:
            seen.append(now_states)
    assert seen == [
        ("ms1 signing",),
        ("ms1 signing", "ms2 waiting"),
        ("ms1 signing", "ms2 visible"),
        ("ms1 old", "ms2 signing"),
        ("ms1 withdrawn", "ms2 signing"),
        ("ms1 waiting", "ms2 signing"),
        ("ms1 visible", "ms2 signing"),
        ("ms1 signing", "ms2 old"),
        ("ms1 signing", "ms2 withdrawn"),
    ]
    told = AuditEntry.objects.filter(kind="dkim").order_by("pk").values_list("verb", flat=True)
    assert list(told) == [
        *("dkim.sign", "dkim.rotate", "dkim.sign", "dkim.withdraw"),
        *("dkim.rotate", "dkim.sign", "dkim.withdraw"),
    ]


def rotating(
    company: Company, internet: Internet, *, days: int = 181
) -> tuple[Domain, dt.datetime]:
    """A domain that signs, and whose next key is under way after that many days."""
    domain = company.domain("a.example", dkim=True)
    internet.publish(domain)
    internet.take_zone(company)
    for at in (dt.timedelta(0), days * DAY):
        steps.advance_due(company.now + at, internet.look)
    return domain, company.now + days * DAY


def test_a_new_key_waits_until_nobody_remembers_what_stood_there_before(
    company: Company, internet: Internet, zone: None
) -> None:
    domain, now = rotating(company, internet)
    internet.take_zone(company)
    steps.advance_due(now + HOUR, internet.look)
    assert states(domain)["ms2"] == "visible"
    steps.advance_due(now + 1.9 * HOUR, internet.look)
    assert states(domain) == {"ms1": "signing", "ms2": "visible"}
    steps.advance_due(now + 2 * HOUR, internet.look)
    assert states(domain) == {"ms1": "old", "ms2": "signing"}
    # The old key is still at hand: Rspamd learns of the change some seconds later.
    assert held() == {"ms1", "ms2"}


def test_a_key_that_has_gone_from_the_dns_does_not_come_to_sign(
    company: Company, internet: Internet, zone: None
) -> None:
    domain, now = rotating(company, internet)
    internet.take_zone(company)
    steps.advance_due(now + HOUR, internet.look)
    del internet.records["ms2._domainkey.a.example", "CNAME"]
    steps.advance_due(now + 3 * HOUR, internet.look)
    assert states(domain) == {"ms1": "signing", "ms2": "waiting"}
    internet.publish(domain)
    steps.advance_due(now + 5 * HOUR, internet.look)
    assert states(domain)["ms2"] == "visible"


def test_the_old_key_stays_published_while_mail_may_be_on_its_way(
    company: Company, internet: Internet, zone: None
) -> None:
    domain, now = rotating(company, internet)
    internet.take_zone(company)
    for hour in (1, 3):
        steps.advance_due(now + hour * HOUR, internet.look)
    steps.advance_due(now + 7 * DAY, internet.look)
    internet.take_zone(company)
    assert states(domain)["ms1"] == "old"
    assert internet.text(("ms1._domainkey.a.example", "TXT")) != "v=DKIM1; k=rsa; p="
    steps.advance_due(now + 7 * DAY + 4 * HOUR, internet.look)
    internet.take_zone(company)
    assert states(domain)["ms1"] == "withdrawn"
    assert internet.text(("ms1._domainkey.a.example", "TXT")) == "v=DKIM1; k=rsa; p="
    assert isinstance(feed_of()[-1], DkimKeyGone)
    # What nobody needs any more is not kept.
    assert DkimKey.objects.get(domain=domain, selector="ms1").private_key == ""


def test_a_leaked_key_is_withdrawn_at_once_and_the_next_signs_when_it_is_seen(
    company: Company, internet: Internet, zone: None
) -> None:
    domain, now = rotating(company, internet, days=1)
    made = services.revoke_key(
        actor=company.actor, now=now, domain=domain, selector="ms1", reason="found on the web"
    )
    internet.take_zone(company)
    assert made.selector == "ms2"
    assert not signing()
    assert not held()
    assert internet.text(("ms1._domainkey.a.example", "TXT")) == "v=DKIM1; k=rsa; p="
    steps.advance_due(now + HOUR, internet.look)
    assert [one.selector for one in signing()] == ["ms2"]
    entry = AuditEntry.objects.get(verb="dkim.revoke")
    assert entry.reason == "found on the web"
    # The trail shows that a key was there, and not the key.
    assert "PRIVATE KEY" not in str(entry.before)


def test_when_the_new_key_leaks_the_old_one_that_is_still_published_signs_again(
    company: Company, internet: Internet, zone: None
) -> None:
    domain, now = rotating(company, internet)
    internet.take_zone(company)
    for hour in (1, 3):
        steps.advance_due(now + hour * HOUR, internet.look)
    assert states(domain) == {"ms1": "old", "ms2": "signing"}
    services.revoke_key(
        actor=company.actor, now=now + DAY, domain=domain, selector="ms2", reason="leaked"
    )
    assert states(domain) == {"ms1": "signing", "ms2": "withdrawn"}
    assert [one.selector for one in signing()] == ["ms1"]
    assert all(internet.has(one) for one in signing())
    assert replayed(feed_of()) == snapshot_state()


def test_without_a_zone_each_new_key_waits_for_the_customer(
    company: Company, internet: Internet
) -> None:
    domain = company.domain("a.example", dkim=True)
    internet.publish(domain)
    steps.advance_due(company.now, internet.look)
    assert [one.selector for one in signing()] == ["ms1"]
    now = company.now + 181 * DAY
    for day in range(40):
        steps.advance_due(now + day * DAY, internet.look)
    assert states(domain) == {"ms1": "signing", "ms2": "waiting"}
    names = [name for name, _, _ in queries.dns_records(company.at("x@a.example"))]
    assert [n for n in names if "_domainkey" in n] == [
        "ms1._domainkey.a.example",
        "ms2._domainkey.a.example",
    ]
    internet.publish(company.at("x@a.example"))
    steps.advance_due(now + 41 * DAY, internet.look)
    # A record at a host whose times to live are not known is waited for a day.
    steps.advance_due(now + 41.5 * DAY, internet.look)
    assert states(domain) == {"ms1": "signing", "ms2": "visible"}
    steps.advance_due(now + 42 * DAY, internet.look)
    assert states(domain) == {"ms1": "old", "ms2": "signing"}


def test_a_change_is_not_begun_twice(company: Company, internet: Internet, zone: None) -> None:
    domain, now = rotating(company, internet, days=1)
    services.rotate_keys(actor=company.actor, now=now, domain=domain)
    with refused("dkim-changing"):
        services.rotate_keys(actor=company.actor, now=now, domain=domain)


def test_a_domain_from_before_there_were_two_selectors_signs_on_and_takes_part(
    company: Company, internet: Internet, zone: None
) -> None:
    domain = company.domain("a.example", dkim=True)
    key = DkimKey.objects.get(domain=domain)
    DkimKey.objects.update(state="signing", since=company.now, due_at=company.now)
    # Its owner has published the key itself.
    internet.records["ms1._domainkey.a.example", "TXT"] = queries.key_record(key)
    for day in (181, 182, 183):
        steps.advance_due(company.now + day * DAY, internet.look)
        internet.take_zone(company)
    assert states(domain) == {"ms1": "signing", "ms2": "waiting"}
    internet.publish(domain)
    for day in (184, 185):
        steps.advance_due(company.now + day * DAY, internet.look)
    assert states(domain) == {"ms1": "old", "ms2": "signing"}
