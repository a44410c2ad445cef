"""What the folders of a source are called here.

A folder is a text with `/` between its levels. Names that Dovecot cannot keep are changed as little
as is possible, and said; no two folders become one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailstead.standards import maildir
from mailstead.standards.maildir import INBOX

SPECIAL: dict[str, tuple[str, ...]] = {
    "Junk": ("spam", "Spam", "junk", "SPAM", "Bulk Mail", "Junk E-mail", "Junk Email"),
    "Sent": ("Sent Messages", "Sent Items", "Sent Mail", "sent", "sent-mail"),
    "Trash": ("Deleted Messages", "Deleted Items", "trash", "Deleted"),
    "Drafts": ("drafts", "Draft"),
    "Archive": ("Archives", "archive"),
}
"""The house's folders with a use of their own (engines/dovecot/render.py), and what others call
them, the likeliest first."""


@dataclass
class Naming:
    """Source folder to folder here, and what had to be changed."""

    folders: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def of(self, folder: str) -> str | None:
        """What a folder is called here; None: it stays behind."""
        return self.folders.get(folder)


def name_folders(
    found: Iterable[str],
    *,
    wished: Sequence[tuple[str, str]] = (),
    special: bool = True,
    without: Sequence[str] = (),
) -> Naming:
    """Name each folder that was found."""
    made = Naming()
    names = sorted(set(found), key=lambda name: (name != INBOX, name))
    renamed = dict(wished)
    if special:
        for ours, theirs in SPECIAL.items():
            if ours in names or ours in renamed.values():
                continue
            same = next((name for name in theirs if name in names and name not in renamed), None)
            if same:
                renamed[same] = ours
    taken: set[str] = set()
    for name in names:
        if any(name == left or name.startswith(left + "/") for left in without):
            continue
        target = INBOX if name == INBOX else maildir.keepable(_renamed(name, renamed))
        if name == INBOX and INBOX in renamed:
            made.remarks.append("The inbox keeps its name, whatever was wished.")
        free, number = target, 1
        while free in taken:
            number += 1
            free = f"{target} {number}"
        taken.add(free)
        made.folders[name] = free
        if free != _renamed(name, renamed):
            made.remarks.append(f"The folder {name!a} is called {free!a} here.")
    return made


def _renamed(name: str, renamed: dict[str, str]) -> str:
    """The wish for it, or for the nearest folder above it."""
    parts = name.split("/")
    for count in range(len(parts), 0, -1):
        wish = renamed.get("/".join(parts[:count]))
        if wish:
            return "/".join((wish, *parts[count:]))
    return name
