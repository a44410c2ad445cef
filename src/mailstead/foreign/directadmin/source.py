"""How a source of DirectAdmin is told from others, and opened."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Literal

from mailstead.foreign.archive import Tree, open_tree, peek
from mailstead.foreign.directadmin.layout import DATA, USER_CONF, accounts, keep, live
from mailstead.standards.refusal import Refusal

Form = Literal["archive", "unpacked", "live", ""]

_LOOKED_AT = 100_000
"""Members of an archive; `backup/` comes first, before the mail."""


def detect(path: Path) -> Form:
    """How an account of DirectAdmin lies there; empty: none does. Raises `Refusal`
    (`archive-unreadable`)."""
    if path.is_dir():
        if (path / DATA).is_dir():
            return "live"
        return "unpacked" if (path / USER_CONF).is_file() else ""
    found = any(name == USER_CONF for name in islice(peek(path), _LOOKED_AT))
    return "archive" if found else ""


def opened(path: Path, account: str = "", work: Path | None = None) -> Tree:
    """The account's files ; close them. Raises `Refusal` (`not-directadmin`,
    `account-needed`, `archive-…`).

    `account` is needed of a live server only; `work` is where an archive's files are laid aside.
    """
    form = detect(path)
    if form == "live":
        there = accounts(path)
        if account not in there:
            raise Refusal(
                "account-needed",
                "The server has {count} accounts, and none was chosen of them.",
                remedy="Give the name of a directory in usr/local/directadmin/data/users.",
                count=len(there),
            )
        return live(path, account)
    if not form:
        raise Refusal(
            "not-directadmin",
            "'{name}' holds no account of DirectAdmin.",
            remedy="Give a user's backup as DirectAdmin makes it, or a server's root.",
            name=ascii(path.name)[1:-1],
        )
    return open_tree(path, keep=keep, work=work)
