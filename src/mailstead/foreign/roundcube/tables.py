"""Roundcube's tables, from any database and of any version, put together per user.

Columns and whole tables that a version does not have are empty (groups came with 0.3, collected
addresses with 1.5, responses with 1.6). Rows with `del` set are in the bin and stay there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mailstead.foreign import vcard
from mailstead.foreign.inventory import CannedResponse, Contact, Identity, Remark, Webmail
from mailstead.standards.refusal import Refusal, Term

Row = Mapping[str, str]
"""A row's columns in lower case; what is NULL is empty."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "users": ("user_id", "username", "language"),
    "contacts": (
        "contact_id",
        "user_id",
        "del",
        "name",
        "email",
        "firstname",
        "surname",
        "vcard",
    ),
    "contactgroups": ("contactgroup_id", "user_id", "del", "name"),
    "contactgroupmembers": ("contactgroup_id", "contact_id"),
    "identities": (
        "identity_id",
        "user_id",
        "del",
        "standard",
        "name",
        "organization",
        "email",
        "reply-to",
        "bcc",
        "signature",
        "html_signature",
    ),
    "collected_addresses": ("user_id", "name", "email", "type"),
    "responses": ("user_id", "del", "name", "data", "is_html"),
}
"""The tables and columns that are read."""

MAX_OCTETS = 64 * 2**20
"""Of all values that are kept of one source; an address book with photos has a few megabytes."""
MAX_ROWS = 500_000
MAX_VALUE = 16 * 2**20
"""Octets of one value; the largest is a contact's vCard with its photo."""

_TRUSTED = "2"
"""`type` of a collected address: 1 was written to, 2 is a trusted sender."""
_OFF = ("", "0", "n", "f", "false")


def unreadable(reason: Term) -> Refusal:
    """The refusal of a source that makes no sense."""
    return Refusal(
        "webmail-unreadable",
        "The webmail's data cannot be read: {reason}.",
        remedy="Fetch the file again; the move can go on without it.",
        reason=reason,
    )


def too_large() -> Refusal:
    """The refusal of a source that is larger than any address book."""
    return Refusal(
        "webmail-too-large",
        "The webmail's data is larger than an address book can be.",
        remedy="The move can go on without it.",
    )


class Tables:
    """Rows as they come out of a source, counted while they come."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self._left_rows = MAX_ROWS
        self._left_octets = MAX_OCTETS

    def add(self, table: str, row: Row) -> None:
        """Keeps a row; raises `Refusal` where there are too many."""
        self._left_rows -= 1
        self._left_octets -= sum(len(value) for value in row.values())
        if self._left_rows < 0 or self._left_octets < 0:
            raise too_large()
        self._rows[table].append(row)

    def webmail(self, place: str) -> dict[str, Webmail]:
        """What each user had. A user who is there twice (one of an old server) gets both."""
        names = {
            row["user_id"]: one_line(row.get("username", "")).lower() for row in self._rows["users"]
        }
        found: dict[str, list[str]] = {}
        for user, name in names.items():
            found.setdefault(name, []).append(user)
        users = {row["user_id"]: row for row in self._rows["users"]}
        by_user = {table: self._by_user(table) for table in COLUMNS if table != "users"}
        groups = {
            row["contactgroup_id"]: (row.get("user_id", ""), one_line(row.get("name", "")))
            for row in self._kept("contactgroups")
        }
        memberships: dict[str, list[tuple[str, str]]] = {}
        for row in self._rows["contactgroupmembers"]:
            if group := groups.get(row["contactgroup_id"]):
                memberships.setdefault(row.get("contact_id", ""), []).append(group)

        def rows(table: str, ids: Iterable[str]) -> Iterator[Row]:
            for user in ids:
                yield from by_user[table].get(user, ())

        def groups_of(row: Row) -> Iterator[str]:
            """Of a member's groups those that are its own user's."""
            for user, name in memberships.get(row.get("contact_id", ""), ()):
                if user == row.get("user_id", ""):
                    yield name

        return {
            name: assembled(
                place=place,
                language=next(
                    (spoken for user in ids if (spoken := users[user].get("language", ""))), ""
                ),
                contacts=((row, groups_of(row)) for row in rows("contacts", ids)),
                groups=(one_line(row.get("name", "")) for row in rows("contactgroups", ids)),
                identities=rows("identities", ids),
                collected=rows("collected_addresses", ids),
                responses=rows("responses", ids),
            )
            for name, ids in found.items()
            if name
        }

    def _kept(self, table: str) -> Iterator[Row]:
        return (row for row in self._rows[table] if not _on(row.get("del", "")))

    def _by_user(self, table: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self._kept(table):
            found.setdefault(row.get("user_id", ""), []).append(row)
        return found


def assembled(
    *,
    place: str,
    language: str,
    contacts: Iterable[tuple[Row, Iterable[str]]],
    groups: Iterable[str] = (),
    identities: Iterable[Row] = (),
    collected: Iterable[Row] = (),
    responses: Iterable[Row] = (),
    remarks: Iterable[Remark] = (),
) -> Webmail:
    """One user's rows as `Webmail`; what is there twice, word for word, is there once."""
    people = list(dict.fromkeys(_contact(row, member_of) for row, member_of in contacts))
    gathered = [(row.get("type", ""), _contact(row, ())) for row in collected]
    all_groups = [*groups, *(group for person in people for group in person.groups)]
    return Webmail(
        contacts=tuple(people),
        collected=tuple(dict.fromkeys(one for kind, one in gathered if kind != _TRUSTED)),
        trusted=tuple(dict.fromkeys(one for kind, one in gathered if kind == _TRUSTED)),
        groups=tuple(dict.fromkeys(group for group in all_groups if group)),
        identities=tuple(dict.fromkeys(_identity(row) for row in identities)),
        responses=tuple(
            dict.fromkeys(
                CannedResponse(
                    name=one_line(row.get("name", "")),
                    text=_text(row.get("data", "")),
                    html=_on(row.get("is_html", "")),
                )
                for row in responses
            )
        ),
        language=language if re.fullmatch(r"[A-Za-z]{2,3}([_-]\w{2,8})?", language) else "",
        place=place,
        remarks=tuple(remarks),
    )


def one_line(text: str) -> str:
    """A name as it may be shown: printable and on one line."""
    return "".join(c for c in " ".join(text[:2000].split()) if c.isprintable())[:1000]


def decoded(data: bytes) -> str:
    """Octets as text: UTF-8, or what old tables were written in."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _contact(row: Row, groups: Iterable[str]) -> Contact:
    card = _text(row.get("vcard", "")).strip()
    # Before 0.6 the column held the first address only; later all, with commas.
    column = (one_line(part) for part in row.get("email", "").split(","))
    return Contact(
        name=one_line(row.get("name", "")),
        emails=tuple(dict.fromkeys(email for email in (*column, *vcard.emails(card)) if email)),
        first=one_line(row.get("firstname", "")),
        last=one_line(row.get("surname", "")),
        vcard=card,
        groups=tuple(dict.fromkeys(group for group in groups if group)),
    )


def _identity(row: Row) -> Identity:
    return Identity(
        email=one_line(row.get("email", "")),
        name=one_line(row.get("name", "")),
        organization=one_line(row.get("organization", "")),
        reply_to=one_line(row.get("reply-to", "")),
        bcc=one_line(row.get("bcc", "")),
        signature=_text(row.get("signature", "")),
        html=_on(row.get("html_signature", "")),
        standard=_on(row.get("standard", "")),
    )


def _on(text: str) -> bool:
    return text.strip().lower() not in _OFF


def _text(text: str) -> str:
    """A text of several lines: line ends as LF, and no control characters but the tab."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", lines)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
