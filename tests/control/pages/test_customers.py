"""Pages of customers, packages and brands, as operator, staff and resellers ask for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mailstead.config import Web
from mailstead.control.hosting import services
from mailstead.control.hosting.models import Brand, Customer, Package
from mailstead.control.people.models import Invitation, Membership, OutgoingMail
from tests.control.hosting.test_resellers import png
from tests.control.world import World

Bounded = Callable[[int], Any]


def text(client: Client, path: str, **values: Any) -> str:
    answer = client.get(path, values)
    assert answer.status_code == 200, (path, answer.status_code)
    body: str = answer.content.decode()
    return body


def many(world: World, count: int) -> None:
    """More customers, each with a domain and mailboxes."""
    who = {"actor": world.actor("operator"), "now": world.now}
    for n in range(count):
        customer = services.create_customer(**who, name=f"Customer {n:03}")
        services.create_domain(
            **who, name=f"c{n}.example", customer=customer, server=world.server, dkim=False
        )


@pytest.mark.parametrize("role", ["operator", "reseller"])
def test_the_list_asks_few_questions_however_long_it_is(
    world: World, role: str, django_assert_max_num_queries: Bounded
) -> None:
    many(world, 60)
    client = world.client(role)
    client.get("/customers/")
    with django_assert_max_num_queries(15):
        client.get("/customers/")


def test_the_list_is_searched_sorted_turned_and_exported(world: World) -> None:
    many(world, 60)
    client = world.client("operator")
    page = text(client, "/customers/")
    assert "63 rows" in page and "Page 1" in page
    assert "Eve&#x27;s Shop" in text(client, "/customers/", q="eve")
    assert "Customer 001" not in text(client, "/customers/", q="eve")
    assert "No customer matches" in text(client, "/customers/", q="nobody")
    for sort in ("-name", "reseller", "used", "-used", "created"):
        assert "rows" in text(client, "/customers/", sort=sort)
    lines = b"".join(
        client.get("/customers/", {"export": "csv", "q": "shop"}).streaming_content  # type: ignore[attr-defined]
    ).decode()
    assert lines.splitlines()[1].startswith(f"{world.customers['stranger'].pk},Eve's Shop,")
    assert lines.splitlines()[1].endswith(",1,1,0,0,active")


def test_a_reseller_sees_the_own_customers_and_not_itself(world: World) -> None:
    page = text(world.client("reseller"), "/customers/")
    assert "Carl&#x27;s Cars" in page
    assert "Eve&#x27;s Shop" not in page
    assert f'scope="row"><a href="/customers/{world.customers["reseller"].pk}/"' not in page


def test_another_resellers_customer_is_not_there(world: World) -> None:
    client = world.client("reseller")
    number = world.customers["stranger"].pk
    for part in ("", "edit/", "suspend/", "resume/", "remove/"):
        assert client.get(f"/customers/{number}/{part}").status_code == 404
        assert client.post(f"/customers/{number}/{part}", {"reason": "x"}).status_code == 404
    assert not Customer.objects.get(pk=number).suspended


def test_a_reseller_does_not_change_the_own_limits(world: World) -> None:
    client = world.client("reseller")
    number = world.customers["reseller"].pk
    assert "Change limits" not in text(client, f"/customers/{number}/")
    assert client.get(f"/customers/{number}/edit/").status_code == 404


def test_a_customer_is_made_and_invited_without_scripts(world: World) -> None:
    client = world.client("reseller")
    form = text(client, "/customers/add/")
    assert "Is a reseller" not in form
    answer = client.post(
        "/customers/add/",
        {"name": "Nina", "email": "nina@outside.example", "quota": "5 GiB", "invite": "on"},
        follow=True,
    )
    made = Customer.objects.get(name="Nina")
    assert (made.reseller, made.quota) == (world.customers["reseller"], 5 * 2**30)
    assert "the invitation is on its way to nina@outside.example" in answer.content.decode()
    assert Invitation.objects.get(customer=made.pk).role == "customer"
    assert OutgoingMail.objects.filter(recipient="nina@outside.example").exists()


def test_what_is_refused_is_said_and_makes_nothing(world: World) -> None:
    client = world.client("operator")
    count = Customer.objects.count()
    for values, words in (
        ({"name": "Nina", "email": "nina@cars.example"}, "in a domain that is hosted here"),
        ({"name": "carl's cars"}, "already"),
        ({"name": "Nina", "invite": "on"}, "An invitation needs a contact address"),
        ({"name": "Nina", "quota": "lots"}, "is not a size"),
        ({"name": ""}, "required"),
    ):
        answer = client.post("/customers/add/", values)
        assert answer.status_code == 200
        assert words in answer.content.decode()
    assert Customer.objects.count() == count


def test_limits_are_changed_and_a_limit_is_taken_away(world: World) -> None:
    client = world.client("operator")
    number = world.customers["stranger"].pk
    client.post(f"/customers/{number}/edit/", {"name": "Eve", "mailbox_limit": "7"})
    assert Customer.objects.get(pk=number).mailbox_limit == 7
    client.post(f"/customers/{number}/edit/", {"name": "Eve", "mailbox_limit": ""})
    customer = Customer.objects.get(pk=number)
    assert (customer.name, customer.mailbox_limit, customer.email) == ("Eve", None, "")


def test_a_suspension_says_what_will_happen_and_why_it_did(world: World) -> None:
    client = world.client("operator")
    path = f"/customers/{world.customers['reseller'].pk}/"
    asked = text(client, f"{path}suspend/")
    assert "Mail is still received" in asked
    assert "of all its customers" in asked
    client.post(f"{path}suspend/", {"reason": "<b>unpaid</b>"})
    assert "&lt;b&gt;unpaid&lt;/b&gt;" in text(client, path)
    below = text(client, f"/customers/{world.customers['customer'].pk}/")
    assert "provider suspended" in below
    client.post(f"{path}resume/")
    assert not Customer.objects.get(pk=world.customers["reseller"].pk).suspended


def test_a_customer_with_domains_is_not_removed_and_an_empty_one_is(world: World) -> None:
    client = world.client("operator")
    answer = client.post(f"/customers/{world.customers['stranger'].pk}/remove/")
    assert "still has domains" in answer.content.decode()
    empty = services.create_customer(actor=world.actor("operator"), now=world.now, name="Empty")
    assert (
        "Empty is removed"
        in client.post(f"/customers/{empty.pk}/remove/", follow=True).content.decode()
    )
    assert not Customer.objects.filter(pk=empty.pk).exists()


def test_the_operator_makes_a_reseller_and_staff_does_not(world: World) -> None:
    path = f"/customers/{world.customers['stranger'].pk}/reseller/"
    assert world.client("staff").post(path).status_code == 403
    world.client("operator").post(path)
    assert Customer.objects.get(pk=world.customers["stranger"].pk).is_reseller
    assert Membership.objects.get(customer=world.customers["stranger"].pk).role == "reseller"


def test_a_customer_sees_its_own_page_and_no_acts(world: World) -> None:
    client = world.client("customer")
    page = text(client, f"/customers/{world.customers['customer'].pk}/")
    assert "no limit" in page
    for word in ("Suspend", "Act in their place", "Change limits", "Rita"):
        assert word not in page


class TestPackages:
    """Packages in the panel."""

    def test_a_package_is_made_changed_given_anew_and_removed(self, world: World) -> None:
        client = world.client("reseller")
        assert "No package yet" in text(client, "/packages/")
        client.post("/packages/add/", {"name": "Small", "quota": "1G", "mailbox_limit": "5"})
        package = Package.objects.get(name="Small")
        assert package.owner == world.customers["reseller"]
        number = world.customers["customer"].pk
        client.post(f"/customers/{number}/edit/", {"name": "Carl's Cars", "package": package.pk})
        carl = Customer.objects.get(pk=number)
        assert (carl.package, carl.mailbox_limit) == (package, 5)
        answer = client.post(
            f"/packages/{package.pk}/", {"name": "Small", "quota": "2G", "mailbox_limit": "6"}
        )
        assert answer.headers["Location"] == f"/packages/{package.pk}/give/"
        assert "Give it to the 1 customer who has it" in text(
            client, f"/packages/{package.pk}/give/"
        )
        client.post(f"/packages/{package.pk}/give/")
        assert Customer.objects.get(pk=number).mailbox_limit == 6
        client.post(f"/packages/{package.pk}/remove/")
        assert Customer.objects.get(pk=number).package is None

    def test_the_companys_packages_are_not_a_resellers(self, world: World) -> None:
        made = services.create_package(
            actor=world.actor("operator"), now=world.now, name="Company's own"
        )
        client = world.client("reseller")
        assert "Company" not in text(client, "/packages/")
        for part in ("", "give/", "remove/"):
            assert client.post(f"/packages/{made.pk}/{part}", {"name": "x"}).status_code == 404

    def test_the_list_asks_few_questions(
        self, world: World, django_assert_max_num_queries: Bounded
    ) -> None:
        who = {"actor": world.actor("operator"), "now": world.now}
        for n in range(55):
            services.create_package(**who, name=f"P{n}")
        client = world.client("operator")
        client.get("/packages/")
        with django_assert_max_num_queries(12):
            client.get("/packages/")


class TestBrand:
    """A reseller's brand in the panel."""

    @pytest.fixture(autouse=True)
    def names(self, settings: Any) -> None:
        names = ("panel.example", "mail.ritas.example")
        settings.MAILSTEAD = settings.MAILSTEAD.__replace__(web=Web(hostnames=names))
        settings.ALLOWED_HOSTS = list(names)

    def save(self, client: Client, **more: Any) -> Any:
        values = {"name": "Rita's Mail", "accent": "#8A1C5C", **more}
        return client.post("/brand/", values, follow=True)

    def test_it_is_seen_by_whoever_is_below_and_by_nobody_else(self, world: World) -> None:
        self.save(world.client("reseller"))
        for role in ("customer", "domain_admin", "mailbox"):
            assert "Rita&#x27;s Mail" in text(world.client(role), "/profile/")
        assert "Rita&#x27;s Mail" not in text(world.client("stranger"), "/profile/")

    def test_its_colour_is_a_style_sheet_for_light_and_dark(self, world: World) -> None:
        self.save(world.client("reseller"))
        brand = Brand.objects.get()
        client = world.client(None)
        answer = client.get(f"/brand/{brand.pk}.css")
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        sheet = answer.content.decode()
        assert ":root { --accent: #8a1c5c; }" in sheet
        assert 'data-theme="dark"' in sheet
        again = client.get(
            f"/brand/{brand.pk}.css", headers={"if-none-match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
        assert client.get("/brand/99999.css").status_code == 404

    def test_its_logo_runs_nothing(self, world: World) -> None:
        client = world.client("reseller")
        self.save(client, logo=SimpleUploadedFile("x.html", png(20, 10), "text/html"))
        answer = world.client(None).get(f"/brand/{Brand.objects.get().pk}/logo")
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert self.save(client, no_logo="on").status_code == 200
        assert world.client(None).get(f"/brand/{Brand.objects.get().pk}/logo").status_code == 404

    def test_what_is_refused_is_said(self, world: World) -> None:
        client = world.client("reseller")
        svg = SimpleUploadedFile("x.png", b"<svg onload=alert(1)/>", "image/png")
        assert "not a PNG or WebP" in self.save(client, logo=svg).content.decode()
        assert "hard to read" in self.save(client, accent="#ffff00").content.decode()
        assert not Brand.objects.exists()

    def test_its_host_name_shows_it_before_anybody_has_signed_in(self, world: World) -> None:
        assert "adds the name and its certificate first" in text(
            world.client("reseller"), "/brand/"
        )
        self.save(world.client("reseller"), hostnames=["mail.ritas.example"])
        client = world.client(None)
        page = client.get("/account/login/", headers={"host": "mail.ritas.example"})
        assert "Rita&#x27;s Mail" in page.content.decode()
        assert "Rita" not in client.get("/account/login/").content.decode()

    def test_the_company_sets_it_too(self, world: World) -> None:
        client = world.client("operator")
        number = world.customers["reseller"].pk
        assert "Rita&#x27;s Hosting" in text(client, "/brand/")
        client.post(f"/brand/of/{number}/", {"name": "By the company"})
        assert Brand.objects.get().name == "By the company"
        stranger = world.customers["stranger"].pk
        assert client.get(f"/brand/of/{stranger}/").status_code == 404
        assert world.client("reseller").get(f"/brand/of/{stranger}/").status_code == 404
