"""A domain's own host names: who may have which, what the node is told, what it tells."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from mailstead.control.feed.models import FeedRow
from mailstead.control.hosting import messages, queries, services
from mailstead.control.hosting.models import Certificate, HostName
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import AnyChange, HostNameGone, HostNamePut
from mailstead.wire.events import CertificateSeen
from tests.control.doors import node_door
from tests.control.world import World


def told(world: World) -> list[AnyChange]:
    """What the node has been told of host names."""
    rows = FeedRow.objects.filter(server=world.server.name).order_by("number")
    found = [codec.decode_change(row.payload.encode()) for row in rows]
    return [change for change in found if isinstance(change, HostNamePut | HostNameGone)]


def add(world: World, name: str, purpose: str = "mail", whose: str = "main") -> HostName:
    """The customer adds a name to a domain."""
    return services.add_host_name(
        actor=world.actor("customer"),
        now=world.now,
        domain=world.domains[whose],
        name=name,
        purpose=purpose,
    )


def seen(name: str, state: str, world: World, **more: object) -> CertificateSeen:
    """What a node tells."""
    return CertificateSeen(
        id=f"{name}-{state}",
        at=world.now,
        name=name,
        state=state,
        **more,  # type: ignore[arg-type]
    )


def test_the_node_hears_of_a_name_and_of_its_end(world: World) -> None:
    domain = world.domains["main"]
    made = add(world, f"Mail.{domain.name}.")
    assert made.name == f"mail.{domain.name}"
    put = HostNamePut(name=made.name, domain=domain.name, purpose="mail")
    assert told(world) == [put]
    assert put in list(messages.snapshot(world.server.name))
    services.remove_host_name(actor=world.actor("customer"), now=world.now, host_name=made)
    assert told(world)[-1] == HostNameGone(name=f"mail.{domain.name}")
    verbs = AuditEntry.objects.filter(kind="host-name").values_list("verb", flat=True)
    assert set(verbs) == {"host-name.create", "host-name.remove"}


@pytest.mark.parametrize(
    ("name", "purpose", "code"),
    [
        ("mail.bank.example", "mail", "host-name-outside"),
        ("{domain}", "mail", "host-name-outside"),
        ("mail{domain}", "mail", "host-name-outside"),
        ("policy.{domain}", "mta-sts", "host-name-fixed"),
        ("mail.{domain}", "autoconfig", "host-name-fixed"),
        ("mail.{domain}", "ftp", "purpose-invalid"),
        ("*.{domain}", "mail", "domain-invalid"),
        ("a b.{domain}", "mail", "domain-invalid"),
    ],
)
def test_a_name_that_is_not_theirs_to_have_is_refused(
    world: World, name: str, purpose: str, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        add(world, name.format(domain=world.domains["main"].name), purpose)
    assert refused.value.code == code or code == "domain-invalid"
    assert not told(world)


def test_a_name_under_somebody_elses_subdomain_is_theirs(world: World) -> None:
    domain = world.domains["main"]
    services.create_domain(
        actor=world.actor("operator"),
        now=world.now,
        name=f"sub.{domain.name}",
        customer=world.customers["stranger"],
        server=world.server,
        dkim=False,
    )
    with pytest.raises(Refusal, match="is not a name in"):
        add(world, f"mail.sub.{domain.name}")
    with pytest.raises(Refusal, match="is not a name in"):
        add(world, f"sub.{domain.name}")


def test_the_companys_own_names_are_nobody_elses(world: World) -> None:
    domain = world.domains["main"]
    services.update_server(
        actor=world.actor("operator"),
        now=world.now,
        server=world.server,
        hostname=f"mx.{domain.name}",
    )
    with pytest.raises(Refusal, match="of the company itself"):
        add(world, f"mx.{domain.name}")


def test_a_name_exists_once_and_a_domain_has_twenty(world: World) -> None:
    domain = world.domains["main"]
    for number in range(20):
        add(world, f"m{number}.{domain.name}")
    with pytest.raises(Refusal, match="exists already"):
        add(world, f"m3.{domain.name}")
    with pytest.raises(Refusal, match="may have 20"):
        add(world, f"m20.{domain.name}")


def test_a_stranger_neither_sees_nor_changes_them(world: World) -> None:
    made = add(world, f"mail.{world.domains['main'].name}")
    eve = world.actor("stranger")
    for act in (
        lambda: services.remove_host_name(actor=eve, now=world.now, host_name=made),
        lambda: services.retry_host_name(actor=eve, now=world.now, host_name=made),
        lambda: services.add_host_name(
            actor=eve, now=world.now, domain=world.domains["main"], name="x." + made.domain.name
        ),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code == "object-unknown"
    assert HostName.objects.count() == 1


def test_a_wish_reaches_the_node_and_not_every_second(world: World) -> None:
    made = add(world, f"mail.{world.domains['main'].name}")
    who = world.actor("customer")
    services.retry_host_name(actor=who, now=world.now, host_name=made)
    (_, wish) = told(world)
    assert isinstance(wish, HostNamePut)
    assert wish.asked == world.now
    with pytest.raises(Refusal, match="a moment ago"):
        services.retry_host_name(actor=who, now=world.now + dt.timedelta(seconds=5), host_name=made)
    services.retry_host_name(actor=who, now=world.now + dt.timedelta(minutes=3), host_name=made)


def test_what_the_node_tells_is_kept_by_name(world: World) -> None:
    made = add(world, f"mail.{world.domains['main'].name}")
    end = world.now + dt.timedelta(days=90)
    server = world.server.name
    events = [
        seen(made.name, "valid", world, not_after=end),
        seen("node1.example", "failed", world, words="No.", node=True),
        seen("mail.nobody.example", "valid", world, not_after=end),
    ]
    services.record_certificates(server, events, world.now)
    assert set(Certificate.objects.values_list("name", flat=True)) == {
        made.name,
        "node1.example",
    }
    (row,) = queries.host_names(world.actor("customer"), world.domains["main"])
    assert row.state == "valid"
    company = queries.certificates(world.actor("operator"))
    # What is wrong comes first.
    assert [one.state for one in company] == ["failed", "valid"]
    assert list(queries.certificates(world.actor("operator"), troubled=True)) == [company[0]]
    with pytest.raises(Refusal):
        queries.certificates(world.actor("customer"))
    services.remove_host_name(actor=world.actor("customer"), now=world.now, host_name=made)
    assert list(Certificate.objects.values_list("name", flat=True)) == ["node1.example"]


def test_a_name_left_by_a_removed_domain_hinders_nobody(world: World) -> None:
    olga = world.actor("operator")
    add(world, f"mail.{world.domains['main'].name}")
    domain = world.domains["main"]
    services.remove_domain(actor=olga, now=world.now, domain=domain, grace=dt.timedelta(days=3))
    assert not [
        change for change in messages.snapshot(world.server.name) if isinstance(change, HostNamePut)
    ]
    again = services.create_domain(
        actor=olga,
        now=world.now,
        name=domain.name,
        customer=world.customers["stranger"],
        server=world.server,
        dkim=False,
    )
    made = services.add_host_name(
        actor=olga, now=world.now, domain=again, name=f"mail.{domain.name}"
    )
    assert made.domain == again


def letters(world: World) -> list[tuple[str, str]]:
    """Who was written to about certificates, and what."""
    rows = OutgoingMail.objects.filter(subject__contains="certificate").order_by("pk")
    return list(rows.values_list("recipient", "subject"))


def test_the_operator_hears_once_a_step_that_a_certificate_ends_and_once_that_it_does_not(
    world: World,
) -> None:
    end = world.now + dt.timedelta(days=20)
    name = "mx.company.example"
    operator = world.people["operator"].email
    for alarm in (0, 21, 21, 7, 7, 0, 0):
        event = seen(name, "failed" if alarm else "valid", world, node=True, not_after=end)
        event = msgspec.structs.replace(event, alarm=alarm, words="No route.")
        with node_door():
            services.record_certificates(world.server.name, [event], world.now)
    soon, renewed = f"The certificate of {name} ends soon", f"The certificate of {name} is renewed"
    assert letters(world) == [(operator, soon), (operator, soon), (operator, renewed)]
    text = OutgoingMail.objects.filter(subject=soon).first()
    assert text is not None
    assert "No route." in text.text and world.server.name in text.text
    verbs = AuditEntry.objects.filter(kind="certificate").order_by("pk")
    assert [row.verb.partition(".")[2] for row in verbs] == ["alarm", "alarm", "renewed"]


def test_what_only_the_domains_owner_can_mend_is_told_to_the_customer(world: World) -> None:
    domain = world.domains["main"]
    made = add(world, f"mail.{domain.name}")
    domain.customer.email = "boss@elsewhere.example"
    domain.customer.save()
    event = seen(made.name, "elsewhere", world, not_after=world.now + dt.timedelta(days=6), alarm=7)
    with node_door():
        services.record_certificates(world.server.name, [event], world.now)
    assert [reader for reader, _ in letters(world)] == ["boss@elsewhere.example"]
