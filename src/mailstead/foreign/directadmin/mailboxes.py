"""Mailboxes: `passwd`, `quota`, their mail and what lies beside it.

The passwd of a backup has two fields, that of a live server seven; of both the first two count.
Who has a row there, or mail, or both, is a mailbox; a difference is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from mailstead.foreign import stores
from mailstead.foreign.directadmin import spam
from mailstead.foreign.directadmin.account import MEGABYTE, Account, unlocked
from mailstead.foreign.directadmin.files import Files, local_part, rows
from mailstead.foreign.inventory import EximFilter, Mailbox, SieveScript, Store, Webmail
from mailstead.foreign.notes import decoded
from mailstead.standards.refusal import Refusal

_DOUBTFUL_QUOTA = 100_000
"""Octets: where all quotas are smaller, they were written as megabytes (migration-formats, B3)."""
_MAX_SCRIPT = 2**20


class Reader:
    """Reads the mailboxes of one domain; `home` is where its `imap/DOMAIN` lies."""

    def __init__(
        self, files: Files, folder: str, mail: str, domain: str, *, account_suspended: bool
    ) -> None:
        self._files = files
        self._account_suspended = account_suspended
        self._folder = folder
        self._mail = mail
        self._domain = domain

    def mailboxes(self, webmail: Mapping[str, Webmail]) -> list[Mailbox]:
        """All but the account's own; `webmail` by user name."""
        files = self._files
        secrets = self._secrets()
        quotas = self._quotas()
        # Where all are locked with their account, none has a lock of its own.
        all_locked = self._account_suspended and all(unlocked(one)[1] for one in secrets.values())
        found = []
        for local in dict.fromkeys([*secrets, *self._with_mail()]):
            address = f"{local}@{self._domain}"
            kept = self._stores(local)
            if local not in secrets:
                if not sum(store.messages or store.octets for store in kept):
                    continue  # an empty directory of somebody who is gone
                files.remark(
                    "differs",
                    "mailbox-without-password",
                    f"{self._mail}/{local}",
                    "There is mail for an address that has no mailbox any more; it comes as one"
                    " that nobody can log in to until it gets a password.",
                    address=address,
                )
            secret, locked = unlocked(secrets.get(local, ""))
            beside = f"{self._mail}/{local}"
            found.append(
                Mailbox(
                    address=address,
                    secret=secret,
                    login_suspended=locked and not all_locked,
                    quota=quotas.get(local, quotas.get("*", 0)),
                    stores=kept,
                    sieve=scripts(files, beside),
                    spam=spam.of_mailbox(files, f"{beside}/.spamassassin/user_prefs"),
                    webmail=webmail.get(address),
                )
            )
            self._tell_limit(local)
        for local in quotas:
            if local not in (*secrets, "*") and quotas[local]:
                self._tell_quota_of_nobody(local, quotas[local])
        return found

    def _secrets(self) -> dict[str, str]:
        path = f"{self._folder}/passwd"
        found: dict[str, str] = {}
        for number, line in enumerate(self._files.text(path).splitlines(), 1):
            fields = line.strip().split(":")
            local = local_part(fields[0])
            if not line.strip() or line.startswith("#"):
                continue
            if not local or len(fields) < 2 or local in found:
                # Without what is behind the name, which may be a hash.
                self._files.remark(
                    "unknown",
                    "mailbox-twice" if local in found else "line-unreadable",
                    path,
                    "There is a mailbox of that name already."
                    if local in found
                    else "This row of the mailboxes is not understood.",
                    line=number,
                    text=fields[0] if len(fields) > 1 else "",
                    domain=self._domain,
                )
                continue
            found[local] = fields[1].strip()
        return found

    def _quotas(self) -> dict[str, int]:
        path = f"{self._folder}/quota"
        found: dict[str, int] = {}
        for number, key, value in rows(self._files.text(path)):
            local = "*" if key == "*" else local_part(key)
            if local and re.fullmatch(r"\d{1,18}", value):
                found.setdefault(local, int(value))
            elif not local or value.lower() not in ("", "unlimited"):
                self._files.remark(
                    "unknown",
                    "line-unreadable",
                    path,
                    "This row of the quotas is not understood; the mailbox has no limit then.",
                    line=number,
                    text=f"{key}:{value}",
                    domain=self._domain,
                )
        limits = [value for value in found.values() if value]
        if limits and max(limits) < _DOUBTFUL_QUOTA:
            self._files.remark(
                "asks",
                "quota-unit",
                path,
                "The quotas are so small that they cannot be bytes, as they should be; they are"
                " taken as megabytes. Check one of them.",
                text=", ".join(f"{local}:{value}" for local, value in found.items()),
                domain=self._domain,
            )
            found = {local: value * MEGABYTE for local, value in found.items()}
        return found

    def _with_mail(self) -> list[str]:
        """Local parts of directories of mail, also of old layouts."""
        data = f"{self._folder}/data"
        found = []
        for place, kind in (
            (self._mail, "directory"),
            (f"{data}/imap", "directory"),
            (f"{data}/pop", "file"),
        ):
            for name in self._files.names(place, kind):
                if local_part(name) == name:
                    found.append(name)
                    continue
                path = f"{place}/{name}"
                self._files.use(path, below=True)
                self._files.remark(
                    "refused",
                    "mail-of-nobody",
                    path,
                    "There is mail under a name that can be no address.",
                    domain=self._domain,
                )
        return found

    def _stores(self, local: str) -> tuple[Store, ...]:
        data = f"{self._folder}/data"
        found = [
            store
            for place in (f"{self._mail}/{local}", f"{data}/imap/{local}")
            if (store := maildir(self._files, f"{place}/Maildir", f"{local}@{self._domain}"))
            is not None
        ]
        old = self._files.tree.find(f"{data}/pop/{local}")
        if old is not None and old.kind == "file":
            self._files.use(old.path)
            if old.size:
                found.append(stores.mbox_store(self._files.tree, old))
        return tuple(found)

    def _tell_limit(self, local: str) -> None:
        for folder in (f"{self._folder}/data/limit", f"{self._folder}/limit"):
            path = f"{folder}/{local}"
            number = self._files.text(path).strip()
            if number.isdecimal() and int(number):
                self._files.remark(
                    "differs",
                    "sending-limit",
                    path,
                    "The mailbox could send so many messages in a day; here limits are by the hour"
                    " and come with the plan.",
                    text=number,
                    address=f"{local}@{self._domain}",
                )

    def _tell_quota_of_nobody(self, local: str, quota: int) -> None:
        self._files.remark(
            "dropped",
            "quota-of-nobody",
            f"{self._folder}/quota",
            "There is a quota for an address without a mailbox.",
            text=f"{local}:{quota}",
            domain=self._domain,
        )


def own_mailbox(
    files: Files,
    account: Account,
    domain: str,
    *,
    twin: Mailbox | None,
    webmail: Webmail | None,
    forward: str,
) -> Mailbox:
    """The account's own mailbox, whose mail lies in its home and which logs in by its name.

    `twin` is a mailbox of the same address with mail in the usual place: both become one.
    `forward` is the text of its `.forward`, which may be a filter.
    """
    address = f"{account.name}@{domain}"
    home = "backup/home"
    kept = maildir(files, f"{home}/Maildir", address)
    all_stores = ((kept,) if kept else ()) + (twin.stores if twin else ())
    if twin is not None:
        files.remark(
            "differs",
            "mailbox-in-two-places",
            f"{home}/Maildir",
            "The account's own address is a mailbox too; both become one, with the account's"
            " password.",
            address=address,
        )
    kind = re.match(r"#\s*(exim|sieve) filter", forward, re.IGNORECASE)
    place = files.tree.place(f"{home}/.forward")
    own_scripts = scripts(files, home)
    if kind and kind[1].lower() == "sieve":
        own_scripts += (SieveScript(name="forward", text=forward, active=True, place=place),)
    return Mailbox(
        address=address,
        secret=account.secret or (twin.secret if twin else ""),
        login_suspended=account.locked and not account.suspended,
        quota=twin.quota if twin else 0,
        login=account.name,
        stores=all_stores,
        filter=EximFilter(text=forward, place=place)
        if kind and kind[1].lower() == "exim"
        else None,
        sieve=own_scripts + (twin.sieve if twin else ()),
        spam=twin.spam if twin else None,
        webmail=webmail or (twin.webmail if twin else None),
    )


def maildir(files: Files, path: str, address: str) -> Store | None:
    """The Maildir at `path`; None where there is none."""
    files.use(path, below=True)
    # DirectAdmin's Dovecot writes modified UTF-7 only.
    return stores.find_store(files.tree, path, files.notes, address=address, utf8=False)


def scripts(files: Files, home: str) -> tuple[SieveScript, ...]:
    """A mailbox's Sieve scripts; active is the one that `.dovecot.sieve` leads to, or is."""
    found = [
        SieveScript(
            name=name.removesuffix(".sieve"),
            text=text,
            active=False,
            place=files.tree.place(f"{home}/sieve/{name}"),
        )
        for name in files.names(f"{home}/sieve")
        if name.endswith(".sieve") and (text := _script(files, f"{home}/sieve/{name}"))
    ]
    main = files.tree.find(f"{home}/.dovecot.sieve")
    if main is None:
        return tuple(found)
    files.use(main.path)
    text = _script(files, main.path) if main.kind == "file" else ""
    leads_to = main.target.rpartition("/")[2].removesuffix(".sieve")
    for number, script in enumerate(found):
        # A server without links has a copy there.
        if script.text == text if text else script.name == leads_to:
            found[number] = msgspec.structs.replace(script, active=True)
            return tuple(found)
    if text:
        place = files.tree.place(main.path)
        found.append(SieveScript(name="dovecot", text=text, active=True, place=place))
    elif main.kind == "symlink":
        files.remark(
            "unknown",
            "script-missing",
            main.path,
            "The Sieve script that was active is not in the source.",
            text=main.target,
        )
    return tuple(found)


def _script(files: Files, path: str) -> str:
    files.use(path)
    try:
        return decoded(files.tree.read(path, _MAX_SCRIPT))
    except Refusal as refused:
        files.remark("unknown", refused.code, path, refused.words)
        return ""
