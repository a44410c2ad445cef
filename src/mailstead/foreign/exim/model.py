"""Whose filter it is, and what became of it."""

from __future__ import annotations

from typing import Any, Literal

from mailstead.foreign.inventory import Found, SpamWishes

HouseRule = dict[str, Any]
"""A rule in the shape of the house's own (`name`, `enabled`, `any_of`, `conditions`, `actions`,
`stop`), as plain values."""


class Owner(Found, frozen=True, kw_only=True):
    """The mailbox whose filters are translated, and what they may speak of."""

    address: str
    home: str = ""
    """The account's home directory on the old server."""
    domains: frozenset[str] = frozenset()
    """All of the account: mail that goes elsewhere goes to strangers."""
    mailboxes: frozenset[str] = frozenset()
    """The account's, by address."""
    logins: tuple[tuple[str, str], ...] = ()
    """Other names of mailboxes, with their addresses: the account's own one has a short one."""
    names: Literal["utf-8", "mutf-7"] = "utf-8"
    """How folder names are written on disk."""
    folders: tuple[tuple[str, str], ...] = ()
    """Folders of the source that have another name here, `/` between levels."""


class Difference(Found, frozen=True, kw_only=True):
    """In what a rule is not quite what it was."""

    code: str
    words: str


class RuleOutcome(Found, frozen=True, kw_only=True):
    """What became of one rule."""

    level: Literal["account", "mailbox"]
    name: str
    grade: Literal["equal", "approximate", "refused"]
    state: Literal["active", "disabled", "left-out", "setting"]
    """`disabled`: carried as a comment (and in `house_rules` as one that is off). `left-out`: its
    text stands in the script as a comment. `setting`: it is no filter but a setting, which is
    carried elsewhere."""
    reasons: tuple[Difference, ...] = ()
    """Why it is not equal; of a refused one the first is the reason."""
    place: str
    """Of the filter, with `:LINE`."""
    text: str
    """As found."""


class Note(Found, frozen=True, kw_only=True):
    """Something about a filter as a whole that a person has to know."""

    code: str
    words: str
    place: str


class Translation(Found, frozen=True, kw_only=True):
    """A mailbox's filters as one Sieve script."""

    sieve: str
    """To be installed as one personal script; empty: there is nothing to install."""
    outcomes: tuple[RuleOutcome, ...]
    """One for each rule, in order, the account's first."""
    house_rules: tuple[HouseRule, ...] | None
    """The same as rules of the house, so that the panel shows them; None where one does not fit."""
    spam: SpamWishes | None = None
    """What the filters wanted of the spam filter."""
    receiving_suspended: bool = False
    """cPanel's way to let a mailbox refuse new mail."""
    notes: tuple[Note, ...] = ()
