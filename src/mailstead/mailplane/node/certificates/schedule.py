"""When a certificate is renewed, and when what failed is tried again."""

from __future__ import annotations

import datetime as dt
import hashlib

from cryptography import x509

SPENT = 2 / 3
"""Of a certificate's life, after which it is renewed."""
JITTER = 0.05
"""Of its life, by which names are spread, so that a thousand are not renewed in one hour."""
PAUSES = tuple(dt.timedelta(hours=hours) for hours in (1, 2, 4, 8, 16, 24))
"""After so many failed orders in a row. Let's Encrypt allows five an hour for a name."""
AT_THE_LIMIT = dt.timedelta(hours=12)
"""After the authority has said that it is asked too often."""
WHILE_TRYING = dt.timedelta(minutes=20)
"""Noted before an order begins: a node that is killed in its midst does not order in a circle."""
ELSEWHERE = dt.timedelta(minutes=5)
"""Between two looks at a name that does not point here: somebody may be changing that now."""
ELSEWHERE_LONG = dt.timedelta(hours=1)
"""The same when it has not for a day."""
ASKED_AGAIN = dt.timedelta(minutes=2)
"""Between two orders that a person asks for."""
LOOKED_AGAIN = dt.timedelta(seconds=10)
"""Between two looks at the DNS that a person asks for: nothing was ordered yet."""
ALARMS = (1, 7, 21)
"""Days before the end of a certificate at which the operator is told, once each."""


def renew_at(certificate: x509.Certificate, name: str) -> dt.datetime:
    """When it is due: after two thirds of its life, a little earlier or later by its name."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    life = end - begin
    share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32
    return begin + life * (SPENT - JITTER * share)


def pause(failures: int) -> dt.timedelta:
    """How long to wait after the n-th failure in a row."""
    return PAUSES[min(max(failures, 1), len(PAUSES)) - 1]


def alarm(certificate: x509.Certificate, now: dt.datetime) -> int:
    """The alarm that is due: 1, 7 or 21; 0 for none.

    A certificate of a short life is told of when half of what is left at its renewal is gone.
    """
    left = certificate.not_valid_after_utc - now
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    for days in ALARMS:
        if left <= min(dt.timedelta(days=days), life * (1 - SPENT) / 2):
            return days
    return 0
