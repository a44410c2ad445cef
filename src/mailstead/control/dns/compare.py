"""What should be published against what was found: a verdict for each record, without any I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from mailstead.control.dns import encryption, spf
from mailstead.control.dns.aliases import judge_alias
from mailstead.control.dns.answers import Answer, Found, Key, Seen

Purpose = Literal[
    "ownership", "mx", "spf", "dmarc", "dkim", "tls-reports", "mta-sts", "policy-host"
]
Verdict = Literal["good", "missing", "wrong", "extra", "unknown"]
State = Literal["good", "warn", "bad", "unknown"]
"""Of a whole domain: `bad`: its mail does not come here; `warn`: others may distrust it."""
Note = Literal["", "spreading", "disagree", "public-error"]
"""`spreading`: resolvers still have the old values; `disagree`: the zone's servers do not say the
same; `public-error`: they answer and resolvers cannot use it, as with a broken DNSSEC."""
_RANKS: dict[Verdict, int] = {"good": 0, "unknown": 1, "extra": 2, "missing": 3, "wrong": 4}


_NAMED: dict[str, Purpose] = {
    "_mailstead.": "ownership",
    "_dmarc.": "dmarc",
    "_smtp._tls.": "tls-reports",
    "_mta-sts.": "mta-sts",
    "mta-sts.": "policy-host",
}
"""What a record is for by the beginning of its name; an MX record is known by its type."""
_ADDED = ("tls-reports",)
"""Good to have; nobody distrusts a domain without it."""


@dataclass(frozen=True)
class Expected:
    """A record to publish."""

    name: str
    type: str
    value: str
    holds: str = ""
    """Of an alias: the text that should be found behind it; empty: none yet."""

    @property
    def purpose(self) -> Purpose:
        """What it is for."""
        if self.type == "MX":
            return "mx"
        for start, purpose in _NAMED.items():
            if self.name.startswith(start):
                return purpose
        return "dkim" if "._domainkey." in self.name else "spf"

    @property
    def required(self) -> bool:
        """Whether mail arrives only with it."""
        return self.purpose in ("mx", "ownership")

    @property
    def questions(self) -> tuple[Key, ...]:
        """What is asked about it: of an alias also what stands behind it."""
        own = (self.name, self.type)
        behind = {"mx": None, "dkim": "TXT", "ownership": "CNAME"}.get(self.purpose)
        return (own,) if behind in (None, self.type) else (own, (self.name, behind or ""))


@dataclass(frozen=True)
class Finding:
    """One record and how it stands."""

    expected: Expected
    """For one that is too many, the record itself."""
    verdict: Verdict
    code: str
    """What is the matter (`words`)."""
    publish: str
    """The value with which all is well: an SPF record joined with what is there."""
    note: Note = ""
    found: tuple[str, ...] = ()
    """Values of this purpose at the zone's servers, or at the resolver where those are silent."""
    public: tuple[str, ...] = ()
    """The same at the resolver, where it differs."""
    lookups: int | None = None
    """Of the SPF record to publish."""


@dataclass(frozen=True)
class _Judged:
    verdict: Verdict
    code: str
    publish: str = ""
    """Empty: as expected."""
    lookups: int | None = None


_Judge = Callable[[Expected, Sequence[str], Seen], _Judged]


def compare(expected: Sequence[Expected], seen: Seen) -> list[Finding]:
    """A finding for each record to publish, then one for each MX record that should not be there.

    The zone's own servers decide: they know a change at once. Of several answers the worst counts.
    """
    findings = [_finding(one, seen) for one in expected]
    return findings + [
        other
        for one, found in zip(expected, findings, strict=True)
        if one.purpose == "mx" and found.verdict == "good"
        for other in _left_behind(one, found)
    ]


def state_of(findings: Sequence[Finding]) -> State:
    """How the domain as a whole stands."""
    findings = [one for one in findings if one.expected.purpose not in _ADDED]
    required = [one for one in findings if one.expected.required and one.verdict != "extra"]
    if any(one.verdict in ("missing", "wrong") for one in required):
        return "bad"
    if any(one.code == "mx-first" for one in findings):
        return "bad"
    if any(one.verdict == "unknown" for one in required) or not findings:
        return "unknown"
    return "good" if all(one.verdict in ("good", "unknown") for one in findings) else "warn"


def _finding(expected: Expected, seen: Seen) -> Finding:
    answers = seen.answers.get((expected.name, expected.type), Found())
    told = list(dict.fromkeys(_sorted(a) for a in answers.authoritative if a.known))
    public = _sorted(answers.public)
    if not told and public.known:
        told = [public]
    if not told:
        return Finding(expected, "unknown", "unknown", expected.value)
    values = [_of_purpose(expected, answer.values) for answer in told]
    judged = [_JUDGES[expected.purpose](expected, each, seen) for each in values]
    worst = max(range(len(told)), key=lambda place: _RANKS[judged[place].verdict])
    result, found = judged[worst], values[worst]
    finding = Finding(
        expected,
        result.verdict,
        result.code,
        result.publish or expected.value,
        _note(values, public, expected),
        found,
        lookups=result.lookups,
    )
    if finding.note == "spreading":
        return replace(finding, public=_of_purpose(expected, public.values))
    return finding


def _sorted(answer: Answer) -> Answer:
    return replace(answer, values=tuple(sorted(answer.values)))


def _note(values: Sequence[tuple[str, ...]], public: Answer, expected: Expected) -> Note:
    if len(set(values)) > 1:
        return "disagree"
    if public.outcome in ("servfail", "refused"):
        return "public-error"
    differs = public.known and _of_purpose(expected, public.values) != values[0]
    return "spreading" if differs else ""


def _of_purpose(expected: Expected, values: Sequence[str]) -> tuple[str, ...]:
    """Other texts at the same name are nobody's business."""
    if expected.purpose == "spf":
        return tuple(text for text in values if spf.is_spf(text))
    if expected.purpose == "dmarc":
        return tuple(text for text in values if _tags(text)[:1] == [("v", "DMARC1")])
    if expected.purpose in ("tls-reports", "mta-sts"):
        version = "TLSRPTv1" if expected.purpose == "tls-reports" else "STSv1"
        return tuple(text for text in values if _tags(text)[:1] == [("v", version)])
    if expected.purpose == "ownership":
        return tuple(text for text in values if text.startswith("mailstead-domain="))
    return tuple(values)


# MX


def _host(value: str) -> tuple[int, str]:
    preference, _, host = value.partition(" ")
    return int(preference) if preference.isdigit() else 0, host.strip().lower().rstrip(".")


def _mx(expected: Expected, values: Sequence[str], seen: Seen) -> _Judged:
    if not values:
        return _Judged("missing", "no-domain" if seen.trouble == "no-domain" else "mx-missing")
    ours = _host(expected.value)[1]
    hosts = [_host(value)[1] for value in values]
    if ours in hosts:
        return _Judged("good", "mx-good")
    if hosts == [""]:
        return _Judged("wrong", "mx-null")
    if any(host.startswith(f"{ours}.") for host in hosts):
        return _Judged("wrong", "mx-doubled")
    return _Judged("wrong", "mx-elsewhere")


def _left_behind(expected: Expected, found: Finding) -> list[Finding]:
    """MX records of other hosts beside ours: mail may go there, and stay there."""
    ours = _host(expected.value)[1]
    best = min(_host(value)[0] for value in found.found if _host(value)[1] == ours)
    return [
        Finding(
            Expected(expected.name, "MX", value),
            "extra",
            "mx-left" if _host(value)[0] > best else "mx-first",
            value,
            found=(value,),
        )
        for value in found.found
        if _host(value)[1] != ours
    ]


# SPF


def _spf(expected: Expected, values: Sequence[str], seen: Seen) -> _Judged:
    merged = spf.merge(values, expected.value) if values else expected.value
    count = spf.lookups(merged, seen.policies)
    if not values:
        return _Judged("missing", "spf-missing", merged, count)
    if len(values) > 1:
        return _Judged("wrong", "spf-many", merged, count)
    if spf.unreadable(values[0]):
        return _Judged("wrong", "spf-unreadable", merged, count)
    if not spf.covers(values[0], expected.value, own_mx=_own_mx(expected, seen)):
        return _Judged("wrong", "spf-without-us", merged, count)
    count = spf.lookups(values[0], seen.policies)
    if count > spf.MOST_LOOKUPS:
        return _Judged("wrong", "spf-lookups", values[0], count)
    return _Judged("good", "spf-good", values[0], count)


def _own_mx(expected: Expected, seen: Seen) -> bool:
    """Whether the MX records that were found include one of the hosts that `expected` names."""
    answers = seen.answers.get((expected.name, "MX"), Found())
    told = [answer for answer in (*answers.authoritative, answers.public) if answer.known][:1]
    ours = {term.partition(":")[2].lower() for term in spf.terms(expected.value)} - {""}
    return any(_host(value)[1] in ours for answer in told for value in answer.values)


# DMARC and DKIM


def _tags(text: str) -> list[tuple[str, str]]:
    """`v=DMARC1; p=none` as pairs (RFC 6376 §3.2, RFC 7489 §6.4)."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _dmarc(expected: Expected, values: Sequence[str], seen: Seen) -> _Judged:
    if not values:
        return _Judged("missing", "dmarc-missing")
    if len(values) > 1:
        return _Judged("wrong", "dmarc-many", values[0])
    policy = dict(_tags(values[0])).get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return _Judged("wrong", "dmarc-unreadable")
    place = dict(_tags(expected.value)).get("rua", "")
    if place and place.lower() not in values[0].lower():
        return _Judged("good", "dmarc-elsewhere", encryption.with_reports(values[0], place))
    return _Judged("good", "dmarc-good", values[0])


def _key(text: str) -> str | None:
    """The public key of a record, white space aside; None where there is none."""
    found = dict(_tags(text)).get("p")
    return None if found is None else "".join(found.split())


def _dkim(expected: Expected, values: Sequence[str], seen: Seen) -> _Judged:
    if expected.type == "CNAME":
        texts = _texts(expected, seen)
        same = any(is_key(text, expected.holds) for text in texts)
        return _Judged(*judge_alias(expected.value, values, texts, expected.holds, same))
    if not values:
        missing = _key(expected.value) != ""
        return _Judged(*(("missing", "dkim-missing") if missing else ("good", "dkim-gone")))
    if len(values) > 1:
        return _Judged("wrong", "dkim-many")
    key, ours = _key(values[0]), _key(expected.value) or ""
    if key == ours:
        return _Judged("good", "dkim-good")
    if key == "":
        return _Judged("wrong", "dkim-revoked")
    if key and ours.startswith(key):
        return _Judged("wrong", "dkim-cut")
    return _Judged("wrong", "dkim-other")


# Encryption


def _encryption(judge: Callable[[str, Sequence[str]], encryption.Judgement]) -> _Judge:
    def judged(expected: Expected, values: Sequence[str], seen: Seen) -> _Judged:
        verdict, code, publish = judge(expected.value, values)
        return _Judged(cast(Verdict, verdict), code, publish)

    return judged


def _texts(expected: Expected, seen: Seen) -> list[str]:
    found = seen.answers.get((expected.name, "TXT"), Found())
    told = [answer for answer in (*found.authoritative, found.public) if answer.known]
    return [text for answer in told for text in answer.values]


def is_key(text: str, wanted: str) -> bool:
    """Whether a text publishes the same key as another one (RFC 6376 §3.6.1)."""
    return _key(text) is not None and _key(text) == _key(wanted)


# Ownership


def _ownership(expected: Expected, values: Sequence[str], seen: Seen) -> _Judged:
    found = seen.answers.get((expected.name, "CNAME"), Found())
    told = [*found.authoritative, found.public]
    if any(answer.values for answer in told):
        # Whoever has what an alias leads to would speak for the domain.
        return _Judged("wrong", "proof-alias")
    if not all(answer.known for answer in found.authoritative or told):
        return _Judged("unknown", "unknown")
    if expected.value in values:
        return _Judged("good", "proof-good")
    return _Judged("wrong", "proof-other") if values else _Judged("missing", "proof-missing")


def proves(findings: Sequence[Finding]) -> bool:
    """Whether who controls the DNS has named this claim: by its record, or by its keys' aliases.

    Each leads to this customer's claim alone, which an MX record does not.
    """
    named = ("proof-good", "dkim-good", "dkim-soon")
    return any(
        one.verdict == "good" and one.code in named and _names_claim(one.expected)
        for one in findings
    )


def _names_claim(expected: Expected) -> bool:
    return expected.purpose == "ownership" or expected.type == "CNAME"


_JUDGES: dict[Purpose, _Judge] = {
    "ownership": _ownership,
    "mx": _mx,
    "spf": _spf,
    "dmarc": _dmarc,
    "dkim": _dkim,
    "tls-reports": _encryption(encryption.judge_tls_reports),
    "mta-sts": _encryption(encryption.judge_policy_number),
    "policy-host": _encryption(encryption.judge_policy_host),
}
