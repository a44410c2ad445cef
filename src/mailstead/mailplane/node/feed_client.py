"""The feed as the agent sees it: HTTP over the control plane's unix socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from mailstead.mailplane.node.away import Away
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import VERSION, AnyChange, FeedPage
from mailstead.wire.events import AnyEvent, EventBatch
from mailstead.wire.moves import AnySource
from mailstead.wire.orders import AnswerBatch, Answered, OrderPage

WAIT = 25.0
"""Seconds for which one question stays open when there is no news."""


class FeedClient:
    """The calls of the feed for one server; used by one thread."""

    def __init__(self, socket: Path, server: str) -> None:
        self._base = f"http://mailstead/feed/v1/{server}"
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            timeout=httpx.Timeout(10.0, read=WAIT + 15.0),
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def changes(self, after: int, wait: float = WAIT) -> FeedPage:
        """The revisions after a number; raises `Away`, `Refusal`."""
        query = {"after": str(after), "wait": str(wait)}
        try:
            answer = self._client.get(f"{self._base}/changes", params=query)
        except httpx.HTTPError as error:
            raise Away(str(error)) from error
        self._check(answer)
        return codec.decode_page(answer.content)

    @contextmanager
    def snapshot(self) -> Iterator[tuple[int, Iterator[AnyChange]]]:
        """The snapshot's revision and its changes as they come; raises `Away`, `Refusal`."""
        try:
            with self._client.stream("GET", f"{self._base}/snapshot") as answer:
                if answer.status_code != 200:
                    answer.read()
                    self._check(answer)
                yield codec.decode_snapshot(line.encode() for line in answer.iter_lines())
        except httpx.HTTPError as error:
            raise Away(str(error)) from error

    def push(self, events: Sequence[AnyEvent]) -> None:
        """Hand in events; raises `Away`, `Refusal`."""
        batch = codec.encode(EventBatch(version=VERSION, events=tuple(events)))
        try:
            answer = self._client.post(f"{self._base}/events", content=batch)
        except httpx.HTTPError as error:
            raise Away(str(error)) from error
        self._check(answer)

    def orders(self, wait: float = WAIT) -> OrderPage:
        """What the control plane asks of this node; raises `Away`, `Refusal`."""
        try:
            answer = self._client.get(f"{self._base}/orders", params={"wait": str(wait)})
        except httpx.HTTPError as error:
            raise Away(str(error)) from error
        self._check(answer)
        return codec.decode_orders(answer.content)

    def source(self, job: int) -> AnySource:
        """Where a copy is from, with the password, which is kept nowhere; raises `Away`, `Refusal`.

        The refusal's words are the control plane's own.
        """
        try:
            answer = self._client.get(f"{self._base}/copies/{job}")
        except httpx.HTTPError as error:
            raise Away(str(error)) from error
        if answer.status_code == 422:
            raise Refusal("copy-refused", _title(answer))
        self._check(answer)
        return codec.decode_source(answer.content)

    def answer(self, answered: Answered) -> None:
        """Hand in the answer to an order; raises `Away`, `Refusal`."""
        batch = codec.encode(AnswerBatch(version=VERSION, answers=(answered,)))
        try:
            answer = self._client.post(f"{self._base}/answers", content=batch)
        except httpx.HTTPError as error:
            raise Away(str(error)) from error
        self._check(answer)

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code >= 500:
            raise Away(f"the control plane answers {answer.status_code}")
        if answer.status_code >= 400:
            raise Refusal("feed-refused", f"The control plane refuses: {answer.text[:300]}")


def _title(answer: httpx.Response) -> str:
    """The sentence of a problem (RFC 9457)."""
    try:
        return str(answer.json()["title"])[:900]
    except (ValueError, KeyError, TypeError):
        return f"The control plane refuses: {answer.text[:300]}"
