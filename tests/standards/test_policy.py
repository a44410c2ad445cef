"""Postfix's policy protocol: whatever stands in the values, in whatever pieces it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.policy import MAX_REQUEST, PolicyError, Request, Requests, answer
from mailstead.standards.reply import Reply

KIND = b"request=smtpd_access_policy\n"
VALUES = st.binary(max_size=60).map(lambda value: value.replace(b"\n", b""))
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(lambda name: name != "request")


def all_of(data: bytes) -> list[Request]:
    return list(Requests().feed(data))


def test_a_value_may_hold_equals_signs() -> None:
    (made,) = all_of(KIND + b"sender=SRS0=x=y=far.example=ann@here.example\n\n")
    assert made.text("sender") == "SRS0=x=y=far.example=ann@here.example"


def test_a_value_that_is_not_utf_8_is_read() -> None:
    (made,) = all_of(KIND + b"sender=j\xf6rg@far.example\nrecipient_count=7\n\n")
    assert made.text("sender") == "j\ufffdrg@far.example"
    assert (made.number("recipient_count"), made.number("size"), made.text("none")) == (7, 0, "")


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=6), max_size=4), st.integers(1, 40))
def test_requests_come_out_as_they_went_in_whatever_the_pieces(
    wanted: list[dict[str, bytes]], size: int
) -> None:
    data = b"".join(
        KIND + b"".join(b"%s=%s\n" % (k.encode(), v) for k, v in one.items()) + b"\n"
        for one in wanted
    )
    reader, found = Requests(), []
    for start in range(0, len(data), size):
        found += list(reader.feed(data[start : start + size]))
    kind = {b"request": b"smtpd_access_policy"}
    assert [dict(one.attributes) for one in found] == [
        kind | {k.encode(): v for k, v in one.items()} for one in wanted
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"no equals sign\n",
        b"=value\n",
        b"request=other\n\n",
        b"\n",
        KIND + b"a=" + b"x" * MAX_REQUEST,
        KIND + b"a=b\n" * MAX_REQUEST,
    ],
)
def test_what_is_no_request_ends_the_connection(data: bytes) -> None:
    with pytest.raises(PolicyError):
        all_of(data)


@given(st.binary(max_size=300))
def test_no_octets_do_anything_else_than_raise(data: bytes) -> None:
    try:
        for request in Requests().feed(data):
            assert request.attributes[b"request"] == b"smtpd_access_policy"
    except PolicyError:
        pass


def test_an_answer_is_one_line() -> None:
    assert answer("DUNNO") == b"action=DUNNO\n\n"
    assert answer(Reply(452, "4.7.1", "Later")) == b"action=452 4.7.1 Later\n\n"
    with pytest.raises(ValueError, match="not an action"):
        answer("OK\naction=OK")
