"""DNS lists: questions as RFC 5782 writes them, and answers that must not be believed."""

from __future__ import annotations

import pytest

from mailstead.standards.dnsbl import FOUR, NAMES, SIX, Verdict, probe_of, question, verdict


@pytest.mark.parametrize(
    ("subject", "asked"),
    [
        ("192.0.2.99", "99.2.0.192.bad.example"),
        # RFC 5782 §2.4.
        (
            "2001:db8:1:2:3:4:567:89ab",
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bad.example",
        ),
        ("Mail.Customer.test.", "mail.customer.test.bad.example"),
    ],
)
def test_a_subject_is_asked_for_as_the_standard_says(subject: str, asked: str) -> None:
    assert question(subject, "Bad.example.") == asked


def test_a_question_that_is_no_domain_name_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        question("a" * 63 + ("." + "b" * 63) * 2, "c" * 63 + ".example")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], Verdict.CLEAR),
        (["127.0.0.2"], Verdict.LISTED),
        (["127.0.0.4", "127.0.0.11"], Verdict.LISTED),
        (["127.0.0.1"], Verdict.REFUSED),
        (["127.255.255.254"], Verdict.REFUSED),
        (["127.0.0.2", "127.255.255.252"], Verdict.REFUSED),
        (["203.0.113.80"], Verdict.REFUSED),
        (["127.0.0.2", "203.0.113.80"], Verdict.REFUSED),
    ],
)
def test_only_an_answer_of_the_lists_own_is_a_listing(answers: list[str], said: Verdict) -> None:
    assert verdict(answers) is said


def test_each_kind_of_subject_has_its_test_entries() -> None:
    assert probe_of("198.51.100.7") is FOUR
    assert probe_of("2001:db8::7") is SIX
    assert probe_of("mx.example.org") is NAMES
    assert question(SIX.listed, "bad.example").startswith("2.0.0.0.0.0.f.7.f.f.f.f.0.0")
