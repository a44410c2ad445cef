"""SPF: one record out of several, nothing lost, and the questions that it costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.control.dns import spf

OURS = "v=spf1 mx a:node1.example ~all"
_MECHANISMS = st.sampled_from(
    [
        "mx",
        "a",
        "+a:www.cars.example",
        "include:_spf.elsewhere.example",
        "include:SPF.other.example",
        "ip4:192.0.2.0/24",
        "ip6:2001:db8::/32",
        "-ip4:198.51.100.7",
        "?exists:%{i}.list.example",
        "a:node1.example",
        "~a:node1.example",
        "a/24//64",
        "ptr",
    ]
)
_ENDS = st.sampled_from(["-all", "~all", "?all", "+all", "all", "ALL"])
_MODIFIERS = st.sampled_from(["redirect=_spf.elsewhere.example", "exp=why.cars.example", "x-y=1"])
_TERMS = st.lists(st.one_of(_MECHANISMS, _ENDS, _MODIFIERS), max_size=8)
RECORDS = st.lists(_TERMS.map(lambda terms: " ".join(["v=spf1", *terms])), min_size=1, max_size=3)


def mechanisms(record: str) -> set[str]:
    """What a record names, signs of no meaning aside."""
    found = {term.lower().removeprefix("+") for term in spf.terms(record)}
    return {term for term in found if not term.endswith("all") and "=" not in term}


def ends(record: str) -> list[str]:
    """The `all` mechanisms of a record."""
    return [term for term in spf.terms(record) if term.lower().lstrip("+-~?") == "all"]


@given(RECORDS)
def test_what_is_merged_stays_as_it_is(records: list[str]) -> None:
    merged = spf.merge(records, OURS)
    assert spf.merge([merged], OURS) == merged


@given(RECORDS)
def test_no_mechanism_is_lost_and_ours_is_there(records: list[str]) -> None:
    merged = mechanisms(spf.merge(records, OURS))
    assert "a:node1.example" in merged
    for record in records:
        assert mechanisms(record) <= merged


@given(RECORDS)
def test_there_is_one_all_or_the_redirect_in_its_place(records: list[str]) -> None:
    merged = spf.merge(records, OURS)
    redirects = [term for term in spf.terms(merged) if term.startswith("redirect=")]
    assert len(ends(merged)) + len(redirects) == 1
    assert spf.is_spf(merged) and not spf.unreadable(merged)


@given(RECORDS)
def test_the_merged_record_lets_our_server_send(records: list[str]) -> None:
    assert spf.covers(spf.merge(records, OURS), OURS, own_mx=False)


@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=60))
def test_no_text_is_too_strange(records: list[str], other: str) -> None:
    merged = spf.merge([f"v=spf1 {record}" for record in records], OURS)
    assert spf.lookups(merged, {"a.example": f"v=spf1 {other}"}) >= 0
    assert not spf.unreadable(merged)


@pytest.mark.parametrize(
    ("found", "merged"),
    [
        (["v=spf1 include:x.example -all"], "v=spf1 include:x.example a:node1.example -all"),
        (["v=spf1 -ip4:192.0.2.1 ~all"], "v=spf1 a:node1.example -ip4:192.0.2.1 ~all"),
        (["v=spf1 redirect=x.example"], "v=spf1 a:node1.example redirect=x.example"),
        (
            ["v=spf1 a -all", "v=spf1 include:x.example ~all"],
            "v=spf1 a include:x.example a:node1.example ~all",
        ),
        (
            ["v=spf1 a -all", "v=spf1 redirect=x.example"],
            "v=spf1 a include:x.example a:node1.example -all",
        ),
        (["v=spf1 nonsense -all"], "v=spf1 a:node1.example -all"),
        (["v=spf1"], "v=spf1 a:node1.example ~all"),
    ],
)
def test_ours_stands_where_it_counts(found: list[str], merged: str) -> None:
    assert spf.merge(found, OURS) == merged


def test_a_term_after_all_allows_nobody() -> None:
    assert not spf.covers("v=spf1 -all a:node1.example", OURS, own_mx=False)
    assert not spf.covers("v=spf1 mx -all", OURS, own_mx=False)
    assert spf.covers("v=spf1 mx -all", OURS, own_mx=True)
    assert not spf.covers("v=spf1 ~a:node1.example -all", OURS, own_mx=False)


def test_the_questions_of_other_records_count_too() -> None:
    policies = {
        "a.example": "v=spf1 include:b.example a mx ip4:192.0.2.1 -all",
        "b.example": "v=spf1 exists:%{i}.example redirect=a.example",
    }
    assert spf.lookups("v=spf1 ip4:192.0.2.1 ~all", policies) == 0
    assert spf.lookups("v=spf1 include:c.example ~all mx", policies) == 1
    # The include itself, b with its `exists` and its redirect back, then a and mx.
    assert spf.lookups("v=spf1 include:a.example -all", policies) == 6
