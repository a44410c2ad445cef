"""How a domain asks others to encrypt mail to it: MTA-STS (RFC 8461), and TLS reports (RFC 8460).

Without any I/O: the policy, the records that it needs, and what is the matter with those found.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from mailstead.standards import mtasts, tlsrpt
from mailstead.standards.mtasts import Mode, Policy
from mailstead.standards.refusal import Refusal

DAY = 86_400
AGES = {Mode.NONE: DAY, Mode.TESTING: DAY, Mode.ENFORCE: 7 * DAY}
"""Seconds for which senders may keep a policy: a wrong one should be forgotten soon."""
Judgement = tuple[str, str, str]
"""Verdict, code, and what to publish; empty: as expected."""


def policy_of(mode: Mode, host: str) -> Policy:
    """The policy of a domain whose mail goes to a host."""
    return Policy(mode, () if mode is Mode.NONE else (host,), AGES[mode])


def records_of(name: str, host: str, mode: Mode, reports: str) -> list[tuple[str, str, str]]:
    """Name, type and value of what a domain publishes; `reports` is an address."""
    found = [(f"_smtp._tls.{name}", "TXT", tlsrpt.make_record([f"mailto:{reports}"]))]
    if mode is not Mode.NONE:
        # Made of the policy, so that it changes with it and only then.
        number = sha256(policy_of(mode, host).text().encode()).hexdigest()[:20]
        found += [
            (f"mta-sts.{name}", "CNAME", f"{host}."),
            (f"_mta-sts.{name}", "TXT", mtasts.make_record(number)),
        ]
    return found


def judge_tls_reports(wanted: str, values: Sequence[str]) -> Judgement:
    """The TLS reporting record: any that is valid will do."""
    if not values:
        return "missing", "tlsrpt-missing", ""
    try:
        places = tlsrpt.parse_record(values)
    except Refusal:
        return "wrong", "tlsrpt-unreadable", ""
    (ours,) = tlsrpt.parse_record([wanted])
    if ours.lower() in (place.lower() for place in places):
        return "good", "tlsrpt-good", values[0]
    return "good", "tlsrpt-elsewhere", tlsrpt.make_record([*places, ours])


def judge_policy_number(wanted: str, values: Sequence[str]) -> Judgement:
    """The record that says when the policy changes."""
    if not values:
        return "missing", "mtasts-missing", ""
    try:
        number = mtasts.parse_record(values)
    except Refusal:
        return "wrong", "mtasts-unreadable", ""
    if number == mtasts.parse_record([wanted]):
        return "good", "mtasts-good", values[0]
    return "wrong", "mtasts-old", ""


def judge_policy_host(wanted: str, values: Sequence[str]) -> Judgement:
    """The name at which the policy is fetched."""
    if not values:
        return "missing", "policy-host-missing", ""
    if [value.lower().rstrip(".") for value in values] == [wanted.rstrip(".")]:
        return "good", "policy-host-good", ""
    return "wrong", "policy-host-elsewhere", ""


def with_reports(text: str, place: str) -> str:
    """A DMARC record that sends its reports to `place` too (RFC 7489 §6.3, rua)."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    for at, part in enumerate(parts):
        name, _, value = part.partition("=")
        if name.strip().lower() == "rua":
            parts[at] = f"rua={value.strip()},{place}"
            return "; ".join(parts)
    return "; ".join([*parts, f"rua={place}"])
