"""How forwarders, automatic answers, lists and filters will come; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.routes import MOST, Routed, routed
from mailstead.control.moves.plan.rows import LEAVE, Site, Verdict
from mailstead.foreign.inventory import Alias, Autoresponder, EximFilter, MailingList
from mailstead.standards.address import destination_address, forwarder_address
from mailstead.standards.refusal import Refusal

REPLACE, KEEP = "replace", "keep"
_THERE = (REPLACE, KEEP)
SHORTEST, LONGEST = 3600, 60 * 86400
"""Seconds; hosting's own bounds of an automatic answer."""
_LOCAL = set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def route_of(site: Site, alias: Alias) -> Routed:
    """What a forwarder becomes; several lines of one address are one."""
    domain = site.domains.get(alias.address.rpartition("@")[2])
    same = [one for one in domain.aliases if one.address == alias.address] if domain else [alias]
    if same and same[0] != alias:
        return Routed(None, code="joined")
    targets = tuple(target for one in same for target in one.targets)
    alias = Alias(address=alias.address, targets=targets or alias.targets, place=alias.place)
    comes = alias.address in site.boxes and alias.address not in site.closed
    there = alias.address in site.house.mailboxes
    return routed(alias, account=site.account_address(), has_mailbox=comes or there)


def _bad_address(address: str, domain: str) -> bool:
    try:
        return forwarder_address(address).domain != domain
    except Refusal:
        return True


def plan_forwarder(site: Site, item: Item) -> Verdict:
    """A forwarder with all its destinations."""
    alias: Alias = item.thing
    if _bad_address(alias.address, item.domain):
        return Verdict("refused", "address-invalid")
    found = route_of(site, alias)
    facts = {"lost": ", ".join(found.lost)[:1000]}
    if found.route is None:
        grade = "carried" if found.code in ("self", "joined") else "differs"
        if found.code in ("loop", "account-without-mailbox", "pipe", "target-unknown"):
            grade = "refused"
        if found.code == "destinations-many":
            grade, facts = "refused", {"most": str(MOST)}
        return Verdict(grade, found.code, facts)  # type: ignore[arg-type]
    asked = _there(site, item, site.house.forwarders.get(alias.address), "forwarder-there")
    if asked is not None:
        return asked
    ends = found.route.text or ", ".join(found.route.destinations)
    makes = f"{alias.address}: {found.route.action} {ends}".strip()[:300]
    return Verdict("differs" if found.code else "carried", found.code, facts, makes=makes)


def _there(site: Site, item: Item, mine: bool | None, code: str) -> Verdict | None:
    """What to do with one that is there and did not come by this move; None: nothing is there."""
    if mine is not False:
        return None
    answer = site.answer(item, _THERE)
    if answer == KEEP:
        return Verdict("refused", "kept", choices=_THERE)
    if answer == REPLACE:
        return Verdict("differs", "replaced", choices=_THERE, makes=item.subject)
    return Verdict("asks", code, choices=_THERE)


def interval_of(answer: Autoresponder) -> int:
    """Seconds that we can keep."""
    return min(max(answer.interval, SHORTEST), LONGEST)


def plan_autoresponder(site: Site, item: Item) -> Verdict:
    """An automatic answer, with or without a mailbox."""
    answer: Autoresponder = item.thing
    if _bad_address(answer.address, item.domain):
        return Verdict("refused", "address-invalid")
    if set(answer.address.rpartition("@")[0]) - _LOCAL:
        return Verdict("refused", "address-invalid")
    if not answer.body.strip():
        return Verdict("refused", "answer-empty")
    if answer.starts and answer.ends and answer.starts >= answer.ends:
        return Verdict("refused", "answer-period")
    asked = _there(site, item, site.house.autoresponders.get(answer.address), "answer-there")
    if asked is not None:
        return asked
    facts = {"hours": f"{interval_of(answer) / 3600:g}"}
    if "%" in answer.subject + answer.body and _tags(answer):
        return Verdict("differs", "answer-tags", facts, makes=answer.address)
    if interval_of(answer) != answer.interval:
        return Verdict("differs", "answer-interval", facts, makes=answer.address)
    return Verdict("carried", makes=answer.address)


_TAGS = ("%subject%", "%from%", "%email%")


def _tags(answer: Autoresponder) -> bool:
    return any(tag in answer.subject.lower() + answer.body.lower() for tag in _TAGS)


def is_over(answer: Autoresponder, now: dt.datetime) -> bool:
    """Whether its time has passed."""
    return answer.ends is not None and answer.ends <= now


def members_of(one: MailingList) -> tuple[str, ...]:
    """The members that are addresses, each once, without the list itself."""
    found: dict[str, None] = {}
    for member in one.members:
        try:
            found[str(destination_address(member))] = None
        except Refusal:
            continue
    found.pop(one.address, None)
    return tuple(found)


def plan_list(site: Site, item: Item) -> Verdict:
    """A mailing list becomes a forwarder to its members."""
    one: MailingList = item.thing
    members = members_of(one)
    facts = {"software": one.software, "number": str(len(members)), "most": str(MOST)}
    if _bad_address(one.address, item.domain):
        return Verdict("refused", "address-invalid")
    if not members:
        return Verdict("refused", "list-empty", facts)
    if len(members) > MOST:
        return Verdict("refused", "list-large", facts)
    asked = _there(site, item, site.house.forwarders.get(one.address), "forwarder-there")
    return asked or Verdict("differs", "list", facts, makes=one.address)


def plan_filter(site: Site, item: Item) -> Verdict:
    """A filter of the old server, kept with its text until somebody has written it anew."""
    found: EximFilter = item.thing
    names = [rule.name for rule in found.rules if rule.name]
    return Verdict("refused", "filter-kept", {"rules": _named(names)})


def _named(names: Sequence[str]) -> str:
    return ", ".join(names)[:600] or "-"


def plan_sieve(site: Site, item: Item) -> Verdict:
    """A Sieve script, as it is."""
    return Verdict(
        "carried" if item.thing.active else "differs",
        "sieve" if item.thing.active else "sieve-idle",
    )


def plan_remark(site: Site, item: Item) -> Verdict:
    """What the reader did not understand, or wants somebody to know."""
    remark = item.thing
    facts = {"words": remark.words, "place": remark.place}
    if remark.grade == "asks":
        answer = site.answer(item, ("seen", LEAVE))
        if not answer:
            return Verdict("asks", "remark", facts, choices=("seen",))
        return Verdict("differs", "remark", facts, choices=("seen",))
    grade = {"unknown": "refused", "differs": "differs", "dropped": "carried"}.get(
        remark.grade, "refused"
    )
    return Verdict(grade, "remark", facts)  # type: ignore[arg-type]
