"""Sending the hand with an order and waiting for what it tells, for a bounded time."""

from __future__ import annotations

import subprocess
import sys
import threading

import msgspec

from mailstead.control.dns.push.records import Order, Told
from mailstead.standards.refusal import Refusal

READING = 25.0
"""Seconds; the panel's own limit for a page is a minute."""
CHANGING = 45.0
_LARGEST = 16 * 1024 * 1024
_doors = threading.BoundedSemaphore(2)
"""At the same time: each is a process of its own."""


def call(order: Order) -> Told:
    """What came of the order; `silent` when its time was over."""
    if not _doors.acquire(blocking=False):
        raise Refusal(
            "pushes-many",
            "Too many zones are being read in this moment.",
            remedy="Try again in some seconds.",
            permanent=False,
        )
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mailstead.control.dns.push.hand"],
            input=msgspec.json.encode(order),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # No proxy and no settings of ours: the hand knows its order and nothing else.
            env={"PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore"},
            timeout=CHANGING if order.changes else READING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Told("silent", begun=bool(order.changes))
    finally:
        _doors.release()
    if len(done.stdout) > _LARGEST:
        return Told("zone-large")
    try:
        return msgspec.json.decode(done.stdout, type=Told)
    except msgspec.DecodeError:
        # It was ended: by the bound of its memory or of its time.
        return Told("host-error", f"exit {done.returncode}", begun=bool(order.changes))
