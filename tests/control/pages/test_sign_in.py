"""Signing in: who gets in, who does not, and what everybody is told."""

from __future__ import annotations

import pytest

from tests.control.world import PASSWORD, ROLES, World


@pytest.mark.parametrize("role", ROLES)
def test_everybody_comes_in_by_one_door_and_finds_an_overview(world: World, role: str) -> None:
    client = world.client(role)
    page = client.get("/")
    assert page.status_code == 200, page.content.decode()[-2000:]
    assert world.people[role].email in page.content.decode()


def test_who_is_not_signed_in_is_led_to_the_door_and_back(world: World) -> None:
    answer = world.client(None).get("/domains/?q=cars")
    assert answer.status_code == 302
    assert answer.url == "/account/login/?next=/domains/%3Fq%3Dcars"


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("carl@outside.example", "wrong password here"),
        ("nobody@outside.example", PASSWORD),
        ("mia@cars.example", "wrong password here"),
        ("nobody@cars.example", PASSWORD),
    ],
)
def test_every_wrong_sign_in_is_answered_alike(world: World, address: str, password: str) -> None:
    answer = world.client(None).post("/account/login/", {"login": address, "password": password})
    assert answer.status_code == 200
    assert "not correct" in answer.content.decode()
