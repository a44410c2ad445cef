"""Resellers: what they may give, what their suspension means, packages and brands."""

from __future__ import annotations

import struct
import zlib

import pytest

from mailstead.config import Web
from mailstead.control.hosting import messages, queries, services
from mailstead.control.hosting.models import Brand, Customer, Package
from mailstead.control.people.models import Membership
from mailstead.control.people.queries import audit_trail
from mailstead.wire.changes import DomainPut
from tests.control.company import HASH, Company, feed_of, refused
from tests.control.world import World


def png(width: int, height: int) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def below(company: Company, name: str, reseller: Customer, **more: object) -> Customer:
    """A customer of a reseller's."""
    made = company.add_customer(name, **more)
    Customer.objects.filter(pk=made.pk).update(reseller=reseller)
    made.refresh_from_db()
    return made


def test_customers_of_a_reseller_together_have_no_more_mailboxes_than_it_has(
    company: Company,
) -> None:
    rita = company.add_customer("Rita", is_reseller=True, mailbox_limit=3)
    for name in ("one", "two"):
        company.domain(f"{name}.example", below(company, name, rita))
    company.domain("rita.example", rita)
    company.mailbox("a@one.example")
    company.mailbox("a@rita.example")
    company.mailbox("a@two.example")
    with refused("mailbox-limit"):
        company.mailbox("b@two.example")
    with refused("mailbox-limit"):
        company.mailbox("b@rita.example")


def test_an_import_counts_against_the_reseller_too(company: Company) -> None:
    rita = company.add_customer("Rita", is_reseller=True, mailbox_limit=3)
    for name in ("one", "two"):
        company.domain(f"{name}.example", below(company, name, rita))
    rows = [
        services.MailboxRow(address=f"{local}@{name}.example", hashed=HASH)
        for local in ("a", "b")
        for name in ("one", "two")
    ]
    results = services.import_mailboxes(**company.who, rows=rows)
    assert [r if isinstance(r, str) else r.code for r in results] == [
        "made", "made", "made", "mailbox-limit",
    ]  # fmt: skip
    assert "'two'" in str(results[-1]) and "3" not in str(results[-1])


def test_customers_of_a_reseller_together_have_no_more_domains_than_it_has(
    company: Company,
) -> None:
    rita = company.add_customer("Rita", is_reseller=True, domain_limit=1)
    one = below(company, "one", rita, domain_limit=5)
    company.domain("a.example", one)
    with refused("domain-limit"):
        company.domain("b.example", one)


def test_a_resellers_suspension_stops_its_customers_and_ends(company: Company) -> None:
    rita = company.add_customer("Rita", is_reseller=True)
    one = below(company, "one", rita)
    company.domain("a.example", one)
    company.domain("b.example", rita)
    services.suspend_customer(**company.who, customer=rita, reason="unpaid")
    told = [put for put in feed_of()[-2:] if isinstance(put, DomainPut)]
    assert {(put.name, put.active) for put in told} == {("a.example", False), ("b.example", False)}
    assert [put.active for put in messages.snapshot("node1") if isinstance(put, DomainPut)] == [
        False,
        False,
    ]
    company.domain("c.example", Customer.objects.get(pk=one.pk))
    new = feed_of()[-2]
    assert isinstance(new, DomainPut) and not new.active
    services.resume_customer(**company.who, customer=rita)
    assert all(isinstance(put, DomainPut) and put.active for put in feed_of()[-3:])


def test_who_is_below_a_suspended_reseller_can_change_nothing(world: World) -> None:
    services.suspend_customer(
        actor=world.actor("operator"),
        now=world.now,
        customer=world.customers["reseller"],
        reason="unpaid invoice",
    )
    with refused("customer-suspended") as caught:
        services.create_domain(
            actor=world.actor("customer"),
            now=world.now,
            name="new.example",
            customer=queries.customer_numbered(
                world.actor("customer"), world.customers["customer"].pk
            ),
            dkim=False,
        )
    assert "unpaid" not in str(caught.value)


def test_a_customer_becomes_a_reseller_with_its_people_and_back(world: World) -> None:
    who = {"actor": world.actor("operator"), "now": world.now}
    eve = world.customers["stranger"]
    services.set_reseller(**who, customer=eve, is_reseller=True)
    assert Membership.objects.get(customer=eve.pk).role == "reseller"
    services.create_package(actor=world.actor("stranger"), now=world.now, name="Small")
    services.set_brand(**who, customer=eve, name="Eve's")
    services.set_reseller(**who, customer=eve, is_reseller=False)
    assert Membership.objects.get(customer=eve.pk).role == "customer"
    assert not Package.objects.exists() and not Brand.objects.exists()


def test_who_has_customers_stays_a_reseller_and_is_not_removed(world: World) -> None:
    who = {"actor": world.actor("operator"), "now": world.now}
    with refused("reseller-in-use"):
        services.set_reseller(**who, customer=world.customers["reseller"], is_reseller=False)
    other = services.create_customer(**who, name="Ron", is_reseller=True)
    Customer.objects.filter(pk=world.customers["customer"].pk).update(reseller=other)
    with refused("customer-in-use"):
        services.remove_customer(**who, customer=other)


def test_the_customer_of_a_reseller_cannot_become_one(world: World) -> None:
    with refused("reseller-below"):
        services.set_reseller(
            actor=world.actor("operator"),
            now=world.now,
            customer=world.customers["customer"],
            is_reseller=True,
        )


@pytest.mark.parametrize("role", ["staff", "reseller", "customer"])
def test_only_the_operator_makes_resellers(world: World, role: str) -> None:
    with refused("forbidden"):
        services.set_reseller(
            actor=world.actor(role),
            now=world.now,
            customer=world.customers["stranger"],
            is_reseller=True,
        )


def test_a_contact_address_in_a_hosted_domain_is_refused(company: Company) -> None:
    company.domain("a.example")
    with refused("address-inside"):
        company.add_customer("Ben", email="ben@a.example")
    with refused("address-inside"):
        services.update_customer(**company.who, customer=company.customer, email="x@A.example")


def test_a_package_gives_its_limits_and_changes_nobody_until_it_is_given_anew(
    company: Company,
) -> None:
    small = services.create_package(**company.who, name="Small", quota=1000, mailbox_limit=2)
    ben = company.add_customer("Ben", package=small)
    assert (ben.quota, ben.mailbox_limit, ben.domain_limit) == (1000, 2, None)
    services.update_package(
        **company.who, package=small, name="Small", quota=2000, mailbox_limit=5, domain_limit=1
    )
    ben.refresh_from_db()
    assert ben.quota == 1000
    assert services.apply_package(**company.who, package=small) == 1
    assert services.apply_package(**company.who, package=small) == 0
    ben.refresh_from_db()
    assert (ben.quota, ben.mailbox_limit, ben.domain_limit) == (2000, 5, 1)
    services.remove_package(**company.who, package=small)
    ben.refresh_from_db()
    assert (ben.quota, ben.package) == (2000, None)
    assert audit_trail(company.actor, kind="package")[0].verb == "package.remove"


def test_limits_of_its_own_take_a_customer_out_of_its_package(company: Company) -> None:
    small = services.create_package(**company.who, name="Small", quota=1000)
    ben = company.add_customer("Ben", package=small)
    services.update_customer(**company.who, customer=ben, name="Benjamin")
    assert ben.package == small
    services.update_customer(**company.who, customer=ben, quota=2000)
    assert ben.package is None


def test_a_package_has_one_name_and_is_given_by_whose_it_is(world: World) -> None:
    rita = {"actor": world.actor("reseller"), "now": world.now}
    olga = {"actor": world.actor("operator"), "now": world.now}
    hers = services.create_package(**rita, name="Small")
    services.create_package(**olga, name="Small")
    with refused("package-exists"):
        services.create_package(**rita, name="small")
    with refused("package-unknown"):
        services.create_customer(**olga, name="New", package=hers)
    with refused("object-unknown"):
        services.update_package(
            actor=world.actor("reseller"), now=world.now, package=Package.objects.get(owner=None),
            name="x", quota=0, mailbox_limit=None, domain_limit=None,
        )  # fmt: skip


@pytest.fixture
def names(settings: object) -> None:
    """The panel answers under three names."""
    settings.MAILSTEAD = settings.MAILSTEAD.__replace__(  # type: ignore[attr-defined]
        web=Web(hostnames=("panel.example", "mail.ritas.example", "other.example"))
    )


class TestBrands:
    """What a brand may be."""

    def set(self, world: World, **more: object) -> Brand:
        return services.set_brand(
            actor=world.actor("reseller"),
            now=world.now,
            customer=world.customers["reseller"],
            **{"name": "Rita's Mail", **more},  # type: ignore[arg-type]
        )

    @pytest.mark.parametrize("accent", ["red", "#12345", "#12345g", "1f5fbf", "#fff"])
    def test_a_colour_that_is_none_is_refused(self, world: World, accent: str) -> None:
        with refused("colour-invalid"):
            self.set(world, accent=accent)

    def test_a_colour_on_which_white_cannot_be_read_is_refused(self, world: World) -> None:
        assert self.set(world, accent="#767676").accent == "#767676"
        with refused("colour-too-light"):
            self.set(world, accent="#777777")

    @pytest.mark.parametrize(
        "logo",
        [b"<svg onload=alert(1)>", b"GIF89a" + b"\0" * 60, b"\x89PNG\r\n\x1a\n", b"RIFFxxxxWEBP"],
    )
    def test_a_logo_is_what_its_bytes_say(self, world: World, logo: bytes) -> None:
        with refused("logo-invalid"):
            self.set(world, logo=logo)

    def test_a_large_logo_is_refused(self, world: World) -> None:
        with refused("logo-too-large"):
            self.set(world, logo=png(1001, 10))
        with refused("logo-too-large"):
            self.set(world, logo=png(10, 10) + b"\0" * 102_400)

    def test_a_logo_stays_until_it_is_replaced_or_taken_away(self, world: World) -> None:
        self.set(world, logo=png(20, 10))
        assert self.set(world).logo_type == "image/png"
        assert self.set(world, no_logo=True).logo_type == ""
        trail = audit_trail(world.actor("reseller"), kind="brand")
        assert "bytes, SHA-256" in trail[0].before["logo"]  # type: ignore[index]

    @pytest.mark.usefixtures("names")
    def test_host_names_are_the_panels_and_of_one_brand(self, world: World) -> None:
        self.set(world, hostnames=["mail.ritas.example"])
        with refused("hostname-unknown"):
            self.set(world, hostnames=["strange.example"])
        with refused("hostname-unknown"):
            self.set(world, hostnames=["panel.example"])
        who = {"actor": world.actor("operator"), "now": world.now}
        other = services.create_customer(**who, name="Ron", is_reseller=True)
        with refused("hostname-taken"):
            services.set_brand(
                **who, customer=other, name="Ron's", hostnames=["mail.ritas.example"]
            )

    def test_a_plain_customer_has_no_brand(self, world: World) -> None:
        with refused("brand-of-resellers"):
            services.set_brand(
                actor=world.actor("operator"),
                now=world.now,
                customer=world.customers["stranger"],
                name="Eve's",
            )

    def test_another_resellers_brand_is_not_there(self, world: World) -> None:
        who = {"actor": world.actor("operator"), "now": world.now}
        other = services.create_customer(**who, name="Ron", is_reseller=True)
        with refused("object-unknown"):
            services.set_brand(
                actor=world.actor("reseller"), now=world.now, customer=other, name="Mine"
            )
