"""The router: what it changes in an answer, and what it still knows after its end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.sending import router as module
from mailstead.mailplane.sending.attributes import _end, changed, values
from mailstead.mailplane.sending.questions import (
    Learn,
    Listed,
    Refused,
    Rested,
    RestNow,
    Returned,
    Turned,
    WhatIsNew,
)
from mailstead.mailplane.sending.router import Router, is_here
from mailstead.wire.pools import SendingAddress, SendingPlan

HOST = "mail.node.example"
_word = st.text("abc.@-", max_size=8).map(str.encode)
_name = st.text("abc", min_size=1, max_size=8).map(str.encode)


def here(_: str) -> bool:
    """A machine that has every address."""
    return True


def message(*pairs: tuple[bytes, bytes]) -> bytes:
    return b"".join(name + b"\0" + value + b"\0" for name, value in pairs) + b"\0"


def question(sender: str, recipient: str) -> bytes:
    return message(
        (b"request", b"resolve"), (b"sender", sender.encode()), (b"address", recipient.encode())
    )


def answer(recipient: str, transport: bytes = b"smtp") -> bytes:
    return message(
        (b"flags", b"0"),
        (b"transport", transport),
        (b"nexthop", recipient.partition("@")[2].encode()),
        (b"recipient", recipient.encode()),
        (b"flags", b"4096"),
    )


def plan(folder: Path, *states: str) -> None:
    addresses = tuple(
        SendingAddress(
            number=number, ipv4=f"192.0.2.{number}", helo=f"out{number}.example",
            state=state, classes=("own",), warm_since=dt.datetime.now(dt.UTC).date(),  # type: ignore[arg-type]
        )
        for number, state in enumerate(states, start=1)
    )  # fmt: skip
    part = folder / "part"
    part.write_bytes(msgspec.json.encode(SendingPlan(addresses=addresses, ceilings=(2,))))
    part.replace(folder / "plan.json")


def way(router: Router, sender: str, recipient: str) -> bytes:
    return values(router.turn(question(sender, recipient), answer(recipient)))[b"transport"]


@given(st.lists(st.tuples(_name, _word), min_size=1, max_size=6), st.binary(max_size=20))
def test_a_message_ends_where_it_ends(pairs: list[tuple[bytes, bytes]], more: bytes) -> None:
    whole = message(*pairs)
    assert _end(whole + more) == len(whole)
    assert all(_end(whole[:cut]) == -1 for cut in range(len(whole)))
    assert changed(whole, {}) == whole
    assert values(whole) == dict(pairs)


def test_without_a_plan_every_answer_passes_as_it_is(tmp_path: Path) -> None:
    router = Router(HOST, tmp_path, here)
    said = answer("bob@gmail.com")
    assert router.turn(question("ann@here.example", "bob@gmail.com"), said) == said
    router.close()


def test_only_what_goes_straight_out_is_changed(tmp_path: Path) -> None:
    plan(tmp_path, "active")
    router = Router(HOST, tmp_path, here)
    asked = question("ann@here.example", "bob@gmail.com")
    for transport in (b"lmtp", b"forward", b"error", b"discard"):
        said = answer("bob@gmail.com", transport)
        assert router.turn(asked, said) == said
    turned = router.turn(asked, answer("bob@gmail.com"))
    assert turned == answer("bob@gmail.com", b"out-1")
    router.close()


def test_a_plan_that_cannot_be_read_leaves_the_one_before(tmp_path: Path) -> None:
    plan(tmp_path, "active")
    router = Router(HOST, tmp_path, here)
    assert way(router, "ann@here.example", "bob@gmail.com") == b"out-1"
    (tmp_path / "plan.json").write_text("{")
    assert way(router, "ann@here.example", "bob@gmail.com") == b"out-1"
    router.close()


def test_rests_counts_and_receivers_outlive_the_router(tmp_path: Path) -> None:
    plan(tmp_path, "warming")
    router = Router(HOST, tmp_path, here)
    router.answer(Learn(servers={"small.example": "mx1.hoster.example"}))
    assert way(router, "ann@here.example", "bob@small.example") == b"out-1"
    # Killed: nothing is closed.
    second = Router(HOST, tmp_path, here)
    assert way(second, "ann@here.example", "carl@small.example") == b"out-1"
    assert way(second, "ann@here.example", "dora@small.example") == b"retry", "two a day"
    said = Refused(
        address=1, domain="other.example", server="mx2.hoster.example", kind="reputation",
        reply="550 no",
    )  # fmt: skip
    assert second.answer(said).receiver == "hoster.example"
    third = Router(HOST, tmp_path, here)
    plan(tmp_path, "active")
    assert way(third, "ann@here.example", "bob@small.example") == b"retry", "it rests there"
    assert way(third, "ann@here.example", "bob@gmail.com") == b"out-1"


def test_news_are_told_until_they_are_taken(tmp_path: Path) -> None:
    plan(tmp_path, "active")
    router = Router(HOST, tmp_path, here)
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    router.answer(RestNow(address=1, receiver="google", until=until))
    assert way(router, "ann@here.example", "bob@gmail.com") == b"retry"
    first = router.answer(WhatIsNew())
    assert [type(item) for _, item in first.news] == [Rested, Turned]
    assert router.answer(WhatIsNew()).news == first.news, "the agent was killed in between"
    router.answer(RestNow(address=1, receiver="google"))
    later = router.answer(WhatIsNew(seen=first.last, counts=True))
    assert [type(item) for _, item in later.news] == [Returned]
    assert way(router, "ann@here.example", "bob@gmail.com") == b"out-1"
    last = router.answer(WhatIsNew(seen=later.last, counts=True))
    assert [item.way for _, item in last.news if isinstance(item, Turned)] == ["out-1"]
    assert [(one.receiver, one.count) for one in last.counts] == [("google", 1)]
    router.close()


def test_what_a_waiting_message_is_told_names_receiver_and_reason(tmp_path: Path) -> None:
    plan(tmp_path, "active")
    router = Router(HOST, tmp_path, here)
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    router.answer(RestNow(address=1, receiver="*", until=until))
    turned = router.turn(question("a@here.example", "b@gmail.com"), answer("b@gmail.com"))
    words = values(turned)[b"nexthop"].decode()
    assert words.startswith("4.7.1 Mail to google is kept for now: out1.example rests")
    router.close()


def test_what_lists_name_is_still_known_after_a_restart(tmp_path: Path) -> None:
    plan(tmp_path, "active", "active")
    router = Router(HOST, tmp_path, here)
    before = way(router, "ann@here.example", "bob@gmail.com")
    router.answer(Listed(lists={int(before[4:]): "bl.example"}))
    other = way(router, "ann@here.example", "bob@gmail.com")
    assert other != before
    router.close()
    again = Router(HOST, tmp_path, here)
    assert way(again, "ann@here.example", "bob@gmail.com") == other
    (*_, (_, told)) = again.answer(WhatIsNew()).news
    assert isinstance(told, Turned)
    assert told.why.endswith("is on bl.example")
    again.answer(Listed(lists={}))
    assert way(again, "ann@here.example", "bob@gmail.com") == before
    again.close()


def test_what_the_machine_has_not_is_left_out_until_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK_EVERY", 0.0)
    plan(tmp_path, "active", "active")
    machine = {"192.0.2.1", "192.0.2.2"}
    router = Router(HOST, tmp_path, machine.__contains__)
    before = way(router, "ann@here.example", "bob@gmail.com")
    machine.discard(f"192.0.2.{before[4:].decode()}")
    router.keep()
    assert way(router, "ann@here.example", "bob@gmail.com") not in (before, b"retry")
    (*_, (_, told)) = router.answer(WhatIsNew()).news
    assert isinstance(told, Turned)
    assert told.why.endswith("is no address of this machine")
    machine.clear()
    router.keep()
    assert way(router, "ann@here.example", "bob@gmail.com") == b"retry"
    machine |= {"192.0.2.1", "192.0.2.2"}
    router.keep()
    assert way(router, "ann@here.example", "bob@gmail.com") == before
    router.close()


def test_an_address_is_here_when_a_program_may_leave_by_it() -> None:
    assert is_here("127.0.0.1")
    assert not is_here("192.0.2.77")
