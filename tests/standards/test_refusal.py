"""What a refusal says, in English and in its reader's language."""

from __future__ import annotations

from mailstead.standards.refusal import Refusal, Term

GERMAN = {
    "The {what} of {name} is wrong.": "{what} von {name}: falsch.",
    "Give another.": "Geben Sie etwas anderes an.",
    "reason": "Grund",
    "Ann": "Anna",
}


def test_values_are_filled_into_the_translated_sentence() -> None:
    refusal = Refusal(
        "x", "The {what} of {name} is wrong.", remedy="Give another.", what="reason", name="Ann"
    )
    assert refusal.sentence == "The reason of Ann is wrong. Give another."
    assert refusal.say(GERMAN.__getitem__) == "reason von Ann: falsch. Geben Sie etwas anderes an."


def test_a_term_is_translated_and_a_name_is_not() -> None:
    refusal = Refusal("x", "The {what} of {name} is wrong.", what=Term("reason"), name="Ann")
    assert refusal.sentence == "The reason of Ann is wrong."
    assert refusal.parts(GERMAN.__getitem__) == ("Grund von Ann: falsch.", "")


def test_braces_of_a_sentence_without_values_stay() -> None:
    assert Refusal("x", "No {braces} here.").say(str) == "No {braces} here."
