"""The feed over HTTP: changes and orders (long poll), snapshot, events, answers, log-ins of copies.

See docs/develop/contracts.md.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import structlog
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path

from mailstead.control.feed import queries, services
from mailstead.control.feed.tide import Tide
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import AnyChange
from mailstead.wire.events import AnyEvent
from mailstead.wire.moves import AnySource

SnapshotSource = Callable[[str], Iterator[AnyChange]]
CopySource = Callable[[str, int], AnySource]
"""From the server and the number of one of its copies to its source with the password; raises
`Refusal`."""
LONGEST_WAIT = 60.0
"""Seconds."""
_CHUNK = 500
"""Lines of a snapshot that are made at once."""


def routes(
    *,
    snapshot: SnapshotSource,
    handle: Callable[[str, AnyEvent], None],
    record: services.BatchRecorder | None = None,
    source: CopySource | None = None,
    complete: services.Completer | None = None,
) -> list[URLPattern]:
    """The calls, joined to what they read and tell; `handle` gets the server and an event."""
    tide = Tide()

    async def changes_view(request: HttpRequest, server: str) -> HttpResponse:
        return await _guarded(lambda: _changes(request, server, tide))

    async def snapshot_view(request: HttpRequest, server: str) -> StreamingHttpResponse:
        return StreamingHttpResponse(_snapshot(server, snapshot), content_type="application/jsonl")

    async def events_view(request: HttpRequest, server: str) -> HttpResponse:
        return await _guarded(lambda: _events(request, server, partial(handle, server), record))

    async def orders_view(request: HttpRequest, server: str) -> HttpResponse:
        return await _guarded(lambda: _orders(request, server, tide, complete))

    async def answers_view(request: HttpRequest, server: str) -> HttpResponse:
        return await _guarded(lambda: _answers(request, server))

    async def source_view(request: HttpRequest, server: str, job: int) -> HttpResponse:
        return await _guarded(lambda: _source(server, job, source))

    return [
        path("<slug:server>/orders", orders_view),
        path("<slug:server>/answers", answers_view),
        path("<slug:server>/changes", changes_view),
        path("<slug:server>/snapshot", snapshot_view),
        path("<slug:server>/events", events_view),
        path("<slug:server>/copies/<int:job>", source_view),
    ]


async def _guarded(call: Callable[[], object]) -> HttpResponse:
    """The border: a refusal becomes problem+json (RFC 9457), a defect a plain 500 and a trace."""
    try:
        answer = await call()  # type: ignore[misc]
        assert isinstance(answer, HttpResponse)
    except Refusal as refusal:
        return _problem(422, refusal.code, refusal.sentence)
    except Exception:
        structlog.get_logger("feed").exception("failed")
        return _problem(500, "defect", "The control plane failed; its log says more.")
    return answer


def _problem(status: int, code: str, words: str) -> HttpResponse:
    body = json.dumps({"type": f"about:blank#{code}", "title": words, "status": status})
    return HttpResponse(body, status=status, content_type="application/problem+json")


async def _changes(request: HttpRequest, server: str, tide: Tide) -> HttpResponse:
    try:
        after = int(request.GET.get("after", "0"))
        wait = min(float(request.GET.get("wait", "0")), LONGEST_WAIT)
    except ValueError as error:
        raise Refusal("query-invalid", "'after' and 'wait' must be numbers.") from error
    page = await sync_to_async(queries.page)(server, after)
    if wait > 0 and not page.revisions and not page.rebuild:
        await tide.rise_above(server, after, wait)
        page = await sync_to_async(queries.page)(server, after)
    return HttpResponse(codec.encode(page), content_type="application/json")


async def _orders(
    request: HttpRequest, server: str, tide: Tide, complete: services.Completer | None
) -> HttpResponse:
    try:
        wait = min(float(request.GET.get("wait", "0")), LONGEST_WAIT)
    except ValueError as error:
        raise Refusal("query-invalid", "'wait' must be a number.") from error
    page = await sync_to_async(services.hand_out)(server, dt.datetime.now(dt.UTC), complete)
    if wait > 0 and not page.orders and await tide.brings_order(server, wait):
        page = await sync_to_async(services.hand_out)(server, dt.datetime.now(dt.UTC), complete)
    return HttpResponse(codec.encode(page), content_type="application/json")


async def _source(server: str, job: int, source: CopySource | None) -> HttpResponse:
    """Asked for and not told: what is in the feed lies in its rows and in the node's directory."""
    if source is None:
        raise Refusal("copy-unknown", "There are no copies here.")
    found = await sync_to_async(source)(server, job)
    answer = HttpResponse(codec.encode(found), content_type="application/json")
    answer["Cache-Control"] = "no-store"
    return answer


async def _answers(request: HttpRequest, server: str) -> HttpResponse:
    batch = codec.decode_answers(request.body)
    await sync_to_async(services.record_answers)(
        server=server, answers=batch.answers, now=dt.datetime.now(dt.UTC)
    )
    return HttpResponse(status=204)


async def _snapshot(server: str, snapshot: SnapshotSource) -> AsyncIterator[bytes]:
    """The lines of a snapshot.

    The revision is read before the things. What changes meanwhile may be in the snapshot already
    and comes once more with its revision, which is harmless: each message is a whole new state.
    No transaction is held while a slow node reads.
    """
    state = await sync_to_async(queries.head)(server)
    lines = codec.encode_snapshot(state.revision if state else 0, snapshot(server))
    while chunk := await sync_to_async(lambda: b"".join(itertools.islice(lines, _CHUNK)))():
        yield chunk


async def _events(
    request: HttpRequest,
    server: str,
    handle: services.EventHandler,
    record: services.BatchRecorder | None,
) -> HttpResponse:
    batch = codec.decode_events(request.body)
    await sync_to_async(services.record_events)(
        server=server,
        events=batch.events,
        handle=handle,
        record=record,
        now=dt.datetime.now(dt.UTC),
    )
    return HttpResponse(status=204)
