"""From the things that exist to the engines' entries: the rules of precedence, as pure functions.

An *owner* is what entries follow from: an address, or a domain for what concerns all its local
parts. `answers(state, owner)` gives all entries of an owner; everything else (what a change
touches, what differs) is bookkeeping around it.

Precedence at an address: own address (mailbox, forwarder, autoresponder), then the domain
forwarder, then the catch-all, then 550. A domain alias has no own addresses.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mailstead.mailplane.directory import scripts
from mailstead.mailplane.directory.sending import DomainSending, body
from mailstead.mailplane.directory.state import State, domain_of
from mailstead.standards.address import NODE_POSTMASTER
from mailstead.standards.reply import Reply
from mailstead.wire import codec
from mailstead.wire.changes import DomainPut, MailboxPut, Route
from mailstead.wire.sending import Ceilings

DISCARD_DOMAIN = "discard.mailstead.invalid"
POSTMASTER = "postmaster"
BLACKHOLE = f"blackhole@{DISCARD_DOMAIN}"

UNKNOWN = Reply(550, "5.1.1", "There is no such address here; check the spelling")
NOT_RECEIVING = Reply(550, "5.2.1", "This mailbox does not receive mail at present")
POOL_FULL = Reply(452, "4.2.2", "The storage of this customer is full; try again later")
HELD = "The mailbox is being taken to another server; it will be there in a moment"
SENDING_SUSPENDED = "Sending from this mailbox is suspended; ask your provider"

OWN_MAIL = "smtp:"
"""How mail leaves whose sender is hosted here, as a value of `classes` (transport(5))."""

Entries = dict[tuple[str, str], str]
"""Map and key to value. `login`, `login-name`, `app`, `spam`, `sending`, `sieve`, `dkim` and
`signing` are not Postfix's."""

_MAX_CHAIN = 20
"""Domains that point to domains that point to …; the control plane refuses loops."""


ZONE = "zone:"
"""Begins the owner that a zone is; a domain of the same name is another one."""


PEERS = "peers:"
"""The owner of what is said of other nodes of ours."""


def answers(state: State, owner: str) -> Entries:
    """All entries that follow from an owner; empty when it does not exist."""
    if owner == PEERS:
        return {("peers", address): "DISABLE" for address in state.peers()}
    if owner.startswith(ZONE):
        zone = state.zone(owner.removeprefix(ZONE))
        return {("zone", zone.name): codec.encode(zone).decode()} if zone else {}
    return _address(state, owner) if "@" in owner else _domain(state, owner)


def _refusal(route: Route) -> Reply:
    return Reply(550, "5.1.1", route.text) if route.text else UNKNOWN


def _wildcard(state: State, domain: DomainPut, depth: int = 0) -> str | None:
    """Where the domain sends every local part that it does not know, as a value of `aliases`."""
    if depth > _MAX_CHAIN:
        return None
    target = domain.alias_of or domain.forward_to
    if target:
        hosted = state.domain(target)
        if hosted is None:
            return f"@{target}" if domain.forward_to else None
        # One that is passed on takes every local part.
        if hosted.relay_to or _wildcard(state, hosted, depth + 1) is not None:
            return f"@{target}"
        if domain.alias_of:
            return None
    return _catch_all(domain.catch_all)


def _catch_all(route: Route | None) -> str | None:
    if route is None or route.action == "fail":
        return None
    return BLACKHOLE if route.action == "blackhole" else ", ".join(route.destinations)


def _domain(state: State, name: str) -> Entries:
    """What concerns the domain as a whole."""
    domain = state.domain(name)
    if domain is None:
        return {}
    entries: Entries = {("domains", name): "ok", ("classes", f"@{name}"): OWN_MAIL}
    wildcard, further = _wildcard(state, domain), onward(domain)
    if further:
        entries["transport", name] = further
    if domain.relay_to:
        # Taken for every local part: which there are, the one knows to whom it is passed on.
        entries["recipients", f"@{name}"] = "DUNNO"
    elif wildcard is not None and further:
        entries["recipients", f"@{name}"] = "DUNNO"
    elif wildcard is not None:
        entries["aliases", f"@{name}"] = wildcard
    else:
        entries["recipients", name] = str(_unknown(state, domain))
        postmaster = f"{POSTMASTER}@{name}"
        if not _exists(state, postmaster):
            # RFC 5321 §4.5.1: a domain that takes mail has a postmaster.
            entries["recipients", postmaster] = "DUNNO"
            if not further:
                entries["aliases", postmaster] = NODE_POSTMASTER
    for key in state.dkim_keys(name):
        entries["dkim", f"{name}/{key.selector}"] = key.private_key
        if key.signs:
            entries["signing", name] = key.selector
    limits = state.sending(name)
    if limits:
        entries["sending", name] = body(DomainSending(limits.mailbox, limits.accounts))
    return entries


def relay(domain: DomainPut) -> str:
    """How mail for a domain that is not served here yet leaves (transport(5))."""
    return "smtp:" if domain.relay_to == "mx" else f"smtp:[{domain.relay_to}]"


def onward(domain: DomainPut) -> str:
    """The transport that takes all of a domain's mail; empty: it is delivered here."""
    if domain.held:
        # Not `retry`: smtpd(8) would refuse by itself and remember it (docs/decisions/0007).
        return f"later:4.3.2 {HELD}"
    if domain.home:
        return f"smtp:[{domain.home}]"
    return relay(domain) if domain.relay_to else ""


def _passed_on(domain: DomainPut, own: Entries) -> Entries:
    """What is left of an address's entries where the domain's mail is not delivered here."""
    without = {"aliases", "transport"}
    if domain.relay_to:
        without.add("recipients")
    return {at: value for at, value in own.items() if at[0] not in without}


def _unknown(state: State, domain: DomainPut, depth: int = 0) -> Reply:
    """The reply for a local part that nobody knows; an alias answers as its target does."""
    target = state.domain(domain.alias_of) if domain.alias_of else None
    if target is not None and depth <= _MAX_CHAIN:
        return _unknown(state, target, depth + 1)
    return _refusal(domain.catch_all) if domain.catch_all else UNKNOWN


def is_own(state: State, address: str) -> bool:
    """Whether the domain of `address` defines it itself."""
    return bool(state.mailbox(address) or state.forwarder(address) or state.autoresponder(address))


def hosted_target(state: State, domain: DomainPut) -> str | None:
    """The hosted domain that this one is an alias of or forwards to."""
    target = domain.alias_of or domain.forward_to
    return target if target and state.domain(target) else None


def _exists(state: State, address: str, depth: int = 0) -> bool:
    """Whether the address exists by itself or through domains that point to others."""
    if is_own(state, address):
        return True
    local, _, name = address.rpartition("@")
    domain = state.domain(name)
    target = hosted_target(state, domain) if domain and depth <= _MAX_CHAIN else None
    return target is not None and _exists(state, f"{local}@{target}", depth + 1)


def known_locals(state: State, name: str, depth: int = 0) -> set[str]:
    """Local parts that exist in a domain by themselves or through a hosted domain."""
    domain = state.domain(name)
    if domain is None or depth > _MAX_CHAIN:
        return set()
    found = state.own_locals(name)
    target = hosted_target(state, domain)
    return found | known_locals(state, target, depth + 1) if target else found


def _address(state: State, address: str) -> Entries:
    """What concerns one address."""
    local, _, name = address.rpartition("@")
    domain = state.domain(name)
    if domain is None:
        return {}
    if is_own(state, address):
        own = _own(state, address, domain)
        return _passed_on(domain, own) if onward(domain) else own
    if domain.relay_to:
        return {}
    target = hosted_target(state, domain)
    through = f"{local}@{target}" if target else ""
    if not target or not _exists(state, through):
        return {}
    entries: Entries = {
        ("aliases", address): through,
        ("recipients", address): recipient_answer(state, through),
    }
    if domain.alias_of:
        users = _senders(state, through)
        if users:
            entries["senders", address] = users
    return _passed_on(domain, entries) if onward(domain) else entries


def recipient_answer(state: State, address: str, depth: int = 0) -> str:
    """What smtpd says to a recipient that exists: DUNNO or the reply that refuses it."""
    local, _, name = address.rpartition("@")
    domain = state.domain(name)
    if domain is not None and domain.relay_to:
        return "DUNNO"
    if is_own(state, address):
        refused = _refused(state, address)
        return str(refused) if refused else "DUNNO"
    target = hosted_target(state, domain) if domain else None
    if target is None or depth > _MAX_CHAIN:
        return str(UNKNOWN)
    return recipient_answer(state, f"{local}@{target}", depth + 1)


def _refused(state: State, address: str) -> Reply | None:
    """The reply that refuses mail to an own address; None: it is taken."""
    forwarder = state.forwarder(address)
    if forwarder and forwarder.route.action == "fail":
        return _refusal(forwarder.route)
    mailbox = state.mailbox(address)
    if mailbox is None or not _stores(state, address):
        return None
    if not mailbox.receiving:
        return NOT_RECEIVING
    return POOL_FULL if mailbox.pool_full else None


def _stores(state: State, address: str) -> bool:
    """Whether mail to the address is kept in a mailbox of that address."""
    forwarder = state.forwarder(address)
    return state.mailbox(address) is not None and (forwarder is None or forwarder.keep_copy)


def _destinations(state: State, address: str, domain: DomainPut) -> list[str]:
    """Where mail to an own address goes; itself means LMTP."""
    forwarder = state.forwarder(address)
    answered = state.autoresponder(address) is not None
    found: list[str] = []
    if forwarder and forwarder.route.action == "deliver":
        found += forwarder.route.destinations
    elif forwarder and forwarder.route.action == "blackhole":
        found.append(BLACKHOLE)
    elif state.mailbox(address) is None:
        # An automatic answer is independent of delivery: what would have got the mail still does.
        found += _fallthrough(state, address, domain)
    if _stores(state, address) or answered:
        found.append(address)
    return list(dict.fromkeys(found))


def _fallthrough(state: State, address: str, domain: DomainPut) -> list[str]:
    """Where an address would go if the domain did not define it."""
    local = address.rpartition("@")[0]
    if domain.forward_to:
        through = f"{local}@{domain.forward_to}"
        if state.domain(domain.forward_to) is None or _exists(state, through):
            return [through]
    wildcard = _wildcard(state, domain)
    if wildcard is None:
        return []
    if wildcard.startswith("@"):
        return [local + wildcard]
    return wildcard.split(", ")


def _own(state: State, address: str, domain: DomainPut) -> Entries:
    entries: Entries = {}
    refused = _refused(state, address)
    entries["recipients", address] = str(refused) if refused else "DUNNO"
    if refused:
        # A chain may still lead here: bounce or keep with the same words.
        transport = "later" if refused.code < 500 else "refuse"
        entries["transport", address] = f"{transport}:{refused.enhanced} {refused.text}"
        if _wildcard(state, domain) is not None:
            entries["aliases", address] = address
    else:
        destinations = _destinations(state, address, domain)
        if destinations != [address] or _wildcard(state, domain) is not None:
            entries["aliases", address] = ", ".join(destinations)
    users = _senders(state, address)
    if users:
        entries["senders", address] = users
    mailbox = state.mailbox(address)
    if mailbox:
        entries.update(_login(mailbox, domain))
    elif state.autoresponder(address):
        entries["login", address] = scripts.login_row("", address, False, True, 0, True)
    entries.update(scripts.entries(state, address, stores=_stores(state, address)))
    return entries


def smtp_user(mailbox: MailboxPut) -> str:
    """The SMTP log-in: the address and the credential that opens a session now."""
    return f"{mailbox.address}/{mailbox.credential}"


def smtp_users(mailbox: MailboxPut) -> list[str]:
    """Every SMTP log-in of a mailbox: its own and those of its app passwords."""
    return [
        smtp_user(mailbox),
        *(
            f"{mailbox.address}/{app.credential}"
            for app in mailbox.app_passwords
            if not app.protocols or "smtp" in app.protocols
        ),
    ]


def _login(mailbox: MailboxPut, domain: DomainPut) -> Entries:
    user = smtp_user(mailbox)
    may_login = mailbox.login and domain.active
    entries: Entries = {
        ("login", mailbox.address): scripts.login_row(
            mailbox.secret, user, may_login, True, mailbox.quota, False
        )
    }
    if mailbox.ceilings != Ceilings():
        entries["sending", mailbox.address] = body(mailbox.ceilings)
    if may_login and mailbox.login_name:
        entries["login-name", mailbox.login_name] = mailbox.address
    if may_login:
        words = mailbox.sending_words or SENDING_SUSPENDED
        reply = "OK" if mailbox.sending else str(Reply(554, "5.7.1", words))
        for one in smtp_users(mailbox):
            entries["credentials", one] = reply
        for app in mailbox.app_passwords:
            # With blanks around each, so that a query finds a whole word.
            words = " ".join(("", *app.protocols, "")) if app.protocols else ""
            row = [f"{mailbox.address}/{app.credential}", words]
            entries["app", f"{mailbox.address}/{app.digest}"] = msgspec.json.encode(row).decode()
    return entries


def _senders(state: State, address: str, depth: int = 0) -> str:
    """The SMTP log-ins that may use an address as envelope sender, as a value of `senders`."""
    local, _, name = address.rpartition("@")
    domain = state.domain(name)
    if domain is None or depth > _MAX_CHAIN:
        return ""
    if domain.alias_of:
        return _senders(state, f"{local}@{domain.alias_of}", depth + 1)
    users: dict[str, None] = {}
    own = state.mailbox(address)
    if own:
        users.update(dict.fromkeys(smtp_users(own)))
    forwarder = state.forwarder(address)
    for destination in forwarder.route.destinations if forwarder else ():
        mailbox = state.mailbox(destination.lower())
        home = state.domain(domain_of(destination))
        if mailbox and home and home.customer == domain.customer:
            users.update(dict.fromkeys(smtp_users(mailbox)))
    return ", ".join(users)


def closure(state: State, name: str) -> list[str]:
    """The domain and all that point to it, directly or through others."""
    found = [name]
    for domain in found:
        found += [other for other in state.followers(domain) if other not in found]
    return found


def touched_by_address(state: State, address: str) -> set[str]:
    """Owners whose entries may change when a thing at this address does."""
    local, _, name = address.rpartition("@")
    owners = {f"{local}@{domain}" for domain in closure(state, name)}
    if local == POSTMASTER:
        owners |= set(closure(state, name))
    for source in state.forwarders_to(address):
        part, _, home = source.rpartition("@")
        owners |= {f"{part}@{domain}" for domain in closure(state, home)}
    return owners


def touched_by_domain(state: State, name: str) -> Iterator[str]:
    """Owners whose entries may change when the domain itself does."""
    for domain in closure(state, name):
        yield domain
        for local in known_locals(state, domain):
            yield f"{local}@{domain}"
    for target in hosted_chain(state, name):
        # Their autoresponders name the addresses of the domains that point to them.
        yield from state.answering(target)
    for source in state.forwarders_to(name):
        yield from touched_by_address(state, source)


def hosted_chain(state: State, name: str) -> list[str]:
    """The hosted domains that this one leads to."""
    found: list[str] = []
    domain = state.domain(name)
    while domain and (target := hosted_target(state, domain)) and target not in found:
        found.append(target)
        domain = state.domain(target)
    return found
