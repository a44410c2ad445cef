"""A domain with all that concerns its mail, and the domains that only point to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

from mailstead.foreign.directadmin import spam
from mailstead.foreign.directadmin.account import Account
from mailstead.foreign.directadmin.aliases import aliases, catch_all, one_default, targets
from mailstead.foreign.directadmin.answers import answers
from mailstead.foreign.directadmin.files import Files, domain_name, settings
from mailstead.foreign.directadmin.lists import lists
from mailstead.foreign.directadmin.mailboxes import Reader, own_mailbox
from mailstead.foreign.inventory import Alias, DkimKey, Domain, EximFilter, Mailbox, Webmail
from mailstead.foreign.spamassassin import Prefs

SELECTOR = "x"
"""Under which DirectAdmin signs."""
_MAX_ZONE = 2**20
_NO_MAIL = re.compile(
    r"domain|active|defaultdomain|UseCanonicalName|bandwidth|cgi|clamav|docroot|force_ssl|http.*"
    r"|ip|ip_.*|modsec.*|nginx.*|open_basedir|php.*|private_html.*|protocol.*|quota|redirect.*"
    r"|safemode|ssl.*|ssh|suspended|username|visitors|writable.*|log_.*|redis|subdomain.*|creation.*"
    r"|webapp.*|wordpress.*|brotli.*|stats.*|ftp.*|acme.*|letsencrypt.*|has_.*|awstats|webalizer",
    re.IGNORECASE,
)
"""Keys of `domain.conf` without a meaning for mail."""


@dataclass
class Common:
    """What all domains of the account share."""

    account: Account
    main: str
    mail: str
    """Directory in which the mail of each domain lies."""
    webmail: dict[str, Webmail] = field(default_factory=dict)
    """By user name, of all domains."""
    spam: Prefs | None = None
    spam_place: str = ""


def domain(files: Files, name: str, common: Common) -> Domain:
    """One domain; its pointers are `pointers`."""
    base = f"backup/{name}"
    folder = f"{base}/email"
    reader = Reader(
        files, folder, f"{common.mail}/{name}", name, account_suspended=common.account.suspended
    )
    boxes = {box.address: box for box in reader.mailboxes(common.webmail)}
    forwards: tuple[Alias, ...] = ()
    if name == common.main:
        forwards = _own(files, boxes, name, common)
    replies = answers(files, folder, name)
    served = {*boxes, *(answer.address for answer in replies)}
    found, live = aliases(
        files,
        f"{folder}/aliases",
        name,
        common.account.name,
        lambda local: f"{local}@{name}" in served,
    )
    default = one_default(
        files, live, catch_all(files, f"{folder}/email.conf", name, common.account.name)
    )
    routing, suspended = _settings(files, f"{base}/domain.conf", name)
    _tell_old_webmail(files, folder, name)
    files.use(f"{folder}/data/imap/.direct_imap_backup")
    return Domain(
        name=name,
        kind="main" if name == common.main else "addon",
        routing=routing,
        suspended=suspended,
        default=default,
        mailboxes=tuple(boxes.values()),
        aliases=_joined(found, forwards),
        autoresponders=replies,
        lists=lists(files, f"{folder}/majordomo", name, common.account.name),
        filter=_filter(files, f"{folder}/filter"),
        spam=spam.of_domain(files, folder, name, common.spam, common.spam_place),
        dkim=_dkim(files, f"{folder}/dkim.private.key"),
        zone=_zone(files, f"{base}/{name}.db"),
        certificate=_certificate(files, f"{base}/domain.cert"),
    )


def pointers(files: Files, name: str, known: Iterable[str]) -> list[Domain]:
    """The domains that point to this one. An `alias` has its addresses; what a `pointer` does to
    mail is not certain, so its kind asks for a decision."""
    path = f"backup/{name}/domain.pointers"
    taken = set(known)
    found = []
    for number, key, value in settings(files.text(path)):
        pointer = domain_name(key)
        fields = parse_qs(value) if "=" in value else {"type": [value]}
        kind = fields.get("type", [""])[0].lower()
        if not pointer or kind not in ("alias", "pointer", "") or pointer in taken:
            files.remark(
                "unknown",
                "pointer-unreadable",
                path,
                "This row of the domain's pointers is not understood, or its domain is there"
                " already.",
                line=number,
                text=f"{key}={value}",
                domain=name,
            )
            continue
        taken.add(pointer)
        found.append(
            Domain(name=pointer, kind="parked" if kind == "alias" else "pointer", mirror_of=name)
        )
    return found


def _own(files: Files, boxes: dict[str, Mailbox], name: str, common: Common) -> tuple[Alias, ...]:
    """Puts the account's own mailbox among the others; gives what its `.forward` says."""
    account = common.account
    address = f"{account.name}@{name}"
    twin = boxes.pop(address, None)
    path = "backup/home/.forward"
    text = files.text(path)
    webmail = common.webmail.get(account.name)
    boxes[address] = own_mailbox(files, account, name, twin=twin, webmail=webmail, forward=text)
    if re.match(r"#\s*(exim|sieve) filter", text, re.IGNORECASE):
        return ()
    listed = ",".join(
        line for line in text.splitlines() if line.strip() and not line.startswith("#")
    )
    items, bad = targets(listed, name, account.name)
    if bad:
        files.remark(
            "unknown",
            "alias-unreadable",
            path,
            "A part of this file is not understood.",
            text=", ".join(bad),
            address=address,
        )
    kept = any(item.kind == "account" or item.value == address for item in items)
    others = [item for item in items if item.kind != "account" and item.value != address]
    if not others:
        return ()
    if not kept:
        files.remark(
            "differs",
            "forward-keeps",
            path,
            "Mail to the account's own address was sent on and not kept; here it is kept too.",
            address=address,
        )
    return (Alias(address=address, targets=tuple(others), place=files.tree.place(path)),)


def _joined(found: tuple[Alias, ...], forwards: tuple[Alias, ...]) -> tuple[Alias, ...]:
    """Rows and `.forward`; for an address in both, the destinations of both."""
    by_address = {alias.address: alias for alias in found}
    for alias in forwards:
        row = by_address.get(alias.address)
        both = (*(row.targets if row else ()), *alias.targets)
        by_address[alias.address] = Alias(
            address=alias.address, targets=tuple(dict.fromkeys(both)), place=alias.place
        )
    return tuple(by_address.values())


def _settings(
    files: Files, path: str, name: str
) -> tuple[Literal["auto", "local", "remote"], bool]:
    """Where its mail goes, and whether it is suspended."""
    read: Mapping[str, tuple[int, str]] = {
        key.lower(): (number, value) for number, key, value in settings(files.text(path))
    }
    local = read.get("local_domain", (0, ""))[1].lower()
    if local in ("0", "no", "off"):
        routing: Literal["auto", "local", "remote"] = "remote"
    else:
        routing = "local" if local in ("1", "yes", "on") else "auto"
    suspended = read.get("suspended", (0, ""))[1].lower() in ("yes", "on", "1")
    inactive = read.get("active", (0, ""))[1].lower() in ("no", "off", "0")
    for key, (number, value) in read.items():
        if key != "local_domain" and not _NO_MAIL.fullmatch(key):
            files.remark(
                "unknown",
                "unknown-setting",
                path,
                "This setting of the domain is not known.",
                line=number,
                text=f"{key}={value}",
                domain=name,
            )
    return routing, suspended or inactive


def _filter(files: Files, path: str) -> EximFilter | None:
    """The domain's filter; None where there is none, or nothing but comments in it."""
    text = files.text(path)
    says = any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())
    return EximFilter(text=text, place=files.tree.place(path)) if says else None


def _dkim(files: Files, path: str) -> tuple[DkimKey, ...]:
    text = files.text(path).strip()
    if not text:
        return ()
    if not re.match(r"-----BEGIN (RSA |EC )?PRIVATE KEY-----\s", text):
        # Without its text, which may be a key all the same.
        files.remark("unknown", "dkim-unreadable", path, "The signing key is no private key.")
        return ()
    return (DkimKey(selector=SELECTOR, private_key=text + "\n", place=files.tree.place(path)),)


def _zone(files: Files, path: str) -> str:
    found = files.tree.find(path)
    if found is not None and found.size > _MAX_ZONE:
        files.use(path)
        files.remark("unknown", "file-too-large", path, "The zone is too large to be read.")
        return ""
    return files.text(path)


def _certificate(files: Files, path: str) -> bool:
    files.use(path)
    found = files.tree.find(path)
    return found is not None and found.size > 0


def _tell_old_webmail(files: Files, folder: str, name: str) -> None:
    """Address books of webmails that are no more."""
    for kind in ("squirrelmail", "webmail"):
        path = f"{folder}/data/{kind}"
        files.use(path, below=True)
        if any(one.kind == "file" and one.size for one in files.tree.members(path)):
            files.remark(
                "refused",
                "webmail-old",
                path,
                "Data of an old webmail (SquirrelMail, UebiMiau) does not come along.",
                domain=name,
            )
