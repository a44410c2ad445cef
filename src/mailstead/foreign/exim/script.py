"""The Sieve script around translated rules: its head, and what stands in it as comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailstead.standards import sieve

LARGEST = 1_000_000
"""Octets; Dovecot's bound is 1 MiB."""
_HEAD = "# Filters of the old server, told in Sieve by Mailstead.\n"
_EXTENSIONS = {
    "body": re.compile(r"\bbody :"),
    "comparator-i;ascii-numeric": re.compile(r'"i;ascii-numeric"'),
    "envelope": re.compile(r"\benvelope :"),
    "index": re.compile(r":index \d"),
    "regex": re.compile(r" :regex "),
    "relational": re.compile(r' :value "'),
    "variables": re.compile(r'\$\{|\bset "'),
}


@dataclass(frozen=True)
class Piece:
    """What stands for one rule."""

    comment: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    aside: bool = False
    """It only keeps messages from rules after it; without such rules it is left out."""


def whole(pieces: list[Piece]) -> str:
    """The script; empty where nothing in it acts."""
    acting = [number for number, piece in enumerate(pieces) if piece.lines and not piece.aside]
    if not acting:
        return ""
    kept = [piece for number, piece in enumerate(pieces) if not piece.aside or number < acting[-1]]
    needs: set[str] = set()
    for piece in kept:
        needs |= piece.needs
    blocks = ["\n".join((*piece.comment, *piece.lines)) for piece in kept]
    return _HEAD + sieve.require(needs) + "\n" + "\n\n".join(filter(None, blocks)) + "\n"


def needs_of(lines: Iterable[str]) -> frozenset[str]:
    """The extensions of tests that we have written."""
    text = "\n".join(lines)
    return frozenset(name for name, sign in _EXTENSIONS.items() if sign.search(text))


def title(name: str) -> str:
    """A rule's name as a comment."""
    return "# " + _clean(name)


def left_out(name: str, why: str, text: str) -> tuple[str, ...]:
    """A rule that did not come, as it was."""
    return (title(name), f"# Left out. {_clean(why)}", *_quoted(text))


def switched_off(name: str, lines: list[str], needs: set[str]) -> tuple[str, ...]:
    """A rule that is there but switched off."""
    text = sieve.require(needs) + "\n".join(lines)
    return (title(name), "# Switched off.", *_quoted(text))


def _quoted(text: str) -> Iterable[str]:
    return (f"#   {_clean(line)}".rstrip() for line in text.splitlines())


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else " " for char in text)
