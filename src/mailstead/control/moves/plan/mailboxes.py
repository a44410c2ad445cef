"""How mailboxes and what is theirs will come; pure."""

from __future__ import annotations

import msgspec

from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.rows import CARRIED, LEAVE, Grade, Site, Verdict
from mailstead.foreign.inventory import Mailbox, SpamWishes, Store, Webmail
from mailstead.standards import password as passwords
from mailstead.standards.address import destination_address, mailbox_address, normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import human
from mailstead.wire.changes import Rule

MERGE = "merge"
_THERE = (MERGE, LEAVE)
ANYWAY = "anyway"
_TRIED = (ANYWAY, LEAVE)
HOUSE_SCORE = 5.0
"""`required_score` of the old servers by default."""


def closed(site: Site, item: Item) -> str:
    """Why a mailbox does not come; empty: it does."""
    box: Mailbox = item.thing
    try:
        if str(mailbox_address(box.address)) != box.address:
            return "address-invalid"
    except Refusal:
        return "address-invalid"
    if _conflict(site, box.address) and site.answer(item, _THERE) == LEAVE:
        return "left"
    return ""


def _conflict(site: Site, address: str) -> bool:
    return site.house.mailboxes.get(address) is False


def plan_mailbox(site: Site, item: Item) -> Verdict:
    """The mailbox itself."""
    box: Mailbox = item.thing
    why = closed(site, item)
    if why:
        return Verdict("refused", why, choices=_THERE if why == "left" else ())
    if _conflict(site, box.address):
        if site.answer(item, _THERE) == MERGE:
            return Verdict("differs", "merged", choices=_THERE)
        return Verdict("asks", "mailbox-there", choices=_THERE)
    return Verdict("carried", makes=box.address)


def plan_password(site: Site, item: Item) -> Verdict:
    """The hash as found."""
    box: Mailbox = item.thing
    if _conflict(site, box.address):
        return Verdict("differs", "password-stays")
    if not box.secret:
        return Verdict("differs", "password-none")
    try:
        kind = passwords.imported(box.secret)[0]
    except Refusal:
        return Verdict("refused", "hash-unknown")
    return Verdict("carried", "password", {"kind": hash_kind(kind)})


def hash_kind(secret: str) -> str:
    """`$6$` and the like, without anything that is secret."""
    bare = secret.partition("}")[2] or secret
    return f"${bare.split('$')[1]}$" if bare.startswith("$") else "DES"


def plan_quota(site: Site, item: Item) -> Verdict:
    """Bytes in are bytes out."""
    box: Mailbox = item.thing
    if _conflict(site, box.address):
        return Verdict("differs", "quota-stays")
    if not box.quota:
        return Verdict("carried", "quota-none")
    return Verdict("carried", "quota", {"size": human(box.quota)}, octets=box.quota)


def plan_login_name(site: Site, item: Item) -> Verdict:
    """Another name by which the mailbox logs in."""
    box: Mailbox = item.thing
    has = site.house.logins.get(box.login, "")
    if has and has != box.address:
        return Verdict("refused", "login-taken", {"login": box.login})
    return Verdict("carried", makes=f"{box.login} = {box.address}")


def plan_suspended(site: Site, item: Item) -> Verdict:
    """What was suspended stays so."""
    return CARRIED


def plan_mail(site: Site, item: Item) -> Verdict:
    """The mail of one store."""
    store: Store = item.thing
    if site.inventory.mail_missing:
        return Verdict("refused", "mail-missing")
    several = item.mailbox is not None and len(item.mailbox.stores) > 1
    if store.kind == "imap":
        return _from_imap(site, item, store)
    if store.kind == "mbox":
        return _sized(store, "uids-new")
    if store.names == "ambiguous":
        return _sized(store, "names-ambiguous")
    if several and item.mailbox and item.mailbox.stores[0] != store:
        return _sized(store, "store-second")
    return _sized(store)


def _from_imap(site: Site, item: Item, store: Store) -> Verdict:
    """The mail of a mailbox on another server, as a log-in has found it."""
    if store.problem:
        facts = {"words": store.problem}
        answer = site.answer(item, _TRIED)
        if answer == LEAVE:
            return Verdict("refused", "left", facts, choices=_TRIED)
        grade: Grade = "differs" if answer == ANYWAY else "asks"
        return Verdict(grade, "imap-problem", facts, choices=_TRIED)
    if store.seen is None:
        return _sized(store, "from-imap")
    uses = ", ".join(f"{name} → {use}" for name, use in store.seen.uses if name != use)
    facts = {
        "folders": str(len(store.folders) + 1),
        "prefix": store.seen.prefix or "–",
        "uses": uses[:600] or "–",
    }
    code = "imap-cut" if store.seen.cut else "imap-seen"
    return Verdict("carried", code, facts, octets=store.octets, messages=store.messages)


def _sized(store: Store, code: str = "") -> Verdict:
    grade: Grade = "differs" if code else "carried"
    return Verdict(grade, code, octets=store.octets, messages=store.messages)


def plan_rules(site: Site, item: Item) -> Verdict:
    """Rules that another Mailstead has made, as they are."""
    try:
        rules = msgspec.json.decode(item.thing, type=tuple[Rule, ...])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Verdict("refused", "rules-unreadable")
    return Verdict("carried", "rules", {"number": str(len(rules))})


def plan_contacts(site: Site, item: Item) -> Verdict:
    """Address books: kept, to be fetched as vCards."""
    web: Webmail = item.thing
    number = len(web.contacts) + len(web.collected)
    return Verdict("carried", "contacts", {"number": str(number), "groups": str(len(web.groups))})


def plan_identity(site: Site, item: Item) -> Verdict:
    """A sender with its signature: kept with the mailbox, and offered by nothing here."""
    return Verdict("differs", "identity")


def plan_response(site: Site, item: Item) -> Verdict:
    """A text for answers: kept with the mailbox."""
    return Verdict("differs", "response")


def plan_trusted(site: Site, item: Item) -> Verdict:
    """A sender whose remote images were shown: kept with the mailbox."""
    return Verdict("differs", "trusted")


def spam_level(wishes: SpamWishes) -> str:
    """Our level for a score: what was stricter stays at least as strict."""
    if wishes.level:
        return wishes.level
    if not wishes.enabled:
        return "off"
    score = HOUSE_SCORE if wishes.score is None else wishes.score
    if score < HOUSE_SCORE:
        return "strict"
    return "normal" if score < 7 else "lenient"


def spam_senders(patterns: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Patterns as addresses and `@domains`, and those that are neither."""
    taken: dict[str, None] = {}
    lost: list[str] = []
    for pattern in patterns:
        bare = pattern.strip().lower().removeprefix("*").lstrip("@")
        try:
            if "*" in bare or "?" in bare or not bare:
                lost.append(pattern)
            elif "@" in bare:
                taken[str(destination_address(bare))] = None
            else:
                taken["@" + normalise_domain(bare)] = None
        except Refusal:
            lost.append(pattern)
    return list(taken), lost


def plan_spam(site: Site, item: Item) -> Verdict:
    """Level and lists."""
    wishes: SpamWishes = item.thing
    level = spam_level(wishes)
    lost = spam_senders(wishes.allow)[1] + spam_senders(wishes.deny)[1]
    facts = {
        "level": level,
        "score": "-" if wishes.score is None else f"{wishes.score:g}",
        "lost": ", ".join(lost)[:600],
    }
    if lost:
        return Verdict("differs", "spam-patterns", facts)
    if wishes.delete_above is not None:
        return Verdict("differs", "spam-deleted", facts)
    exact = wishes.level or not wishes.enabled or wishes.score in (None, HOUSE_SCORE)
    return Verdict("carried" if exact else "differs", "" if exact else "spam-level", facts)
