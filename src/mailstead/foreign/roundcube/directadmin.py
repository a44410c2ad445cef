"""Roundcube's data as DirectAdmin backs it up: `email/data/roundcube.xml` of a domain.

Every value is URL-encoded (`+` is a space), INDENTITIES is how it is spelt. The file is a
stranger's: a document type is refused, and with it every entity, so that nothing is fetched and
nothing grows; elements, depth and octets are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import unquote_to_bytes
from xml.parsers import expat

from mailstead.foreign.inventory import Remark, Webmail
from mailstead.foreign.roundcube.tables import (
    MAX_OCTETS,
    MAX_ROWS,
    MAX_VALUE,
    Row,
    assembled,
    decoded,
    one_line,
    too_large,
    unreadable,
)
from mailstead.standards.refusal import Term

_CHUNK = 2**18
_MAX_DEPTH = 12
_MAX_ELEMENTS = 10 * MAX_ROWS
_USER = ("username", "language", "preferences", "created", "last_login")
_KNOWN = {
    "email": (*_USER, "indentities", "identities", "contacts"),
    "indentities": ("indentity", "identity"),
    "identities": ("indentity", "identity"),
    "contacts": ("contact",),
    "groups": ("group",),
}
"""What is read of each element, or has no meaning elsewhere; values of a row are not listed."""


@dataclass
class _Element:
    name: str
    words: list[str] = field(default_factory=list)
    children: list[_Element] = field(default_factory=list)

    def all(self, *names: str) -> Iterator[_Element]:
        return (child for child in self.children if child.name in names)

    def inside(self, *names: str) -> Iterator[_Element]:
        """The children of the children of those names."""
        for child in self.all(*names):
            yield from child.children

    def text(self) -> str:
        return decoded(unquote_to_bytes("".join(self.words).strip().replace("+", " ")))

    def row(self) -> Row:
        """Its children's texts by name, those of the leaves only."""
        return {child.name: child.text() for child in self.children if not child.children}


def from_directadmin_xml(stream: BinaryIO, place: str) -> dict[str, Webmail]:
    """The data of each user; raises `Refusal` (`webmail-…`)."""
    reader = _Reader(place)
    try:
        while chunk := stream.read(_CHUNK):
            reader.feed(chunk)
        reader.feed(b"", last=True)
    except (expat.ExpatError, LookupError, ValueError):
        raise unreadable(Term("the XML is damaged")) from None
    return reader.found


class _Reader:
    """Builds one user's elements at a time, and keeps what becomes of them."""

    def __init__(self, place: str) -> None:
        self.found: dict[str, Webmail] = {}
        self._place = place
        self._stack: list[_Element] = []
        self._elements = 0
        self._octets = 0
        self._value = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, data: bytes, *, last: bool = False) -> None:
        self._parser.Parse(data, last)

    def _doctype(self, *_: object) -> None:
        raise unreadable(Term("it declares a document type"))

    def _start(self, name: str, _: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MAX_ELEMENTS or len(self._stack) >= _MAX_DEPTH:
            raise too_large()
        element = _Element(name[:100].lower())
        if not self._stack and element.name != "roundcube":
            raise unreadable(Term("it is not DirectAdmin's backup of Roundcube"))
        if len(self._stack) > 1:
            self._stack[-1].children.append(element)
        self._stack.append(element)
        self._value = 0

    def _end(self, _: str) -> None:
        element = self._stack.pop()
        if len(self._stack) == 1:
            self._keep(element)

    def _characters(self, text: str) -> None:
        self._octets += len(text)
        self._value += len(text)
        # Encoded, a value has up to three times its octets.
        if self._octets > 3 * MAX_OCTETS or self._value > 3 * MAX_VALUE:
            raise too_large()
        if self._stack:
            self._stack[-1].words.append(text)

    def _keep(self, user: _Element) -> None:
        name = one_line(user.row().get("username", "")).lower()
        if user.name != "email" or not name:
            raise unreadable(Term("an entry of it names no user"))
        new = assembled(
            place=self._place,
            language=user.row().get("language", ""),
            contacts=((contact.row(), _groups(contact)) for contact in user.inside("contacts")),
            identities=(identity.row() for identity in user.inside("indentities", "identities")),
            remarks=_unknown(user, name, self._place),
        )
        # A backup that was restored into its source has the user twice.
        self.found[name] = merged(self.found[name], new) if name in self.found else new


def merged(one: Webmail, other: Webmail) -> Webmail:
    """Both, what is in both once."""

    return Webmail(
        contacts=tuple(dict.fromkeys(one.contacts + other.contacts)),
        groups=tuple(dict.fromkeys(one.groups + other.groups)),
        identities=tuple(dict.fromkeys(one.identities + other.identities)),
        language=one.language or other.language,
        place=one.place,
        remarks=tuple(dict.fromkeys(one.remarks + other.remarks)),
    )


def _groups(contact: _Element) -> Iterator[str]:
    return (one_line(group.row().get("name", "")) for group in contact.inside("groups"))


def _unknown(user: _Element, name: str, place: str) -> Iterator[Remark]:
    """A remark for each kind of element that a later DirectAdmin may have added."""
    seen: set[str] = set()
    waiting = [user]
    while waiting:
        element = waiting.pop()
        known = _KNOWN.get(element.name)
        for child in element.children:
            waiting.append(child)
            if known is not None and child.name not in known and child.name not in seen:
                seen.add(child.name)
                yield Remark(
                    grade="unknown",
                    code="webmail-part-unknown",
                    place=place,
                    words="A part of the webmail's backup is not known and does not come along.",
                    text=f"{element.name}/{child.name}",
                    address=name if "@" in name else "",
                )
