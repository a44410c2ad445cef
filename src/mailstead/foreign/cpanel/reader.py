"""An account of cPanel as an `Inventory` (`read`): one domain after the other, then what is left.

Nothing here changes the source. What was not understood is in `Inventory.remarks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailstead.foreign.archive import Tree
from mailstead.foreign.cpanel import valiases
from mailstead.foreign.cpanel.boxes import account_mailbox, read_mailboxes
from mailstead.foreign.cpanel.domains import DomainKind, read_domains
from mailstead.foreign.cpanel.filters import account_filter, account_rules
from mailstead.foreign.cpanel.known import say_unknown
from mailstead.foreign.cpanel.lists import read_lists
from mailstead.foreign.cpanel.live import homes
from mailstead.foreign.cpanel.responders import FOLDER, read_responder
from mailstead.foreign.cpanel.settings import Settings, read_settings
from mailstead.foreign.cpanel.source import Source, accounts, detect, opened
from mailstead.foreign.cpanel.spam import read_spam
from mailstead.foreign.cpanel.webmail import read_dump, read_webmail
from mailstead.foreign.inventory import (
    Alias,
    Autoresponder,
    DkimKey,
    Domain,
    Inventory,
    Mailbox,
    MailingList,
    PanelRule,
    SpamWishes,
    Webmail,
)
from mailstead.foreign.notes import printable

__all__ = ["accounts", "detect", "read"]

_MACHINERY = (
    *("admin", "bounces", "confirm", "join", "leave", "owner", "request"),
    *("subscribe", "unsubscribe"),
)
"""Addresses of a Mailman list besides its own: `news-admin`."""


@dataclass
class _Account:
    """What is the same for all domains."""

    settings: Settings
    rules: tuple[PanelRule, ...]
    spam: SpamWishes | None
    dump: dict[str, Webmail]
    lists: dict[str, list[MailingList]]
    not_sending: frozenset[str]


def read(
    path: Path,
    account: str = "",
    *,
    work: Path | None = None,
    then: Callable[[Tree, Inventory], None] | None = None,
) -> Inventory:
    """The account in an archive, an unpacked one, or (`account`) on a live server's root.

    `work`: where a temporary directory is made; `then` is called while the files are open. Raises
    `Refusal`.
    """
    source = opened(path, account, work)
    try:
        inventory = _inventory(source)
        if then is not None:
            then(source.tree, inventory)
        return inventory
    finally:
        source.tree.close()


def _inventory(source: Source) -> Inventory:
    settings = read_settings(source)
    kinds = read_domains(source, settings)
    _say_other_account(source)
    suspended_words = source.text(source.at("suspended", source.account)).strip()
    source.exists(source.at("suspended", f"{source.account}.lock"))
    settings.suspended |= source.tree.find(source.at("suspended", source.account)) is not None
    account = _Account(
        settings=settings,
        rules=account_rules(source),
        spam=read_spam(source),
        dump=read_dump(source),
        lists=read_lists(source, kinds),
        not_sending=_not_sending(source),
    )
    domains = tuple(_domain(source, account, name, kind) for name, kind in kinds.items())
    missing = _mail_missing(source, domains)
    _say_leftover_answers(source, domains)
    say_unknown(source, dict(kinds))
    source.notes.odd(source.tree)
    return Inventory(
        panel="cpanel",
        account=source.account,
        home=_home(source),
        contacts=settings.contacts,
        suspended=settings.suspended,
        suspended_words=suspended_words,
        owner=settings.owner,
        package=settings.package,
        limits=settings.limits,
        domains=domains,
        remarks=source.notes.all(),
        mail_missing=missing,
    )


def _home(source: Source) -> str:
    """The home on the old server."""
    if source.live:
        return f"/{source.tree.place(source.home)}"
    return homes(source, source.account)[0]


def _say_other_account(source: Source) -> None:
    """An archive that was put together by hand can name two accounts."""
    path = source.at("meta", "user")
    said = source.text(path, 4096).strip()
    if said and said != source.account:
        words = "The archive names another account here than in cp; say which one is meant."
        source.notes.add("asks", "account-differs", source.place(path), words, text=said)


def _domain(source: Source, account: _Account, name: str, kind: DomainKind) -> Domain:
    settings = account.settings
    main = name == settings.main
    found = _valiases(source, name)
    lists = tuple(account.lists.get(name, ()))
    _say_missing_lists(source, name, found, lists)
    boxes = read_mailboxes(source, name, settings.suspended)
    if main:
        own = account_mailbox(source, name, settings.suspended, boxes)
        boxes = [*(box for box in boxes if box.address != own.address), own]
    webmail = read_webmail(source, name, main)
    boxes = [_with_webmail(source, account, box, webmail) for box in boxes]
    routing = settings.routing.get(name, "auto")
    if routing in ("remote", "secondary") and any(not box.login for box in boxes):
        source.notes.add(
            "asks",
            "remote-with-mailboxes",
            source.place(source.at("cp", source.account)),
            "Mail for this domain goes to another server, but there are mailboxes here; say which"
            " of the two is right before the move.",
            domain=name,
        )
    acting = account_filter(source, name, account.rules)
    spam = account.spam
    if acting.delete_above is not None:
        spam = msgspec.structs.replace(
            spam or SpamWishes(enabled=True), delete_above=acting.delete_above
        )
    return Domain(
        name=name,
        kind=kind,
        routing=routing,
        forward_to=_forward_to(source, name),
        default=found.default,
        mailboxes=tuple(sorted(boxes, key=lambda box: box.address)),
        aliases=tuple(found.aliases),
        autoresponders=_answers(source, name, found),
        lists=lists,
        filter=acting.filter,
        spam=spam,
        boxtrapper=_boxtrapper(source, name, found),
        dkim=_dkim(source, name),
        zone=source.text(source.at("dnszones", f"{name}.db")),
        certificate=source.exists(source.at("apache_tls", name)),
    )


def _valiases(source: Source, domain: str) -> valiases.Valiases:
    path = source.at("va", domain)
    found = valiases.parse(source.text(path), domain, source.account)
    for one in found.problems:
        source.notes.add(
            one.grade,
            one.code,
            source.place(path, one.line),
            one.words,
            text=one.text,
            domain=domain,
            address=one.address,
        )

    def placed(alias: Alias) -> Alias:
        return msgspec.structs.replace(alias, place=source.place(path, int(alias.place)))

    machinery = {
        f"{local}@{domain}"
        for name in found.lists
        for base in [name.removesuffix(f"_{domain}")]
        for local in (f"owner-{base}", *(f"{base}-{what}" for what in _MACHINERY))
    }
    found.aliases = [placed(one) for one in found.aliases if one.address not in machinery]
    found.default = placed(found.default) if found.default is not None else None
    return found


def _say_missing_lists(
    source: Source, domain: str, found: valiases.Valiases, lists: tuple[MailingList, ...]
) -> None:
    there = {one.address for one in lists}
    for name, line in found.lists.items():
        address = f"{name.removesuffix(f'_{domain}')}@{domain}"
        if address not in there:
            source.notes.add(
                "refused",
                "list-missing",
                source.place(source.at("va", domain), line),
                "A mailing list takes mail here, but its members are not in the archive.",
                address=address,
            )


def _with_webmail(
    source: Source, account: _Account, box: Mailbox, webmail: dict[str, Webmail]
) -> Mailbox:
    found = webmail.get(box.address.partition("@")[0]) or account.dump.get(box.address)
    if found is None and box.login:
        found = account.dump.get(box.login)
    return msgspec.structs.replace(
        box,
        webmail=found,
        sending_suspended=bool(account.not_sending & {box.address, source.account}),
    )


def _not_sending(source: Source) -> frozenset[str]:
    """Who must not send; only a live server tells."""
    found = set()
    for name in ("suspended", "held"):
        found |= {line.strip().lower() for _, line in source.lines(source.at("outgoing", name))}
    if not source.live:
        source.notes.add(
            "differs",
            "sending-not-told",
            "",
            "Whether mailboxes were forbidden to send is not in an archive; look at the server.",
        )
    return frozenset(found)


def _forward_to(source: Source, domain: str) -> str:
    path = source.at("vad", domain)
    target = ""
    for number, line in source.lines(path):
        key, _, value = line.strip().rpartition(":")
        value = value.strip().strip('"').rstrip(".").lower()
        key = key.strip().strip('"').lower()
        if key not in ("", domain) or "." not in value or " " in value or target:
            source.notes.add(
                "unknown",
                "domain-forwarder",
                source.place(path, number),
                "This line of a domain forwarder is not understood.",
                text=line,
                domain=domain,
            )
        elif value == domain:
            words = "The domain forwards to itself, which does nothing."
            place = source.place(path, number)
            source.notes.add("dropped", "self-forward", place, words, text=line, domain=domain)
        else:
            target = value
    return target


def _answers(source: Source, domain: str, found: valiases.Valiases) -> tuple[Autoresponder, ...]:
    made = []
    for one in found.responders:
        place = source.place(source.at("va", domain), one.line)
        if one.address.startswith("@"):
            source.notes.add(
                "refused",
                "autoresponder-for-all",
                place,
                "An automatic answer for every address of a domain is not set up here.",
                domain=domain,
            )
            source.use(source.in_home(FOLDER, one.file))
            continue
        answer = read_responder(source, one.address, one.file, place)
        if answer is not None:
            made.append(answer)
    return tuple(made)


def _say_leftover_answers(source: Source, domains: tuple[Domain, ...]) -> None:
    if not source.home:
        return
    for one in source.files(source.in_home(FOLDER)):
        if source.used(one.path):
            continue
        bare = one.path.removesuffix(".json").removesuffix(".conf")
        if bare == one.path:
            words = "Nothing starts this automatic answer; it was switched off or forgotten."
            source.notes.add("dropped", "autoresponder-leftover", source.place(one.path), words)
        source.use(one.path)


def _boxtrapper(source: Source, domain: str, found: valiases.Valiases) -> tuple[str, ...]:
    addresses = set(found.boxtrapper)
    if source.home:
        for one in source.folders(source.in_home("etc", domain)):
            if source.exists(f"{one.path}/.boxtrapperenable"):
                addresses.add(printable(f"{one.name.lower()}@{domain}"))
    for address in sorted(addresses):
        source.notes.add(
            "refused",
            "boxtrapper",
            source.place(source.at("va", domain)),
            "Senders had to confirm their first message (BoxTrapper); our spam filter decides now.",
            domain=domain,
            address=address if "@" in address[1:] else "",
        )
    return tuple(sorted(addresses))


def _dkim(source: Source, domain: str) -> tuple[DkimKey, ...]:
    path = source.at("domainkeys", "private", domain)
    text = source.text(path, 2**16).strip()
    if not text:
        return ()
    if "PRIVATE KEY-----" not in text.partition("\n")[0]:
        words = "The signing key is not in a form that is known here."
        source.notes.add("unknown", "dkim-key", source.place(path), words, domain=domain)
        return ()
    return (DkimKey(selector="default", private_key=text + "\n", place=source.place(path)),)


def _mail_missing(source: Source, domains: tuple[Domain, ...]) -> bool:
    """Whether the archive was made without its home, which holds all mail and all mailboxes."""
    if source.home and source.tree.find(source.in_home("mail")) is not None:
        return False
    if source.home and not any(not box.login for domain in domains for box in domain.mailboxes):
        return False
    packed = [source.tree.find(source.at(f"homedir.tar{end}")) for end in ("", ".gz", ".zst")]
    source.notes.add(
        "refused",
        "home-packed" if any(packed) else "home-missing",
        source.place(source.at("homedir")),
        "The home directory is still packed; unpack homedir.tar beside it into homedir."
        if any(packed)
        else "The archive was made without the home directory, so there are no mailboxes and no"
        " mail in it. Make one with the home.",
    )
    return True
