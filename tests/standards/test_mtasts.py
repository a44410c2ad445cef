"""MTA-STS as written here is read elsewhere, and the other way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.mtasts import (
    MAX_AGE,
    Mode,
    Policy,
    make_record,
    parse_policy,
    parse_record,
)
from mailstead.standards.refusal import Refusal

EXAMPLE = b"""version: STSv1
mode: enforce
mx: mail.example.com
mx: *.example.net
mx: backupmx.example.com
max_age: 604800
"""
LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
HOST = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
POLICY = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    hosts=st.lists(HOST | HOST.map("*.{}".format), min_size=1, max_size=4, unique=True).map(tuple),
    max_age=st.integers(0, MAX_AGE),
)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
def test_the_example_of_the_standard(newline: bytes, end: bytes) -> None:
    data = (EXAMPLE.rstrip() + end).replace(b"\n", newline)
    hosts = ("mail.example.com", "*.example.net", "backupmx.example.com")
    assert parse_policy(data) == Policy(Mode.ENFORCE, hosts, 604800)


@given(POLICY)
def test_what_is_written_is_read(policy: Policy) -> None:
    assert parse_policy(policy.text().encode()) == policy


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (b"STSv1", b"STSv2", "version"),
        (b"version: STSv1\n", b"", "version"),
        (b"enforce", b"Enforced", "mode"),
        (b"mode: enforce\n", b"", "mode"),
        (b"604800", b"soon", "max_age"),
        (b"604800", b"-1", "max_age"),
        (b"604800", b"99999999999", "max_age"),
        (b"max_age: 604800\n", b"", "max_age"),
        (b"*.example.net", b"mail.*.net", "no host name"),
        (b"*.example.net", b"*", "no host name"),
        (b"*.example.net", b"192.0.2.1", "no host name"),
        (b"*.example.net", b"a b.example.net", "no host name"),
        (b"mode:", b"\nmode:", "no field"),
        (b"mode:", b"<html>\nmode:", "no field"),
        (b"mx", b"x", "names no host"),
        (b"mode", b"x: " + b"y" * 65536 + b"\nmode", "64 KiB"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_reason(before: bytes, after: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        parse_policy(EXAMPLE.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"max_age", b"x-more: than known\nmax_age"),
        (b"max_age", b"mode: none\nmax_age"),
        (b"version: STSv1", b"version:STSv1  "),
        (b"mx: mail", b"mx: MAIL"),
    ],
)
def test_what_the_standard_lets_pass_passes(before: bytes, after: bytes) -> None:
    assert parse_policy(EXAMPLE.replace(before, after)) == parse_policy(EXAMPLE)


def test_a_policy_of_more_than_a_year_counts_for_a_year() -> None:
    assert parse_policy(EXAMPLE.replace(b"604800", b"9999999999")).max_age == MAX_AGE


def test_mode_none_needs_no_host() -> None:
    assert parse_policy(b"version: STSv1\nmode: none\nmax_age: 86400\n").hosts == ()


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com.", True),
        ("a.example.net", True),
        ("example.net", False),
        ("a.b.example.net", False),
        ("other.example.com", False),
        ("*.example.net", False),
        (".example.net", False),
        ("net", False),
        ("", False),
    ],
)
def test_a_wildcard_stands_for_one_label(host: str, covered: bool) -> None:
    assert parse_policy(EXAMPLE).covers(host) is covered


@given(st.binary(max_size=200), st.integers(0, 130))
def test_whatever_is_served_is_a_policy_or_refused(data: bytes, at: int) -> None:
    for text in (data, EXAMPLE[:at] + data + EXAMPLE[at:]):
        try:
            policy = parse_policy(text)
        except Refusal as refusal:
            assert refusal.words.isprintable()
            continue
        assert parse_policy(policy.text().encode()) == policy


@pytest.mark.parametrize(
    "texts",
    [
        ["v=STSv1; id=20160831085700Z;"],
        ["v=STSv1;id=20160831085700Z"],
        ["v=STSv1 ; id=20160831085700Z ; more=other", "v=spf1 -all", ""],
        ["v=STSv1; id=20160831085700Z; id=other"],
    ],
)
def test_a_record_is_found_among_others(texts: list[str]) -> None:
    assert parse_record(texts) == "20160831085700Z"


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["v=STSv1"],
        ["v=STSv1;"],
        ["v=STSv1; id="],
        ["v=STSv1; id=a-b"],
        ["v=STSv1; id=" + "a" * 33],
        ["id=a; v=STSv1;"],
        ["v=STSv1; id=a", "v=STSv1; id=a"],
        ["v=STSv1; id=a; ;"],
        ["v=STSv1; id=a b"],
        ["v=STSv10; id=a"],
    ],
)
def test_no_record_several_and_wrong_ones_are_refused(texts: list[str]) -> None:
    with pytest.raises(Refusal):
        parse_record(texts)


@given(st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True))
def test_a_record_that_is_written_is_read(policy_id: str) -> None:
    assert parse_record([make_record(policy_id)]) == policy_id


def test_an_id_that_is_none_is_a_defect() -> None:
    with pytest.raises(ValueError, match="not an id"):
        make_record("a b")
