"""The parts of a message (RFC 2046 §5.1), as far as reports about mail need them.

Reports come from anybody, so everything is bounded: octets, headers, parts, depth; what is beyond
a bound is not there. Nothing is refused: what is malformed is read as far as it makes sense.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_OCTETS = 4 * 2**20
MAX_HEADER_OCTETS = 64 * 2**10
MAX_FIELD = 4000
"""Characters of one field's value."""
MAX_PARTS = 40
MAX_DEPTH = 4

Fields = tuple[tuple[str, str], ...]

_MESSAGES = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",  # RFC 6532 §3.7
    "message/global-headers",
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_NAME = re.compile(r"[!-9;-~]{1,100}")
_PARAMETER = re.compile(r';\s*([\w*-]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.){0,500})"|([^\s;"]{1,500}))')
# Not every codec of Python's may be named by a stranger: some cost the square of their input.
_CHARSET = re.compile(
    r"utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis"
    r"|euc-(?:jp|kr)|iso-2022-jp"
)


@dataclass(frozen=True)
class Part:
    """A message or a part of one; names of fields are in lower case."""

    fields: Fields
    body: bytes

    def header(self, name: str) -> str:
        """The first field of that name; empty where there is none."""
        return next((value for known, value in self.fields if known == name), "")

    def headers(self, name: str) -> list[str]:
        """All fields of that name."""
        return [value for known, value in self.fields if known == name]

    @property
    def media_type(self) -> str:
        """Type and subtype in lower case; text/plain where nothing is said (RFC 2045 §5.2)."""
        return self.header("content-type").partition(";")[0].strip().lower() or "text/plain"

    def parameter(self, name: str) -> str:
        """A parameter of the content type, or empty."""
        for found in _PARAMETER.finditer(self.header("content-type")):
            if found[1].lower() == name:
                return re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3]
        return ""

    def content(self) -> bytes:
        """The body without its transfer encoding."""
        encoding = self.header("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            bare = re.sub(rb"[^A-Za-z0-9+/]", b"", self.body)
            whole = bare[: len(bare) - 1] if len(bare) % 4 == 1 else bare
            return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        return self.body

    def text(self) -> str:
        """The content as text, whatever its charset claims to be; lines end with LF."""
        return _decoded(self.content(), self.parameter("charset").lower()).replace("\r\n", "\n")


def message(data: bytes) -> Part:
    """Octets as a message: header fields, and the rest."""
    plain = data[:MAX_OCTETS].replace(b"\r\n", b"\n")
    if plain.startswith(b"\n"):
        return Part((), plain[1:])
    head, _, body = plain.partition(b"\n\n")
    return Part(fields(_decoded(head[:MAX_HEADER_OCTETS], "")), body)


def fields(text: str) -> Fields:
    """Lines of `Name: value`, unfolded (RFC 5322 §2.2.3); other lines are passed over."""
    found: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            if found:
                found[-1][1].append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon and _NAME.fullmatch(name.rstrip()):
            found.append((name.rstrip().lower(), [value.strip()]))
    return tuple((name, " ".join(values)[:MAX_FIELD].strip()) for name, values in found)


def walk(part: Part, depth: int = MAX_DEPTH) -> Iterator[Part]:
    """The leaves of a multipart in their order, none of them within an enclosed message."""
    left = MAX_PARTS
    for leaf in _leaves(part, depth):
        if not left:
            return
        left -= 1
        yield leaf


def enclosed(parts: list[Part]) -> Part:
    """The message that a report is about, or its headers; an empty one where it was left out."""
    for part in parts:
        if part.media_type in _MESSAGES:
            return message(part.content().lstrip())
    return Part((), b"")


def message_id(part: Part) -> str:
    """The Message-ID with its brackets (RFC 5322 §3.6.4), or empty."""
    found = _MESSAGE_ID.search(part.header("message-id"))
    return found[0] if found and found[0].isprintable() else ""


def one_line(text: str, longest: int) -> str:
    """What a stranger wrote as it may be shown and stored: printable, on one line, not endless."""
    line = " ".join(text[: longest * 2].split())
    return "".join(character for character in line if character.isprintable())[:longest]


def _leaves(part: Part, depth: int) -> Iterator[Part]:
    boundary = part.parameter("boundary")
    if not part.media_type.startswith("multipart/") or not boundary or not depth:
        yield part
        return
    # RFC 2046 §5.1.1: a line of its own, with nothing but space after it.
    line = re.compile(
        rb"^--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*$", re.MULTILINE
    )
    start = -1
    for count, found in enumerate(line.finditer(part.body)):
        if start >= 0:
            yield from _leaves(message(part.body[start : max(start, found.start() - 1)]), depth - 1)
        start = found.end() + 1
        if found[1] or count >= MAX_PARTS:
            return
    if start >= 0:
        yield from _leaves(message(part.body[start:]), depth - 1)


def _decoded(data: bytes, charset: str) -> str:
    if charset and _CHARSET.fullmatch(charset):
        try:
            return data.decode(charset, "replace")
        except LookupError:
            pass  # a number that no part of ISO 8859 has
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
