"""Perl's regular expressions as POSIX's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.foreign.exim.regex import alternatives
from mailstead.standards.refusal import Refusal


@pytest.mark.parametrize(
    ("perl", "posix"),
    [
        (r"\d+", "[0-9]+"),
        (r"a.*?b", "a[^\n]*b"),
        (r"(?:one|two)\.", r"(one|two)\."),
        (r"[\w.]", "[.A-Za-z0-9_]"),
        (r"[]a-c^-]", "[]a-c^-]"),
        (r"[+-/]", "[+,./-]"),
        (r"^x{2,3}$", "^x{2,3}$"),
        (r"\S", "[^ \t\n\r\f\v]"),
        (r"(?i)x+", "x+"),
    ],
)
def test_what_means_the_same(perl: str, posix: str) -> None:
    (made,) = alternatives(perl)
    assert made.text == posix


def test_alternatives_are_told_apart() -> None:
    first, second, third = alternatives("^begin|mid|end$")
    assert (first.start, first.end, first.literal) == (True, False, "begin")
    assert (second.start, second.end, second.literal) == (False, False, "mid")
    assert (third.start, third.end, third.literal) == (False, True, "end")


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(?=a)",
            "(?<!a)b",
            "(?P<n>a)",
            "(a)\\1",
            "\\bword",
            "\\pL",
            "a++",
            "a**",
            "*a",
            "(",
            "[a",
        ),
        *("a\\", "[\\d-z]x[z-a]", "[[.a.]]", "x{3,2}", "(?i:a)", "(*UTF8)a", "^*", "a)", "[a"),
        *("x{0,5000}", "(x{0,100}){0,100}", "((((x{9}){9}){9}){9})", "[é]", "(" * 50 + ")" * 50),
    ],
)
def test_what_means_something_else_or_costs_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(Refusal) as raised:
        alternatives(pattern)
    assert raised.value.code == "regex"


@given(st.text(alphabet="ab.*+?[]()|^$\\dw{}1,-: ", max_size=20), st.text("ab1. -", max_size=8))
def test_what_is_told_matches_the_same_texts(pattern: str, text: str) -> None:
    """As far as Python, which is close to Perl, can read the result too."""
    try:
        made = alternatives(pattern)
        expected = re.search(pattern, text)
        found = any(re.search(one.text, text) for one in made)
    except (Refusal, re.error, OverflowError):
        return
    assert found == bool(expected)
    if not text:
        assert any(one.empty for one in made) == bool(expected)
