"""Invitations and lost passwords: links that lead home, once, for a while, and tell nothing."""

from __future__ import annotations

import re

import pytest

from mailstead.control.people import services as people
from mailstead.control.people.models import Membership, OutgoingMail, Person
from mailstead.standards.refusal import Refusal
from tests.control.world import HOST, OUTSIDE, PASSWORD, World

NEW = "another horse battery"


def link_in_the_last_mail(recipient: str) -> str:
    mail = OutgoingMail.objects.filter(recipient=recipient).latest("pk")
    (link,) = re.findall(r"https://\S+", mail.text)
    assert link.startswith(f"https://{HOST}/")
    return link.removeprefix(f"https://{HOST}")


def ask(world: World, address: str, **headers: str) -> bytes:
    answer = world.client(None).post(
        "/account/password/reset/", {"email": address}, headers=headers, follow=True
    )
    assert answer.status_code == 200
    return answer.content


@pytest.mark.parametrize("forged", [{"x-forwarded-host": "evil.example"}, {}])
def test_a_reset_link_leads_to_the_configured_name(world: World, forged: dict[str, str]) -> None:
    ask(world, f"carl@{OUTSIDE}", **forged)
    link_in_the_last_mail(f"carl@{OUTSIDE}")


def test_a_forged_host_is_refused(world: World) -> None:
    answer = world.client(None).post(
        "/account/password/reset/",
        {"email": f"carl@{OUTSIDE}"},
        headers={"host": "evil.example"},
    )
    assert answer.status_code == 400
    assert not OutgoingMail.objects.filter(recipient=f"carl@{OUTSIDE}").exists()


def test_a_person_sets_a_new_password_by_the_mailed_link_once(world: World) -> None:
    ask(world, f"carl@{OUTSIDE}")
    link = link_in_the_last_mail(f"carl@{OUTSIDE}")
    client = world.client(None)
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    carl = Person.objects.get(email=f"carl@{OUTSIDE}")
    assert carl.check_password(NEW)
    again = world.client(None).get(link, follow=True)
    assert b"password1" not in again.content


def test_the_answer_is_the_same_for_who_is_not_known(world: World) -> None:
    known = ask(world, f"carl@{OUTSIDE}")
    unknown = ask(world, f"nobody@{OUTSIDE}")
    mailbox = ask(world, "mia@cars.example")
    strip = re.compile(rb'value="[A-Za-z0-9]{64}"')
    assert strip.sub(b"", known) == strip.sub(b"", unknown) == strip.sub(b"", mailbox)


def test_a_lost_mailbox_is_never_written_to_itself(world: World) -> None:
    world.client("mailbox")
    ask(world, "mia@cars.example")
    assert not OutgoingMail.objects.filter(recipient="mia@cars.example").exists()


def test_a_mailbox_is_won_back_by_its_recovery_address(world: World) -> None:
    mia = world.mailboxes["main"]
    mia.recovery_address = f"mia.private@{OUTSIDE}"
    mia.save()
    open_window = world.client("mailbox")
    ask(world, "mia@cars.example")
    link = link_in_the_last_mail(f"mia.private@{OUTSIDE}")
    answer = world.client(None).post(link, {"password": NEW})
    assert answer.status_code == 302
    fresh = world.client(None).post(
        "/account/login/", {"login": "mia@cars.example", "password": NEW}
    )
    assert fresh.status_code == 302
    assert world.client(None).post(link, {"password": PASSWORD}).status_code == 422
    # Whoever was in with the old password is out.
    assert open_window.get("/domains/").status_code == 302


def test_somebody_who_tries_passwords_is_slowed_down(world: World) -> None:
    client = world.client(None)
    wrong = {"login": f"carl@{OUTSIDE}", "password": "wrong password here"}
    answers = [client.post("/account/login/", wrong).content.decode() for _ in range(6)]
    assert "Too many" in answers[-1]
    right = {"login": f"carl@{OUTSIDE}", "password": PASSWORD}
    assert "Too many" in client.post("/account/login/", right).content.decode()


def test_an_invitation_makes_a_member_once(world: World) -> None:
    carl = world.customers["customer"]
    people.invite(
        actor=world.actor("customer"),
        now=world.now,
        email=f"cora@{OUTSIDE}",
        role="customer",
        customer=carl.pk,
    )
    link = link_in_the_last_mail(f"cora@{OUTSIDE}")
    client = world.client(None)
    assert client.post(link, {"name": "Cora", "password": "short"}).status_code == 200
    assert client.post(link, {"name": "Cora", "password": NEW}).status_code == 302
    member = Membership.objects.get(person__email=f"cora@{OUTSIDE}")
    assert (member.role, member.customer) == ("customer", carl.pk)
    assert client.post(link, {"name": "Cora", "password": NEW}).status_code == 422


@pytest.mark.parametrize("role", ["operator", "staff", "reseller"])
def test_nobody_gives_more_than_they_have(world: World, role: str) -> None:
    with pytest.raises(Refusal) as refused:
        people.invite(
            actor=world.actor("customer"),
            now=world.now,
            email=f"x@{OUTSIDE}",
            role=role,
            customer=None if role != "reseller" else world.customers["customer"].pk,
        )
    assert refused.value.code == "role-invalid"


def test_the_last_with_full_rights_stays(world: World) -> None:
    member = Membership.objects.get(person=world.people["customer"])
    with pytest.raises(Refusal) as refused:
        people.remove_member(actor=world.actor("operator"), now=world.now, membership=member)
    assert refused.value.code == "last-member"
