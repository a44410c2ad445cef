"""What an account, a domain or a mailbox wanted of SpamAssassin.

The account's `~/.spamassassin/user_prefs` switches it on (Exim scans where that file is) and holds
score and lists; a domain's `filter.conf` says where spam goes and above which score it is refused.
"""

from __future__ import annotations

from mailstead.foreign.directadmin.files import Files, settings
from mailstead.foreign.inventory import SpamWishes
from mailstead.foreign.spamassassin import Prefs, read_prefs

_TO_FOLDER = ("spamfolder", "userspamfolder")
_USUAL_SCORE = 5.0


def preferences(files: Files, path: str) -> Prefs | None:
    """The preferences in a home; None: it has none."""
    if files.tree.find(path) is None:
        return None
    return read_prefs(files.text(path), files.tree.place(path), files.notes)


def of_domain(
    files: Files, folder: str, domain: str, account: Prefs | None, place: str
) -> SpamWishes | None:
    """The wishes for a domain: those of its account, and its `filter.conf`. None: no word of it."""
    path = f"{folder}/filter.conf"
    there = files.tree.find(path) is not None
    where, high, block = "", None, False
    for number, key, value in settings(files.text(path)):
        word = value.lower()
        if key == "where" and word in ("inbox", "delete", *_TO_FOLDER):
            where = word
        elif key == "high_score" and word.replace(".", "", 1).isdecimal():
            high = float(word)
        elif key == "high_score_block" and word in ("yes", "no"):
            block = word == "yes"
        else:
            files.remark(
                "unknown",
                "spam-setting",
                path,
                "This setting of the domain's filters is not known.",
                line=number,
                text=f"{key}={value}",
                domain=domain,
            )
    if account is None and not there:
        return None
    prefs = account or Prefs()
    if where == "spamfolder":
        files.remark(
            "differs",
            "spam-to-account",
            path,
            "Spam of all mailboxes went to a folder of the account's own mailbox; here each mailbox"
            " keeps its own.",
            domain=domain,
        )
    delete = high if block else None
    if where == "delete":
        delete = min(_USUAL_SCORE if prefs.score is None else prefs.score, delete or 10.0**6)
    return SpamWishes(
        enabled=account is not None,
        to_folder=where in _TO_FOLDER,
        score=prefs.score,
        delete_above=delete,
        allow=tuple(prefs.allow),
        deny=tuple(prefs.deny),
        place=files.tree.place(path) if there else place,
    )


def of_mailbox(files: Files, path: str) -> SpamWishes | None:
    """The wishes of one mailbox, where it has preferences of its own."""
    prefs = preferences(files, path)
    if prefs is None:
        return None
    return SpamWishes(
        enabled=True,
        score=prefs.score,
        allow=tuple(prefs.allow),
        deny=tuple(prefs.deny),
        place=files.tree.place(path),
    )
