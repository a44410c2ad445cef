"""Another panel's autoresponder as an automatic answer of the house.

The house's answers are bounded: once a minute to the same sender at most, texts of a certain
size, and a subject. What had to give way is told.
"""

from __future__ import annotations

import datetime as dt

from mailstead.foreign.inventory import Autoresponder, Found
from mailstead.standards.refusal import Refusal

SHORTEST, LONGEST = 60, 60 * 86400
"""Seconds; the house's bounds."""
MAX_SUBJECT, MAX_BODY, MAX_NAME = 250, 100_000, 100
"""Characters."""
STANDARD_SUBJECT = "Re: %subject%"
DIFFERENCES = {
    "interval-shorter": "It answered each message; here the same sender is answered once a minute "
    "at most, so that two robots cannot talk for ever.",
    "interval-longer": "The same sender is answered again after 60 days at the latest.",
    "subject-missing": "It had no subject; the answer has the message's own with 'Re:' before it.",
    "subject-cut": "Its subject was too long and is cut.",
    "name-cut": "The sender's name was too long and is cut.",
    "copy": "Each message also went to another address; a forwarder does that here.",
}
"""Words for each code."""


class Answer(Found, frozen=True, kw_only=True):
    """What the house is to hold."""

    address: str
    subject: str
    body: str
    html: bool
    from_name: str
    starts: dt.datetime | None
    ends: dt.datetime | None
    interval: int
    """Seconds."""
    forward_to: str = ""
    """A forwarder to there is needed beside it, that keeps the mailbox's copy."""
    differences: tuple[str, ...] = ()
    """Codes of `DIFFERENCES`."""


def answer(found: Autoresponder) -> Answer:
    """The answer; raises `Refusal` where there is nothing to say or no time to say it."""
    body = _lines(found.body)
    if not body.strip():
        raise Refusal(
            "answer-empty", "The autoresponder of {address} has no text.", address=found.address
        )
    if len(body) > MAX_BODY:
        # Half an answer may say the opposite.
        raise Refusal(
            "answer-long",
            "The autoresponder of {address} has a text of more than {most} characters.",
            address=found.address,
            most=MAX_BODY,
        )
    if found.starts and found.ends and found.starts >= found.ends:
        raise Refusal(
            "answer-period",
            "The autoresponder of {address} ends before it starts.",
            address=found.address,
        )
    subject, name = _line(found.subject), _line(found.from_name)
    checks = {
        "interval-shorter": found.interval < SHORTEST,
        "interval-longer": found.interval > LONGEST,
        "subject-missing": not subject,
        "subject-cut": len(subject) > MAX_SUBJECT,
        "name-cut": len(name) > MAX_NAME,
        "copy": bool(found.copy_to),
    }
    return Answer(
        address=found.address,
        subject=subject[:MAX_SUBJECT].strip() or STANDARD_SUBJECT,
        body=body,
        html=found.html,
        from_name=name[:MAX_NAME].strip(),
        starts=found.starts,
        ends=found.ends,
        interval=min(LONGEST, max(SHORTEST, found.interval)),
        forward_to=found.copy_to,
        differences=tuple(code for code, differs in checks.items() if differs),
    )


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _lines(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char.isprintable() or char in "\n\t")
