"""How long the panel's pages take with many customers in the database: through nginx, signed in.

Each page is asked for again and again over one kept connection; what is told is the 95th
percentile of the whole answer, TLS included. The same on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from bench.baseline import call
from bench.host import HostFailed
from bench.machine import percentile
from bench.ours import COMMAND, Ours
from bench.population import MAILBOXES_PER_DOMAIN, Population
from bench.report import Figure

PAGE_TARGET, CREATE_TARGET = 150.0, 100.0
"""Milliseconds, 95th percentile."""
WARM = 5
PASSWORD = "measured in the open 1"
_TOKEN = re.compile(r"Authorization: Bearer (\S+?)<")
_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Panel:
    """A signed-in browser without a screen."""

    client: httpx.Client
    origin: str
    """What a browser would send as the place it comes from."""

    def get(self, path: str) -> httpx.Response:
        answer = self.client.get(path)
        if answer.status_code != 200:
            raise HostFailed(f"{path} answered {answer.status_code}.")
        return answer

    def post(self, path: str, fields: dict[str, Any], token: str) -> httpx.Response:
        answer = self.client.post(
            path,
            data={**fields, "csrfmiddlewaretoken": token},
            headers={"Referer": self.origin + path},
        )
        if answer.status_code not in (200, 302):
            raise HostFailed(f"{path} answered {answer.status_code}.")
        return answer

    def form(self, path: str) -> str:
        """The token of a page's form."""
        found = _FIELD.search(self.get(path).text)
        if found is None:
            raise HostFailed(f"{path} has no form.")
        return found.group(1)


def _open(host: Ours) -> Panel:
    name = f"bench.example:{host.port('https')}"
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    client = httpx.Client(
        base_url=f"https://127.0.0.1:{host.port('https')}",
        headers={"Host": name},
        verify=unverified,
        timeout=60,
    )
    return Panel(client, f"https://{name}")


def sign_in(host: Ours) -> Panel:
    """An operator, made and signed in."""
    words = ("person", "invite", "olga@elsewhere.example", "--link")
    said = call(str(COMMAND), "--home", str(host.home.root), *words)
    (link,) = re.findall(r"https://\S+", said)
    path = "/" + link.split("/", 3)[3]
    panel = _open(host)
    panel.post(path, {"name": "Olga", "password": PASSWORD}, panel.form(path))
    login = "/account/login/"
    fields = {"login": "olga@elsewhere.example", "password": PASSWORD}
    panel.post(login, fields, panel.form(login))
    return panel


def _times(act: Callable[[int], object], rounds: int) -> list[float]:
    """Milliseconds of each of `rounds` acts, after some to warm up."""
    found = []
    for number in range(WARM + rounds):
        begun = time.perf_counter()
        act(number)
        if number >= WARM:
            found.append((time.perf_counter() - begun) * 1000)
    return found


def measure(host: Ours, population: Population, rounds: int, database: str) -> list[Figure]:
    """Overview, domain page, search, creation through panel and API."""
    panel = sign_in(host)
    middle = population.domains // 2
    domain = population.domain(middle)

    def search(number: int) -> object:
        wanted = population.address((number * 997) % (population.domains * MAILBOXES_PER_DOMAIN))
        return panel.get(f"/mailboxes/?q={wanted}")

    add = "/mailboxes/add/"
    token = panel.form(add)
    fields = {"domain": domain, "password": PASSWORD}

    def create(number: int) -> object:
        return panel.post(add, {**fields, "local": f"panel{number}"}, token)

    token_fields = {"name": "bench", "scopes": ["mailboxes"]}
    made = panel.post("/tokens/add/", token_fields, panel.form("/tokens/add/"))
    (secret,) = _TOKEN.findall(made.text)

    def create_by_api(number: int) -> object:
        answer = panel.client.post(
            "/api/v1/mailboxes",
            json={"address": f"api{number}@{domain}", "password": PASSWORD},
            headers={"Authorization": f"Bearer {secret}"},
        )
        if answer.status_code != 201:
            raise HostFailed(f"The API answered {answer.status_code}: {answer.text[:200]}")
        return answer

    found = [
        _figure("overview", _times(lambda _: panel.get("/"), rounds), PAGE_TARGET, database),
        _figure(
            "domain page",
            _times(lambda _: panel.get(f"/domains/{domain}/"), rounds),
            PAGE_TARGET,
            database,
        ),
        _figure("mailbox search", _times(search, rounds), PAGE_TARGET, database),
        _figure("creation, panel", _times(create, rounds), CREATE_TARGET, database),
        _figure("creation, API", _times(create_by_api, rounds), CREATE_TARGET, database),
    ]
    panel.client.close()
    return found


def _figure(what: str, times: list[float], target: float, database: str) -> Figure:
    return Figure(
        entry="panel",
        what=f"{what}, p95 ({database})",
        value=percentile(times, 0.95),
        unit="ms",
        at_most=target,
        detail={"samples": len(times), "median": percentile(times, 0.5)},
    )
