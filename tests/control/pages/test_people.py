"""People and rights: who is invited to what, who may change whom, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from mailstead.control.people import services as people
from mailstead.control.people.models import Invitation, Membership, OutgoingMail
from tests.control.world import OUTSIDE, PASSWORD, World

Bounded = Callable[[int], Any]


def test_a_customer_sees_the_own_people_and_who_is_invited(
    world: World, django_assert_max_num_queries: Bounded
) -> None:
    client = world.client("customer")
    client.get("/people/")
    with django_assert_max_num_queries(15):
        page = client.get("/people/").content.decode()
    assert f"carl@{OUTSIDE}" in page
    assert f"dora@{OUTSIDE}" in page and "cars.example" in page
    assert f"new-customer@{OUTSIDE}" in page
    assert "eve@" not in page


def test_an_invitation_goes_out_and_can_be_withdrawn(world: World) -> None:
    client = world.client("customer")
    domain = world.domains["other"].pk
    asked = {"email": f"pia@{OUTSIDE}", "role": "domain_admin", "domains": [domain]}
    answer = client.post("/people/invite/", asked, follow=True)
    assert f"An invitation is on its way to pia@{OUTSIDE}." in answer.content.decode()
    assert OutgoingMail.objects.get(recipient=f"pia@{OUTSIDE}").text
    made = Invitation.objects.get(email=f"pia@{OUTSIDE}")
    assert (made.role, made.domains) == ("domain_admin", [domain])
    client.post(f"/people/invitations/{made.pk}/")
    assert not Invitation.objects.filter(pk=made.pk).exists()


@pytest.mark.parametrize(
    ("email", "role", "words"),
    [
        ("pia@cars.example", "customer", "is in a domain that is hosted here"),
        ("pia@shop.example", "customer", "is in a domain that is hosted here"),
        (f"pia@{OUTSIDE}", "domain_admin", "needs at least one domain"),
        (f"pia@{OUTSIDE}", "operator", "Select a valid choice"),
        (f"carl@{OUTSIDE}", "customer", "has a log-in here already"),
    ],
)
def test_an_invitation_that_cannot_be_says_why(
    world: World, email: str, role: str, words: str
) -> None:
    before = Invitation.objects.count()
    answer = world.client("customer").post("/people/invite/", {"email": email, "role": role})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Invitation.objects.count() == before


def test_rights_are_changed_and_taken_away(world: World) -> None:
    client = world.client("customer")
    dora = Membership.objects.get(person=world.people["domain_admin"])
    client.post(
        f"/people/{dora.pk}/", {"role": "domain_admin", "domains": [world.domains["other"].pk]}
    )
    dora.refresh_from_db()
    assert dora.domains == [world.domains["other"].pk]
    page = client.get(f"/people/{dora.pk}/remove/").content.decode()
    assert "Their sessions and API tokens end at once." in page
    client.post(f"/people/{dora.pk}/remove/")
    assert not Membership.objects.filter(pk=dora.pk).exists()


def test_a_domain_of_somebody_else_is_given_to_nobody(world: World) -> None:
    dora = Membership.objects.get(person=world.people["domain_admin"])
    foreign = world.domains["stranger"].pk
    answer = world.client("customer").post(
        f"/people/{dora.pk}/", {"role": "domain_admin", "domains": [foreign]}
    )
    assert "Select a valid choice" in answer.content.decode()
    dora.refresh_from_db()
    assert foreign not in dora.domains


@pytest.mark.parametrize("act", ["", "remove/"])
def test_staff_does_not_touch_an_operator(world: World, act: str) -> None:
    people.create_member(
        actor=world.actor("operator"),
        now=timezone.now(),
        email=f"otto@{OUTSIDE}",
        password=PASSWORD,
        role="operator",
        customer=None,
    )
    otto = Membership.objects.get(person__email=f"otto@{OUTSIDE}")
    answer = world.client("staff").post(f"/people/{otto.pk}/{act}", {"role": "staff"})
    assert "They have more rights than you." in answer.content.decode()
    otto.refresh_from_db()
    assert otto.role == "operator"


def test_staff_withdraws_no_operators_invitation(world: World) -> None:
    made = people.invite(
        actor=world.actor("operator"),
        now=timezone.now(),
        email=f"otto@{OUTSIDE}",
        role="operator",
        customer=None,
    )
    answer = world.client("staff").post(f"/people/invitations/{made.pk}/")
    assert "They have more rights than you." in answer.content.decode()
    assert Invitation.objects.filter(pk=made.pk).exists()


def test_who_stands_above_manages_a_customers_people(world: World) -> None:
    carl = world.customers["customer"].pk
    page = world.client("reseller").get(f"/customers/{carl}/people/").content.decode()
    assert f"carl@{OUTSIDE}" in page
    stranger = world.customers["stranger"].pk
    assert world.client("reseller").get(f"/customers/{stranger}/people/").status_code == 404
    asked = {"email": f"pia@{OUTSIDE}", "role": "customer"}
    world.client("reseller").post(f"/customers/{carl}/people/invite/", asked)
    assert Invitation.objects.get(email=f"pia@{OUTSIDE}").customer == carl


def test_a_second_factor_is_demanded_and_no_longer(world: World) -> None:
    client = world.client("reseller")
    customer = world.customers["customer"].pk
    path, known = "/people/second-factor/", {"customer": customer}
    answer = client.post(path, {**known, "demanded": "on"}, follow=True)
    assert "A second factor is demanded of everybody now." in answer.content.decode()
    answer = client.post(path, known, follow=True)
    assert "everybody&#x27;s own choice" in answer.content.decode()
    assert client.post(path, {"customer": world.customers["stranger"].pk}).status_code == 404
