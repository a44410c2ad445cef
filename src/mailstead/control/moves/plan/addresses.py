"""How forwarders, automatic answers, lists and filters will come; pure."""

from __future__ import annotations

import msgspec

from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.routes import MOST, Routed, routed
from mailstead.control.moves.plan.rows import LEAVE, Grade, Site, Verdict
from mailstead.control.moves.plan.settled import DIVISORS, UNIT
from mailstead.foreign.answers import DIFFERENCES, answer
from mailstead.foreign.exim.model import Owner, RuleOutcome, Translation
from mailstead.foreign.exim.translate import translate
from mailstead.foreign.inventory import Alias, Autoresponder, Mailbox, MailingList, SieveScript
from mailstead.standards.address import destination_address, forwarder_address
from mailstead.standards.refusal import Refusal
from mailstead.standards.sieve_text import EXTENSIONS, extensions

REPLACE, KEEP = "replace", "keep"
_THERE = (REPLACE, KEEP)
_LOCAL = set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def route_of(site: Site, alias: Alias) -> Routed:
    """What a forwarder becomes; several lines of one address are one."""
    domain = site.domains.get(alias.address.rpartition("@")[2])
    same = [one for one in domain.aliases if one.address == alias.address] if domain else [alias]
    if same and same[0] != alias:
        return Routed(None, code="joined")
    targets = tuple(target for one in same for target in one.targets)
    alias = msgspec.structs.replace(alias, targets=targets or alias.targets)
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


def plan_autoresponder(site: Site, item: Item) -> Verdict:
    """An automatic answer, with or without a mailbox."""
    found: Autoresponder = item.thing
    if _bad_address(found.address, item.domain):
        return Verdict("refused", "address-invalid")
    if set(found.address.rpartition("@")[0]) - _LOCAL:
        return Verdict("refused", "address-invalid")
    try:
        ours = answer(found)
    except Refusal as refusal:
        return Verdict("refused", refusal.code)
    asked = _there(site, item, site.house.autoresponders.get(found.address), "answer-there")
    if asked is not None:
        return asked
    differing = [code for code in ours.differences if code != "copy"]
    if differing:
        return Verdict(
            "differs",
            "answer-differs",
            {"words": " ".join(DIFFERENCES[code] for code in differing)},
            makes=found.address,
        )
    return Verdict("carried", makes=found.address)


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
    """The filters of a mailbox, the account's before its own, rule by rule."""
    assert item.mailbox is not None
    return _told(translation(site, item.mailbox))


def plan_domain_filter(site: Site, item: Item) -> Verdict:
    """The account's filter: at each mailbox of the domain, before the mailbox's own."""
    boxes = site.domains[item.domain].mailboxes
    coming = [box for box in boxes if box.address not in site.closed]
    if not coming:
        return Verdict("refused", "filter-nobody")
    return _told(translation(site, coming[0], own=False))


def _told(found: Translation) -> Verdict:
    refused = [one for one in found.outcomes if one.grade == "refused"]
    differing = [one for one in found.outcomes if one.grade == "approximate"]
    facts = {
        "rules": "; ".join(_rule(one) for one in [*refused, *differing])[:1500] or "-",
        "number": str(len(found.outcomes)),
    }
    if refused and len(refused) == len(found.outcomes):
        return Verdict("refused", "filter-kept", facts)
    if refused:
        return Verdict("differs", "filter-part", facts)
    if differing or found.notes:
        return Verdict("differs", "filter-differs", facts)
    return Verdict("carried", "filter", facts)


def _rule(one: RuleOutcome) -> str:
    why = one.reasons[0].words if one.reasons else ""
    return f"{one.name or one.place}: {why}".strip(": ")


def translation(site: Site, box: Mailbox, *, own: bool = True) -> Translation:
    """What a mailbox's filters become; with `own` false only the account's."""
    domain = site.domains[box.address.rpartition("@")[2]]
    stores = box.stores
    owner = Owner(
        address=box.address,
        home=site.inventory.home,
        domains=frozenset(site.domains),
        mailboxes=frozenset(site.boxes - site.closed),
        logins=tuple((one.login, one.address) for one in site.inventory.mailboxes() if one.login),
        names="mutf-7" if stores and stores[0].names == "mutf-7" else "utf-8",
    )
    return translate(owner, domain.filter, box.filter if own else None)


def plan_unfiltered(site: Site, item: Item) -> Verdict:
    """An address without a mailbox, at which the account's filter acted: here filters act at
    mailboxes only, so nothing is filtered before it is passed on."""
    return Verdict("refused", "filter-forward")


def plan_sieve(site: Site, item: Item) -> Verdict:
    """A Sieve script, as it is; beside translated filters there is room for none."""
    script: SieveScript = item.thing
    assert item.mailbox is not None
    if not script.active:
        return Verdict("differs", "sieve-idle")
    try:
        needed = extensions(script.text)
    except Refusal as refusal:
        return Verdict("refused", "sieve-invalid", {"fault": refusal.sentence})
    lost = [name for name in needed if name not in EXTENSIONS]
    if lost:
        return Verdict("refused", "sieve-extension", {"lost": ", ".join(lost)[:400]})
    domain_filter = site.domains[item.domain].filter
    if item.mailbox.filter is not None or item.mailbox.rules or domain_filter is not None:
        return Verdict("differs", "sieve-beside")
    return Verdict("carried", "sieve")


def plan_remark(site: Site, item: Item) -> Verdict:
    """What the reader did not understand, or wants somebody to know."""
    remark = item.thing
    if remark.code == UNIT:
        return _quota_unit(site, item)
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


def _quota_unit(site: Site, item: Item) -> Verdict:
    """In which unit quotas are; asked once, it holds for the whole account."""
    remark = item.thing
    first = next(one for one in site.inventory.remarks if one.code == UNIT)
    facts = {"words": f"{remark.words} {remark.text}"[:1500], "place": remark.place}
    if remark is not first:
        return Verdict("differs", "quota-as-first", {"place": first.place})
    choices = tuple(DIVISORS)
    grade: Grade = "differs" if site.answer(item, choices) else "asks"
    return Verdict(grade, "remark", facts, choices=choices)
