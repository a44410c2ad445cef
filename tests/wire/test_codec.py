"""What one wing says the other reads exactly; what is unknown is refused by name."""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest

from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import (
    VERSION,
    Action,
    AnyChange,
    AutoresponderPut,
    BringBackGone,
    BringBackPut,
    Condition,
    DomainPut,
    FeedPage,
    ForwarderPut,
    MailboxPut,
    RedirectPut,
    Revision,
    Route,
    Rule,
    RulesPut,
)
from mailstead.wire.events import EventBatch, UsageSeen
from mailstead.wire.moves import CameFrom, FilesSource

NOON = dt.datetime(2026, 1, 2, 12, 0, tzinfo=dt.UTC)
CHANGES: list[AnyChange] = [
    DomainPut(name="a.example", customer=1, active=True, catch_all=Route(action="fail", text="no")),
    MailboxPut(
        address="ann@a.example",
        store="s1",
        secret="{SHA512-CRYPT}$6$x$y",
        credential=3,
        quota=5,
        login=True,
        sending=False,
        receiving=True,
    ),
    ForwarderPut(
        address="info@a.example",
        route=Route(action="deliver", destinations=("ann@a.example", "bob@b.example")),
    ),
    AutoresponderPut(
        address="ann@a.example",
        starts=NOON,
        ends=None,
        interval=86400,
        subject="Außer Haus",
        body="bis morgen\n",
        html=False,
    ),
    RedirectPut(
        host="mail.a.example",
        domain="a.example",
        panel="https://panel.example/",
        webmail="https://panel.example/",
        until=NOON,
    ),
    BringBackPut(
        job=7,
        address="ann@a.example",
        host="192.0.2.7",
        since=NOON,
        sources=(
            CameFrom(copy=3, source=FilesSource(path="/srv/acct/mail/a.example/ann")),
            CameFrom(copy=4),
        ),
        round=2,
        anew=True,
    ),
    BringBackGone(job=7),
    RulesPut(
        address="ann@a.example",
        rules=(
            Rule(
                name="lists",
                enabled=True,
                any_of=False,
                conditions=(Condition(field="subject", match="contains", value="[list]"),),
                actions=(Action(do="file", value="Lists"),),
            ),
        ),
    ),
]


def test_a_page_of_the_feed_survives_the_wire() -> None:
    revisions = tuple(Revision(number=n, change=c) for n, c in enumerate(CHANGES, start=1))
    page = FeedPage(version=VERSION, head=len(revisions), revisions=revisions)
    assert codec.decode_page(codec.encode(page)) == page


def test_a_snapshot_survives_the_wire() -> None:
    revision, changes = codec.decode_snapshot(codec.encode_snapshot(7, CHANGES))
    assert revision == 7
    assert list(changes) == CHANGES


def test_a_cut_snapshot_is_refused_after_its_last_line() -> None:
    lines = list(codec.encode_snapshot(7, CHANGES))[:-1]
    _, changes = codec.decode_snapshot(lines)
    with pytest.raises(Refusal, match="ended before"):
        list(changes)


def test_a_snapshot_that_lost_a_line_is_refused() -> None:
    lines = list(codec.encode_snapshot(7, CHANGES))
    del lines[2]
    _, changes = codec.decode_snapshot(lines)
    with pytest.raises(Refusal):
        list(changes)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"type": "MailboxSung", "address": "a@b.example"}, "MailboxSung"),
        ({"type": "DomainGone", "name": "a.example", "extra": 1}, "extra"),
        ({"type": "DomainGone"}, "name"),
        ({"type": "DomainGone", "name": 5}, "name"),
    ],
)
def test_what_is_unknown_is_refused_by_name(data: dict[str, object], named: str) -> None:
    with pytest.raises(Refusal) as caught:
        codec.decode_change(json.dumps(data).encode())
    assert named in caught.value.words


def test_another_version_is_refused() -> None:
    page = FeedPage(version=VERSION + 1, head=0, revisions=())
    with pytest.raises(Refusal, match=f"version {VERSION + 1}"):
        codec.decode_page(codec.encode(page))


def test_events_survive_the_wire() -> None:
    batch = EventBatch(
        version=VERSION, events=(UsageSeen(id="e1", at=NOON, store="s1", bytes=10, messages=1),)
    )
    assert codec.decode_events(codec.encode(batch)) == batch


def test_messages_cannot_be_changed_after_they_are_made() -> None:
    with pytest.raises(AttributeError):
        CHANGES[0].name = "b.example"  # type: ignore[union-attr]
    assert msgspec.structs.replace(CHANGES[0], name="b.example") != CHANGES[0]
