"""What cPanel's own description of its rules adds to the compiled filter."""

from __future__ import annotations

from typing import Literal

import pytest
from tests.foreign.exim.samples import HEAD, OWNER, codes, filed, found, rule, told

from mailstead.foreign.exim.translate import translate
from mailstead.foreign.inventory import EximFilter, PanelAction, PanelRule, PanelTest

Join = Literal["and", "or", ""]


def described(
    name: str,
    *tests: tuple[str, str, str, Join],
    action: tuple[str, str] = ("save", "$home/mail/example.com/info/.A"),
    enabled: bool = True,
) -> PanelRule:
    return PanelRule(
        name=name,
        enabled=enabled,
        tests=tuple(PanelTest(part=p, match=m, value=v, join=j) for p, m, v, j in tests),
        actions=(PanelAction(action=action[0], dest=action[1]),),
    )


SUBJECT = '$header_subject: contains "x"'
X: tuple[str, str, str, Join] = ("$header_subject:", "contains", "x", "")


def test_a_description_that_says_what_ran_adds_nothing() -> None:
    made = told(HEAD + rule("a", SUBJECT, filed("A")), "", described("a", X))
    assert [(it.name, it.grade, it.state) for it in made.outcomes] == [("a", "equal", "active")]
    assert made.notes == ()


@pytest.mark.parametrize(
    "other",
    [
        described("a", ("$header_subject:", "contains", "y", "")),
        described("a", ("$header_subject:", "is", "x", "")),
        described("a", X, ("$header_from:", "contains", "b", "")),
        described("a", X, action=("save", "$home/mail/example.com/info/.B")),
        described("a", X, action=("finish", "")),
    ],
)
def test_what_ran_is_kept_where_the_description_differs(other: PanelRule) -> None:
    made = told(HEAD + rule("a", SUBJECT, filed("A")), "", other)
    assert [note.code for note in made.notes] == ["rule-differs"]
    assert 'header :contains "subject" "x"' in made.sieve and '"A"' in made.sieve


@pytest.mark.parametrize(
    ("joins", "same"), [(("or", "and"), True), (("and", "or"), False), (("", ""), True)]
)
def test_joins_come_from_what_ran(joins: tuple[Join, Join], same: bool) -> None:
    compiled = f'{SUBJECT}\n or $header_from: contains "y"\n and $header_to: contains "z"'
    shown = described(
        "a",
        ("$header_subject:", "contains", "x", joins[0]),
        ("$header_from:", "contains", "y", joins[1]),
        ("$header_to:", "contains", "z", "or"),
    )
    made = told(HEAD + rule("a", compiled, filed("A")), "", shown)
    assert (made.notes == ()) == same
    assert made.outcomes[0].grade == "equal"
    assert 'anyof(header :contains "subject" "x", allof(' in made.sieve


def test_a_rule_that_is_off_stays_where_it_was_and_stays_off() -> None:
    text = HEAD + rule("a", SUBJECT, filed("A")) + rule("c", SUBJECT, filed("C"))
    off = described("b", ("$header_from:", "begins", "b", ""), enabled=False)
    made = told(
        text,
        "",
        described("a", X),
        off,
        described("c", X, action=("save", "$home/mail/example.com/info/.C")),
    )
    assert [(it.name, it.state) for it in made.outcomes] == [
        *(("a", "active"), ("b", "disabled"), ("c", "active"))
    ]
    assert (
        all(line.startswith("#") for line in made.sieve.splitlines() if '"b*"' in line)
        and '"b*"' in made.sieve
    )
    assert made.house_rules is not None
    assert [(it["name"], it["enabled"]) for it in made.house_rules] == [
        *(("a", True), ("b", False), ("c", True))
    ]


def test_a_rule_that_did_not_run_does_not_come_to_life() -> None:
    made = told(HEAD + rule("a", SUBJECT, filed("A")), "", described("a", X), described("b", X))
    assert codes(made.outcomes[1]) == ["not-compiled"]
    assert made.outcomes[1].state == "left-out"


def test_a_rule_that_the_panel_does_not_show_is_told_of() -> None:
    text = HEAD + rule("a", SUBJECT, filed("A")) + rule("hidden", SUBJECT, "finish")
    made = told(text, "", described("a", X))
    assert [note.code for note in made.notes] == ["rule-not-shown"]
    assert [it.state for it in made.outcomes] == ["active", "active"]


def test_the_order_is_the_one_in_which_they_ran() -> None:
    text = HEAD + rule("a", SUBJECT, filed("A")) + rule("b", SUBJECT, filed("A"))
    made = told(text, "", described("b", X), described("a", X))
    assert [it.name for it in made.outcomes] == ["a", "b"]
    assert [note.code for note in made.notes] == ["rules-order"]


@pytest.mark.parametrize(
    ("test", "sieve"),
    [
        (("$header_subject:", "contains", 'a"b\\c$d*', ""), '"a\\"b\\\\c$d*"'),
        (("$header_subject:", "begins", "a*?", ""), '"a\\\\*\\\\?*"'),
        (("$header_subject:", "matches", "^[0-9]{3}\\d", ""), '"^[0-9]{3}[0-9]"'),
        (('"foranyaddress $h_to:,$h_cc:"', "is", "a@b.c", ""), ':all :is ["to", "cc"] "a@b.c"'),
        (("error_message", "", "", ""), 'envelope :is "from" ""'),
    ],
)
def test_a_description_alone_is_translated(test: tuple[str, str, str, Join], sieve: str) -> None:
    made = translate(
        OWNER, None, EximFilter(text="", rules=(described("a", test),), place="filter.yaml")
    )
    assert (made.outcomes[0].grade, made.outcomes[0].state) == ("equal", "active")
    assert sieve in made.sieve and 'fileinto :create "A";' in made.sieve


def test_unknown_joins_are_taken_for_and_which_is_never_more() -> None:
    shown = described("a", X, ("$header_from:", "contains", "y", ""))
    made = translate(OWNER, None, EximFilter(text="", rules=(shown,), place="filter.yaml"))
    assert codes(made.outcomes[0]) == ["join-unknown"]
    assert "if allof(" in made.sieve


def test_a_compiled_filter_that_cannot_be_read_is_told_from_the_description() -> None:
    made = told("# Exim filter\nif then", "", described("a", X))
    assert [codes(it) for it in made.outcomes] == [["compiled-missing"]]
    assert [note.code for note in made.notes] == ["syntax"]
    assert found("").rules == ()
