"""Spam settings of an account, which are the same for all its mailboxes (`read_spam`)."""

from __future__ import annotations

from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.inventory import SpamWishes
from mailstead.foreign.spamassassin import read_prefs

_ON, _TO_FOLDER = ".spamassassinenable", ".spamassassinboxenable"


def read_spam(source: Source) -> SpamWishes | None:
    """What the account wanted; None where nothing was ever said."""
    if not source.home:
        return None
    on, to_folder = (source.exists(source.in_home(name)) for name in (_ON, _TO_FOLDER))
    path = source.in_home(".spamassassin", "user_prefs")
    text = source.text(path)
    prefs = read_prefs(text, source.place(path), source.notes)
    if not (on or to_folder or text.strip()):
        return None
    return SpamWishes(
        enabled=on,
        to_folder=to_folder,
        score=prefs.score,
        allow=tuple(prefs.allow),
        deny=tuple(prefs.deny),
        place=source.place(path if text else source.in_home(_ON)),
    )
