"""What becomes of rules; that they do what Exim does is shown in `test_against_exim`."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.foreign.exim import generated
from tests.foreign.exim.samples import HEAD, OWNER, codes, filed, one, rule, told

from mailstead.foreign.exim.model import Owner
from mailstead.foreign.exim.reasons import DIFFERENCES, REFUSALS
from mailstead.foreign.exim.translate import translate
from mailstead.foreign.inventory import EximFilter

ANY = '$header_subject: contains "x"'


def test_a_rule_of_cpanel_comes_equal_and_as_a_rule_of_the_house() -> None:
    text = HEAD + rule(
        "invoices",
        '$header_subject: contains "invoice"\n and $header_from: ends "@vendor.example>"',
        filed("Invoices.2026"),
        'unseen deliver "boss@other.example"',
    )
    made = told(text)
    (outcome,) = made.outcomes
    assert (outcome.grade, outcome.state, outcome.name) == ("equal", "active", "invoices")
    assert outcome.place == "etc/example.com/info/filter:7"
    assert 'fileinto :create "Invoices/2026";' in made.sieve
    assert 'redirect :copy "boss@other.example";' in made.sieve
    assert made.house_rules == (
        {
            "name": "invoices",
            "enabled": True,
            "any_of": False,
            "conditions": [
                {
                    "field": "subject",
                    "match": "contains",
                    "value": "invoice",
                    "header": "",
                    "negate": False,
                },
                {
                    "field": "from",
                    "match": "ends",
                    "value": "@vendor.example>",
                    "header": "",
                    "negate": False,
                },
            ],
            "actions": [
                {"do": "file", "value": "Invoices/2026"},
                {"do": "redirect_copy", "value": "boss@other.example"},
            ],
            "stop": False,
        },
    )


@dataclass
class Case:
    condition: str = ANY
    action: str = "finish"
    code: str = ""


REFUSED = [
    Case(action='pipe "/home/acct/bin/x"', code="pipe"),
    Case(action="freeze", code="command"),
    Case(action="add 1 to n1", code="command"),
    Case(action='deliver "$h_x-to:"', code="expansion"),
    Case(action='deliver "${lookup{x}lsearch{/etc/passwd}}"', code="expansion"),
    Case(action='deliver "not an address"', code="address-invalid"),
    Case(action='save "$home/public_html/x"', code="save-file"),
    Case(action='save "$home/mail/example.com/../../etc/"', code="save-file"),
    Case(action='save "/etc/passwd/"', code="save-file"),
    Case(action='save "$home/mail/stranger.example/info/.A/"', code="save-file"),
    Case(action='save "$home/mail/example.com/info/.A..B/"', code="folder-invalid"),
    Case('"$message_body" does not contain "x"', code="body-length"),
    Case('not ($message_body: contains "x")', code="body-length"),
    Case('$message_headers: does not contain "x"', code="broader"),
    Case('$h_x-spam-report: contains "x"', code="spam-header"),
    Case("$h_x-spam-score: is above 5.2", code="number"),
    Case('$h_subject: matches "(?=x)"', code="regex"),
    Case('$recipients contains "x"', code="left"),
    Case('"${lc:$h_subject:}" contains "x"', code="expansion"),
    Case('foranyaddress $h_to: ($thisaddress does not contain "x")', code="foranyaddress"),
    Case('$h_subject: contains "\\\\${a}"', code="text"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.code} {case.condition}"[:60])
def test_what_cannot_come_is_refused_with_its_text(case: Case) -> None:
    text = HEAD + rule("odd", case.condition, case.action)
    outcome = one(text)
    assert (outcome.grade, outcome.state, codes(outcome)) == ("refused", "left-out", [case.code])
    assert case.action in outcome.text and case.code in REFUSALS
    assert told(text).house_rules is None


DIFFERENT = [
    Case('$message_body: contains "x"', code="body-length"),
    Case("$message_size is above 10K", code="size-count"),
    Case("$h_x-spam-status: begins Yes", 'deliver "a@other.example"', "spam-verdict"),
    Case("$h_x-number: is above 5", code="number-only"),
    Case('$header_subject: contains "two words"', code="folded"),
    Case("personal", code="personal"),
    Case('$message_headers: contains "x"', code="header-list"),
    Case('$reply_address contains "x"', code="reply-address"),
    Case('$h_subject: matches "(^|[0-9])x"', code="repeated"),
    Case(action='save "$home/mail/example.com/sales/.A/"', code="other-mailbox"),
    Case(action='noerror deliver "a@other.example"', code="noerror"),
    Case(action='logwrite "x"', code="log"),
    Case(action='vacation text "gone" subject "Away"', code="answer-limits"),
    Case("first_delivery", code="retry"),
]


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: case.code)
def test_a_difference_is_named(case: Case) -> None:
    outcome = one(HEAD + rule("near", case.condition, case.action))
    assert (outcome.grade, outcome.state, codes(outcome)) == ("approximate", "active", [case.code])
    assert outcome.reasons[0].words == DIFFERENCES[case.code]


def test_a_filter_without_character_set_may_not_mean_what_it_says() -> None:
    text = "# Exim filter\n" + rule("utf", '$h_subject: contains "é"', "finish")
    assert codes(one(text)) == ["charset"]
    assert codes(one('# Exim filter\nheaders charset "utf-8"\n' + text)) == []


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        ('$h_X-Spam-Status: contains "Yes,"', 'header :is "X-Spam" "Yes"'),
        ("$h_X-Spam-Flag: is YES", 'header :is "X-Spam" "Yes"'),
        ('$h_X-Spam-Bar: contains "+++++"', 'header :contains "X-Spam-Level" "*****"'),
        ("$h_X-Spam-Score: is above 50", 'header :contains "X-Spam-Level" "******"'),
        ("$h_X-Spam-Score: is above 49", 'header :contains "X-Spam-Level" "*****"'),
        ("$h_X-Spam-Score: is below 50", 'not header :contains "X-Spam-Level" "*****"'),
        ('$h_X-Spam-Bar: matches "\\\\\\\\+{7}"', 'header :contains "X-Spam-Level" "*******"'),
        ('$h_X-Spam-Status: does not begin "Yes"', 'not header :is "X-Spam" "Yes"'),
    ],
)
def test_headers_of_spamassassin_are_asked_of_our_own_filter(condition: str, test: str) -> None:
    assert test in told(HEAD + rule("s", condition, 'unseen deliver "a@other.example"')).sieve


def test_the_discard_rule_is_a_threshold_and_spam_meets_no_rule_after_it() -> None:
    name = "Generated Apache SpamAssassin™ Discard Rule"
    discard = rule(name, '$h_X-Spam-Bar: contains "++++++++"', 'save "/dev/null" 660')
    made = told(HEAD + discard + rule("x", ANY, filed("X")))
    assert made.spam is not None and made.spam.delete_above == 8.0
    assert [it.state for it in made.outcomes] == ["setting", "active"]
    assert "discard" not in made.sieve
    assert made.sieve.index('"X-Spam-Level" "********"') < made.sieve.index('"X"')
    assert made.house_rules is not None and made.house_rules[0]["stop"]
    assert told(HEAD + discard).sieve == ""


def test_directadmins_spam_block_is_a_wish() -> None:
    text = """# Exim filter
if $h_X-Spam-Status: contains "Yes,"
then
  save "/home/acct/imap/example.com/info/Maildir/.Junk/new/" 660
  finish
endif
"""
    made = told(text)
    assert made.spam is not None and made.spam.to_folder and made.spam.delete_above is None
    assert made.outcomes[0].state == "setting" and made.sieve == ""
    dropped = told("# Exim filter\nif $h_X-Spam-Flag: is YES then seen finish endif\n")
    assert dropped.spam is not None and dropped.spam.delete_above == 5.0


def test_two_wishes_about_spam_are_one() -> None:
    kept = "if $h_X-Spam-Status: contains Yes then save $home/mail/example.com/info/.spam/ finish "
    high = f'if $h_X-Spam-Level: contains "{"*" * 15}" then seen finish endif\n'
    made = told(f"# Exim filter\n{high}{kept}endif\n")
    assert made.spam is not None
    assert (made.spam.to_folder, made.spam.delete_above) == (True, 15.0)


def test_suspended_reception_is_a_state() -> None:
    blocked = rule("SUSPEND RECEPTION OF NEW MESSAGES", "first_delivery", 'fail "suspended"')
    made = told(HEAD + blocked + rule("x", ANY, filed("X")))
    assert made.receiving_suspended
    assert [it.state for it in made.outcomes] == ["setting", "active"]
    assert "reject" not in made.sieve and not told(HEAD).receiving_suspended


@pytest.mark.parametrize("action", ["deliver x@thief.example", "unseen deliver x@thief.example"])
@pytest.mark.parametrize("test", ['$h_from: contains "@"', '$h_to: matches ".*"'])
def test_what_intruders_leave_behind_is_switched_off(test: str, action: str) -> None:
    made = told(HEAD + rule(".", test, action, 'save "/dev/null" 660'))
    assert made.outcomes[0].state == "disabled"
    assert "mail-theft" in codes(made.outcomes[0])
    assert made.sieve == ""


def test_sending_all_to_ones_own_other_domain_is_no_theft() -> None:
    outcome = one(HEAD + rule("all", '$h_from: contains "@"', 'deliver "me@other.example"'))
    assert (outcome.grade, outcome.state) == ("equal", "active")


def test_a_rule_left_out_leaves_a_stop_for_what_it_may_have_ended() -> None:
    ended = rule("odd", f'{ANY} and "$recipients" contains "y"', "finish")
    made = told(HEAD + ended + rule("next", '$h_from: contains "z"', 'save "/dev/null"'))
    assert [it.grade for it in made.outcomes] == ["refused", "equal"]
    assert 'if header :contains "subject" "x" {\n  stop;\n}' in made.sieve
    assert made.sieve.index("stop;") < made.sieve.index("discard;")


def test_where_all_may_have_ended_no_later_rule_comes() -> None:
    ended = rule("odd", '"$recipients" contains "y"', "finish")
    made = told(HEAD + ended + rule("next", '$h_from: contains "z"', 'save "/dev/null"'))
    assert codes(made.outcomes[1]) == ["after-refused"] and made.sieve == ""


def test_a_later_rule_that_asks_for_deliveries_cannot_come_after_one_left_out() -> None:
    piped = rule("pipe", ANY, 'pipe "/bin/x"')
    made = told(HEAD + piped + rule("else", "not delivered", 'deliver "a@other.example"'))
    assert [codes(it) for it in made.outcomes] == [["pipe"], ["after-refused"]]


def test_what_an_accounts_rule_may_have_taken_does_not_meet_the_mailboxs_own() -> None:
    made = told(
        HEAD + rule("own", '$h_from: contains "z"', 'save "/dev/null"'),
        HEAD + rule("pipe", ANY, 'pipe "/bin/x"'),
    )
    assert [it.level for it in made.outcomes] == ["account", "mailbox"]
    assert 'if header :contains "subject" "x" {\n  stop;\n}' in made.sieve


def test_an_accounts_filter_speaks_of_the_mailbox_that_it_runs_for() -> None:
    account = HEAD + rule("mine", '$local_part is "info"', "seen finish")
    account += rule("other", '$local_part is "sales"', 'deliver "a@other.example"')
    made = told(HEAD + rule("own", ANY, filed("A")), account)
    assert "redirect" not in made.sieve and "discard;\nstop;" in made.sieve
    assert {it.grade for it in made.outcomes} == {"equal"}


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("$home/mail/example.com/info/", "INBOX"),
        ("$home/mail/example.com/info/.A.B/", "A/B"),
        ("/home/acct/mail/example.com/info/.Été/new/", "Été"),
        ("mail/$domain/$local_part/.A/", "A"),
        ("/home/acct/imap/example.com/info/Maildir/.A/new/", "A"),
        ("$home/mail/example.com/info/.spam/", "Junk"),
        ("$home/mail/example.com/info/.spam.old/", "Junk/old"),
    ],
)
def test_paths_become_folders(path: str, folder: str) -> None:
    owner = Owner(
        address=OWNER.address,
        home=OWNER.home,
        mailboxes=OWNER.mailboxes,
        folders=(("spam", "Junk"),),
    )
    made = told(HEAD + rule("f", ANY, f'save "{path}" 660'), owner=owner)
    assert f'fileinto :create "{folder}";' in made.sieve


def test_folders_in_modified_utf_7() -> None:
    owner = Owner(address=OWNER.address, home=OWNER.home, names="mutf-7")
    made = told(HEAD + rule("f", ANY, filed("&AMk-t&AOk-.R&-D")), owner=owner)
    assert 'fileinto :create "Été/R&D";' in made.sieve


def test_the_accounts_own_mailbox_lies_in_its_home() -> None:
    owner = Owner(address="acct@example.com", home="/home/acct", logins=OWNER.logins)
    made = told(HEAD + rule("f", ANY, 'save "$home/mail/.A/"', 'deliver "acct"'), owner=owner)
    assert '"A"' in made.sieve and 'fileinto :create "INBOX"' in made.sieve


def test_a_text_that_is_no_filter_is_told_and_harms_nothing() -> None:
    outcome = one("# Exim filter\nif then")
    assert (outcome.grade, codes(outcome)) == ("refused", ["syntax"])
    assert "Line 2" in outcome.reasons[0].words


def test_a_hostile_name_or_text_stays_in_its_comment() -> None:
    text = HEAD + '#a\x0bkeep;\ndiscard\rstop;\nif "$recipients" is "\\n}" then finish endif\n'
    made = told(text)
    active = [line for line in made.sieve.splitlines() if not line.startswith("#")]
    assert not any("discard" in line or "keep" in line for line in active)


def test_scripts_as_large_as_sieve_allows_and_no_larger() -> None:
    long = "".join(
        rule(f"r{n}", f'$h_subject: contains "{"x" * 400}{n}"', "finish") for n in range(1800)
    )
    made = told(HEAD + long)
    assert made.sieve and len(made.sieve.encode()) <= 1_000_000
    made = told(HEAD + long + long)
    assert made.sieve == "" and made.house_rules is None
    assert {it.grade for it in made.outcomes} == {"refused"}
    assert {codes(it)[0] for it in made.outcomes} == {"script-large"}


def test_more_redirects_than_one_message_may_have_are_told() -> None:
    many = "".join(
        rule(f"r{n}", f'$h_subject: contains "{n}"', f'deliver "a{n}@other.example"')
        for n in range(21)
    )
    assert [note.code for note in told(HEAD + many).notes] == ["many-redirects"]


def test_house_rules_keep_the_accounts_last_word() -> None:
    account = HEAD + rule("copy", ANY, 'unseen deliver "a@other.example"')
    account += rule("file", '$h_from: contains "z"', filed("Z"))
    made = told(HEAD + rule("own", '$h_to: contains "q"', filed("Q")), account)
    assert made.house_rules is not None
    assert [(it["name"], it["stop"]) for it in made.house_rules] == [
        *(("copy", False), ("file", True), ("own", False))
    ]
    swapped = HEAD + rule("file", '$h_from: contains "z"', filed("Z"))
    swapped += rule("copy", ANY, 'unseen deliver "a@other.example"')
    assert told(HEAD + rule("own", ANY, filed("Q")), swapped).house_rules is None


@pytest.mark.parametrize(
    "rules",
    [
        [rule("a", f'$h_subject: contains "{"x" * 501}"', "finish", filed("A"))],
        [rule("a", ANY, f'fail "{"x" * 501}"')],
        [rule("a", f'$h_{"x" * 77}: contains "x"', filed("A"))],
        [rule("a", ANY, filed("A"))] * 201,
    ],
)
def test_what_the_house_cannot_hold_stays_a_script(rules: list[str]) -> None:
    made = told(HEAD + "".join(rules))
    assert made.sieve and made.house_rules is None


def test_a_name_is_cut_to_what_the_house_holds() -> None:
    made = told(HEAD + rule("n" * 150, ANY, filed("A")))
    assert made.house_rules is not None and made.house_rules[0]["name"] == "n" * 100


@given(generated.filters(4), st.one_of(st.just(""), generated.filters(3)))
def test_every_rule_has_an_outcome_whatever_it_is(mailbox: str, account: str) -> None:
    made = translate(
        OWNER,
        EximFilter(text=account, place="a") if account else None,
        EximFilter(text=mailbox, place="m"),
    )
    named = [it for it in made.outcomes if it.level == "mailbox"]
    assert [it.name for it in named] == [f"rule {n}" for n in range(len(named))]
    assert len(named) == mailbox.count("#rule ")
    for each in made.outcomes:
        assert (each.grade == "equal") == (not each.reasons)
        assert (each.state == "left-out") == (each.grade == "refused")
