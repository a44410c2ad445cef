"""What another server's reply means for a delivery (RFC 5321 §4.2, RFC 3463).

Three things are asked in this order: the table of words that receivers are known for
(`receivers`), the enhanced status code, the code. Words come first because codes are used loosely:
5.7.1 stands for a blocked address as well as for a message with a virus.

Parts of a reply may repeat what a stranger wrote: a link, an address, a subject. These are taken
out before any row is asked, so that nobody can have a receiver's reply speak of our reputation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailstead.standards.receivers import TABLE, Detail, Meaning, Row

MAX_TEXT = 2000
"""Characters that are looked at; the longest known replies have some 700."""

# How Postfix begins; the name of the host before it is a stranger's word.
_TOLD = re.compile(r" (?:said|refused to talk to me): ")
_CODE = re.compile(r"(?<![\d.=])([245]\d\d)(?=[\s-]|$)[ -]?(?:([245]\.\d{1,3}\.\d{1,3})(?!\d))?")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
# Lines after the first repeat the codes; logs and notifications put '\n', "|" or a space between.
_AGAIN = re.compile(r"[\s|]+[245]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3})?[ -]?")
_LINK = re.compile(r"\b(?:[a-z]{2,9}://|www\.)\S{0,500}|\b[\w.-]{1,100}\.[a-z]{2,12}/\S{0,500}")
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_QUOTATION = re.compile(r'"[^"]{0,500}"')
_SPACE = re.compile(r"\s+")

_M = Meaning
_BY_STATUS: dict[str, tuple[Meaning | None, Meaning | None]] = {
    # RFC 3463 §3 and the registry that RFC 5248 began: subject and detail; meaning with 4, with 5.
    "1.1": (None, _M.NO_MAILBOX),
    "1.2": (_M.LATER, _M.NO_MAILBOX),
    "1.3": (None, _M.NO_MAILBOX),
    "1.6": (None, _M.NO_MAILBOX),
    "1.7": (_M.POLICY, _M.POLICY),
    "1.8": (_M.POLICY, _M.POLICY),
    "1.10": (None, _M.NO_MAILBOX),  # RFC 7505
    "2.1": (_M.LATER, _M.NO_MAILBOX),
    "2.2": (_M.FULL, _M.FULL),
    "2.3": (_M.POLICY, _M.POLICY),
    "3.0": (_M.LATER, None),
    "3.1": (_M.LATER, None),
    "3.2": (_M.LATER, None),
    "3.4": (_M.POLICY, _M.POLICY),
    "4.0": (_M.LATER, None),
    "4.1": (_M.LATER, None),
    "4.2": (_M.LATER, None),
    "4.3": (_M.LATER, None),
    "4.4": (_M.LATER, None),
    "4.5": (_M.LATER, None),
    "4.6": (_M.POLICY, _M.POLICY),
    "4.7": (_M.LATER, None),
    "5.3": (_M.RATE, _M.RATE),
    "6.0": (_M.POLICY, _M.POLICY),
    "6.1": (_M.POLICY, _M.POLICY),
    "6.3": (_M.POLICY, _M.POLICY),
    "6.7": (_M.POLICY, _M.POLICY),  # RFC 6531: an address beyond ASCII
    "7.0": (None, _M.POLICY),
    "7.1": (None, _M.POLICY),
    "7.4": (_M.TLS, _M.TLS),
    "7.10": (_M.TLS, _M.TLS),
    "7.11": (_M.TLS, _M.TLS),
    "7.20": (_M.POLICY, _M.POLICY),  # RFC 7372 §3: DKIM, SPF, the name in DNS, several at once
    "7.21": (_M.POLICY, _M.POLICY),
    "7.22": (_M.POLICY, _M.POLICY),
    "7.23": (_M.POLICY, _M.POLICY),
    "7.24": (_M.POLICY, _M.POLICY),
    "7.25": (_M.POLICY, _M.POLICY),
    "7.26": (_M.POLICY, _M.POLICY),
    "7.27": (_M.POLICY, _M.POLICY),
    "7.28": (_M.RATE, _M.RATE),
    "7.30": (_M.TLS, _M.TLS),  # RFC 8689
}
_DETAILS = {
    # The same registry: what it says to people beyond its meaning.
    "1.2": Detail.NO_DOMAIN,
    "1.10": Detail.NO_DOMAIN,
    "2.1": Detail.SWITCHED_OFF,
    "2.3": Detail.SIZE,
    "3.4": Detail.SIZE,
    "3.0": Detail.BUSY,
    "3.1": Detail.BUSY,
    "3.2": Detail.BUSY,
    "4.0": Detail.UNREACHED,
    "4.1": Detail.UNREACHED,
    "4.2": Detail.UNREACHED,
    "4.3": Detail.UNREACHED,
    "4.4": Detail.NO_DOMAIN,
    "7.20": Detail.PROOF,
    "7.22": Detail.PROOF,
    "7.23": Detail.PROOF,
    "7.25": Detail.HOST_NAME,
    "7.26": Detail.PROOF,
}
_BY_CODE = {421: _M.LATER, 452: _M.LATER, 551: _M.NO_MAILBOX, 552: _M.FULL}


@dataclass(frozen=True)
class Reading:
    """A reply, read: `code` is 0 and `status` empty where there is none; `row` is what fitted."""

    code: int
    status: str
    meaning: Meaning
    row: Row | None = None

    @property
    def detail(self) -> Detail:
        """What people want to know beyond the meaning."""
        if self.row is not None and self.row.detail is not Detail.NONE:
            return self.row.detail
        found = _DETAILS.get(self.status[2:], Detail.NONE)
        return found if _goes_with(found, self.meaning) else Detail.NONE

    @property
    def permanent(self) -> bool:
        """Whether the receiver says that the same message will never do."""
        return (str(self.code) if self.code else self.status)[:1] == "5"


def read(text: str, status: str = "") -> Reading:
    """What a reply means; `text` may have several lines, or be a log's or a notification's.

    `status`: the enhanced status code, where the caller has it from elsewhere: a host that could
    not be reached has said nothing.
    """
    short = _TOLD.split(text[:MAX_TEXT], maxsplit=1)[-1]
    found = _CODE.search(short)
    code = int(found[1]) if found else 0
    within = (found[2] if found else None) or (_first_status(short) if not status else "")
    known = within or (status if _STATUS.fullmatch(status) else "")
    first = str(code)[0] if code else known[:1]
    if first == "2":
        return Reading(code, known, Meaning.ACCEPTED)
    words = plain(short[found.end() :] if found else short)
    for row in TABLE:
        if first in row.codes and first and row.pattern.search(words):
            return Reading(code, known, row.meaning, row)
    return Reading(code, known, _by_codes(first, known, code))


def _goes_with(detail: Detail, meaning: Meaning) -> bool:
    """Whether a status code's detail is about the same as what the words have decided."""
    kinds: dict[Detail, tuple[Meaning, ...]] = {
        Detail.SWITCHED_OFF: (Meaning.NO_MAILBOX, Meaning.LATER),
        Detail.NO_DOMAIN: (Meaning.NO_MAILBOX, Meaning.LATER, Meaning.HARD),
        Detail.UNREACHED: (Meaning.LATER, Meaning.SOFT, Meaning.HARD),
        Detail.BUSY: (Meaning.LATER, Meaning.SOFT),
    }
    return meaning in kinds.get(detail, (Meaning.POLICY,))


def plain(text: str) -> str:
    """The words of a reply: lower case, one line, without what somebody else may have written."""
    words = _AGAIN.sub(" ", text[:MAX_TEXT]).lower()
    for pattern in (_QUOTATION, _LINK, _ADDRESS):
        words = pattern.sub("<>", words)
    return _SPACE.sub(" ", words).strip()


def _first_status(text: str) -> str:
    found = _STATUS.search(text)
    return found[1] if found else ""


def _by_codes(first: str, status: str, code: int) -> Meaning:
    permanent = first == "5"
    pair = _BY_STATUS.get(status[2:]) if status[:1] == first else None
    if pair and (meaning := pair[permanent]):
        return meaning
    if not status and code in _BY_CODE:
        return _BY_CODE[code]
    return Meaning.HARD if permanent else Meaning.SOFT
