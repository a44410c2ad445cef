"""The second factor: set up, asked for, demanded by role and by customer."""

from __future__ import annotations

import re

import msgspec
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client
from pytest_django import Settings

from mailstead.config import Web
from mailstead.control.people import services as people
from tests.control.world import PASSWORD, World


def code_of(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def set_up(client: Client) -> str:
    """Set up an authenticator; returns its secret."""
    page = client.get("/account/2fa/totp/activate/").content.decode()
    found = re.search(r'value="([A-Z2-7]{32})"', page)
    assert found, page
    answer = client.post("/account/2fa/totp/activate/", {"code": code_of(found.group(1))})
    assert answer.status_code == 302, answer.content.decode()
    return found.group(1)


def test_with_an_authenticator_the_password_alone_opens_nothing(world: World) -> None:
    secret = set_up(world.client("customer"))
    client = Client(headers={"host": "panel.example", "x-forwarded-proto": "https"})
    address = world.people["customer"].email
    client.post("/account/login/", {"login": address, "password": PASSWORD})
    assert client.get("/domains/").status_code == 302
    wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert TOTP is not None
    from django.core.cache import cache

    cache.clear()  # a code is good once; the one of setting up was this minute's
    client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/domains/").status_code == 200


def test_a_customer_demands_it_of_everybody(world: World) -> None:
    client = world.client("domain_admin")
    assert client.get("/domains/").status_code == 200
    people.demand_second_factor(
        actor=world.actor("customer"),
        now=world.now,
        customer=world.customers["customer"].pk,
        demanded=True,
    )
    answer = client.get("/domains/")
    assert (answer.status_code, answer.url) == (302, "/account/2fa/")
    assert client.get("/account/2fa/").status_code == 200
    set_up(client)
    assert client.get("/domains/").status_code == 200


def test_the_operator_demands_it_by_role(world: World, settings: Settings) -> None:
    settings.MAILSTEAD = msgspec.structs.replace(
        settings.MAILSTEAD, web=Web(second_factor=("reseller",))
    )
    assert world.client("reseller").get("/domains/").url == "/account/2fa/"
    assert world.client("customer").get("/domains/").status_code == 200
