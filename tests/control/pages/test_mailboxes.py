"""Mailboxes: found, made, changed, suspended, removed, and their welcome sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.standards.password import verify
from tests.control.world import OUTSIDE, PASSWORD, World

Bounded = Callable[[int], Any]


def many(world: World, count: int) -> None:
    """More mailboxes of Carl's, the last ones nearly full."""
    Mailbox.objects.bulk_create(
        Mailbox(
            domain=world.domains["main"],
            local=f"m{n:03}",
            secret="-",
            credential=10_000 + n,
            quota=1000,
            usage_bytes=n * 16,
        )
        for n in range(count)
    )


@pytest.mark.parametrize("role", ["operator", "reseller", "customer", "domain_admin"])
def test_the_list_asks_few_questions_however_long_it_is(
    world: World, role: str, django_assert_max_num_queries: Bounded
) -> None:
    many(world, 60)
    client = world.client(role)
    client.get("/mailboxes/")
    with django_assert_max_num_queries(15):
        client.get("/mailboxes/")


@pytest.mark.parametrize(
    ("asked", "found", "other"),
    [
        ("m00", "m007@cars.example", "mia@cars.example"),
        ("MIA@", "mia@cars.example", "m007@cars.example"),
        ("mia@cars.example", "mia@cars.example", "m007@cars.example"),
        ("mia@ca", "mia@cars.example", "m007@cars.example"),
        ("truck", "box@trucks.example", "mia@cars.example"),
        ("@trucks.example", "box@trucks.example", "mia@cars.example"),
        ("shop", "No mailbox matches.", "box@shop.example"),
        ("%", "No mailbox matches.", "mia@cars.example"),
    ],
)
def test_a_mailbox_is_found_by_the_beginning_of_what_one_knows(
    world: World, asked: str, found: str, other: str
) -> None:
    many(world, 60)
    page = world.client("customer").get("/mailboxes/", {"q": asked}).content.decode()
    assert found in page and f">{other}<" not in page


def test_the_list_is_sorted_narrowed_turned_and_exported(world: World) -> None:
    many(world, 60)
    client = world.client("customer")
    page = client.get("/mailboxes/").content.decode()
    assert "62 rows" in page and "Page 1" in page
    assert "m059" in client.get("/mailboxes/", {"page": "2"}).content.decode()
    fullest = client.get("/mailboxes/", {"sort": "-usage"}).content.decode()
    assert fullest.index("m059@") < fullest.index("m058@")
    full = client.get("/mailboxes/", {"state": "full"}).content.decode()
    assert "m059@" in full and "m001@" not in full
    assert "No mailbox matches." in client.get("/mailboxes/?state=suspended").content.decode()
    file = client.get("/mailboxes/", {"export": "csv", "q": "m01"})
    lines = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert "m010@cars.example" in lines and "m020@" not in lines and "-," not in lines


def test_a_password_that_was_made_is_shown_once(world: World) -> None:
    client = world.client("customer")
    asked = {"local": "ann", "domain": "cars.example", "name": "Ann Bell", "quota": "2 GiB"}
    page = client.post("/mailboxes/add/", asked).content.decode()
    made = Mailbox.objects.get(local="ann")
    secret = re.search(r"<code>([A-Za-z0-9]{20})</code>", page)
    assert secret and verify(secret[1], made.secret)
    assert (made.name, made.quota) == ("Ann Bell", 2 * 2**30)
    assert secret[1] not in client.get(f"/mailboxes/{made.pk}/").content.decode()
    assert secret[1] not in str(list(AuditEntry.objects.values()))


def test_a_chosen_password_is_shown_to_nobody(world: World) -> None:
    client = world.client("domain_admin")
    asked = {"local": "ann", "domain": "cars.example", "password": "a long enough one"}
    answer = client.post("/mailboxes/add/", asked, follow=True)
    assert answer.redirect_chain
    assert "a long enough one" not in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"local": "mia"}, "exists already"),
        ({"local": "a b"}, "cannot be used here"),
        ({"domain": "shop.example"}, "Select a valid choice"),
        ({"password": "short"}, "fewer than 10 characters"),
        ({"quota": "much"}, "is not a size"),
        ({"recovery_address": "ann@trucks.example"}, "is in a domain that is hosted here"),
    ],
)
def test_a_mailbox_that_cannot_be_says_why(world: World, asked: dict[str, str], words: str) -> None:
    before = Mailbox.objects.count()
    data = {"local": "ann", "domain": "cars.example", **asked}
    assert words in world.client("customer").post("/mailboxes/add/", data).content.decode()
    assert Mailbox.objects.count() == before


def test_name_storage_and_recovery_address_are_changed(world: World) -> None:
    client, number = world.client("customer"), world.mailboxes["main"].pk
    client.post(f"/mailboxes/{number}/edit/", {"name": "Mia <b>", "quota": "1 GiB"})
    client.post(f"/mailboxes/{number}/recovery/", {"address": f"mia@{OUTSIDE}"})
    page = client.get(f"/mailboxes/{number}/").content.decode()
    assert "Mia &lt;b&gt;" in page and "1.0 GiB" in page and f"mia@{OUTSIDE}" in page


def test_a_new_password_is_made_and_holds(world: World) -> None:
    client, mailbox = world.client("customer"), world.mailboxes["main"]
    old = mailbox.secret
    page = client.post(f"/mailboxes/{mailbox.pk}/password/", {"password": ""}).content.decode()
    mailbox.refresh_from_db()
    secret = re.search(r"<code>([A-Za-z0-9]{20})</code>", page)
    assert secret and verify(secret[1], mailbox.secret) and mailbox.secret != old


@pytest.mark.parametrize("what", ["login", "sending", "receiving"])
def test_each_part_is_suspended_with_a_reason_and_released(world: World, what: str) -> None:
    client, mailbox = world.client("customer"), world.mailboxes["main"]
    path = f"/mailboxes/{mailbox.pk}/"
    assert "Suspend" in client.get(f"{path}suspend-{what}/").content.decode()
    client.post(f"{path}suspend-{what}/", {"reason": "on leave"})
    assert "on leave" in client.get(path).content.decode()
    assert "mia@cars.example is suspended: on leave" in client.get("/").content.decode()
    client.post(f"{path}resume-{what}/")
    assert "on leave" not in client.get(path).content.decode()


def test_a_suspension_from_above_is_ended_above(world: World) -> None:
    mailbox = world.mailboxes["main"]
    path = f"/mailboxes/{mailbox.pk}/"
    world.client("operator").post(f"{path}suspend-login/", {"reason": "sends spam"})
    answer = world.client("customer").post(f"{path}resume-login/")
    assert answer.status_code == 422
    assert "Your provider has made this suspension." in answer.content.decode()
    mailbox.refresh_from_db()
    assert mailbox.login_suspended == "sends spam"


def test_a_removed_mailbox_comes_back(world: World) -> None:
    client, number = world.client("customer"), world.mailboxes["main"].pk
    assert "can be restored" in client.get(f"/mailboxes/{number}/remove/").content.decode()
    answer = client.post(f"/mailboxes/{number}/remove/", follow=True)
    assert "Restore" in answer.content.decode() and "mia@cars.example" in answer.content.decode()
    assert client.get(f"/mailboxes/{number}/").status_code == 404
    assert world.client("stranger").post(f"/mailboxes/{number}/restore/").status_code == 404
    answer = client.post(f"/mailboxes/{number}/restore/", follow=True)
    assert "mia@cars.example is back." in answer.content.decode()


def test_the_mailbox_page_asks_few_questions(
    world: World, django_assert_max_num_queries: Bounded
) -> None:
    client = world.client("customer")
    client.get("/")
    with django_assert_max_num_queries(15):
        client.get(f"/mailboxes/{world.mailboxes['main'].pk}/")


def test_the_welcome_sheet_says_all_but_the_password_and_is_sent(world: World) -> None:
    client = world.client("customer")
    path = f"/mailboxes/{world.mailboxes['main'].pk}/welcome/"
    page = client.get(path).content.decode()
    for known in ("mia@cars.example", "node1.example", "993", "465", "995", "587"):
        assert known in page
    client.post(path, {"recipient": f"mia@{OUTSIDE}"})
    sent = OutgoingMail.objects.get(recipient=f"mia@{OUTSIDE}")
    assert "mia@cars.example" in sent.text and "993" in sent.text
    assert PASSWORD not in sent.text
    assert AuditEntry.objects.filter(verb="mailbox.send-sheet").exists()


def test_a_mailbox_user_has_the_overview_instead_of_the_page(world: World) -> None:
    number = world.mailboxes["main"].pk
    answer = world.client("mailbox").get(f"/mailboxes/{number}/")
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/")
    assert world.client("mailbox").get("/mailboxes/").status_code == 403
