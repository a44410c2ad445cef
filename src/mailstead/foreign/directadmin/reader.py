"""The whole account out of DirectAdmin's files (`read`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from mailstead.foreign.archive import Tree
from mailstead.foreign.directadmin import layout, spam
from mailstead.foreign.directadmin.account import Account, missing_parts, read_account
from mailstead.foreign.directadmin.domains import Common, domain, pointers
from mailstead.foreign.directadmin.files import Files, domain_name
from mailstead.foreign.directadmin.source import opened
from mailstead.foreign.inventory import Domain, Inventory, Webmail
from mailstead.foreign.roundcube import from_directadmin_xml, from_mysql_dump
from mailstead.foreign.roundcube.directadmin import merged
from mailstead.standards.refusal import Refusal

_PREFERENCES = f"{layout.HOME}/.spamassassin/user_prefs"


def read(
    path: Path,
    account: str = "",
    *,
    work: Path | None = None,
    then: Callable[[Tree, Inventory], None] | None = None,
) -> Inventory:
    """The account in a backup, an unpacked one, or (`account`) on a live server's root.

    `work`: where a temporary directory is made; `then` is called while the files are open. Raises
    `Refusal`.
    """
    tree = opened(path, account, work)
    try:
        inventory = _inventory(tree, account)
        if then is not None:
            then(tree, inventory)
        return inventory
    finally:
        tree.close()


def _inventory(tree: Tree, wanted: str) -> Inventory:
    files = Files(tree)
    who = read_account(files)
    if wanted and wanted != who.name:
        raise Refusal(
            "account-other",
            "The backup is of the account '{name}', not of '{account}'.",
            remedy="Choose the backup of the account that is to be moved.",
            name=who.name,
            account=ascii(wanted[:64])[1:-1],
        )
    absent = missing_parts(files)
    names = _names(files, who)
    main = who.main if who.main in names else (names[0] if names else "")
    common = Common(who, main, _mail(files))
    common.webmail = _webmail(files, names, who.name)
    common.spam = spam.preferences(files, _PREFERENCES)
    common.spam_place = tree.place(_PREFERENCES)
    domains = [domain(files, name, common) for name in names]
    for name in names:
        domains += pointers(files, name, [one.name for one in domains])
    _tell_webmail_of_nobody(files, common, domains)
    _tell_mail(files, common, domains)
    _tell_home(files)
    missing = _mail_missing(files, common, domains, absent)
    if not any(one.dkim for one in domains) and domains:
        files.remark(
            "differs",
            "dkim-not-there",
            "",
            "No signing key (DKIM) is in the source. A backup has none; fetch"
            " /etc/virtual/DOMAIN/dkim.private.key, or let new keys be made and leave the record"
            " x._domainkey until the old server's queue is empty.",
        )
    files.tell_unknown()
    home = tree.place(layout.HOME)
    return Inventory(
        panel="directadmin",
        account=who.name,
        home=f"/home/{who.name}" if home == layout.HOME else f"/{home}",
        contacts=who.contacts,
        suspended=who.suspended,
        suspended_words=who.suspended_words,
        owner=who.creator,
        package=who.package,
        limits=who.limits,
        domains=tuple(domains),
        remarks=files.notes.all(),
        mail_missing=missing,
    )


def _names(files: Files, who: Account) -> list[str]:
    """The account's domains, the main one first: what has settings or mail in the backup."""
    found = []
    for name in files.names("backup", "directory"):
        base = f"backup/{name}"
        if any(files.tree.find(f"{base}/{part}") for part in ("domain.conf", "email")):
            if domain_name(name) == name:
                found.append(name)
            else:
                files.use(base, below=True)
                files.remark(
                    "refused", "domain-invalid", base, "A domain of that name cannot be.", text=name
                )
    return sorted(found, key=lambda name: (name != who.main, name))


def _mail(files: Files) -> str:
    """Where the mail lies: beside `backup`, or in the home."""
    inside = f"{layout.HOME}/imap"
    return inside if files.tree.find("imap") is None and files.tree.find(inside) else "imap"


def _webmail(files: Files, names: list[str], account: str) -> dict[str, Webmail]:
    """The webmail's data of all domains; the account's own is in each of them."""
    found = _dumped_webmail(files, names, account)
    asked = len(found)
    for name in names:
        path = f"backup/{name}/email/data/roundcube.xml"
        member = files.tree.find(path)
        if member is None:
            continue
        asked += 1
        files.use(path)
        if not member.size:
            continue
        try:
            with files.stream(path) as data:
                read_now = from_directadmin_xml(data, files.tree.place(path))
        except Refusal as refused:
            files.remark("refused", refused.code, path, refused.words, domain=name)
            continue
        for user, webmail in read_now.items():
            for one in webmail.remarks:
                files.notes.add(
                    one.grade, one.code, one.place, one.words, text=one.text, domain=name
                )
            bare = msgspec.structs.replace(webmail, remarks=())
            found[user] = merged(found[user], bare) if user in found else bare
    if not asked and names and files.tree.find(layout.WEBMAIL) is None:
        files.remark(
            "refused",
            "webmail-not-there",
            "",
            "The webmail's contacts are not in the source. A backup with email_data has them; of a"
            " live server, lay a dump of the database da_roundcube into its root directory as"
            " da_roundcube.sql.",
        )
    return found


def _dumped_webmail(files: Files, names: list[str], account: str) -> dict[str, Webmail]:
    """What a live server's dump has of this account's users; of others nothing is kept."""

    def mine(user: str) -> bool:
        return user == account or user.rpartition("@")[2] in names

    if files.tree.find(layout.WEBMAIL) is None:
        return {}
    try:
        with files.stream(layout.WEBMAIL) as data:
            return from_mysql_dump(data, files.tree.place(layout.WEBMAIL), wanted=mine)
    except Refusal as refused:
        files.remark("refused", refused.code, layout.WEBMAIL, refused.words)
        return {}


def _tell_webmail_of_nobody(files: Files, common: Common, domains: list[Domain]) -> None:
    known = {box.address for one in domains for box in one.mailboxes} | {common.account.name}
    for user, webmail in common.webmail.items():
        if user not in known and (webmail.contacts or webmail.identities):
            files.remark(
                "dropped",
                "webmail-of-nobody",
                "",
                "The webmail has data of a user without a mailbox; it does not come along.",
                text=f"{user} in {webmail.place}",
                address=user if "@" in user else "",
            )


def _tell_mail(files: Files, common: Common, domains: list[Domain]) -> None:
    """What lies beside the domains' mail: links of pointers, and domains that are gone."""
    known = {one.name for one in domains if one.kind not in ("pointer", "parked")}
    for member in files.tree.children(common.mail):
        if member.name in known or member.kind == "file":
            continue
        if member.kind == "symlink":
            # Of a pointer: the same mail as its domain's, which would be there twice.
            files.use(member.path)
            continue
        if any(
            "/cur/" in one.path or "/new/" in one.path for one in files.tree.members(member.path)
        ):
            files.use(member.path, below=True)
            files.remark(
                "asks",
                "mail-of-unknown-domain",
                member.path,
                "There is mail of a domain that the account does not have; it does not come along.",
                text=member.name,
            )


def _tell_home(files: Files) -> None:
    """Programs in the home that handle mail, and a home that was not unpacked."""
    for name in files.names("backup"):
        if name.startswith("home.tar"):
            files.use(f"backup/{name}")
            files.remark(
                "refused",
                "home-packed",
                f"backup/{name}",
                "The home is an archive in an unpacked backup, so the account's own mailbox was not"
                " read. Give the backup as DirectAdmin made it, or unpack it as backup/home.",
            )
    if files.text(f"{layout.HOME}/.procmailrc").strip():
        files.remark(
            "refused",
            "procmail",
            f"{layout.HOME}/.procmailrc",
            "Rules of procmail run programs, so they do not come along.",
            text=files.text(f"{layout.HOME}/.procmailrc"),
        )


def _mail_missing(files: Files, common: Common, domains: list[Domain], absent: set[str]) -> bool:
    """Whether the source has mailboxes but no mail, and what is odd about the mail, told."""
    boxes = [box for one in domains for box in one.mailboxes]
    stores = [store for box in boxes for store in box.stores]
    if boxes and not stores:
        if "email_data" not in absent:
            files.remark(
                "refused",
                "mail-not-there",
                "",
                "There are mailboxes and no mail. Make the backup with the part email_data, or give"
                " the mail another way.",
            )
        return True
    if _is_backup(files) and any(re.match(r"imap/", str(store.path)) for store in stores):
        for one in domains:
            marker = f"backup/{one.name}/email/data/imap/.direct_imap_backup"
            has_mail = any(box.stores for box in one.mailboxes)
            if has_mail and files.tree.find(marker) is None and one.kind in ("main", "addon"):
                files.remark(
                    "differs",
                    "direct-imap-missing",
                    "",
                    "The backup has mail but lacks the file .direct_imap_backup, without which"
                    " DirectAdmin would not restore it; it was read all the same.",
                    domain=one.name,
                )
    return False


def _is_backup(files: Files) -> bool:
    """Whether it is a backup and not a live server, which has no list of a backup's parts."""
    return files.tree.find(layout.OPTIONS) is not None
