"""A mailbox user's own pages: overview, absence, spam, storage, settings of mail programs."""

from __future__ import annotations

import datetime as dt
import plistlib
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mailstead.control.hosting import services
from mailstead.control.hosting.models import Autoresponder, Mailbox, SpamSettings
from mailstead.control.people.models import Person
from mailstead.wire.orders import Folder, FoldersListed
from tests.control.hosting.test_node_orders import node
from tests.control.world import World

ABSENCE = {
    "when": "on",
    "subject": "Away",
    "body": "I am back on Monday.",
    "days": "7",
    "from_name": "Mia",
}


def own() -> QuerySet[Autoresponder]:
    """The answer at Mia's address."""
    return Autoresponder.objects.filter(domain__name="cars.example", local="mia")


PAGES = ("rules", "vacation", "spam", "apps", "sign-ins", "storage", "clients")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_with_few_questions_to_the_database(
    world: World, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    own, customer = world.client("mailbox"), world.client("customer")
    with django_assert_max_num_queries(15):
        assert own.get(f"/my/{name}/").status_code == 200
    with django_assert_max_num_queries(15):
        number = world.mailboxes["main"].pk
        assert customer.get(f"/mailboxes/{number}/{name}/").status_code == 200


def test_the_overview_says_what_needs_attention(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    mailbox = world.mailboxes["main"]
    services.suspend_mailbox(
        actor=world.actor("operator"),
        now=world.now,
        mailbox=mailbox,
        what="sending",
        reason="Too much mail at once",
    )
    Mailbox.objects.filter(pk=mailbox.pk).update(quota=1000, usage_bytes=1000)
    client = world.client("mailbox")
    with django_assert_max_num_queries(16):
        page = client.get("/").content.decode()
    assert "Too much mail at once" in page
    assert "There is no room left" in page
    assert "You have no recovery address" in page
    assert "1000 B of 1000 B" in page


def test_an_absence_is_on_until_it_is_switched_off_and_its_text_is_kept(world: World) -> None:
    client = world.client("mailbox")
    assert client.post("/my/vacation/", ABSENCE).status_code == 302
    answer = own().get()
    assert (answer.address, answer.starts, answer.ends) == ("mia@cars.example", None, None)
    assert answer.interval == 7 * 86400
    assert "answering now" in client.get("/my/vacation/").content.decode()
    assert "answering now" in client.get("/").content.decode()
    client.post("/my/vacation/", {**ABSENCE, "when": "off"})
    answer.refresh_from_db()
    assert answer.ends is not None
    assert answer.ends <= timezone.now()
    page = client.get("/my/vacation/").content.decode()
    assert "answering now" not in page
    assert "I am back on Monday." in page


@pytest.mark.parametrize(("days", "interval"), [("1", 8 * 3600), ("2", 2 * 86400)])
def test_hours_from_another_panel_stay_hours_until_the_days_are_changed(
    world: World, days: str, interval: int
) -> None:
    client = world.client("mailbox")
    client.post("/my/vacation/", ABSENCE)
    own().update(interval=8 * 3600)
    client.post("/my/vacation/", {**ABSENCE, "subject": "Gone", "days": days})
    answer = own().get()
    assert (answer.subject, answer.interval) == ("Gone", interval)


def test_dates_are_in_the_readers_zone_and_stored_in_utc(world: World) -> None:
    Person.objects.filter(mailbox=world.mailboxes["main"].pk).update(time_zone="Asia/Tokyo")
    client = world.client("mailbox")
    dates = {"when": "dates", "starts": "2096-07-01T09:00", "ends": "2096-07-15T18:00"}
    assert client.post("/my/vacation/", {**ABSENCE, **dates}).status_code == 302
    answer = own().get()
    assert answer.starts == dt.datetime(2096, 7, 1, 0, 0, tzinfo=dt.UTC)
    assert answer.ends == dt.datetime(2096, 7, 15, 9, 0, tzinfo=dt.UTC)
    page = client.get("/my/vacation/").content.decode()
    assert 'value="2096-07-01T09:00"' in page
    assert "Asia/Tokyo" in page
    assert "not yet" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"when": "dates"}, "Give at least one of the two dates."),
        ({"when": "dates", "ends": "2001-01-01T00:00"}, "This is over already."),
        (
            {"when": "dates", "starts": "2096-07-02T00:00", "ends": "2096-07-01T00:00"},
            "ends before it starts",
        ),
        ({"body": ""}, "This field is required."),
        ({"days": "0"}, "greater than or equal to 1"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_in_words(
    world: World, wrong: dict[str, str], words: str
) -> None:
    answer = world.client("mailbox").post("/my/vacation/", {**ABSENCE, **wrong})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not own().exists()


def test_an_absence_is_removed_after_a_question(world: World) -> None:
    client = world.client("mailbox")
    assert client.get("/my/vacation/remove/").status_code == 404
    client.post("/my/vacation/", ABSENCE)
    assert "switch the answer off instead" in client.get("/my/vacation/remove/").content.decode()
    assert client.post("/my/vacation/remove/").status_code == 302
    assert not own().exists()


def test_spam_settings_are_kept_and_wrong_senders_refused(world: World) -> None:
    client = world.client("mailbox")
    sent = {"level": "strict", "allow": "Ann@Example.org\n@shop.example", "deny": "evil.example"}
    assert client.post("/my/spam/", sent).status_code == 302
    saved = SpamSettings.objects.get()
    assert saved.allow == ["ann@example.org", "@shop.example"]
    assert (saved.level, saved.deny) == ("strict", ["@evil.example"])
    assert "ann@example.org\n@shop.example" in client.get("/my/spam/").content.decode()
    page = client.post("/my/spam/", {**sent, "deny": "ann@example.org"}).content.decode()
    assert "ann@example.org is in both lists." in page


def test_an_administrator_sets_the_spam_filter_of_the_own_mailboxes_only(world: World) -> None:
    client = world.client("domain_admin")
    number = world.mailboxes["main"].pk
    assert client.post(f"/mailboxes/{number}/spam/", {"level": "off"}).status_code == 302
    other = world.mailboxes["other"].pk
    assert client.post(f"/mailboxes/{other}/spam/", {"level": "off"}).status_code == 404
    assert SpamSettings.objects.get().mailbox_id == number


@pytest.mark.django_db(transaction=True)
def test_the_folders_stand_there_as_the_node_counts_them(world: World) -> None:
    client = world.client("mailbox")
    assert "Count the folders" in client.get("/my/storage/").content.decode()
    told = FoldersListed(
        folders=(
            Folder(name="INBOX", bytes=1024, messages=3, unseen=1),
            Folder(name="Old/<b>2019</b>", bytes=4096, messages=7),
        )
    )
    with node(lambda _: told):
        part = client.get("/my/storage/?count=1", headers={"hx-request": "true"})
    page = part.content.decode()
    assert page.index("Old/&lt;b&gt;2019") < page.index("INBOX"), "the largest first"
    assert "4.0 KiB" in page
    assert "<html" not in page


def test_while_the_node_is_away_the_storage_page_says_so(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("mailstead.control.hosting.views.my_storage.WAIT", 0.05)
    page = world.client("mailbox").get("/my/storage/?count=1").content.decode()
    assert "The server does not answer at the moment." in page
    assert "Storage" in page


def test_a_mail_programs_settings_are_all_there_and_as_a_file_for_apple(world: World) -> None:
    client = world.client("mailbox")
    page = client.get("/my/clients/").content.decode()
    for words in ("mia@cars.example", "node1.example", "993", "465", "995", "587", "143"):
        assert words in page
    answer = client.get("/my/clients/apple/")
    assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
    profile = plistlib.loads(answer.content)
    account = profile["PayloadContent"][0]
    assert account["IncomingMailServerHostName"] == "node1.example"
    assert account["IncomingMailServerPortNumber"] == 993
    assert account["OutgoingMailServerPortNumber"] == 465
    assert not {"IncomingPassword", "OutgoingPassword"} & account.keys()
