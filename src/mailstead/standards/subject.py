"""The subject of a message as a keyed hash, by which a log finds it without holding it.

Made by Rspamd on the node and by whoever searches, so all of it is exact: what Re: and its kin in
other languages begin is left out, white space counts as one blank, capitals are small letters, then
BLAKE2b (RFC 7693) with the company's key, of which the first 16 hexadecimal digits are kept.
Without the key nobody can try subjects out.
"""

from __future__ import annotations

import re
from hashlib import blake2b

DIGITS = 16
LONGEST = 1000
"""Octets of the bare subject that count."""
REPLIES = ("re", "aw", "antw", "fw", "fwd", "wg", "sv", "vs", "tr", "rv")
"""What mail programs put before a colon when they answer or forward."""
_AGAIN = re.compile(rf"(?:{'|'.join(REPLIES)})(?:\[[0-9]+\])?: ?")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")


def bare(subject: str) -> str:
    """A subject as it is compared."""
    # Each character by itself, as the node does it: no rule about the end of a word.
    small = "".join(letter.lower()[:1] for letter in subject)
    text = _SPACE.sub(" ", small).strip(" ")
    while found := _AGAIN.match(text):
        text = text[found.end() :]
    return text


def subject_hash(subject: str, key: bytes) -> str:
    """The hash of a subject; empty where nothing is left of it. `key` has at most 64 octets."""
    text = bare(subject).encode("utf-8", "replace")[:LONGEST]
    return blake2b(text, key=key, digest_size=64).hexdigest()[:DIGITS] if text else ""
