"""MTA-STS: a domain says that its mail is to be delivered with TLS, and to which hosts (RFC 8461).

A TXT record at `_mta-sts.<domain>` says that there is a policy and when it changes; the policy is
a file at `https://mta-sts.<domain>/.well-known/mta-sts.txt`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailstead.standards import tags
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal, Term

MAX_POLICY_OCTETS = 64 * 2**10  # RFC 8461 §3.3: what a fetcher may limit itself to
MAX_AGE = 31_557_600  # RFC 8461 §3.2: a year
MAX_HOSTS = 200
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*")


class Mode(enum.Enum):
    """What a sender does when TLS fails (RFC 8461 §5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True)
class Policy:
    """A policy; `hosts` are names of MX hosts, or `*.` and a domain. Raises `Refusal` if wrong."""

    mode: Mode
    hosts: tuple[str, ...]
    max_age: int

    def __post_init__(self) -> None:
        if not self.hosts and self.mode is not Mode.NONE:
            raise _invalid(Term("it names no host"))
        if not all(_is_pattern(host) for host in self.hosts) or len(self.hosts) > MAX_HOSTS:
            raise _invalid(Term("a host in it is no host name"))
        if not 0 <= self.max_age <= MAX_AGE:
            raise _invalid(Term("its max_age is not between 0 and a year in seconds"))

    def text(self) -> str:
        """The policy as a file."""
        lines = ["version: STSv1", f"mode: {self.mode.value}"]
        lines += [f"mx: {host}" for host in self.hosts]
        return "\r\n".join([*lines, f"max_age: {self.max_age}", ""])

    def covers(self, host: str) -> bool:
        """Whether a host of that name may receive the domain's mail (RFC 8461 §4.1)."""
        name = host.rstrip(".").lower()
        label, _, parent = name.partition(".")
        if not label or label == "*":
            return False
        return name in self.hosts or f"*.{parent}" in self.hosts


def parse_policy(data: bytes) -> Policy:
    """The policy in a file; raises `Refusal` (`mtasts-policy-invalid`)."""
    if len(data) > MAX_POLICY_OCTETS:
        raise _invalid(Term("it is longer than 64 KiB"))
    text = data.decode("utf-8", "replace")
    found: dict[str, str] = {}
    hosts: list[str] = []
    for line in text.replace("\r\n", "\n").rstrip("\n").split("\n"):
        field = _LINE.fullmatch(line)
        if not field:
            raise _invalid(Term("a line of it is no field"))
        if field[1] == "mx":
            hosts.append(field[2].lower())
        else:
            found.setdefault(field[1], field[2])
    if found.get("version") != "STSv1":
        raise _invalid(Term("its version is not STSv1"))
    try:
        mode = Mode(found.get("mode", ""))
    except ValueError:
        raise _invalid(Term("its mode is none of enforce, testing and none")) from None
    if not re.fullmatch(r"[0-9]{1,10}", found.get("max_age", "")):
        raise _invalid(Term("its max_age is not between 0 and a year in seconds"))
    # Longer ones exist; a sender may forget a policy earlier than it was asked to.
    return Policy(mode, tuple(dict.fromkeys(hosts)), min(int(found["max_age"]), MAX_AGE))


def parse_record(texts: Iterable[str]) -> str:
    """The id of the policy, from the TXT records; raises `Refusal` (`mtasts-record-invalid`)."""
    record = tags.single(texts, "STSv1")
    found = tags.fields(record) if record else None
    if not found or not _ID.fullmatch(found.get("id", "")):
        raise Refusal(
            "mtasts-record-invalid",
            "There is not exactly one valid MTA-STS record.",
            remedy="Publish one TXT record such as 'v=STSv1; id=20260301', and no other.",
        )
    return found["id"]


def make_record(policy_id: str) -> str:
    """The TXT record for a policy; its id must change with it."""
    if not _ID.fullmatch(policy_id):
        raise ValueError(f"not an id of a policy: {policy_id!r}")
    return f"v=STSv1; id={policy_id};"


def _is_pattern(host: str) -> bool:
    name = host.removeprefix("*.")
    try:
        return normalise_domain(name) == name
    except Refusal:
        return False


def _invalid(reason: Term) -> Refusal:
    return Refusal(
        "mtasts-policy-invalid", "The MTA-STS policy is not valid: {reason}.", reason=reason
    )
