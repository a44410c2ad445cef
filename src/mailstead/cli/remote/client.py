"""A connection to the API: the token, the server's certificate, one call, errors as refusals."""

from __future__ import annotations

import ssl
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from mailstead.cli.session import Unreachable
from mailstead.standards.refusal import Refusal

PATIENCE = 120.0
"""Seconds; a batch of passwords takes its time to be hashed."""
TRIES = 3
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Client:
    """Calls one server with one token."""

    def __init__(self, url: str, token: str, ca: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise Refusal(
                "server-plain",
                "Over http:// everybody on the way could read the token.",
                remedy="Give the server's https:// address.",
            )
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token}", "User-Agent": "mailstead"},
            verify=_trust(ca),
            timeout=PATIENCE,
            follow_redirects=False,
        )

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        params: dict[str, Any] | None = None,
    ) -> Any:
        """What the server answers; raises `Refusal` with its words, `Unreachable` when it does not.

        A POST has an idempotency key: one whose answer got lost is sent again without harm.
        """
        headers = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        for left in reversed(range(TRIES)):
            try:
                answer = self._http.request(
                    method, path, json=body, params=_given(params), headers=headers
                )
            except httpx.TransportError as error:
                if left and method != "PATCH":
                    continue
                raise Unreachable(f"{self.url} does not answer: {error}") from error
            if answer.status_code == 429 and left:
                time.sleep(min(int(answer.headers.get("Retry-After", "1")), 60))
                continue
            return _result(answer, self.url)
        raise Unreachable(f"{self.url} does not answer.")

    def get(self, path: str, **params: Any) -> Any:
        """A question."""
        return self.call("GET", path, params=params)

    def fetch(self, path: str, into: Path) -> None:
        """A file, which may be large; raises `Refusal` and `Unreachable` as `call` does."""
        try:
            with self._http.stream("GET", path) as answer, into.open("wb") as file:
                if answer.status_code >= 300:
                    answer.read()
                    _result(answer, self.url)
                for step in answer.iter_raw():
                    file.write(step)
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} does not answer: {error}") from error


def part(text: object) -> str:
    """A name or an address as part of a path."""
    return quote(str(text).strip(), safe="@")


def _given(params: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (params or {}).items() if value not in ("", None, False)}


def _trust(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca) if ca else None)
    except (OSError, ssl.SSLError) as error:
        raise Refusal(
            "ca-unreadable",
            "{ca} holds no certificate that can be read.",
            remedy="Give a file in PEM form.",
            ca=str(ca),
        ) from error


def _result(answer: httpx.Response, url: str) -> Any:
    if answer.status_code < 300:
        return answer.json() if answer.content else None
    kind = answer.headers.get("Content-Type", "")
    if not kind.startswith("application/problem+json"):
        raise Unreachable(f"{url} is no Mailstead server: it answers {answer.status_code}.")
    problem = answer.json()
    fields = [f"{item['field']}: {item['words']}" for item in problem.get("errors", ())]
    words = " ".join([problem["title"], *fields])
    raise Refusal(str(problem["code"]), words, remedy="" if fields else str(problem["remedy"]))
