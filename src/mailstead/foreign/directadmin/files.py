"""What the reader has opened, and what it has to say about it (`Files`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from mailstead.foreign.archive import Tree
from mailstead.foreign.directadmin.layout import domain_of, no_mail
from mailstead.foreign.notes import Grade, Notes, decoded
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

MAX_OCTETS = 4 * 2**20
"""Of one settings file."""
_LOCAL = re.compile(r'[^\s@:,"\\<>()\[\];|/\x00-\x20\x7f-\x9f]{1,64}')


class Files:
    """A tree with a memory of what was asked for, and the remarks made so far."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.notes = Notes()
        self._used: set[str] = set()
        self._trees: set[str] = set()

    def text(self, path: str) -> str:
        """A file's text; empty where there is none, or it cannot be read, which is then told."""
        found = self.tree.find(path)
        if found is None:
            return ""
        self.use(path)
        if found.kind != "file":
            self.remark("unknown", "no-file", path, "It should be a file and is none.")
            return ""
        try:
            data = self.tree.read(path, MAX_OCTETS)
        except Refusal as refused:
            self.remark("unknown", refused.code, path, refused.words)
            return ""
        return decoded(data).replace("\r\n", "\n")

    @contextmanager
    def stream(self, path: str) -> Iterator[BinaryIO]:
        """A file of any size."""
        self.use(path)
        with self.tree.stream(path) as file:
            yield file

    def use(self, path: str, *, below: bool = False) -> None:
        """Notes that a file is accounted for, or all that lies in a directory."""
        (self._trees if below else self._used).add(path)

    def names(self, path: str, kind: str = "file") -> list[str]:
        """Names of the files (or directories) in a directory."""
        return [one.name for one in self.tree.children(path) if one.kind == kind]

    def remark(
        self,
        grade: Grade,
        code: str,
        path: str,
        words: str,
        *,
        line: int = 0,
        text: str = "",
        domain: str = "",
        address: str = "",
    ) -> None:
        """Tells one thing about a file or a line of it."""
        place = self.tree.place(path) if path else ""
        self.notes.add(
            grade,
            code,
            f"{place}:{line}" if line else place,
            words,
            text=text,
            domain=domain or address.rpartition("@")[2] or domain_of(path),
            address=address,
        )

    def tell_unknown(self) -> None:
        """A remark for each file that was neither read nor is known to have no meaning."""
        for root in ("backup", "imap", ""):
            for path in self._unknown(root):
                words = "This file is not known, so it was not read."
                self.remark("unknown", "unknown-file", path, words)
        self.notes.odd(self.tree)

    def _unknown(self, root: str) -> Iterator[str]:
        ahead = [self.tree.children(root)]
        while ahead:
            member = next(ahead[-1], None)
            if member is None:
                ahead.pop()
            elif member.path in self._used or member.path in self._trees:
                continue
            elif member.kind == "directory":
                # A directory of which nothing has a meaning is not entered.
                elsewhere = not root and member.path in ("backup", "imap", "domains")
                if not elsewhere and not no_mail(member.path + "/"):
                    ahead.append(self.tree.children(member.path))
            elif not no_mail(member.path):
                yield member.path


def settings(text: str) -> list[tuple[int, str, str]]:
    """Lines `key=value` with their numbers; a line without `=` is all key."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            key, _, value = line.partition("=")
            found.append((number, key.strip(), value.strip()))
    return found


def rows(text: str) -> list[tuple[int, str, str]]:
    """Lines `key: value` as Exim looks them up (lsearch): key in lower case, folded lines joined.

    A key ends at a colon or at space, or is in quotes; a line that begins with space goes on.
    """
    found: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in " \t" and found:
            before, key, value = found[-1]
            found[-1] = (before, key, f"{value} {line.strip()}".strip())
            continue
        parts = re.match(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^:\s]*))\s*:?\s*(.*)', line, re.DOTALL)
        if parts:
            key = re.sub(r"\\(.)", r"\1", parts[1]) if parts[1] is not None else parts[2]
            found.append((number, key.lower(), parts[3].strip()))
    return found


def local_part(text: str) -> str:
    """A local part in lower case, or empty for what can be none."""
    return text.lower() if _LOCAL.fullmatch(text) else ""


def domain_name(text: str) -> str:
    """A domain's name, normalised, or empty for what can be none."""
    try:
        return normalise_domain(text)
    except Refusal:
        return ""
