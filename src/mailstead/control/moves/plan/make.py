"""The whole plan: one row for each thing of an inventory; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailstead.control.moves.plan import addresses, domains, mailboxes
from mailstead.control.moves.plan.house import House
from mailstead.control.moves.plan.items import Item, items
from mailstead.control.moves.plan.rows import Planner, Row, Site, Verdict
from mailstead.control.moves.plan.settled import settled
from mailstead.foreign.inventory import Inventory
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal

MESSAGES_PER_SECOND = 2_000
OCTETS_PER_SECOND = 20 * 2**20
"""What a copy does on a small machine, where no copy has been measured on this one."""


def _owner(site: Site, item: Item) -> Verdict:
    """An address to which the owner is invited; one in the account's own domains must wait."""
    try:
        address = destination_address(item.subject)
    except Refusal:
        return Verdict("refused", "address-invalid")
    inside = address.domain in site.domains or address.domain in site.house.domains
    if inside:
        return Verdict("differs", "owner-inside")
    return Verdict("carried", "owner", makes=str(address))


def _account(site: Site, item: Item) -> Verdict:
    """The account as a whole; one that was suspended stays so."""
    stores = [one for box in site.inventory.mailboxes() for one in box.stores]
    seen = next((one.seen for one in stores if one.seen), None)
    if seen is not None:
        facts = {
            "host": site.inventory.account,
            "prefix": seen.prefix or "–",
            "separator": seen.separator or "–",
            "capabilities": " ".join(seen.capabilities)[:1000],
        }
        return Verdict("carried", "account-imap", facts)
    facts = {"reason": site.inventory.suspended_words, "package": site.inventory.package or "-"}
    if site.inventory.suspended:
        return Verdict("carried", "account-suspended", facts)
    return Verdict("carried", "account" if site.inventory.package else "", facts)


def _limits(site: Site, item: Item) -> Verdict:
    """The account's limits: a new customer's own, an old one keeps what it has."""
    house, coming = site.house, len(site.boxes - site.closed - set(site.house.mailboxes))
    if house.mailbox_room is not None and coming > house.mailbox_room:
        facts = {"room": str(house.mailbox_room), "number": str(coming)}
        return Verdict("differs", "limit-mailboxes", facts)
    return Verdict("differs", "limits-stay") if house.customer else Verdict("carried", "limits")


PLANNERS: Mapping[str, Planner] = {
    "owner": _owner,
    "account": _account,
    "limits": _limits,
    "domain": domains.plan_domain,
    "routing": domains.plan_routing,
    "domain-suspended": domains.plan_suspended_domain,
    "mailbox": mailboxes.plan_mailbox,
    "password": mailboxes.plan_password,
    "quota": mailboxes.plan_quota,
    "login-name": mailboxes.plan_login_name,
    "suspended": mailboxes.plan_suspended,
    "forwarder": addresses.plan_forwarder,
    "default": domains.plan_default,
    "domain-forwarder": domains.plan_domain_forwarder,
    "autoresponder": addresses.plan_autoresponder,
    "list": addresses.plan_list,
    "spam": mailboxes.plan_spam,
    "domain-spam": mailboxes.plan_spam,
    "filter": addresses.plan_filter,
    "domain-filter": addresses.plan_domain_filter,
    "unfiltered": addresses.plan_unfiltered,
    "rules": mailboxes.plan_rules,
    "sieve": addresses.plan_sieve,
    "contacts": mailboxes.plan_contacts,
    "identity": mailboxes.plan_identity,
    "response": mailboxes.plan_response,
    "trusted": mailboxes.plan_trusted,
    "mail": mailboxes.plan_mail,
    "boxtrapper": domains.plan_boxtrapper,
    "dkim": domains.plan_dkim,
    "zone": domains.plan_zone,
    "certificate": domains.plan_certificate,
    "remark": addresses.plan_remark,
}
_ANYWAY = ("domain", "routing", "remark")
"""Kinds that have a verdict of their own though their domain does not come."""


def site_of(inventory: Inventory, house: House, answers: Mapping[str, str]) -> Site:
    """What the verdicts look at, with what does not come found out first."""
    inventory = settled(inventory, answers)
    site = Site(inventory, house, answers)
    site.domains = {one.name: one for one in inventory.domains}
    site.boxes = {box.address for box in inventory.mailboxes()}
    listed = items(inventory)
    # Aliases last: whether their target comes has to be known.
    wanted = [item for item in listed if item.kind == "domain"]
    for item in sorted(wanted, key=lambda one: domains.as_alias(site, one)):
        why = domains.staying(site, item)
        if why:
            site.staying[item.domain] = why
    for item in listed:
        if item.kind == "mailbox" and (item.domain in site.staying or mailboxes.closed(site, item)):
            site.closed.add(item.thing.address)
    return site


def verdict_of(site: Site, item: Item) -> Verdict:
    """How one thing will come."""
    if item.domain in site.staying and item.kind not in _ANYWAY:
        return Verdict("refused", "domain-stays")
    if item.mailbox is not None and item.kind != "mailbox" and item.mailbox.address in site.closed:
        return Verdict("refused", "mailbox-stays")
    domain = site.domains.get(item.domain)
    if domain is not None and _below_alias(site, item):
        return Verdict("refused", "domain-alias")
    return PLANNERS[item.kind](site, item)


_OF_ALIAS = ("default", "domain-forwarder", "domain-filter", "unfiltered", "domain-spam")


def _below_alias(site: Site, item: Item) -> bool:
    """Whether it is a default address or the like of what becomes an alias of another domain."""
    if item.kind not in _OF_ALIAS:
        return False
    domain = site.domains[item.domain]
    shown = Item(f"domain:{domain.name}", "domain", domain.name, domain.name, domain)
    return domains.as_alias(site, shown)


def plan(inventory: Inventory, house: House, answers: Mapping[str, str]) -> list[Row]:
    """One row for each thing, in the order in which they are made."""
    site = site_of(inventory, house, answers)
    return [Row(item, verdict_of(site, item)) for item in items(site.inventory)]


@dataclass(frozen=True)
class Sizes:
    """How much will come."""

    octets: int
    messages: int
    seconds: int
    """About how long the first round takes."""


def sizes(
    rows: list[Row], octets_per_second: float = 0.0, messages_per_second: float = 0.0
) -> Sizes:
    """Of the mail that comes; the rates are measured ones where there are any."""
    mail = [
        row.verdict for row in rows if row.item.kind == "mail" and row.verdict.grade != "refused"
    ]
    octets, messages = sum(one.octets for one in mail), sum(one.messages for one in mail)
    per_octet = 1 / (octets_per_second or OCTETS_PER_SECOND)
    per_message = 1 / (messages_per_second or MESSAGES_PER_SECOND)
    return Sizes(octets, messages, round(octets * per_octet + messages * per_message))
