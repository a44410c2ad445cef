"""Verdicts: what is found against what should be there, for each kind of record."""

from __future__ import annotations

import pytest

from mailstead.control.dns.answers import Answer, Found, Seen
from mailstead.control.dns.compare import Expected, Finding, compare, state_of

NAME = "cars.example"
KEY = "MIIB" + "A" * 300
MX = Expected(NAME, "MX", "10 node1.example.")
SPF = Expected(NAME, "TXT", "v=spf1 mx a:node1.example ~all")
DMARC = Expected(f"_dmarc.{NAME}", "TXT", "v=DMARC1; p=none")
DKIM = Expected(f"ms1._domainkey.{NAME}", "TXT", f"v=DKIM1; k=rsa; p={KEY}")
ALL = (MX, SPF, DMARC, DKIM)


def said(*values: str) -> Answer:
    """What a server says."""
    return Answer("found", values) if values else Answer("empty")


def seen(expected: Expected, *values: str, mx: str = "10 other.example.") -> Seen:
    """The same everywhere."""
    answers = {
        (NAME, "MX"): Found((said(mx),), said(mx)),
        (expected.name, expected.type): Found((said(*values),), said(*values)),
    }
    return Seen(zone=NAME, answers=answers)


def first(expected: Expected, *values: str) -> Finding:
    """The finding about one record."""
    return compare([expected], seen(expected, *values))[0]


@pytest.mark.parametrize(
    ("expected", "values", "verdict", "code"),
    [
        (MX, ["10 node1.example."], "good", "mx-good"),
        (MX, ["50 NODE1.example"], "good", "mx-good"),
        (MX, [], "missing", "mx-missing"),
        (MX, ["10 mx.other.example."], "wrong", "mx-elsewhere"),
        (MX, ["10 node1.example.cars.example."], "wrong", "mx-doubled"),
        (MX, ["0 ."], "wrong", "mx-null"),
        (SPF, [], "missing", "spf-missing"),
        (SPF, ["site-verification=1"], "missing", "spf-missing"),
        (SPF, ["v=spf1 a:node1.example -all", "other"], "good", "spf-good"),
        (SPF, ["v=spf1 include:x.example ~all"], "wrong", "spf-without-us"),
        (SPF, ["v=spf1 a:node1.example -all", "v=spf1 a -all"], "wrong", "spf-many"),
        (SPF, ["v=spf1 a:node1.example ipv4:1.2.3.4 -all"], "wrong", "spf-unreadable"),
        (
            SPF,
            ["v=spf1 a:node1.example " + " ".join(f"a:h{n}.example" for n in range(10)) + " ~all"],
            "wrong",
            "spf-lookups",
        ),
        (DMARC, [], "missing", "dmarc-missing"),
        (DMARC, ["v=DMARC1; p=reject; rua=mailto:a@b.example"], "good", "dmarc-good"),
        (DMARC, ["v=DMARC1;p=Quarantine"], "good", "dmarc-good"),
        (DMARC, ["v=DMARC1; rua=mailto:a@b.example"], "wrong", "dmarc-unreadable"),
        (DMARC, ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "wrong", "dmarc-many"),
        (DKIM, [], "missing", "dkim-missing"),
        (DKIM, [f"p={KEY[:100]} {KEY[100:]} ; k=rsa"], "good", "dkim-good"),
        (DKIM, ["v=DKIM1; p="], "wrong", "dkim-revoked"),
        (DKIM, [f"v=DKIM1; p={KEY[:200]}"], "wrong", "dkim-cut"),
        (DKIM, ["v=DKIM1; p=BBBB"], "wrong", "dkim-other"),
        (DKIM, ["nothing of the kind"], "wrong", "dkim-other"),
        (DKIM, [f"p={KEY}", "p=BBBB"], "wrong", "dkim-many"),
    ],
)
def test_each_record_has_its_verdict(
    expected: Expected, values: list[str], verdict: str, code: str
) -> None:
    finding = first(expected, *values)
    assert (finding.verdict, finding.code) == (verdict, code)


def test_a_second_spf_record_is_never_proposed() -> None:
    finding = first(SPF, "v=spf1 include:x.example -all")
    assert finding.publish == "v=spf1 include:x.example a:node1.example -all"
    assert finding.lookups == 2
    several = first(SPF, "v=spf1 include:x.example ~all", "v=spf1 mx ~all")
    assert several.publish == "v=spf1 include:x.example mx a:node1.example ~all"
    assert first(SPF).publish == SPF.value


def test_a_bare_mx_allows_us_where_the_mx_is_ours() -> None:
    record = "v=spf1 mx -all"
    ours = compare([SPF], seen(SPF, record, mx="10 node1.example."))[0]
    assert ours.verdict == "good" and first(SPF, record).verdict == "wrong"


def test_another_hosts_mx_left_behind_is_told() -> None:
    answers = seen(MX, "10 node1.example.", "20 old.example.", "5 older.example.")
    ours, *others = compare([MX], answers)
    assert ours.verdict == "good"
    assert {(one.code, one.expected.value) for one in others} == {
        ("mx-left", "20 old.example."),
        ("mx-first", "5 older.example."),
    }
    assert state_of([ours, *others]) == "bad"
    assert state_of(compare([MX], seen(MX, "10 node1.example.", "20 old.example."))) == "warn"


def test_the_zones_own_servers_decide_and_the_public_view_is_told() -> None:
    key = (MX.name, MX.type)
    old, new = said("10 old.example."), said("10 node1.example.")
    fresh = compare([MX], Seen(answers={key: Found((new, new), old)}))[0]
    assert (fresh.verdict, fresh.note, fresh.public) == ("good", "spreading", ("10 old.example.",))
    torn = compare([MX], Seen(answers={key: Found((new, old), new)}))[0]
    assert (torn.verdict, torn.note) == ("wrong", "disagree")
    broken = compare([MX], Seen(answers={key: Found((new,), Answer("servfail"))}))[0]
    assert (broken.verdict, broken.note) == ("good", "public-error")
    only_public = compare([MX], Seen(answers={key: Found((Answer("refused"),), new)}))[0]
    assert (only_public.verdict, only_public.note) == ("good", "")
    dark = compare([MX], Seen(answers={key: Found((Answer("silent"),), Answer("servfail"))}))[0]
    assert (dark.verdict, dark.note) == ("unknown", "")


def test_the_order_of_records_says_nothing() -> None:
    one, other = said("v=spf1 mx ~all", "x"), said("x", "v=spf1 mx ~all")
    finding = compare([SPF], Seen(answers={(NAME, "TXT"): Found((one, other), one)}))[0]
    assert finding.note == ""


def test_the_domain_is_as_good_as_its_records() -> None:
    def state(*values: str) -> str:
        answers = {
            (one.name, one.type): Found((said(text) if text else said(),))
            for one, text in zip(ALL, values, strict=True)
        }
        # MX and SPF have the same name and different types.
        return state_of(compare(ALL, Seen(answers=answers)))

    good = ("10 node1.example.", SPF.value, DMARC.value, DKIM.value)
    assert state(*good) == "good"
    assert state("", *good[1:]) == "bad"
    assert state(*good[:2], "", good[3]) == "warn"
    assert state_of(compare(ALL, Seen(trouble="resolver-silent"))) == "unknown"


def test_a_domain_that_does_not_exist_is_said_to() -> None:
    answers = {(one.name, one.type): Found(public=Answer("no-name")) for one in ALL}
    findings = compare(ALL, Seen(trouble="no-domain", answers=answers))
    assert findings[0].code == "no-domain"
    assert {one.verdict for one in findings} == {"missing"}
