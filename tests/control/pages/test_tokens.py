"""API tokens and webhooks: made, shown once, looked after, ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailstead.control.people import services as people
from mailstead.control.people.models import ApiToken, AuditEntry, Delivery, Webhook
from tests.control.world import World

Bounded = Callable[[int], Any]
URL = "https://example.com/hook"


def hook(world: World, role: str = "customer") -> Webhook:
    """A webhook of this role's, and one message that could not be delivered."""
    actor = world.actor(role)
    made, _ = people.create_webhook(
        actor=actor, now=world.now, customer=actor.customer or None, url=URL, events=["domain.*"]
    )
    Delivery.objects.create(
        webhook=made,
        entry=AuditEntry.objects.latest("pk").pk,
        verb="domain.create",
        payload={},
        created_at=timezone.now(),
        tries=8,
        status=503,
        words="<b>busy</b>",
    )
    return made


def test_a_token_is_shown_once_and_only_its_beginning_later(
    world: World, django_assert_max_num_queries: Bounded
) -> None:
    client = world.client("customer")
    asked = {"name": "shop", "scopes": ["read", "domains"], "addresses": "192.0.2.7\n2001:db8::/32"}
    page = client.post("/tokens/add/", asked).content.decode()
    found = re.search(r"mst_[\w-]{20,}", page)
    assert found
    with django_assert_max_num_queries(15):
        listed = client.get("/tokens/").content.decode()
    assert found[0] not in listed and found[0][:12] in listed
    assert "192.0.2.7/32, 2001:db8::/32" in listed and "when revoked" in listed


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["node"]}, "Select a valid choice"),
        ({"addresses": "not an address"}, "is not an IP address or network"),
        ({"expires": "2020-01-01"}, "would have ended already"),
    ],
)
def test_a_token_that_cannot_be_says_why(world: World, changed: dict[str, Any], words: str) -> None:
    before = ApiToken.objects.count()
    asked = {"name": "shop", "scopes": ["read"], **changed}
    assert words in world.client("customer").post("/tokens/add/", asked).content.decode()
    assert ApiToken.objects.count() == before


def test_a_token_is_revoked_by_its_customer_alone(world: World) -> None:
    token = world.tokens["customer"]
    assert world.client("stranger").post(f"/tokens/{token.pk}/revoke/").status_code == 404
    client = world.client("customer")
    assert "this cannot be undone" in client.get(f"/tokens/{token.pk}/revoke/").content.decode()
    client.post(f"/tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert token.prefix not in client.get("/tokens/").content.decode()


def test_a_webhooks_secret_is_shown_once(world: World) -> None:
    client = world.client("customer")
    page = client.post("/webhooks/add/", {"url": URL, "events": "mailbox.create\ndomain.*"})
    made = Webhook.objects.get(url=URL)
    assert made.customer == world.customers["customer"].pk
    assert made.events == ["domain.*", "mailbox.create"]
    assert made.secret in page.content.decode()
    for path in ("/tokens/", f"/webhooks/{made.pk}/", f"/webhooks/{made.pk}/edit/"):
        later = client.get(path).content.decode()
        assert URL in later and made.secret not in later


@pytest.mark.parametrize(
    ("url", "events", "words"),
    [
        ("http://example.com/", "", "begins with https://"),
        ("https://192.168.0.1/", "", "is not a public one"),
        ("https://user:secret@example.com/", "", "no log-in"),
        (URL, "everything", "is not an event"),
    ],
)
def test_a_webhook_that_cannot_be_says_why(world: World, url: str, events: str, words: str) -> None:
    answer = world.client("customer").post("/webhooks/add/", {"url": url, "events": events})
    assert words in answer.content.decode()
    assert Webhook.objects.count() == len(world.webhooks)


def shown(client: Client, made: Webhook, **query: str) -> str:
    body: str = client.get(f"/webhooks/{made.pk}/", query).content.decode()
    return body


def test_the_log_says_how_each_message_went_and_sends_it_again(
    world: World, django_assert_max_num_queries: Bounded
) -> None:
    made, client = hook(world), world.client("customer")
    client.get("/")
    with django_assert_max_num_queries(15):
        page = shown(client, made)
    assert "given up" in page and "503" in page and "&lt;b&gt;busy" in page
    assert "No message matches." in shown(client, made, q="mailbox.")
    row = Delivery.objects.get()
    path = f"/webhooks/{made.pk}/messages/{row.pk}/"
    assert client.get(path).status_code == 405
    assert "sent again in a moment" in client.post(path, follow=True).content.decode()
    row.refresh_from_db()
    assert row.next_try_at is not None and row.tries == 0
    file = client.get(f"/webhooks/{made.pk}/", {"export": "csv"})
    assert b"domain.create" in b"".join(file.streaming_content)  # type: ignore[attr-defined]


def test_a_webhook_is_changed_switched_off_and_removed(world: World) -> None:
    made, client = hook(world), world.client("customer")
    client.post(f"/webhooks/{made.pk}/edit/", {"url": URL + "2", "events": ""})
    made.refresh_from_db()
    assert (made.url, made.events, made.active) == (URL + "2", [], False)
    assert "off" in shown(client, made)
    client.post(f"/webhooks/{made.pk}/edit/", {"url": URL, "events": "", "active": "on"})
    made.refresh_from_db()
    assert made.active
    assert "cannot be undone" in client.get(f"/webhooks/{made.pk}/remove/").content.decode()
    client.post(f"/webhooks/{made.pk}/remove/")
    assert not Webhook.objects.filter(url__startswith="https://example.com/hook").exists()


def test_another_tenants_webhook_is_not_there(world: World) -> None:
    made, client = hook(world), world.client("stranger")
    row = Delivery.objects.get()
    for path in ("", "edit/", "remove/", f"messages/{row.pk}/"):
        assert client.post(f"/webhooks/{made.pk}/{path}", {"url": URL}).status_code in (404, 405)
    row.refresh_from_db()
    assert row.next_try_at is None


def test_a_message_of_another_webhook_is_not_sent_by_ones_own(world: World) -> None:
    hook(world)
    foreign = Delivery.objects.get()
    own, client = hook(world, "stranger"), world.client("stranger")
    assert client.post(f"/webhooks/{own.pk}/messages/{foreign.pk}/").status_code == 404


def test_nobody_makes_a_webhook_in_anothers_place(world: World) -> None:
    client = world.client("reseller")
    client.post(f"/customers/{world.customers['customer'].pk}/act-as/", {"reason": "ticket 7"})
    answer = client.post("/webhooks/add/", {"url": URL})
    assert answer.status_code == 403
    assert not Webhook.objects.filter(url__startswith="https://example.com/hook").exists()
