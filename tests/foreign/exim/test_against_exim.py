"""The same messages through Exim's own `exim -bf` and Pigeonhole's `sieve-test`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from tests.foreign.exim import generated, samples
from tests.foreign.exim.oracle import (
    ADDRESS,
    DOMAIN,
    HOME,
    KEPT,
    Exim,
    FilterError,
    by_sieve,
)
from tests.foreign.exim.test_translate import DIFFERENT, Case

from mailstead.foreign.exim.model import Owner, Translation
from mailstead.foreign.exim.translate import translate
from mailstead.foreign.inventory import EximFilter
from mailstead.wire.changes import Rule
from mailstead.wire.sieve_rules import rules_script

pytestmark = pytest.mark.engines
OWNER = Owner(
    address=ADDRESS, home=HOME, domains=frozenset({DOMAIN}), mailboxes=frozenset({ADDRESS})
)
EXACT = {"folded"}
"""Differences that the messages here do not meet: none of their fields is folded."""
_SLOW = settings(max_examples=25, suppress_health_check=list(HealthCheck), print_blob=True)


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    """Exim on filters."""
    made = Exim()
    yield made
    made.close()


def told(mailbox: str, account: str = "") -> Translation:
    """Both filters in Sieve."""
    return translate(
        OWNER,
        EximFilter(text=account, place="vf/example.com") if account else None,
        EximFilter(text=mailbox, place="filter") if mailbox else None,
    )


def differences(made: Translation) -> set[str]:
    return {reason.code for one in made.outcomes for reason in one.reasons} - EXACT


@_SLOW
@given(text=generated.filters(3), message=generated.messages())
def test_equal_rules_do_what_exim_does(exim: Exim, text: str, message: str) -> None:
    made = told(text)
    note(text)
    assume(not differences(made))
    try:
        expected = exim.both("", text, message)
    except FilterError:
        assume(False)
    note(f"{message}\n{made.sieve}")
    assert by_sieve(made.sieve, message) == expected


@_SLOW
@given(account=generated.filters(2), mailbox=generated.filters(2), message=generated.messages())
def test_an_accounts_delivery_keeps_the_mailboxs_own_rules_from_running(
    exim: Exim, account: str, mailbox: str, message: str
) -> None:
    made = told(mailbox, account)
    assume(not differences(made))
    note(f"{message}\n{made.sieve}")
    assert by_sieve(made.sieve, message) == exim.both(account, mailbox, message)


@_SLOW
@given(text=generated.filters(1), message=generated.messages())
def test_a_rule_never_acts_on_more_than_it_did(exim: Exim, text: str, message: str) -> None:
    made = told(text)
    try:
        expected = exim.both("", text, message)
    except FilterError:
        # The old server held such messages back.
        assume(False)
    note(f"{message}\n{made.sieve}")
    assert by_sieve(made.sieve, message) in (expected, KEPT)


@_SLOW
@given(texts=st.lists(generated.filters(1), min_size=2, max_size=3), message=generated.messages())
def test_a_rule_that_could_not_come_lets_no_more_reach_the_next_ones(
    exim: Exim, texts: list[str], message: str
) -> None:
    """A condition that only Exim can tell stands in the first rule."""
    odd = texts[0].replace("\nthen\n", ' and "${lc:$h_subject:}" contains "x"\nthen\n')
    text = odd + "".join(one.partition("endif\n")[2] for one in texts[1:])
    made = told(text)
    try:
        expected = exim.both("", text, message)
    except FilterError:
        assume(False)
    note(f"{message}\n{made.sieve}")
    first_left_out = {one.state for one in made.outcomes if one.name == "rule 0"} == {"left-out"}
    assume(first_left_out and not differences(made) - {"expansion", "after-refused"})
    done = by_sieve(made.sieve, message)
    # What was done besides keeping it, the source did too.
    assert done - KEPT <= expected


@_SLOW
@given(
    account=st.one_of(st.just(""), generated.filters(2, easy=True)),
    mailbox=generated.filters(2, easy=True),
    message=generated.messages(),
)
def test_rules_of_the_house_do_what_exim_does(
    exim: Exim, account: str, mailbox: str, message: str
) -> None:
    """In the shape that the panel shows, as the node makes a script of them."""
    made = told(mailbox, account)
    # Such as a rule that sends nearly everything to a stranger: it comes switched off.
    assume(made.house_rules is not None and not differences(made))
    rules = msgspec.convert(made.house_rules, tuple[Rule, ...])
    script = rules_script(rules)
    note(f"{account}\n{mailbox}\n{message}\n{script}")
    assert by_sieve(script, message) == exim.both(account, mailbox, message)


@pytest.mark.parametrize("fold", [False, True])
def test_words_over_the_end_of_a_folded_line_are_told_as_a_difference(
    exim: Exim, fold: bool
) -> None:
    text = '# Exim filter\nif $h_subject: contains "one two" then deliver a@far.example endif\n'
    message = f"From: bob@x.example\nSubject: one{chr(10) if fold else ''} two\n\n"
    made = told(text)
    assert [one.code for one in made.outcomes[0].reasons] == ["folded"]
    sent = frozenset({("redirect", "a@far.example")})
    assert exim.both("", text, message) == (KEPT if fold else sent)
    assert by_sieve(made.sieve, message) == sent


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: case.code)
def test_every_kind_of_test_and_action_is_taken_by_pigeonhole(case: Case) -> None:
    made = samples.told(samples.HEAD + samples.rule("a", case.condition, case.action))
    assert made.sieve
    by_sieve(made.sieve, "From: bob@x.example\nTo: info@example.com\n\ntext\n")


REFUSING = """# Exim filter
#copies
if $h_subject: contains "copy" then unseen deliver "two@far.example" endif
#no
if $h_subject: contains "no" then fail "Not here" endif
#file
if $h_subject: contains "copy" then save "$home/mail/example.com/info/.A/" 660 endif
"""


@pytest.mark.parametrize("subject", ["no", "copy", "yes"])
def test_refused_mail_is_refused_by_both(exim: Exim, subject: str) -> None:
    message = f"From: bob@x.example\nTo: info@example.com\nSubject: {subject}\n\n"
    assert by_sieve(told(REFUSING).sieve, message) == exim.both("", REFUSING, message)


def test_what_was_sent_on_already_is_not_refused_any_more(exim: Exim) -> None:
    """Pigeonhole would undo the whole script; that is told as a difference."""
    message = "From: bob@x.example\nSubject: no copy\n\n"
    made = told(REFUSING)
    assert by_sieve(made.sieve, message) == KEPT | {("redirect", "two@far.example")}
    assert [one.code for one in made.outcomes[1].reasons] == ["reject-late"]
    assert ("reject", "Not here") in exim.both("", REFUSING, message)
