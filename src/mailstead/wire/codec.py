"""Messages to bytes and back: JSON, strict. What is unknown is refused by name, never skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import (
    VERSION,
    AnyChange,
    FeedPage,
    SnapshotEnd,
    SnapshotHead,
)
from mailstead.wire.events import EventBatch
from mailstead.wire.moves import AnySource
from mailstead.wire.orders import AnswerBatch, AnyAnswer, AnyOrder, OrderPage

T = TypeVar("T")
_encoder = msgspec.json.Encoder()
_change_decoder: msgspec.json.Decoder[AnyChange] = msgspec.json.Decoder(AnyChange)
_page_decoder = msgspec.json.Decoder(FeedPage)
_batch_decoder = msgspec.json.Decoder(EventBatch)
_order_decoder: msgspec.json.Decoder[AnyOrder] = msgspec.json.Decoder(AnyOrder)
_answer_decoder: msgspec.json.Decoder[AnyAnswer] = msgspec.json.Decoder(AnyAnswer)
_orders_decoder = msgspec.json.Decoder(OrderPage)
_answers_decoder = msgspec.json.Decoder(AnswerBatch)
_source_decoder: msgspec.json.Decoder[AnySource] = msgspec.json.Decoder(AnySource)


def encode(message: msgspec.Struct) -> bytes:
    """Any message of `wire` as one line of JSON without a newline."""
    return _encoder.encode(message)


def _decode(decoder: msgspec.json.Decoder[T], data: bytes, what: str) -> T:
    try:
        return decoder.decode(data)
    except msgspec.DecodeError as error:
        raise Refusal(
            "wire-invalid",
            "This {what} cannot be read: {error}.",
            remedy="Bring the node and the control plane to the same version of Mailstead.",
            what=what,
            error=error,
        ) from error


def decode_change(data: bytes) -> AnyChange:
    """One change; raises `Refusal` (`wire-invalid`) naming the unknown kind or field."""
    return _decode(_change_decoder, data, "change")


def _same_version(version: int) -> None:
    if version != VERSION:
        raise Refusal(
            "wire-version",
            "The other side speaks version {version} of the feed, this one {version2}.",
            remedy="Bring the node and the control plane to the same version of Mailstead.",
            version=version,
            version2=VERSION,
        )


def decode_page(data: bytes) -> FeedPage:
    """A page of the feed; raises `Refusal` (`wire-invalid`, `wire-version`)."""
    page = _decode(_page_decoder, data, "page of the feed")
    _same_version(page.version)
    return page


def decode_events(data: bytes) -> EventBatch:
    """A batch of events; raises `Refusal` (`wire-invalid`, `wire-version`)."""
    batch = _decode(_batch_decoder, data, "batch of events")
    _same_version(batch.version)
    return batch


def decode_order(data: bytes) -> AnyOrder:
    """One order; raises `Refusal` (`wire-invalid`) naming the unknown kind or wrong field."""
    return _decode(_order_decoder, data, "order")


def decode_answer(data: bytes) -> AnyAnswer:
    """One answer; raises `Refusal` (`wire-invalid`)."""
    return _decode(_answer_decoder, data, "answer")


def decode_orders(data: bytes) -> OrderPage:
    """Orders that wait; raises `Refusal` (`wire-invalid`, `wire-version`)."""
    page = _decode(_orders_decoder, data, "page of orders")
    _same_version(page.version)
    return page


def decode_source(data: bytes) -> AnySource:
    """The source of a copy with all that is needed to log in; raises `Refusal` (`wire-invalid`)."""
    return _decode(_source_decoder, data, "source of a copy")


def decode_answers(data: bytes) -> AnswerBatch:
    """A batch of answers; raises `Refusal` (`wire-invalid`, `wire-version`)."""
    batch = _decode(_answers_decoder, data, "batch of answers")
    _same_version(batch.version)
    return batch


def encode_snapshot(revision: int, changes: Iterable[AnyChange]) -> Iterator[bytes]:
    """A snapshot as JSON lines, each with its newline: head, changes, end."""
    yield encode(SnapshotHead(version=VERSION, revision=revision)) + b"\n"
    count = 0
    for change in changes:
        yield encode(change) + b"\n"
        count += 1
    yield encode(SnapshotEnd(count=count)) + b"\n"


def decode_snapshot(lines: Iterable[bytes]) -> tuple[int, Iterator[AnyChange]]:
    """The revision of a snapshot and its changes.

    The iterator raises `Refusal` (`snapshot-cut`) when the stream ends without its last line.
    """
    stream = iter(lines)
    first = next(stream, b"")
    head = _decode(msgspec.json.Decoder(SnapshotHead), first, "head of a snapshot")
    _same_version(head.version)
    return head.revision, _snapshot_changes(stream)


def _snapshot_changes(stream: Iterator[bytes]) -> Iterator[AnyChange]:
    for count, line in enumerate(stream):
        if line.startswith(b'{"count":'):
            end = _decode(msgspec.json.Decoder(SnapshotEnd), line, "end of a snapshot")
            if end.count == count:
                return
            break
        yield decode_change(line)
    raise Refusal(
        "snapshot-cut",
        "The snapshot ended before its last line.",
        remedy="It will be asked for again.",
        permanent=False,
    )
