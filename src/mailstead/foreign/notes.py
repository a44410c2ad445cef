"""What a reader has to say about its source (`Notes`), and how text of a source is decoded."""

from __future__ import annotations

import re
from typing import Literal

from mailstead.foreign.archive_tree import Tree
from mailstead.foreign.inventory import Remark

Grade = Literal["unknown", "differs", "dropped", "refused", "asks"]

_HALVES = re.compile("[\ud800-\udfff]")
MAX_TEXT = 4000
MAX_REMARKS = 5000
_ODD: dict[str, tuple[Grade, str]] = {
    "path": ("refused", "Its name leads out of the archive; it was not looked at."),
    "name": ("refused", "Its name is longer or deeper than any file's; it was not looked at."),
    "device": ("dropped", "A device, pipe or socket has no contents that could be moved."),
    "link": ("unknown", "It is a hard link to a file that is not in the archive."),
    "duplicate": ("differs", "It is in the archive more than once; the last one was taken."),
    "trailing": ("unknown", "The archive goes on after its end; what follows was not looked at."),
    "clash": ("unknown", "There is a file where there is a directory too."),
    "moved": ("differs", "It changed or went while it was read."),
}


class Notes:
    """Remarks, in the order made; at most `MAX_REMARKS`, then one that says so."""

    def __init__(self) -> None:
        self._made: list[Remark] = []
        self._more = 0

    def add(
        self,
        grade: Grade,
        code: str,
        place: str,
        words: str,
        *,
        text: str = "",
        domain: str = "",
        address: str = "",
    ) -> None:
        """Make one. Never give a password's hash as `text`."""
        if len(self._made) >= MAX_REMARKS:
            self._more += 1
            return
        self._made.append(
            Remark(
                grade=grade,
                code=code,
                place=printable(place),
                words=words,
                text=printable(text[:MAX_TEXT]),
                domain=domain or address.rpartition("@")[2],
                address=address,
            )
        )

    def odd(self, tree: Tree) -> None:
        """Say what the tree found odd in itself."""
        for odd in tree.oddities.listed:
            grade, words = _ODD[odd.code]
            self.add(grade, f"odd-{odd.code}", odd.path, words)
        more = tree.oddities.total - len(tree.oddities.listed)
        if more:
            self.add("unknown", "odd-more", "", f"There are {more} more odd things in the archive.")

    def all(self) -> tuple[Remark, ...]:
        """All of them."""
        made = list(self._made)
        if self._more:
            words = f"There are {self._more} more remarks, which were not kept."
            made.append(Remark(grade="unknown", code="remarks-cut", place="", words=words))
        return tuple(made)


def decoded(data: bytes) -> str:
    """Text as UTF-8, or where it is not that, as Windows-1252, which old panels wrote."""
    try:
        return data.decode("utf-8").replace("\0", "")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").replace("\0", "")


def printable(text: str) -> str:
    """`text` with U+FFFD for each half character, which also stands for an octet not of UTF-8."""
    return _HALVES.sub("\ufffd", text)
