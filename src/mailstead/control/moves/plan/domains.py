"""How domains and what concerns a whole domain will come; pure."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.routes import default_route
from mailstead.control.moves.plan.rows import CARRIED, LEAVE, Site, Verdict
from mailstead.foreign.inventory import Domain
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

SHORTEST_KEY = 1024
"""Bits (RFC 8301 §3.2)."""
HERE, ELSEWHERE = "here", "elsewhere"
ALIAS, OWN = "alias", "domain"
_ROUTING = (HERE, ELSEWHERE, LEAVE)
_POINTER = (ALIAS, OWN, LEAVE)


def staying(site: Site, item: Item) -> str:
    """Why a domain does not come; empty: it does."""
    domain: Domain = item.thing
    try:
        normalise_domain(domain.name)
    except Refusal:
        return "domain-invalid"
    hosted = site.house.domains.get(domain.name)
    if hosted is not None and hosted.customer != site.house.customer:
        return "domain-taken"
    if hosted is not None and site.house.server and hosted.server != site.house.server:
        return "domain-elsewhere"
    if domain.kind == "pointer" and site.answer(item, _POINTER) == LEAVE:
        return "left"
    if routing(site, domain) == LEAVE:
        return "left"
    if as_alias(site, item) and not _target(site, domain):
        return "alias-target"
    return ""


def routing(site: Site, domain: Domain) -> str:
    """Where mail for it is to go: `here`, `elsewhere`, `leave`; empty: it has to be asked."""
    answer = site.answers.get(f"routing:{domain.name}", "")
    if answer in _ROUTING:
        return answer
    if domain.routing in ("auto", "local"):
        return HERE
    if domain.mailboxes or domain.aliases or domain.autoresponders or domain.lists:
        return ""
    return ELSEWHERE if domain.routing == "remote" else ""


def as_alias(site: Site, item: Item) -> bool:
    """Whether a domain is to become an alias of another one."""
    domain: Domain = item.thing
    if domain.kind == "pointer":
        return site.answer(item, _POINTER) == ALIAS
    return bool(domain.mirror_of) and not has_own(domain)


def has_own(domain: Domain) -> bool:
    """Whether it has addresses of its own, which an alias cannot have."""
    return bool(domain.mailboxes or domain.aliases or domain.autoresponders or domain.lists)


def target_of(site: Site, domain: Domain) -> str:
    """The domain of which it is to be an alias."""
    if domain.mirror_of:
        return domain.mirror_of
    return next((one.name for one in site.inventory.domains if one.kind == "main"), "")


def _target(site: Site, domain: Domain) -> str:
    name = target_of(site, domain)
    hosted = site.house.domains.get(name)
    coming = name in site.domains and name not in site.staying and name != domain.name
    return name if coming or (hosted and hosted.customer == site.house.customer) else ""


def plan_domain(site: Site, item: Item) -> Verdict:
    """The domain itself."""
    domain: Domain = item.thing
    stays = site.staying.get(domain.name, "")
    pointer = _POINTER if domain.kind == "pointer" else ()
    if stays == "left":
        return Verdict("refused", "left", choices=pointer)
    if stays:
        return Verdict("refused", stays, {"target": target_of(site, domain)}, choices=pointer)
    if domain.kind == "pointer" and not site.answer(item, _POINTER):
        return Verdict("asks", "pointer", {"target": target_of(site, domain)}, choices=_POINTER)
    if as_alias(site, item):
        target = target_of(site, domain)
        return Verdict("carried", "", makes=f"{domain.name} = {target}", choices=pointer)
    if domain.mirror_of:
        return Verdict("differs", "mirror-with-own", {"target": domain.mirror_of})
    return Verdict("carried", makes=domain.name, choices=pointer)


def plan_routing(site: Site, item: Item) -> Verdict:
    """Where mail for the domain goes."""
    domain: Domain = item.thing
    found = routing(site, domain)
    facts = {"routing": domain.routing}
    choices = _ROUTING if domain.routing not in ("auto", "local") else ()
    if found == LEAVE:
        return Verdict("refused", "left", facts, choices=choices)
    if domain.name in site.staying:
        return Verdict("refused", "domain-stays", facts)
    if not found:
        return Verdict("asks", "routing", facts, choices=_ROUTING)
    if found == ELSEWHERE:
        return Verdict("carried", "routing-elsewhere", facts, choices=choices)
    if domain.routing == "auto":
        return Verdict("carried", "routing-auto", facts)
    if domain.routing == "local":
        return CARRIED
    return Verdict("differs", "routing-here", facts, choices=choices)


def plan_suspended_domain(site: Site, item: Item) -> Verdict:
    """A domain that was suspended stays so."""
    return CARRIED


def plan_default(site: Site, item: Item) -> Verdict:
    """The default address, with its action and its text."""
    found = default_route(item.thing, account=site.account_address())
    facts = {"lost": ", ".join(found.lost)}
    if found.route is None:
        return Verdict("refused", found.code, facts)
    made = found.route.text or ", ".join(found.route.destinations)
    makes = f"*: {found.route.action} {made}".strip()
    return Verdict("differs" if found.code else "carried", found.code, facts, makes=makes)


def plan_domain_forwarder(site: Site, item: Item) -> Verdict:
    """Local parts that nothing else serves go to the same at another domain."""
    domain: Domain = item.thing
    try:
        target = normalise_domain(domain.forward_to)
    except Refusal:
        return Verdict("refused", "domain-invalid", {"target": domain.forward_to})
    if target == domain.name:
        return Verdict("refused", "loop")
    return Verdict("carried", makes=f"@{domain.name} → @{target}")


def plan_dkim(site: Site, item: Item) -> Verdict:
    """The signing key, under its old selector; one that cannot sign stays behind."""
    try:
        key = load_pem_private_key(item.thing.private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Verdict("refused", "dkim-unreadable")
    if not isinstance(key, RSAPrivateKey) or key.key_size < SHORTEST_KEY:
        return Verdict("refused", "dkim-unreadable")
    return Verdict("carried", "dkim", makes=item.subject)


def plan_zone(site: Site, item: Item) -> Verdict:
    """The zone's records: shown beside what is to be set, and kept."""
    return Verdict("differs", "zone")


def plan_certificate(site: Site, item: Item) -> Verdict:
    """Certificates are obtained anew."""
    return Verdict("differs", "certificate")


def plan_boxtrapper(site: Site, item: Item) -> Verdict:
    """Challenge and response has no equivalent."""
    return Verdict("refused", "boxtrapper")
