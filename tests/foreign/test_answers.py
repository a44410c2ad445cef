"""An autoresponder of another panel as an automatic answer of the house."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.foreign.answers import DIFFERENCES, LONGEST, SHORTEST, answer
from mailstead.foreign.inventory import Autoresponder
from mailstead.standards.refusal import Refusal

START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)


def found(**other: object) -> Autoresponder:
    values: dict[str, object] = {
        "address": "away@example.com",
        "body": "Wir sind bis Montag zu.\n",
        "subject": "Re: %subject%",
        "interval": 8 * 3600,
        "place": ".autorespond/away@example.com",
    }
    return Autoresponder(**{**values, **other})  # type: ignore[arg-type]


def test_an_ordinary_one_comes_as_it_is() -> None:
    made = answer(found(from_name="Büro", starts=START, ends=START + dt.timedelta(days=14)))
    assert (made.subject, made.body) == ("Re: %subject%", "Wir sind bis Montag zu.\n")
    assert (made.interval, made.from_name) == (28800, "Büro")
    assert made.starts == START and made.ends == START + dt.timedelta(days=14)
    assert made.differences == ()


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"interval": 0}, "interval-shorter"),
        ({"interval": 100 * 86400}, "interval-longer"),
        ({"subject": ""}, "subject-missing"),
        ({"subject": "x" * 400}, "subject-cut"),
        ({"from_name": "x" * 101}, "name-cut"),
        ({"copy_to": "boss@example.com"}, "copy"),
    ],
)
def test_what_gives_way_is_told(other: dict[str, object], code: str) -> None:
    made = answer(found(**other))
    assert made.differences == (code,) and code in DIFFERENCES
    assert SHORTEST <= made.interval <= LONGEST
    assert 0 < len(made.subject) <= 250 and len(made.from_name) <= 100
    assert made.forward_to == other.get("copy_to", "")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"body": " \r\n"}, "answer-empty"),
        ({"body": "x" * 100_001}, "answer-long"),
        ({"starts": START, "ends": START}, "answer-period"),
    ],
)
def test_what_cannot_be_an_answer_is_refused(other: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as raised:
        answer(found(**other))
    assert raised.value.code == code


def test_control_characters_of_a_hostile_file_do_not_come() -> None:
    made = answer(found(subject="a\r\nBcc: x@y.example", body="a\0b\x1b[2J\r\nc", from_name="A\nB"))
    assert made.subject == "a  Bcc: x@y.example"
    assert made.body == "ab[2J\nc"
    assert made.from_name == "A B"
