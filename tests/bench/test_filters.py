"""The benchmark of filters translates what it says."""

from __future__ import annotations

from bench import filters
from mailstead.foreign.exim.translate import translate
from mailstead.foreign.inventory import EximFilter


def test_every_rule_counts_and_most_come() -> None:
    (figure,) = filters.measure(400)
    assert figure.value > 0 and figure.detail["rules"] == 400
    text = filters.filter_text(200, 7)
    made = translate(filters._OWNER, None, EximFilter(text=text, place="filter"))
    grades = [outcome.grade for outcome in made.outcomes]
    assert len(grades) == 200
    assert {"equal", "approximate", "refused"} == set(grades)
    assert grades.count("refused") < 40
