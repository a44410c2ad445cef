"""What Rspamd tells is read strictly, a Redis that is away is waited for, alike texts are found."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from mailstead.mailplane.guard import content, reach
from mailstead.mailplane.guard.acts import Content
from mailstead.mailplane.guard.content import Ear, read
from mailstead.mailplane.guard.crowd import ALIKE, Crowd

GOOD = {
    "user": "Ann@cars.example/7",
    "queue": "4cQ1zz0Xy1z1",
    "author": "info@pears.example",
    "foreign": False,
    "subject": "00000000000000ff",
    "text": "b423efad7310812b",
    "score": 7.25,
    "spam": True,
    "symbols": "BAYES_SPAM MANY_LINKS",
}


def told(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_a_message_becomes_an_act_of_its_mailbox() -> None:
    assert read(told(later_field=1), 5.0) == Content(
        5.0, "ann@cars.example", "4cQ1zz0Xy1z1", "info@pears.example", 255, 0xB423EFAD7310812B,
        7.25, True, False, "BAYES_SPAM MANY_LINKS",
    )  # fmt: skip


def test_a_message_without_text_has_no_number() -> None:
    act = read(told(text="", subject=""), 5.0)
    assert (act.body, act.subject) == (0, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        told(user="ann@cars.example"),
        told(user="ann/7"),
        told(user=7),
        told(user="a" * 500 + "@x.example/1"),
        told(queue=""),
        told(queue="../../etc"),
        told(author="a" * 321),
        told(text="zz"),
        told(text="b423efad7310812b\n"),
        told(score="many"),
        told(spam="yes"),
        told(padding="x" * content.LONGEST),
        json.dumps({key: GOOD[key] for key in GOOD if key != "foreign"}).encode(),
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read(raw, 5.0)


@given(st.binary(max_size=300))
def test_no_octets_do_more_than_be_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read(raw, 5.0)


def test_a_score_beyond_all_measure_is_bounded() -> None:
    assert read(told(score=1e308), 5.0).score == content.MOST_SCORE


def test_what_cannot_be_learned_is_told_once_and_the_next_is_learned() -> None:
    learned: list[Content] = []

    def learn(acts: Iterable[Content]) -> None:
        for act in acts:
            if act.instance == "BROKEN":
                raise OSError("the disk is full")
            learned.append(act)

    ear = Ear(Path("/nonexistent"), learn, lambda: 5.0)
    with capture_logs() as logs:
        for raw in (b"x", b"y", told(queue="BROKEN"), told()):
            ear._take(raw)
    assert [one["event"] for one in logs] == [
        "content not understood",
        "cannot learn from content",
    ]
    assert [act.instance for act in learned] == [GOOD["queue"]]


def test_a_redis_that_is_away_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "PAUSES", (0.001, 0.002))
    ear = Ear(tmp_path / "redis.sock", lambda _: None, lambda: 5.0)
    tries = 0
    enough = asyncio.Event()
    hear = ear._hear

    async def counted() -> None:
        nonlocal tries
        tries += 1
        if tries == 4:
            enough.set()
        await hear()

    monkeypatch.setattr(ear, "_hear", counted)

    async def listen() -> None:
        task = asyncio.create_task(ear.run())
        await asyncio.wait_for(enough.wait(), 10)
        await reach.end(task)

    with capture_logs() as logs:
        asyncio.run(listen())
    assert [one["event"] for one in logs] == ["content filter out of reach"]


def flipped(body: int, count: int, lots: random.Random) -> int:
    for bit in lots.sample(range(64), count):
        body ^= 1 << bit
    return body


def test_a_text_that_differs_in_seven_bits_is_always_found() -> None:
    lots = random.Random(7)
    for count in range(8):
        for _ in range(50):
            crowd, body = Crowd(), lots.getrandbits(64)
            crowd.wrote("ann@cars.example", "cars.example", body, 0.0)
            other = flipped(body, count, lots)
            assert crowd.wrote("bob@pears.example", "pears.example", other, 1.0) == 1


def test_nearly_all_alike_texts_are_found_and_no_others() -> None:
    lots = random.Random(8)
    found = dict.fromkeys((ALIKE, ALIKE + 1), 0)
    for count in found:
        for _ in range(200):
            crowd, body = Crowd(), lots.getrandbits(64)
            crowd.wrote("ann@cars.example", "cars.example", body, 0.0)
            other = flipped(body, count, lots)
            found[count] += crowd.wrote("bob@pears.example", "pears.example", other, 1.0)
    assert found[ALIKE] > 120
    assert found[ALIKE + 1] == 0
