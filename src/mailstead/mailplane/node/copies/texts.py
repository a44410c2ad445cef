"""Messages known by their texts: the same one under another name, or in another folder.

A message that is moved or copied in a mailbox gets a new name. Only messages of the same size are
ever read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Container

from mailstead.mailplane.node.copies import scan
from mailstead.mailplane.node.copies.files import Odd, chunks, opened
from mailstead.mailplane.node.copies.scan import Message, Tree
from mailstead.standards import maildir

HEAD = 65536
"""Octets of a message's beginning that `read` returns."""


class Texts:
    """The messages of some Maildirs, which stay open as long as they are asked for."""

    def __init__(self) -> None:
        self._by_size: dict[int, list[tuple[int, str]]] = {}
        self._digests: dict[int, set[str]] = {}

    def add(self, tree: Tree, without: Container[str] = ()) -> set[str]:
        """Take in a Maildir but for messages of these names; returns the names of all."""
        names: set[str] = set()
        for folder in tree.folders:
            with tree.open(folder) as at:
                for base, message in scan.messages(at).items():
                    names.add(base)
                    if base not in without:
                        place = f"{folder.directory or '.'}/{message.part}/{message.name}"
                        self._by_size.setdefault(size(at, message), []).append((tree.root, place))
        return names

    def has(self, octets: int, digest: str) -> bool:
        """Whether one of them has this text."""
        if octets not in self._digests:
            made = set()
            for root, place in self._by_size.get(octets, ()):
                with contextlib.suppress(OSError, Odd):
                    made.add(read(root, place)[1])
            self._digests[octets] = made
        return digest in self._digests[octets]


def size(at: int, message: Message) -> int:
    """A message's octets as its name tells them, or its file; -1: it has gone."""
    told = maildir.size_in(message.name)
    if told is not None:
        return told
    try:
        return os.stat(f"{message.part}/{message.name}", dir_fd=at, follow_symlinks=False).st_size
    except FileNotFoundError:
        return -1


def read(at: int, path: str) -> tuple[int, str, bytes]:
    """A message's size, the SHA-256 of its text, and its beginning; raises `Odd`, `OSError`."""
    made, octets, head = hashlib.sha256(), 0, b""
    *above, name = path.split("/")
    with contextlib.ExitStack() as stack:
        for part in above:
            at = stack.enter_context(opened(part, at))
        for data in chunks(name, at):
            made.update(data)
            octets += len(data)
            if len(head) < HEAD:
                head += data[: HEAD - len(head)]
    return octets, made.hexdigest(), head
