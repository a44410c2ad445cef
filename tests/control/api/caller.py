"""A program that uses the API with a token of somebody's."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from django.test import Client

from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.models import ApiToken, Membership
from tests.control.world import HOST, World

HERE = "192.0.2.9"


class Answer:
    """What came back; an error must be a whole problem."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.body: Any = json.loads(response.content) if response.content else None
        if self.status >= 400:
            assert response.headers["Content-Type"] == "application/problem+json", response.content
            assert self.body["status"] == self.status
            assert self.body["title"], self.body
            assert self.body["instance"] == f"urn:request:{response.headers['X-Request-ID']}"

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(self.body["code"]) if self.status >= 400 else ""


class Caller:
    """Calls with one token."""

    def __init__(self, text: str, token: ApiToken | None = None) -> None:
        self.text = text
        self.token = token
        self.client = Client(headers={"host": HOST, "x-forwarded-proto": "https"})

    def call(
        self, method: str, path: str, body: object = None, *, address: str = HERE, **headers: str
    ) -> Answer:
        """One request; a header `Act_As` is written `Mailstead-Act-As`, others as they are."""
        sent = {"Authorization": f"Bearer {self.text}", "X-Real-IP": address}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.generic(
            method,
            f"/api/v1{quote(path, safe='/?=&@%:')}",
            json.dumps(body) if body is not None else b"",
            content_type="application/json",
            secure=True,
            headers=sent,
        )
        return Answer(response)

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def post(self, path: str, body: object = None, **more: Any) -> Answer:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: object = None, **more: Any) -> Answer:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: object = None, **more: Any) -> Answer:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.call("DELETE", path, **more)

    def all(self, path: str, limit: int = 2) -> list[dict[str, Any]]:
        """Every object of a list, page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            sign = "&" if "?" in path else "?"
            page = self.get(f"{path}{sign}limit={limit}{after}")
            assert page.status == 200, page.body
            found += page.body["items"]
            if page.body["next"] is None:
                return found
            after = f"&after={page.body['next']}"


def caller(
    world: World,
    role: str,
    scopes: Collection[str] = roles.SCOPES,
    *,
    addresses: Collection[str] = (),
    expires_at: dt.datetime | None = None,
) -> Caller:
    """A program of somebody's of this role, with a new token."""
    place = Membership.objects.get(person=world.people[role])
    # A domain administrator has none; the role is tried all the same.
    actor = world.actor("operator" if role == "domain_admin" else role)
    token, text = people.create_token(
        actor=actor,
        now=world.now,
        membership=place,
        name="program",
        scopes=scopes,
        addresses=addresses,
        expires_at=expires_at,
    )
    return Caller(text, token)
