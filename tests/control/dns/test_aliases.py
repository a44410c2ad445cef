"""Aliases for keys, and the record that shows whose a domain is: a verdict for each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from mailstead.control.dns.answers import Answer, Found, Key, Seen
from mailstead.control.dns.compare import Expected, compare, proves

NAME, TARGET = "ms1._domainkey.cars.example", "ms1.7.dkim.host.example."
KEY, OTHER = "v=DKIM1; k=rsa; p=MIIBIjAN", "v=DKIM1; k=rsa; p=MIIBIjAM"
ALIAS = Expected(NAME, "CNAME", TARGET, KEY)
PROOF = Expected("_mailstead.cars.example", "TXT", "mailstead-domain=abc")


def seen(records: Mapping[Key, Sequence[str]], expected: Expected) -> Seen:
    """The same from the zone's server and in public."""

    def found(key: Key) -> Found:
        values = tuple(records.get(key, ()))
        answer = Answer("found", values) if values else Answer("empty")
        return Found((answer,), answer)

    return Seen(answers={key: found(key) for key in expected.questions})


@pytest.mark.parametrize(
    ("aliases", "texts", "verdict", "code"),
    [
        ([TARGET], [KEY], "good", "dkim-good"),
        (["MS1.7.DKIM.host.example."], [KEY], "good", "dkim-good"),
        ([TARGET], [], "good", "dkim-soon"),
        ([TARGET], [OTHER], "good", "dkim-soon"),
        ([], [KEY], "good", "dkim-direct"),
        ([], [OTHER], "wrong", "dkim-text"),
        ([], [], "missing", "dkim-alias-missing"),
        (["ms1.8.dkim.host.example."], [KEY], "wrong", "dkim-alias-other"),
        ([f"{TARGET}cars.example."], [], "wrong", "dkim-alias-doubled"),
    ],
)
def test_an_alias_is_judged_by_where_it_leads_and_what_is_there(
    aliases: list[str], texts: list[str], verdict: str, code: str
) -> None:
    records = {(NAME, "CNAME"): aliases, (NAME, "TXT"): texts}
    (finding,) = compare([ALIAS], seen(records, ALIAS))
    assert (finding.verdict, finding.code) == (verdict, code)
    assert proves([finding]) == (code in ("dkim-good", "dkim-soon"))


def test_a_selector_without_a_key_yet_is_well_with_its_alias_alone() -> None:
    idle = Expected(NAME, "CNAME", TARGET)
    (finding,) = compare([idle], seen({(NAME, "CNAME"): [TARGET]}, idle))
    assert (finding.verdict, finding.code) == ("good", "dkim-good")
    (finding,) = compare([idle], seen({(NAME, "TXT"): [OTHER]}, idle))
    assert finding.verdict == "wrong"


@pytest.mark.parametrize(
    ("texts", "aliases", "code"),
    [
        (["mailstead-domain=abc"], [], "proof-good"),
        (["something else", "mailstead-domain=abc"], [], "proof-good"),
        (["mailstead-domain=xyz", "mailstead-domain=abc"], [], "proof-good"),
        (["mailstead-domain=xyz"], [], "proof-other"),
        (["mailstead-domain=abcd"], [], "proof-other"),
        (["something else"], [], "proof-missing"),
        ([], [], "proof-missing"),
        (["mailstead-domain=abc"], ["old.cloud.example."], "proof-alias"),
    ],
)
def test_only_the_record_itself_shows_whose_a_domain_is(
    texts: list[str], aliases: list[str], code: str
) -> None:
    records = {(PROOF.name, "TXT"): texts, (PROOF.name, "CNAME"): aliases}
    (finding,) = compare([PROOF], seen(records, PROOF))
    assert finding.code == code
    assert proves([finding]) == (code == "proof-good")


def test_a_server_that_does_not_say_whether_there_is_an_alias_proves_nothing() -> None:
    text = Answer("found", ("mailstead-domain=abc",))
    told = Seen(
        answers={
            (PROOF.name, "TXT"): Found((text,), text),
            (PROOF.name, "CNAME"): Found((Answer("silent"),), Answer("empty")),
        }
    )
    assert not proves(compare([PROOF], told))


def test_of_two_servers_both_must_know_the_record() -> None:
    yes, no = Answer("found", ("mailstead-domain=abc",)), Answer("no-name")
    none = Answer("empty")
    told = Seen(
        answers={
            (PROOF.name, "TXT"): Found((yes, no), yes),
            (PROOF.name, "CNAME"): Found((none, none), none),
        }
    )
    assert not proves(compare([PROOF], told))
