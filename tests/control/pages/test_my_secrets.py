"""A mailbox's passwords and sign-ins: own password, recovery, app passwords, who came in."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from mailstead.control.hosting import services
from mailstead.control.hosting.models import AppPassword, Mailbox, SignIn
from mailstead.standards import password as passwords
from mailstead.wire.orders import AnyOrder, EndSessions, SessionsEnded
from tests.control.hosting.test_node_orders import node
from tests.control.pages.test_acting import enter
from tests.control.world import PASSWORD, World

NEW = "a wholly other sentence"


def seen(world: World, **values: Any) -> SignIn:
    at = world.now - dt.timedelta(hours=2)
    plain: dict[str, Any] = {
        "mailbox": world.mailboxes["main"],
        "protocol": "imap",
        "address": "192.0.2.14",
        "credential": world.mailboxes["main"].credential,
        "failed": False,
        "count": 3,
        "first_at": at,
        "last_at": at,
    }
    return SignIn.objects.create(**(plain | values))


def test_a_new_password_keeps_this_browser_and_ends_the_others(world: World) -> None:
    here, there = world.client("mailbox"), world.client("mailbox")
    answer = here.post("/my/password/", {"password": NEW, "again": NEW})
    assert answer.status_code == 302
    page = here.get("/my/password/")
    assert page.status_code == 200
    assert "Your new password holds." in page.content.decode()
    assert there.get("/my/rules/").status_code == 302
    mailbox = Mailbox.objects.get(pk=world.mailboxes["main"].pk)
    assert passwords.verify(NEW, mailbox.secret)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"password": NEW, "again": NEW + "!"}, "The two are not the same."),
        ({"password": "short", "again": "short"}, "10"),
    ],
)
def test_a_wrong_new_password_changes_nothing(
    world: World, sent: dict[str, str], words: str
) -> None:
    client = world.client("mailbox")
    page = client.post("/my/password/", sent).content.decode()
    assert words in page
    mailbox = Mailbox.objects.get(pk=world.mailboxes["main"].pk)
    assert passwords.verify(PASSWORD, mailbox.secret)


def test_an_old_sign_in_must_give_the_password_again_first(world: World) -> None:
    client = world.client("mailbox")
    session = client.session
    for method in session["account_authentication_methods"]:
        method["at"] -= 3600
    session.save()
    answer = client.get("/my/password/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/reauthenticate/")
    answer = client.post(answer.headers["Location"], {"password": PASSWORD})
    assert answer.headers["Location"] == "/my/password/"
    assert client.get("/my/password/").status_code == 200


def test_the_recovery_address_lies_outside(world: World) -> None:
    client = world.client("mailbox")
    page = client.post("/my/password/recovery/", {"recovery-address": "box@shop.example"})
    assert page.status_code == 200
    assert "This could not be done yet." in page.content.decode()
    answer = client.post("/my/password/recovery/", {"recovery-address": "mia@outside.example"})
    assert answer.status_code == 302
    assert Mailbox.objects.get(pk=world.mailboxes["main"].pk).recovery_address == (
        "mia@outside.example"
    )
    assert "You have no recovery address" not in client.get("/").content.decode()


def test_the_own_password_page_is_the_mailbox_users_alone(world: World) -> None:
    assert world.client("customer").get("/my/password/").status_code == 404


def test_an_app_password_is_shown_once_beside_the_settings(world: World) -> None:
    client = world.client("mailbox")
    answer = client.post("/my/apps/add/", {"name": "Phone", "protocols": ["imap", "smtp"]})
    page = answer.content.decode()
    secret = re.search(r"<code>([a-z0-9]{4}(?:-[a-z0-9]{4}){5})</code>", page)
    assert secret
    assert "node1.example" in page
    assert answer.headers["Cache-Control"] == "no-store"
    app = AppPassword.objects.get()
    assert (app.name, app.protocols) == ("Phone", ["imap", "smtp"])
    listed = client.get("/my/apps/").content.decode()
    assert "Phone" in listed
    assert "never" in listed
    assert secret.group(1) not in listed
    again = client.post("/my/apps/add/", {"name": "Phone"}).content.decode()
    assert "There is an app password &#x27;Phone&#x27; already." in again


def test_an_app_password_says_when_it_was_last_used(world: World) -> None:
    app, _ = services.create_app_password(
        actor=world.actor("mailbox"), now=world.now, mailbox=world.mailboxes["main"], name="Phone"
    )
    seen(world, credential=app.credential)
    seen(world, credential=app.credential, protocol="smtp",
         last_at=world.now - dt.timedelta(days=3))  # fmt: skip
    assert "2 hours ago" in world.client("mailbox").get("/my/apps/").content.decode()


def test_an_app_password_is_removed_after_a_question(world: World) -> None:
    app, _ = services.create_app_password(
        actor=world.actor("mailbox"), now=world.now, mailbox=world.mailboxes["main"], name="Phone"
    )
    client = world.client("customer")
    path = f"/mailboxes/{world.mailboxes['main'].pk}/apps/{app.pk}/remove/"
    assert "Remove the app password “Phone”" in client.get(path).content.decode()
    assert client.post(path).status_code == 302
    assert not AppPassword.objects.exists()
    assert client.get(path).status_code == 404


def test_an_app_password_of_another_mailbox_is_not_there(world: World) -> None:
    other = world.mailboxes["other"]
    app, _ = services.create_app_password(
        actor=world.actor("operator"), now=world.now, mailbox=other, name="Phone"
    )
    assert world.client("mailbox").post(f"/my/apps/{app.pk}/remove/").status_code == 404
    number = world.mailboxes["main"].pk
    path = f"/mailboxes/{number}/apps/{app.pk}/remove/"
    assert world.client("customer").post(path).status_code == 404
    assert AppPassword.objects.exists()


def test_who_acts_in_anothers_place_makes_no_secret_and_reads_no_mail(world: World) -> None:
    client = enter(world, "operator")
    number = world.mailboxes["main"].pk
    page = client.get(f"/mailboxes/{number}/apps/").content.decode()
    assert "Make an app password" not in page
    assert client.post(f"/mailboxes/{number}/apps/add/", {"name": "X"}).status_code == 403
    assert client.get(f"/mailboxes/{number}/rules/test/").status_code == 403
    assert not AppPassword.objects.exists()


def test_sign_ins_say_what_from_where_and_with_which_password(world: World) -> None:
    app, _ = services.create_app_password(
        actor=world.actor("mailbox"), now=world.now, mailbox=world.mailboxes["main"], name="Phone"
    )
    seen(world)
    seen(world, credential=app.credential, protocol="smtp")
    seen(world, credential=9_999_999, address="198.51.100.7")
    seen(world, credential=0, failed=True, address="203.0.113.66")
    client = world.client("mailbox")
    page = client.get("/my/sign-ins/").content.decode()
    good, _, bad = page.partition("Tries with a wrong password")
    for words in ("the mailbox&#x27;s password", "the app password “Phone”", "an earlier password"):
        assert words in good
    assert "203.0.113.66" not in good
    assert "203.0.113.66" in bad
    found = client.get("/my/sign-ins/?q=198.51").content.decode()
    assert "198.51.100.7" in found
    assert "192.0.2.14" not in found
    csv = b"".join(client.get("/my/sign-ins/?export=csv"))  # type: ignore[call-overload]
    assert csv.count(b"\r\n") == 5
    assert b"203.0.113.66" in csv


@pytest.mark.django_db(transaction=True)
def test_all_connections_end_after_a_question(world: World) -> None:
    client = world.client("mailbox")
    asked: list[AnyOrder] = []

    def answer(order: AnyOrder) -> SessionsEnded:
        asked.append(order)
        return SessionsEnded(count=2)

    assert "change the password" in client.get("/my/sign-ins/end/").content.decode()
    with node(answer):
        page = client.post("/my/sign-ins/end/", follow=True).content.decode()
    assert "2 connections were ended." in page
    assert asked == [EndSessions(address="mia@cars.example")]
