"""What a mailbox had in another Roundcube, put into the tables of ours (its schema since 1.6).

Nothing that is there is changed or made a second time, so a move that is made again adds only what
is new.
"""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import unicodedata
from typing import NamedTuple

from mailstead.foreign import vcard
from mailstead.foreign.inventory import Contact, Identity, Webmail

_RECIPIENT, _TRUSTED = 1, 2
_NAME, _EMAIL = 128, 255
"""Characters of the columns; a longer contact keeps its whole name in its vCard."""


class Added(NamedTuple):
    """How many rows are new."""

    contacts: int = 0
    groups: int = 0
    identities: int = 0
    collected: int = 0
    responses: int = 0


def into_sqlite(
    database: sqlite3.Connection, webmail: Webmail, *, user: str, host: str, now: dt.datetime
) -> Added:
    """Adds a mailbox's data in one transaction; a user who is not there yet is made.

    `user` is the name by which the mailbox logs in to Roundcube, `host` the IMAP server as its
    configuration calls it; together they are its key. Raises `sqlite3.Error`.
    """
    with database:
        writer = _Writer(database, webmail, f"{now.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}")
        return writer.write(user, host)


def words(contact: Contact) -> str:
    """What Roundcube's search finds a contact by (`rcube_utils::normalize_string`): its words in
    lower case, without accents, and with `ae`, `oe`, `ue` as one letter."""
    text = " ".join((contact.name, contact.first, contact.last, *contact.emails)).lower()
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    parts = re.findall(r"\w{2,}", re.sub("([aou])e", r"\1", bare))
    return " ".join(["", *dict.fromkeys(parts)])


class _Writer:
    def __init__(self, database: sqlite3.Connection, webmail: Webmail, now: str) -> None:
        self._database = database
        self._webmail = webmail
        self._now = now
        self._user = 0
        self._rows: dict[str, dict[tuple[str | int, ...], int]] = {}

    def write(self, user: str, host: str) -> Added:
        self._user = self._one(
            "users",
            {"username": user, "mail_host": host},
            {"created": self._now, "language": self._webmail.language or None},
        )[0]
        groups, new_groups = self._groups()
        identities = self._identities()
        self._sender(user)
        return Added(
            contacts=self._contacts(groups),
            groups=new_groups,
            identities=identities,
            collected=self._collected(self._webmail.collected, _RECIPIENT)
            + self._collected(self._webmail.trusted, _TRUSTED),
            responses=sum(
                self._mine(
                    "responses",
                    {"name": one.name[:_EMAIL], "data": one.text},
                    {"is_html": int(one.html)},
                )[1]
                for one in self._webmail.responses
            ),
        )

    def _groups(self) -> tuple[dict[str, int], int]:
        """The number of each group, and how many are new."""
        found = {
            name: self._mine("contactgroups", {"name": name[:_NAME], "del": 0}, {})
            for name in self._webmail.groups
        }
        return {name: number for name, (number, _) in found.items()}, sum(
            new for _, new in found.values()
        )

    def _contacts(self, groups: dict[str, int]) -> int:
        added = 0
        for contact in self._webmail.contacts:
            number, new = self._mine(
                "contacts",
                {"name": contact.name[:_NAME], "email": ",".join(contact.emails), "del": 0},
                {
                    "firstname": contact.first[:_NAME],
                    "surname": contact.last[:_NAME],
                    # Groups have tables of their own here.
                    "vcard": contact.vcard
                    or vcard.card(
                        Contact(
                            name=contact.name,
                            first=contact.first,
                            last=contact.last,
                            emails=contact.emails,
                        )
                    ),
                    "words": words(contact),
                },
            )
            added += new
            for group in contact.groups:
                self._database.execute(
                    "INSERT OR IGNORE INTO contactgroupmembers"
                    " (contactgroup_id, contact_id, created) VALUES (?, ?, ?)",
                    (groups[group], number, self._now),
                )
        return added

    def _identities(self) -> int:
        """A new user's standard sender is the one of before; else what is there stays it."""
        has_standard = self._database.execute(
            "SELECT 1 FROM identities WHERE user_id = ? AND del = 0 AND standard = 1", (self._user,)
        ).fetchone()
        added = 0
        for one in sorted(self._webmail.identities, key=lambda one: not one.standard):
            standard = one.standard and not has_standard
            new = self._identity(one, standard)
            has_standard = has_standard or (standard and new)
            added += new
        return added

    def _sender(self, user: str) -> None:
        """Roundcube makes a sender when it makes a user, and no user is without one after that."""
        mine = "SELECT 1 FROM identities WHERE user_id = ? AND del = 0"
        if "@" in user and not self._database.execute(mine, (self._user,)).fetchone():
            self._identity(Identity(email=user), standard=True)

    def _identity(self, one: Identity, standard: bool) -> bool:
        return self._mine(
            "identities",
            {"email": one.email[:_NAME], "name": one.name[:_NAME], "del": 0},
            {
                "standard": int(standard),
                "organization": one.organization[:_NAME],
                "reply-to": one.reply_to[:_NAME],
                "bcc": one.bcc[:_NAME],
                "signature": one.signature,
                "html_signature": int(one.html),
            },
        )[1]

    def _collected(self, contacts: tuple[Contact, ...], kind: int) -> int:
        return sum(
            self._mine(
                "collected_addresses",
                {"email": email[:_EMAIL], "type": kind},
                {"name": contact.name[:_EMAIL]},
            )[1]
            for contact in contacts
            for email in contact.emails
        )

    def _mine(
        self, table: str, key: dict[str, str | int], more: dict[str, str | int]
    ) -> tuple[int, bool]:
        """A row of the user."""
        return self._one(table, {"user_id": self._user, **key}, {"changed": self._now, **more})

    def _one(
        self, table: str, key: dict[str, str | int], more: dict[str, str | int | None]
    ) -> tuple[int, bool]:
        """The number of the row with that key, and whether it had to be made. All names are
        constants."""
        known = self._known(table, key)
        values = tuple(key.values())
        if values in known:
            return known[values], False
        row = {**key, **more}
        names = ", ".join(f'"{name}"' for name in row)
        made = self._database.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )
        known[values] = int(made.lastrowid or 0)
        return known[values], True

    def _known(self, table: str, key: dict[str, str | int]) -> dict[tuple[str | int, ...], int]:
        """The rows that are there, by key; of all users for their own table only."""
        if table not in self._rows:
            names = ", ".join(f'"{name}"' for name in key)
            whose = f" WHERE user_id = {self._user:d}" if self._user else ""
            self._rows[table] = {
                tuple(values): int(number)
                for number, *values in self._database.execute(
                    f"SELECT rowid, {names} FROM {table}{whose}"
                )
            }
        return self._rows[table]
