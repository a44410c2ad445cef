"""The grammar of Exim filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.foreign.exim.samples import HEAD, filed, rule

from mailstead.foreign.exim.parser import parse
from mailstead.foreign.exim.syntax import Compare, Deed, If, Many, Not
from mailstead.standards.refusal import Refusal


def condition(text: str) -> object:
    command = parse(f"# Exim filter\nif {text} then finish endif").statements[0].command
    assert isinstance(command, If)
    return command.branches[0].condition


def test_a_rule_has_its_name_its_line_and_its_text() -> None:
    text = HEAD + rule("invoices", '$h_subject: contains "invoice"', filed("Invoices"))
    guard, invoices = parse(text).statements
    assert invoices.comments == ("invoices",)
    assert text[invoices.span.start : invoices.span.end].startswith("#invoices\nif")
    assert text[: invoices.span.start].count("\n") + 2 == invoices.span.line
    assert isinstance(guard.command, If) and parse(text).charset == "UTF-8"


def test_and_binds_more_than_or() -> None:
    made = condition("delivered or error_message and not manually_thawed")
    assert isinstance(made, Many) and made.join == "or"
    inner = made.conditions[1]
    assert isinstance(inner, Many) and inner.join == "and" and isinstance(inner.conditions[1], Not)


@pytest.mark.parametrize(
    ("text", "operator", "negated", "sensitive"),
    [
        ("$h_a: contains b", "contains", False, False),
        ("$h_a: contain b", "contains", False, False),
        ("$h_a: CONTAINS b", "contains", False, True),
        ("$h_a: does not begin b", "begins", True, False),
        ("$h_a: DOES NOT END b", "ends", True, True),
        ("$h_a: is not b", "is", True, False),
        ("$h_a: IS b", "is", False, True),
        ("$h_a: is not above 5", "above", True, False),
        ('$h_a: matches "b"', "matches", False, False),
    ],
)
def test_comparisons(text: str, operator: str, negated: bool, sensitive: bool) -> None:
    made = condition(text)
    assert isinstance(made, Compare)
    assert (made.operator, made.negated, made.sensitive) == (operator, negated, sensitive)
    assert made.right.raw in ("b", "5")


def test_a_quoted_string_loses_one_level_of_backslashes() -> None:
    made = condition(r'$h_a: contains "a\"b\\\\c\x41\101\n"')
    assert isinstance(made, Compare) and made.right.raw == 'a"b\\\\cAA\n'


def test_commands_with_what_follows_them() -> None:
    text = """# Exim filter
    unseen noerror deliver "a@b.example"   # a copy
    save "$home/mail/x/" 0660
    fail text "no"
    mail text "gone" to $reply_address once "$home/o" once_repeat 7d expand file x return message
    add 1 to n1 finish"""
    deeds = [one.command for one in parse(text).statements]
    assert [one.name for one in deeds if isinstance(one, Deed)] == [
        *("deliver", "save", "fail", "mail", "add", "finish")
    ]
    first, second, third, letter = deeds[:4]
    assert isinstance(first, Deed) and (first.seen, first.noerror) == ("unseen", True)
    assert isinstance(second, Deed) and [word.raw for word in second.words][1] == "0660"
    assert isinstance(third, Deed) and third.words[0].raw == "no"
    assert isinstance(letter, Deed)
    assert [name for name, _ in letter.options] == [
        *("text", "to", "once", "once_repeat", "file", "return")
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("if $h_a: contains b then finish", 1),
        ('\n\nif $h_a: contains "b then finish endif', 3),
        ("if $h_a: contains (b) then finish endif", 1),
        ("if $h_a: contains b and then finish endif", 1),
        ("if $h_a: Contains b then finish endif", 1),
        ("finish\nFINISH", 2),
        ("seen unseen finish", 1),
        ("deliver", 1),
        ("if " + "(" * 100_000, 1),
        ("if delivered then " * 1000, 1),
        (")", 1),
        ("finish " * 10_001, 1),
    ],
)
def test_what_exim_refuses_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(Refusal) as raised:
        parse(text)
    assert raised.value.code == "exim-filter-invalid"
    assert raised.value.values["line"] == line


@given(st.text(alphabet=' \n"\\()#$abifthenendif:', max_size=60))
def test_any_text_is_a_tree_or_a_refusal(text: str) -> None:
    try:
        made = parse(text)
    except Refusal:
        return
    for one in made.statements:
        assert 0 <= one.span.start < one.span.end <= len(text)
