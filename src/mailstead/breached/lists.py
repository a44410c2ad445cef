"""Lists of leaked passwords as they are published: what kind a file is, and its lines as keys.

A key is the first 8 octets of a password's SHA-1. Of plain text nothing but keys leaves this
module. A line that is no such line is counted and named by its number, never by its words.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mailstead.breached import digits
from mailstead.breached.fuse import Keys
from mailstead.standards.refusal import Refusal

CHUNK = 8 << 20
"""Octets that are read at once; a line may be as long."""
_SAMPLE = 1 << 16
_HASH = re.compile(rb"[0-9A-Fa-f]{40}(?::[0-9]+)?\s*")
_NTLM = re.compile(rb"[0-9A-Fa-f]{32}(?::[0-9]+)?\s*")
_PAIR = re.compile(rb"[^\s:;@]+@[^\s:;]+[:;].+", re.DOTALL)
_NAMED = re.compile(rb"[^:;]+[:;](.+)", re.DOTALL)
_OCTETS = re.compile(rb"\$HEX\[((?:[0-9A-Fa-f]{2})+)\]")
_RANGE = re.compile(r"([0-9A-Fa-f]{5})(?:\.txt)?")
_BOM = b"\xef\xbb\xbf"
RANGES = 16**5


class Kind(StrEnum):
    """What the lines of an input are."""

    ORDERED = "ordered"
    """`HASH:COUNT`, 40 hexadecimal digits; in whatever order."""
    RANGES = "ranges"
    """A folder with a file for each first five digits, `SUFFIX:COUNT` in them."""
    COMBOS = "combos"
    """`address:password` or `address;password`."""
    PLAIN = "plain"
    """A password each."""


@dataclass(frozen=True)
class Source:
    """One input, and how to tell whether it is still the same."""

    path: Path
    kind: Kind
    size: int
    """Octets, of all files together."""
    stamp: str
    names: tuple[str, ...] = ()
    """The range files, in order."""


@dataclass(frozen=True)
class Batch:
    """What a stretch of a source holds, and where the next one begins."""

    keys: Keys
    """In no order, perhaps some twice."""
    position: int
    """Octets of the file that are read, or files of the folder."""
    octets: int
    """Read in this batch."""
    lines: int
    wrong: list[tuple[str, int]] = field(default_factory=list)
    """File and line of the first lines that are none, a few of them."""
    wrong_count: int = 0


def source(path: Path, kind: Kind | None = None) -> Source:
    """An input, its kind found out where none is said; raises `Refusal` (`breached-…`)."""
    try:
        if path.is_dir():
            if kind not in (None, Kind.RANGES):
                raise Refusal(
                    "breached-kind-wrong",
                    "{path} is a folder, and no list.",
                    remedy="Give a file.",
                    path=path,
                )
            return _folder(path)
        found = path.stat()
        if not path.is_file() or kind is Kind.RANGES:
            what = "folder" if kind is Kind.RANGES else "file"
            raise Refusal(
                "breached-kind-wrong",
                "{path} is no {what}.",
                remedy="Give one: what is read can be read again from the middle.",
                path=path,
                what=what,
            )
        stamp = f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"
        return Source(path, kind or _kind_of(path), found.st_size, stamp)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> Refusal:
    return Refusal(
        "breached-input",
        "{path} cannot be read: {why}.",
        remedy="Give the path of a list.",
        path=path,
        why=error.strerror or "unknown fault",
    )


def _folder(path: Path) -> Source:
    names: list[str] = []
    size, newest = 0, 0
    with os.scandir(path) as entries:
        for entry in entries:
            if _RANGE.fullmatch(entry.name) and entry.is_file():
                found = entry.stat()
                names.append(entry.name)
                size, newest = size + found.st_size, max(newest, found.st_mtime_ns)
    if not names:
        raise Refusal(
            "breached-ranges-none",
            "{path} has no range files in it.",
            remedy="Their names are five hexadecimal digits, with or without .txt: 0A1B2.txt.",
            path=path,
        )
    names.sort()
    stamp = f"{len(names)} {size} {newest}"
    return Source(path, Kind.RANGES, size, stamp, tuple(names))


def _kind_of(path: Path) -> Kind:
    with path.open("rb") as file:
        sample = file.read(_SAMPLE).removeprefix(_BOM)
    # The last line may be cut in the middle.
    lines = [line.rstrip(b"\r") for line in sample.split(b"\n")[:100]]
    lines = [line for line in (lines[:-1] or lines) if line]
    for pattern, kind in ((_HASH, Kind.ORDERED), (_PAIR, Kind.COMBOS)):
        if lines and 2 * sum(1 for line in lines if pattern.fullmatch(line)) > len(lines):
            return kind
    if lines and all(_NTLM.fullmatch(line) for line in lines):
        raise Refusal(
            "breached-ntlm",
            "{path} holds hashes of 32 digits (NTLM or MD5).",
            remedy="Get the list with SHA-1 hashes, which have 40 digits.",
            path=path,
        )
    raise Refusal(
        "breached-kind-unclear",
        "What {path} holds cannot be told from its first lines.",
        remedy="Say it: --plain FILE (each line a password), --combos FILE (name:password) or "
        "--ordered FILE (HASH:COUNT).",
        path=path,
    )


def read(what: Source, position: int) -> Iterator[Batch]:
    """Its lines from a position on that a batch has named (0: the begin); raises `Refusal`."""
    try:
        if what.kind is Kind.RANGES:
            yield from _range_files(what, position)
        else:
            yield from _file(what, position)
    except OSError as error:
        raise _unreadable(what.path, error) from error


def _file(what: Source, position: int) -> Iterator[Batch]:
    with what.path.open("rb") as file:
        file.seek(position)
        for text, octets, overlong in _chunks(file):
            if position == 0 and text.startswith(_BOM):
                text = text.removeprefix(_BOM)
            if what.kind is Kind.ORDERED:
                keys, lines, wrong = digits.hashes(text)
            else:
                keys, lines, wrong = _passwords(text, named=what.kind is Kind.COMBOS)
            position += octets
            named = [(what.path.name, number + overlong) for number in wrong[:3]]
            count = len(wrong) + overlong
            yield Batch(keys, position, octets, lines + overlong, named, count)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Whole lines, the octets that they take, and lines before them that were too long to be any.

    Every piece ends with a line feed, which the last one of a file may not have had.
    """
    rest = b""
    dropped, overlong = 0, 0
    while True:
        more = file.read(CHUNK)
        whole, feed, tail = (rest + more).rpartition(b"\n")
        if not more:
            if rest or dropped:
                yield (b"" if overlong else rest + b"\n"), len(rest) + dropped, overlong
            return
        if feed:
            text = whole + feed
            taken = len(text) + dropped
            if overlong:
                text = text.partition(b"\n")[2]
            yield text, taken, overlong
            rest, dropped, overlong = tail, 0, 0
        elif len(tail) > CHUNK or overlong:
            rest, dropped, overlong = b"", dropped + len(tail), 1
        else:
            rest = tail


def _passwords(text: bytes, *, named: bool) -> tuple[Keys, int, list[int]]:
    """Keys of plain text, count of lines, numbers of the wrong ones."""
    found: list[bytes] = []
    wrong: list[int] = []
    sha1 = hashlib.sha1
    number = 0
    for number, line in enumerate(text.split(b"\n")[:-1], 1):
        password = line.removesuffix(b"\r")
        if not password:
            continue
        if named:
            pair = _NAMED.fullmatch(password)
            if pair is None:
                wrong.append(number)
                continue
            password = pair[1]
        if password.startswith(b"$HEX["):
            # As crackers write what a text file could not hold.
            octets = _OCTETS.fullmatch(password)
            password = bytes.fromhex(octets[1].decode()) if octets else password
        found.append(sha1(password, usedforsecurity=False).digest()[:8])
        if not password.isascii() and (other := _as_typed(password)) is not None:
            found.append(sha1(other, usedforsecurity=False).digest()[:8])
    keys = np.frombuffer(b"".join(found), dtype=">u8").astype(np.uint64)
    return keys, number, wrong


def _as_typed(password: bytes) -> bytes | None:
    """The same password in UTF-8, as programs send it, where a list has it in ISO 8859-1."""
    try:
        password.decode()
    except UnicodeDecodeError:
        return password.decode("latin-1").encode()
    return None


def _range_files(what: Source, position: int) -> Iterator[Batch]:
    while position < len(what.names):
        names: list[str] = []
        texts: list[bytes] = []
        octets = 0
        for name in what.names[position:]:
            if octets >= CHUNK:
                break
            text = (what.path / name).read_bytes()
            octets += len(text)
            texts.append(text if text.endswith(b"\n") or not text else text + b"\n")
            names.append(name)
        counts = [text.count(b"\n") for text in texts]
        prefixes = np.array([int(name[:5], 16) for name in names], dtype=np.uint64)
        whole = b"".join(texts)
        keys, lines, wrong = digits.suffixes(whole, np.repeat(prefixes, counts))
        position += len(names)
        ends = np.cumsum(counts)
        found = []
        for number in wrong[:3]:
            at = int(np.searchsorted(ends, number))
            found.append((names[at], number - int(ends[at]) + counts[at]))
        yield Batch(keys, position, octets, lines, found, len(wrong))
