"""Contacts as vCards: what the source held is kept line by line, what only its table held is added.

A card is written as version 3.0 (RFC 2426), which Roundcube keeps and every program reads; one of
version 4.0 (RFC 6350) stays that, one of 2.1 is brought to 3.0. Lines end with CRLF and are folded
at 75 octets, never within a character.
"""

from __future__ import annotations

import binascii
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailstead.foreign.inventory import Contact

_WIDTH = 75  # RFC 6350 §3.2
_MAX_LINES = 5_000
_LINE = re.compile(
    r"(?:(?P<group>[A-Za-z0-9-]+)\.)?(?P<name>[A-Za-z0-9-]+)"
    r'(?P<params>(?:;[^":;]*+(?:"[^"]*+"[^":;]*+)*+)*+):(?P<value>.*)',
    re.DOTALL,
)
_NAMESPACE = uuid.UUID("0d6c1c1e-5b0e-5a55-9a0d-7e1d3f6f2c11")
_SINGLE = ("FN", "NOTE", "TITLE", "ROLE", "NICKNAME")
"""Properties of 2.1 with one text, in which a comma and a semicolon were nothing special."""
_OLD_ENCODINGS = {"BASE64": "b", "B": "b"}


@dataclass(frozen=True)
class Property:
    """One line of a card, unfolded; `value` is as it stands there."""

    name: str
    value: str
    group: str = ""
    params: tuple[str, ...] = ()
    """As they stand there: `TYPE=home`, or of version 2.1 `HOME`."""

    def __str__(self) -> str:
        group = f"{self.group}." if self.group else ""
        return f"{group}{';'.join((self.name, *self.params))}:{self.value}"


def emails(card: str) -> tuple[str, ...]:
    """The addresses in a card, in their order; none of what is no card."""
    return tuple(
        address
        for one in _properties(card)
        if one.name == "EMAIL" and (address := _unescaped(one.value).strip())
    )


def card(contact: Contact, *, owner: str = "") -> str:
    """The contact as a vCard. `owner` makes its UID another one in another mailbox."""
    held = _properties(contact.vcard)
    version = "4.0" if _value(held, "VERSION") == "4.0" else "3.0"
    if _value(held, "VERSION") == "2.1":
        held = [_modern(one) for one in held]
    lines = [one for one in held if one.name not in ("VERSION", "CATEGORIES")]
    known = {one.name for one in lines}
    if not any(_unescaped(one.value).strip() for one in lines if one.name == "FN"):
        lines = [one for one in lines if one.name != "FN"]
        lines.insert(0, Property("FN", _escaped(_full_name(contact))))
    if "N" not in known:
        lines.insert(1, Property("N", f"{_escaped(contact.last)};{_escaped(contact.first)};;;"))
    there = {address.lower() for address in emails(contact.vcard)}
    for address in contact.emails:
        if address.strip() and address.lower() not in there:
            params = () if version == "4.0" else ("TYPE=INTERNET",)
            lines.append(Property("EMAIL", _escaped(address), params=params))
    categories = [
        name for one in held if one.name == "CATEGORIES" for name in _listed(one.value) if name
    ]
    if all_names := list(dict.fromkeys([*categories, *contact.groups])):
        lines.append(Property("CATEGORIES", ",".join(_escaped(name) for name in all_names)))
    if "UID" not in known:
        lines.append(Property("UID", uid(contact, owner=owner)))
    if contact.vcard and not held:
        # Not a card after all; a person may still read it.
        lines.append(Property("X-MAILSTEAD-FOUND", _escaped(contact.vcard)))
    return _written([Property("VERSION", version), *lines])


def group_card(name: str, members: Iterable[Contact], *, owner: str = "") -> str:
    """A group as a card of its own (RFC 6350 §6.1.4), which names its members by UID (§6.6.5).

    For programs that know no CATEGORIES; only cards with a UID that is a URN can be named.
    """
    return _written(
        [
            Property("VERSION", "4.0"),
            Property("KIND", "group"),
            Property("FN", _escaped(name)),
            Property("UID", _urn(f"group\n{owner}\n{name}")),
            *(
                Property("MEMBER", value)
                for member in members
                if (value := uid(member, owner=owner)).startswith("urn:")
            ),
        ]
    )


def uid(contact: Contact, *, owner: str = "") -> str:
    """The card's own UID; of a card without one that which it gets, the same each time."""
    held = _value(_properties(contact.vcard), "UID").strip()
    if re.fullmatch(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", held):
        return f"urn:uuid:{held.lower()}"
    return held or _urn("\n".join((owner, contact.name, *contact.emails, contact.vcard)))


def _urn(text: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, text)}"


def _properties(card: str) -> list[Property]:
    """The lines of the first card in a text, without BEGIN and END; none where it is no card."""
    found: list[Property] = []
    inside = False
    for line in _unfolded(card):
        bare = line.strip().upper().replace(" ", "")
        if bare == "BEGIN:VCARD" and not inside:
            inside = True
        elif bare == "END:VCARD":
            break
        elif inside and len(found) < _MAX_LINES:
            if parts := _LINE.fullmatch(line):
                found.append(
                    Property(
                        name=parts["name"].upper(),
                        value=parts["value"],
                        group=parts["group"] or "",
                        params=_split_params(parts["params"]),
                    )
                )
            elif found and line.strip():
                # A broken fold, as some programs write photos.
                found[-1] = replace(found[-1], value=found[-1].value + line.strip())
    return found


def _unfolded(card: str) -> Iterator[str]:
    """Logical lines: RFC 6350 §3.2, and the `=` at the end of a line of version 2.1."""
    lines = card.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    held: list[str] = []
    soft = False
    for line in lines:
        if held and soft:
            held.append(line)
        elif held and line[:1] in (" ", "\t"):
            held.append(line[1:])
        else:
            if held:
                yield "".join(held)
            held = [line]
        quoted = (len(held) > 1 and soft) or "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
        soft = quoted and held[-1].endswith("=")
        if soft:
            held[-1] = held[-1][:-1]
    if held:
        yield "".join(held)


def _split_params(text: str) -> tuple[str, ...]:
    found = re.findall(r';((?:[^";]++|"[^"]*+")*+)', text)
    return tuple(param.strip() for param in found if param.strip())


def _modern(one: Property) -> Property:
    """A line of version 2.1 as one of 3.0: types by name, no quoted-printable."""
    params: list[str] = []
    types: list[str] = []
    value, charset, quoted = one.value, "utf-8", False
    for param in one.params:
        name, equals, word = param.partition("=")
        name, word = name.upper().strip(), word.strip().strip('"')
        if (not equals and name == "QUOTED-PRINTABLE") or (name, word.upper()) == (
            "ENCODING",
            "QUOTED-PRINTABLE",
        ):
            quoted = True
        elif name == "ENCODING" or (not equals and name in _OLD_ENCODINGS):
            coding = _OLD_ENCODINGS.get((word or name).upper())
            if coding:
                params.append(f"ENCODING={coding}")
        elif name == "CHARSET":
            charset = word.lower()
        elif name == "TYPE":
            types.append(word)
        elif not equals:
            types.append(name)
        else:
            params.append(param)
    if quoted:
        value = _text(binascii.a2b_qp(value.encode("utf-8", "replace")), charset)
    value = re.sub(r"\r\n?|\n", r"\\n", value)
    if one.name in _SINGLE:
        value = re.sub(r"(?<!\\)([,;])", r"\\\1", value)
    if types:
        params.append(f"TYPE={','.join(types)}")
    return replace(one, value=value, params=tuple(params))


def _text(data: bytes, charset: str) -> str:
    # Not every codec of Python's may be named by a stranger.
    usual = charset if re.fullmatch(r"iso-8859-\d{1,2}|windows-125\d|koi8-[ru]", charset) else ""
    for name in ("utf-8", usual, "cp1252"):
        if name:
            try:
                return data.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
    return data.decode("latin-1")


def _value(held: list[Property], name: str) -> str:
    return next((one.value.strip() for one in held if one.name == name), "")


def _full_name(contact: Contact) -> str:
    """What FN says, which may not be empty (RFC 6350 §6.2.1)."""
    given = f"{contact.first} {contact.last}".strip()
    return contact.name.strip() or given or next(iter(contact.emails), "?")


def _escaped(text: str) -> str:
    """RFC 6350 §3.4; a semicolon too, since it may stand in a structured value."""
    lines = text.replace("\\", "\\\\").replace("\r\n", "\n").replace("\r", "\n")
    return lines.replace(",", "\\,").replace(";", "\\;").replace("\n", "\\n")


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text, flags=re.DOTALL
    )


def _listed(value: str) -> list[str]:
    """The parts of a value between commas that are not escaped."""
    return [_unescaped(part).strip() for part in re.findall(r"(?:[^,\\]|\\.)+", value, re.DOTALL)]


def _written(lines: Iterable[Property]) -> str:
    whole = ["BEGIN:VCARD", *(str(line) for line in lines), "END:VCARD"]
    return "".join(_folded(line) + "\r\n" for line in whole)


def _folded(line: str) -> str:
    # A line end inside a value would begin a property of somebody else's making.
    clean = "".join(c for c in line if c >= " " or c == "\t").encode("utf-8", "replace")
    parts: list[bytes] = []
    start, width = 0, _WIDTH
    while len(clean) - start > width:
        end = start + width
        while clean[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(clean[start:end])
        start, width = end, _WIDTH - 1
    parts.append(clean[start:])
    return b"\r\n ".join(parts).decode()
