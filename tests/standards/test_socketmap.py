"""Postfix's socketmap protocol, however the octets come."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards import socketmap

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(st.lists(KEYS, max_size=5), st.integers(1, 40))
def test_requests_are_read_however_they_are_cut(keys: list[str], step: int) -> None:
    octets = b"".join(socketmap.request("tls", key) for key in keys)
    buffer, found = bytearray(), []
    for at in range(0, len(octets), step):
        buffer += octets[at : at + step]
        while (asked := socketmap.take(buffer)) is not None:
            found.append(asked)
    assert found == [("tls", key) for key in keys]
    assert not buffer


@pytest.mark.parametrize(
    "octets", [b"x", b"12", b"1234567", b"99999:", b"3:tlsx", b"3:tls,", b"-1:,", b"5 :a b,"]
)
def test_what_is_no_request_ends_the_connection_or_waits_for_more(octets: bytes) -> None:
    if octets == b"12":
        assert socketmap.take(bytearray(octets)) is None
    else:
        with pytest.raises(socketmap.NotSocketmap):
            socketmap.take(bytearray(octets))


@given(st.binary(max_size=300))
def test_nothing_else_is_raised(octets: bytes) -> None:
    with contextlib.suppress(socketmap.NotSocketmap):
        socketmap.take(bytearray(octets))
