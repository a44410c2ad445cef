"""The classes of failures: what `standards.replies` understood, as a word kept with a row."""

from __future__ import annotations

from mailstead.standards import replies
from mailstead.standards.receivers import Meaning

FAILED = frozenset({"refused", "deferred", "bounced", "expired", "returned"})
"""States that have a class."""
TROUBLE = ("bounced", "deferred", "deleted", "expired", "held", "refused", "rejected", "returned")
"""States of mail that did not go its way; few among many, and found by an index of their own."""
_WORDS: dict[Meaning, str] = {
    Meaning.ACCEPTED: "",
    Meaning.NO_MAILBOX: "no-mailbox",
    Meaning.FULL: "full",
    Meaning.POLICY: "policy",
    Meaning.REPUTATION: "reputation",
    Meaning.CONTENT: "content",
    Meaning.RATE: "rate",
    Meaning.TLS: "tls",
    Meaning.LATER: "later",
    Meaning.SOFT: "soft",
    Meaning.HARD: "hard",
}
CAUSES = tuple(filter(None, _WORDS.values()))
"""All of them."""


def word_of(meaning: Meaning) -> str:
    """The class of a reply's meaning; empty: it was no failure."""
    return _WORDS[meaning]


def cause(state: str, dsn: str, reply: str) -> str:
    """The class of a failure; empty where nothing failed, or nobody said anything about it."""
    if state not in FAILED or not (dsn or reply):
        return ""
    return word_of(replies.read(reply, dsn).meaning)
