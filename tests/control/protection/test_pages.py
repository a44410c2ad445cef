"""The pages of a stolen mailbox: for the company, for its customer, for its user."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.models import OutgoingMail
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.standards import password as passwords
from tests.control.api.caller import caller
from tests.control.protection.tales import MINUTE, case_seen, tell
from tests.control.world import OUTSIDE, PASSWORD, World

MIA = "mia@cars.example"
NEW = "quite another long password"


def path(world: World, page: str = "", key: str = "main") -> str:
    return f"/protection/cases/{world.cases[key].pk}/{page}"


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def refreshed(world: World) -> Case:
    world.cases["main"].refresh_from_db()
    return world.cases["main"]


def test_the_operator_sees_weights_and_the_customer_words(world: World) -> None:
    tell(world.now, case_seen(MIA, world.now + MINUTE, "case of main", nats=14.0))
    company, customer = (read(world.client(role), path(world)) for role in ("operator", "customer"))
    for page in (company, customer):
        assert "many people to whom this mailbox never wrote" in page
        assert "198.51.100.7" in page and "Hello 4jYmxT3Lbb" in page and "joe@far.example" in page
    assert "+5.0" in company and "<svg" in company and "Evidence over time" in company
    assert "+5.0" not in customer and "14.0" not in customer and "AS 8151" not in customer
    assert "read from the same network" in company
    assert "read from the same network" not in customer


@pytest.mark.parametrize("role", ["operator", "customer", "domain_admin", "mailbox", "reseller"])
def test_overviews_lead_to_the_case(world: World, role: str) -> None:
    page = read(world.client(role), "/")
    assert path(world) in page and "3 held messages wait" in page


def test_lists_show_each_reader_their_own(world: World) -> None:
    for address in ("/protection/", "/protection/now/", "/protection/cases/"):
        assert MIA not in read(world.client("stranger"), address)
        for role in ("operator", "customer", "mailbox"):
            assert MIA in read(world.client(role), address)
    client = world.client("operator")
    assert "hx-get" in read(client, "/protection/")
    assert MIA in read(client, "/protection/cases/?q=mia@&state=open")
    assert MIA not in read(client, "/protection/cases/?state=released")
    rows = b"".join(client.get("/protection/cases/?export=csv").streaming_content)  # type: ignore[attr-defined]
    assert MIA in rows.decode()


def test_what_is_only_watched_is_the_companys_matter(world: World) -> None:
    tell(world.now, case_seen(MIA, world.now + MINUTE, "case of main", step="watched"))
    assert "only watched" in read(world.client("operator"), "/protection/")
    assert MIA not in read(world.client("customer"), "/protection/")
    assert world.client("customer").get(path(world)).status_code == 404
    assert path(world) not in read(world.client("customer"), "/")


def test_the_customer_releases_message_by_message(world: World) -> None:
    client = world.client("customer")
    first, second, third = KeptMessage.objects.filter(case=world.cases["main"]).order_by("pk")
    page = read(client, path(world, "release/"))
    assert f'name="kept-{first.pk}"' in page and 'name="password"' in page
    wrong = client.post(path(world, "release/"), {"password": NEW, "again": "x"})
    assert wrong.status_code == 200 and "not the same" in wrong.content.decode()
    old = client.post(path(world, "release/"), {"password": PASSWORD, "again": PASSWORD})
    assert "password that was stolen" in old.content.decode()
    assert refreshed(world).state == "open"
    answers = {f"kept-{first.pk}": "send", f"kept-{second.pk}": "", "others": "delete"}
    done = client.post(path(world, "release/"), {"password": NEW, "again": NEW, **answers})
    assert done.status_code == 302
    assert refreshed(world).state == "released"
    found = {one.pk: one.decision for one in KeptMessage.objects.filter(case=world.cases["main"])}
    assert found == {first.pk: "send", second.pk: "delete", third.pk: "delete"}
    mailbox = Mailbox.objects.get(pk=world.mailboxes["main"].pk)
    assert passwords.verify(NEW, mailbox.secret)


def test_the_user_needs_the_link_to_the_recovery_address(world: World) -> None:
    mia = world.mailboxes["main"]
    long_ago = world.cases["main"].opened - 60 * 24 * 30 * MINUTE
    hosting.set_recovery_address(
        actor=world.actor("operator"), now=long_ago, mailbox=mia, address=f"mia@{OUTSIDE}"
    )
    client = world.client("mailbox")
    page = read(client, path(world))
    assert "Send the link" in page and path(world, "release/") not in page
    given = {"password": NEW, "again": NEW}
    refused = client.post(path(world, "release/"), given)
    assert "Send the link" in refused.content.decode()
    assert client.post(path(world, "delete/"), {}).status_code == 200
    assert refreshed(world).state == "open"
    OutgoingMail.objects.all().delete()
    assert client.post(path(world, "prove/")).status_code == 302
    link = re.search(r"https://\S+", OutgoingMail.objects.get(recipient=f"mia@{OUTSIDE}").text)
    assert link is not None
    address = "/" + link.group().split("/", 3)[3]
    assert client.get(address).headers["Location"] == path(world, "release/")
    assert 'name="password"' in read(client, path(world, "release/"))
    assert client.post(path(world, "release/"), given).status_code == 302
    assert refreshed(world).state == "released"
    assert client.get("/").status_code == 200, "this browser stays signed in"


def test_without_a_recovery_address_the_user_is_sent_to_the_administrator(world: World) -> None:
    page = read(world.client("mailbox"), path(world))
    assert "you cannot release it yourself" in page and "Send the link" not in page
    name = world.customers["customer"].name
    assert f"administers cars.example at {name}" in html.unescape(page)
    assert world.client("mailbox").post(path(world, "prove/")).status_code >= 400


def test_the_operator_confirms_deletes_and_releases_without_a_password(world: World) -> None:
    client = world.client("operator")
    assert "Confirm the theft" in read(client, path(world))
    assert client.post(path(world, "confirm/"), {"reason": "it is spam"}).status_code == 302
    assert (refreshed(world).state, refreshed(world).reason) == ("confirmed", "it is spam")
    assert "3 held messages" in read(client, path(world, "delete/"))
    assert not KeptMessage.objects.exclude(decision="none").exists(), "a question deletes nothing"
    assert client.post(path(world, "delete/"), {}).status_code == 302
    rows = KeptMessage.objects.filter(case=world.cases["main"])
    assert {one.decision for one in rows} == {"delete"}
    given = {"password": "", "again": "", "reason": "a newsletter"}
    assert client.post(path(world, "release/"), given).status_code == 302
    assert refreshed(world).state == "released"


def test_messages_left_are_decided_later(world: World) -> None:
    operator, customer = world.client("operator"), world.client("customer")
    assert customer.post(path(world, "decide/"), {"others": "send"}).status_code >= 400
    operator.post(path(world, "release/"), {"password": "", "again": ""})
    assert "Held messages of" in read(customer, path(world, "decide/"))
    assert customer.post(path(world, "decide/"), {}).status_code == 302
    assert customer.post(path(world, "decide/"), {"others": "send"}).status_code == 302
    rows = KeptMessage.objects.filter(case=world.cases["main"])
    assert {one.decision for one in rows} == {"send"}


def test_the_recovery_says_what_it_will_do_and_shows_the_password_once(world: World) -> None:
    mia = world.mailboxes["main"]
    hosting.create_app_password(
        actor=world.actor("operator"), now=world.now, mailbox=mia, name="Thief's phone"
    )
    hiding = {
        "name": "hide",
        "enabled": True,
        "any_of": False,
        "conditions": [],
        "actions": [{"do": "redirect", "value": "thief@elsewhere.example"}],
    }
    hosting.set_rules(
        actor=world.actor("mailbox"),
        now=world.now,
        mailbox=mia,
        rules=hosting.parse_rules([hiding]),
    )
    client = world.client("customer")
    page = read(client, path(world, "recover/"))
    assert "Thief&#x27;s phone" in page and "thief@elsewhere.example" in page
    assert re.search(r'value="rules"[^>]*checked', page)
    ticked = dict.fromkeys(("new_password", "app_passwords", "sessions", "release"), "on")
    answer = client.post(path(world, "recover/"), {**ticked, "undo": "rules", "kept": "delete"})
    page = answer.content.decode()
    assert answer.status_code == 200 and "1 app password is removed" in page
    mia.refresh_from_db()
    secrets = re.findall(r"<code[^>]*>([A-Za-z0-9]{20})</code>", page)
    assert [one for one in secrets if passwords.verify(one, mia.secret)]
    assert mia.rule_set.rules == []
    assert refreshed(world).state == "released"


def test_a_mailbox_that_is_gone_leaves_pages_that_open(world: World) -> None:
    world.mailboxes["main"].delete()
    client = world.client("operator")
    for page in ("", "release/", "decide/", "delete/", "confirm/", "recover/"):
        assert MIA in read(client, path(world, page)) or page == "delete/"
    assert client.post(path(world, "release/"), {"password": "", "again": ""}).status_code == 302
    assert refreshed(world).state == "released"


def test_the_api_lists_shows_and_answers(world: World) -> None:
    operator, customer = caller(world, "operator"), caller(world, "customer", ["mailboxes"])
    (row,) = [one for one in operator.all("/cases?state=now") if one["mailbox"] == MIA]
    assert (row["state"], row["waiting"], row["messages"]) == ("open", 3, 2)
    whole = operator.get(f"/cases/{row['id']}").body
    assert whole["clues"][0]["nats"] == 5.0 and len(whole["kept"]) == 3
    own = customer.get(f"/cases/{row['id']}").body
    assert own["clues"][0]["nats"] is None and own["nats"] is None and len(own["clues"]) == 2
    assert operator.call("POST", f"/cases/{row['id']}/confirm", {"reason": "spam"}).status == 200
    assert customer.call("POST", f"/cases/{row['id']}/release", {}).code == "password-missing"
    number = own["kept"][0]["id"]
    done = customer.call(
        "POST",
        f"/cases/{row['id']}/release",
        {"password": NEW, "decisions": {str(number): "send"}},
    ).body
    assert (done["state"], done["waiting"]) == ("released", 2)
    done = customer.call("POST", f"/cases/{row['id']}/decide", {"others": "delete"}).body
    assert done["waiting"] == 0
    assert {one["decision"] for one in done["kept"]} == {"send", "delete"}
