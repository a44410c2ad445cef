"""SMTP replies as values: code, enhanced status code, words (RFC 5321 §4.2, RFC 3463)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailstead.standards.refusal import Refusal

MAX_TEXT = 400
"""Octets; a reply line may have 512 with code and CRLF (RFC 5321 §4.5.3.1.5)."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def reply_text(text: str) -> str:
    """`text` as it may stand in a reply; raises `Refusal` (`reply-text-invalid`)."""
    bare = text.strip()
    if not _PRINTABLE.fullmatch(bare) or len(bare) > MAX_TEXT:
        raise Refusal(
            "reply-text-invalid",
            "The text for the sender must be one line of at most {max_text} ASCII characters.",
            remedy="Remove line breaks and characters outside ASCII.",
            max_text=MAX_TEXT,
        )
    return bare


@dataclass(frozen=True)
class Reply:
    """A refusal in SMTP; `str()` gives `550 5.1.1 text`."""

    code: int
    enhanced: str
    text: str

    def __post_init__(self) -> None:
        if not 400 <= self.code <= 599 or not _ENHANCED.fullmatch(self.enhanced):
            raise ValueError(f"not a refusing reply: {self.code} {self.enhanced}")
        if str(self.code)[0] != self.enhanced[0]:
            raise ValueError(f"codes disagree: {self.code} {self.enhanced}")
        reply_text(self.text)

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.text}"
