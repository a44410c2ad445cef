"""SPF records (RFC 7208): read, joined into one, and how many questions they cost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MOST_LOOKUPS = 10
"""RFC 7208 section 4.6.4: more are an error, and the record counts for nothing."""
_VERSION = "v=spf1"
_ENOUGH = 50
"""Where counting ends: nobody needs to know by how much it is too many."""
_MECHANISM = re.compile(
    r"[+~?-]?(?:all|ptr(?::[^\s/]+)?|(?:include|exists):\S+|ip[46]:[0-9a-f:./]+"
    r"|(?:a|mx)(?::[^\s/]+)?(?:/\d{1,2})?(?://\d{1,3})?)",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"[a-z][a-z0-9._-]*=\S*", re.IGNORECASE)
_ASKING = ("include", "a", "mx", "ptr", "exists")


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record (RFC 7208 section 4.5)."""
    return text.lower().split(" ")[0] == _VERSION


def terms(record: str) -> list[str]:
    """The mechanisms and modifiers of a record, in their order."""
    return record.split()[1:]


def unreadable(record: str) -> list[str]:
    """Terms that are neither, for which a receiver gives up on the record (section 4.6)."""
    found = [t for t in terms(record) if not _MECHANISM.fullmatch(t) and not _MODIFIER.fullmatch(t)]
    return list(dict.fromkeys(found))


def covers(record: str, ours: str, *, own_mx: bool) -> bool:
    """Whether the record lets the hosts of `ours` send; `own_mx`: they are the domain's MX too."""
    passing: set[str] = set()
    for term in terms(record):
        if _is_all(term):
            break
        passing.add(_plain(term))
    return _needed(ours) <= passing or (own_mx and "mx" in passing)


def merge(records: Sequence[str], ours: str) -> str:
    """One record for those that are there and ours: a domain has one only (section 3.2).

    Everything readable is kept in its order, and one `all` at the end. Ours stand before the first
    term that could turn mail away. A `redirect` of one record among several becomes an `include`,
    for it would put the others out of force (section 6.1).
    """
    kept: dict[str, str] = {}
    modifiers: dict[str, str] = {}
    ends: list[str] = []
    for record in records:
        closed = any(_is_all(term) for term in terms(record))
        for term in terms(record):
            name, _, value = term.partition("=")
            if _is_all(term):
                ends.append(term)
            elif _MECHANISM.fullmatch(term):
                kept.setdefault(_plain(term), term)
            elif name.lower() == "redirect":
                # Beside an `all` it has no force.
                if value and not closed and len(records) > 1:
                    kept.setdefault(f"include:{value.lower()}", f"include:{value}")
                elif value and not closed:
                    modifiers.setdefault("redirect", term)
            elif _MODIFIER.fullmatch(term):
                modifiers.setdefault(name.lower(), term)
    end = _end(ends, ours, redirected="redirect" in modifiers)
    return " ".join([_VERSION, *_with_ours(kept, ours), *end, *modifiers.values()])


def lookups(
    record: str, policies: Mapping[str, str], *, _within: frozenset[str] = frozenset()
) -> int:
    """How many questions of the DNS the record costs, those of the records it leads to included.

    `policies` are the SPF records of other names; what is not among them counts for itself alone.
    """
    count = 0
    closed = any(_is_all(term) for term in terms(record))
    for term in terms(record):
        if _is_all(term):
            break
        name = re.split("[:/=]", term.lstrip("+~?-"), maxsplit=1)[0].lower()
        if name in _ASKING or (name == "redirect" and not closed):
            count += 1
        target = target_of(term)
        if target and target not in _within and target in policies and count < _ENOUGH:
            count += lookups(policies[target], policies, _within=_within | {target})
    return min(count, _ENOUGH)


def target_of(term: str) -> str:
    """The name whose SPF record a term leads to; empty where none, or one made of macros."""
    found = re.fullmatch(r"(?:[+~?-]?include:|redirect=)([^%\s]+)", term, re.IGNORECASE)
    return found.group(1).lower().rstrip(".") if found else ""


def _is_all(term: str) -> bool:
    return term.lstrip("+~?-").lower() == "all"


def _plain(term: str) -> str:
    """As terms are compared: `+` is what a mechanism has without a sign (section 4.6.2)."""
    return term.lower().removeprefix("+").rstrip(".")


def _needed(ours: str) -> set[str]:
    """What of ours names our hosts; a bare `mx` names whatever the domain's MX is."""
    own = [_plain(term) for term in terms(ours) if not _is_all(term)]
    return {term for term in own if ":" in term} or set(own)


def _with_ours(kept: Mapping[str, str], ours: str) -> list[str]:
    missing = [t for t in terms(ours) if _plain(t) in _needed(ours) and _plain(t) not in kept]
    found = list(kept.values())
    turning = [place for place, term in enumerate(found) if term[0] in "-~?"]
    place = turning[0] if turning else len(found)
    return found[:place] + missing + found[place:]


def _end(ends: Sequence[str], ours: str, *, redirected: bool) -> list[str]:
    said = {_plain(term) for term in ends}
    if len(said) == 1:
        return [ends[0]]
    if not said and redirected:
        return []
    own = [term for term in terms(ours) if _is_all(term)]
    # Records that contradict one another: neither refused nor let pass.
    return ["~all"] if said or not own else own[:1]
