"""Records are pushed to real DNS servers: shown, asked, made, seen, and taken back."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dns.query
import dns.tsigkeyring
import dns.update
import pytest
from django.db import connection

from mailstead.control.dns.lookup import Way, look
from mailstead.control.dns.models import Push
from mailstead.control.dns.push import calls, queries, services
from mailstead.control.dns.push.records import Order, Rrset, Told, said, written
from mailstead.control.hosting.models import Domain
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.standards.refusal import Refusal
from tests.control.dns.authority import KEY, ZONE, knot, powerdns, transferred
from tests.control.dns.servers import unbound
from tests.control.world import World

pytestmark = pytest.mark.engines
NAME = "cars.example"
SPF = '"v=spf1 include:_spf.letters.example a:node1.example -all"'


@dataclass
class Host:
    """A DNS host with Carl's zone."""

    provider: str
    credentials: dict[str, str]
    port: int
    """Of its DNS."""

    def records(self) -> set[str]:
        """The zone as it gives it away."""
        return transferred(self.port, NAME)


def _make(provider: str, folder: Path) -> AbstractContextManager[dict[str, str]]:
    return (knot if provider == "rfc2136" else powerdns)(folder, NAME, ZONE)


@pytest.fixture(params=["rfc2136", "powerdns"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """Knot and PowerDNS, each with the same zone."""
    with _make(request.param, tmp_path) as credentials:
        port = int(credentials.pop("dns", credentials["port"]))
        yield Host(request.param, credentials, port)


@pytest.fixture
def bind(tmp_path: Path) -> Iterator[Host]:
    """One of them, where it does not matter which."""
    with _make("rfc2136", tmp_path) as credentials:
        yield Host("rfc2136", credentials, int(credentials["port"]))


def _domain(world: World) -> Domain:
    rows = Domain.objects.select_related("customer__reseller", "server")
    return rows.get(pk=world.domains["main"].pk)


def _plan(world: World, host: Host, **more: object) -> Push:
    values = {"provider": host.provider, "credentials": host.credentials, **more}
    return services.plan_push(
        actor=world.actor("operator"),
        now=world.now,
        domain=_domain(world),
        **values,  # type: ignore[arg-type]
    )


def _apply(world: World, host: Host, push: Push, **more: object) -> Push:
    values = {"credentials": host.credentials, "look": _blind, **more}
    return services.apply_push(
        actor=world.actor("operator"),
        now=world.now,
        push=push,
        **values,  # type: ignore[arg-type]
    )


def _blind(domain: str, wanted: object, way: Way) -> object:
    from tests.control.dns.pretend import dark

    return dark(domain, [], way)


def _everything(push: Push) -> list[str]:
    return [one.key for one in queries.changes_of(push)]


def test_the_plan_shows_each_change_and_changes_nothing(world: World, host: Host) -> None:
    before = host.records()
    push = _plan(world, host)
    changes = {one.key: one for one in queries.changes_of(push)}
    assert set(changes) == {
        "cars.example MX",
        "cars.example TXT",
        "_dmarc.cars.example TXT",
        "_smtp._tls.cars.example TXT",
    }
    mx, txt = changes["cars.example MX"], changes["cars.example TXT"]
    assert (mx.kind, mx.loud, mx.after) == ("update", True, ("10 node1.example.",))
    assert (txt.kind, txt.loud, txt.ttl_after) == ("update", False, 600)
    assert SPF in txt.after and len(txt.after) == 2
    assert changes["_dmarc.cars.example TXT"].kind == "create"
    assert "www.cars.example CNAME" in push.marks and "cars.example A" in push.marks
    assert host.records() == before


def test_what_is_agreed_is_made_and_all_else_stays(world: World, host: Host) -> None:
    before = host.records()
    push = _plan(world, host)
    _apply(world, host, push, chosen=_everything(push))
    after = host.records()
    assert before - after == {
        "cars.example. 7200 MX 10 mx.before.example.",
        "cars.example. 7200 MX 20 mx2.before.example.",
        'cars.example. 600 TXT "v=spf1 include:_spf.letters.example -all"',
    }
    assert after - before == {
        "cars.example. 7200 MX 10 node1.example.",
        f"cars.example. 600 TXT {SPF}",
        '_dmarc.cars.example. 3600 TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@node1.example"',
        '_smtp._tls.cars.example. 3600 TXT "v=TLSRPTv1; rua=mailto:tls-reports@node1.example"',
    }
    push.refresh_from_db()
    assert (push.state, push.words) == ("applied", "")


def test_the_mx_of_another_host_is_left_unless_it_is_named(world: World, host: Host) -> None:
    push = _plan(world, host)
    _apply(world, host, push)
    found = host.records()
    assert "cars.example. 7200 MX 10 mx.before.example." in found
    assert not any("node1.example." in record and " MX " in record for record in found)
    assert f"cars.example. 600 TXT {SPF}" in found
    assert "cars.example MX" not in push.chosen


def test_undo_is_a_plan_too_and_brings_every_record_back(world: World, host: Host) -> None:
    before = host.records()
    push = _plan(world, host)
    _apply(world, host, push, chosen=_everything(push))
    assert host.records() != before
    back = services.plan_undo(
        actor=world.actor("operator"), now=world.now, push=push, credentials=host.credentials
    )
    assert back.undoes_id == push.pk
    assert {one.kind for one in queries.changes_of(back)} == {"update", "delete"}
    _apply(world, host, back)
    assert host.records() == before


def test_a_zone_that_was_changed_meanwhile_is_left_alone(world: World, host: Host) -> None:
    push = _plan(world, host)
    other = _plan(world, host)
    _apply(world, host, other, chosen=["_dmarc.cars.example TXT"])
    before = host.records()
    with pytest.raises(Refusal) as refused:
        _apply(world, host, push)
    assert refused.value.code == "zone-changed"
    assert "_dmarc.cars.example TXT" in refused.value.words
    assert host.records() == before
    push.refresh_from_db()
    assert (push.state, push.chosen) == ("failed", [])


def test_an_undo_does_not_take_what_somebody_has_made_since(world: World, bind: Host) -> None:
    push = _plan(world, bind)
    _apply(world, bind, push, chosen=["cars.example MX"])
    ring = dns.tsigkeyring.from_text({"push.": KEY})
    update = dns.update.UpdateMessage(NAME, keyring=ring, keyalgorithm="hmac-sha256")
    update.replace("cars.example.", 60, "MX", "5 mx.later.example.")
    dns.query.tcp(update, "127.0.0.1", port=bind.port, timeout=5)
    with pytest.raises(Refusal) as refused:
        services.plan_undo(
            actor=world.actor("operator"), now=world.now, push=push, credentials=bind.credentials
        )
    assert refused.value.code == "zone-changed-since" and "cars.example MX" in refused.value.words


def test_a_domain_in_order_has_nothing_to_push(world: World, host: Host) -> None:
    push = _plan(world, host)
    _apply(world, host, push, chosen=_everything(push))
    again = _plan(world, host)
    assert queries.changes_of(again) == []
    with pytest.raises(Refusal) as refused:
        _apply(world, host, again)
    assert refused.value.code == "nothing-chosen"


def test_a_key_in_several_parts_is_known_again(host: Host) -> None:
    long = "v=DKIM1; k=rsa; p=" + "A" * 392
    told = calls.call(Order(host.provider, host.credentials, NAME, near=True))
    marks = {one.key: one.mark for one in told.records}
    change = Rrset(f"k._domainkey.{NAME}", "TXT", 60, (written("TXT", long),))
    calls.call(Order(host.provider, host.credentials, NAME, True, (change,), marks))
    told = calls.call(Order(host.provider, host.credentials, NAME, near=True))
    (found,) = [one for one in told.records if one.name.startswith("k.")]
    assert [said("TXT", value) for value in found.values] == [long]


def test_the_zones_own_servers_are_never_changed(host: Host) -> None:
    told = calls.call(Order(host.provider, host.credentials, NAME, near=True))
    marks = {one.key: one.mark for one in told.records}
    before = host.records()
    for values, fault in ((("ns.thief.example.",), "plan-differs"), ((), "")):
        change = Rrset(NAME, "NS", 3600, values)
        order = Order(host.provider, host.credentials, NAME, True, (change,), marks)
        assert calls.call(order).fault == fault
        assert host.records() == before


def test_an_alias_takes_the_place_of_a_text_and_gives_it_back(host: Host) -> None:
    def change(*changes: Rrset) -> None:
        told = calls.call(Order(host.provider, host.credentials, NAME, near=True))
        marks = {one.key: one.mark for one in told.records}
        done = calls.call(Order(host.provider, host.credentials, NAME, True, changes, marks))
        assert done.fault == "", done

    before = host.records()
    name = f"shop.{NAME}"
    text = Rrset(name, "TXT", 3600, (written("TXT", "v=spf1 -all"),))
    alias = Rrset(name, "CNAME", 300, ("www.elsewhere.example.",))
    change(Rrset(name, "TXT", 0, ()), alias)
    assert f"{name}. 300 CNAME www.elsewhere.example." in host.records()
    assert not any(record.startswith(f"{name}. 3600 TXT") for record in host.records())
    change(Rrset(name, "CNAME", 0, ()), text)
    assert host.records() == before


def test_two_that_carry_one_plan_out_change_the_zone_once(world: World, bind: Host) -> None:
    push = _plan(world, bind)
    _apply(world, bind, push)
    with pytest.raises(Refusal) as refused:
        _apply(world, bind, Push.objects.get(pk=push.pk))
    assert refused.value.code == "plan-used"


def test_an_old_plan_is_not_carried_out(world: World, bind: Host) -> None:
    push = _plan(world, bind)
    with pytest.raises(Refusal) as refused:
        services.apply_push(
            actor=world.actor("operator"),
            now=world.now + dt.timedelta(minutes=16),
            push=push,
            credentials=bind.credentials,
        )
    assert refused.value.code == "plan-old"
    assert services.drop_old(world.now + dt.timedelta(days=2)) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key_secret": "d3Jvbmc=", "api_key": "wrong"}, "host-credentials"),
        ({"port": "1"}, "host-silent"),
        ({"host": ""}, "credential-missing"),
        ({"host": "not a name"}, "server-invalid"),
        ({"port": "70000"}, "port-invalid"),
        ({"key_secret": "a\nb", "api_key": "a\nb"}, "credential-invalid"),
    ],
)
def test_what_does_not_fit_is_said_in_words(
    world: World, host: Host, given: dict[str, str], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        _plan(world, host, credentials={**host.credentials, **given})
    assert refused.value.code == code
    assert not Push.objects.exists()


def test_a_zone_that_the_host_does_not_hold_is_said(world: World, host: Host) -> None:
    with pytest.raises(Refusal) as refused:
        services.plan_push(
            actor=world.actor("operator"),
            now=world.now,
            domain=world.domains["other"],
            provider=host.provider,
            credentials=host.credentials,
        )
    # A server that is asked by DNS says the same of a zone that is not its own and of a wrong key.
    wanted = "host-zone-unknown" if host.provider == "powerdns" else "host-credentials"
    assert refused.value.code == wanted
    with pytest.raises(Refusal) as refused:
        _plan(world, host, zone="trucks.example")
    assert refused.value.code == "zone-elsewhere"


def test_a_customer_reaches_no_server_in_a_private_network(world: World, bind: Host) -> None:
    def plan(actor: Actor, **given: str) -> None:
        services.plan_push(
            actor=actor,
            now=world.now,
            domain=_domain(world),
            provider="rfc2136",
            credentials={**bind.credentials, **given},
            call=partial(_on_port, bind.port),
        )

    for host in ("127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1"):
        with pytest.raises(Refusal) as refused:
            plan(world.actor("customer"), port="53", host=host)
        assert refused.value.code == "host-private", host
    with pytest.raises(Refusal) as refused:
        plan(world.actor("customer"))
    assert refused.value.code == "port-closed"
    plan(world.actor("operator"))


def _on_port(port: int, order: Order) -> Told:
    """The order for the port at which the test's server is, whatever a customer may name."""
    credentials = {**order.credentials, "port": str(port)}
    return calls.call(Order(order.provider, credentials, order.zone, order.near))


@pytest.mark.parametrize("role", ["mailbox", "stranger"])
def test_who_may_not_does_not_reach_the_host(world: World, role: str) -> None:
    def never(order: Order) -> Told:
        raise AssertionError("the host was asked")

    with pytest.raises(Refusal):
        services.plan_push(
            actor=world.actor(role),
            now=world.now,
            domain=_domain(world),
            provider="cloudflare",
            credentials={"token": "abc"},
            call=never,
        )


def test_the_trail_holds_the_records_and_nothing_holds_the_secret(
    world: World, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    push = _plan(world, host)
    _apply(world, host, push, chosen=_everything(push))
    (entry,) = AuditEntry.objects.filter(verb="domain.dns-pushed")
    assert entry.label == NAME and entry.customer == world.customers["customer"].pk
    assert entry.before is not None and entry.after is not None
    assert entry.after["cars.example MX"] == ["10 node1.example."]
    assert entry.before["cars.example MX"] == ["10 mx.before.example.", "20 mx2.before.example."]
    secret = host.credentials.get("key_secret") or host.credentials["api_key"]
    assert secret not in caplog.text
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert secret not in json.dumps(cursor.fetchall(), default=str), table


def test_it_is_seen_at_the_zones_own_servers(world: World, host: Host, tmp_path: Path) -> None:
    stub = (
        f'stub-zone:\n  name: "{NAME}"\n  stub-addr: 127.0.0.1@{host.port}\n  stub-no-cache: yes\n'
    )
    with unbound(tmp_path, [], [], stub) as resolver:
        way = Way(resolver_port=resolver, server_port=host.port, near=True)
        asking = _asking(way)
        push = _plan(world, host)
        _apply(world, host, push, chosen=_everything(push), look=asking)
        ends = time.monotonic() + 60
        while not services.verify(now=world.now, push=push, look=asking):
            assert time.monotonic() < ends
        push.refresh_from_db()
        assert push.verified_at == world.now
        assert _domain(world).dns_state == "good"


def _asking(way: Way) -> Callable[..., object]:
    def asked(domain: str, wanted: object, _: Way) -> object:
        return look(domain, wanted, way)  # type: ignore[arg-type]

    return asked


def test_a_change_that_is_not_seen_yet_is_looked_for_again(world: World, bind: Host) -> None:
    push = _plan(world, bind)
    _apply(world, bind, push)
    assert push.verified_at is None
    values = {one.key: one.after for one in queries.chosen_of(push)}
    from tests.control.dns.pretend import dns_of

    texts = {
        (key.split()[0], "TXT"): [said("TXT", value) for value in after]
        for key, after in values.items()
    }
    assert services.verify_due(world.now, dns_of(texts)) == 0
    later = world.now + dt.timedelta(minutes=2)
    assert services.verify_due(later, dns_of({})) == 1
    assert services.verify_due(later + dt.timedelta(minutes=2), dns_of(texts)) == 1
    push.refresh_from_db()
    assert push.verified_at == later + dt.timedelta(minutes=2)


def test_a_host_that_breaks_off_leaves_a_plan_that_can_be_undone(world: World, bind: Host) -> None:
    push = _plan(world, bind)

    def broken(order: Order) -> Told:
        calls.call(order)
        return Told("silent", begun=True)

    with pytest.raises(Refusal) as refused:
        _apply(world, bind, push, call=broken)
    assert refused.value.code == "push-broken"
    push.refresh_from_db()
    assert push.state == "failed" and push.chosen
    back = services.plan_undo(
        actor=world.actor("operator"), now=world.now, push=push, credentials=bind.credentials
    )
    assert len(queries.changes_of(back)) == len(push.chosen)
