"""The tree of an Exim filter: commands and conditions, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Span:
    """Where something stands: line of its beginning (from 1), and its text from there to there."""

    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """A string as it was written; `quoted` ones have their first level of `\\` undone already."""

    raw: str
    span: Span = field(compare=False)


DeedName = Literal[
    "add",
    "deliver",
    "fail",
    "finish",
    "freeze",
    "headers",
    "logfile",
    "logwrite",
    "mail",
    "pipe",
    "save",
    "testprint",
    "vacation",
]
FlagName = Literal["delivered", "error_message", "first_delivery", "manually_thawed"]
Operator = Literal["contains", "is", "begins", "ends", "matches", "above", "below"]


@dataclass(frozen=True)
class Compare:
    """`left OPERATOR right`; `sensitive`: upper and lower case differ."""

    left: Text
    operator: Operator
    right: Text
    negated: bool = False
    sensitive: bool = False


@dataclass(frozen=True)
class Flag:
    """A condition without a value."""

    name: FlagName


@dataclass(frozen=True)
class Personal:
    """`personal`, with further addresses of the same person."""

    aliases: tuple[Text, ...] = ()


@dataclass(frozen=True)
class ForAnyAddress:
    """Whether the condition holds for `$thisaddress`, taken from the list one after the other."""

    addresses: Text
    condition: Condition


@dataclass(frozen=True)
class Not:
    """The opposite."""

    condition: Condition


@dataclass(frozen=True)
class Many:
    """All of these (`and`), or one of them (`or`)."""

    join: Literal["and", "or"]
    conditions: tuple[Condition, ...]


Condition = Compare | Flag | Personal | ForAnyAddress | Not | Many

Seen = Literal["seen", "unseen", ""]


@dataclass(frozen=True)
class Deed:
    """A command with what follows it.

    `words`: its strings in order, `options` the named ones of `mail` and `vacation`.
    """

    name: DeedName
    span: Span = field(compare=False)
    words: tuple[Text, ...] = ()
    options: tuple[tuple[str, Text | None], ...] = ()
    seen: Seen = ""
    noerror: bool = False


@dataclass(frozen=True)
class Branch:
    """A condition, and what is done where it holds."""

    condition: Condition
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class If:
    """`if … elif … else … endif`: the first branch that holds, else `otherwise`."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Command, ...]
    span: Span = field(compare=False)


Command = Deed | If


@dataclass(frozen=True)
class Statement:
    """A command of the outermost level, which cPanel calls a rule, with the comments before it."""

    command: Command
    comments: tuple[str, ...]
    span: Span
    """Its comments included."""


@dataclass(frozen=True)
class Filter:
    """A whole filter."""

    statements: tuple[Statement, ...]
    charset: str = ""
    """Which `headers charset` named last; empty: the server's own."""
