"""Disk: room for mail and for the queue."""

from __future__ import annotations

import shutil
from pathlib import Path

from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend

LEAST = 5 * 2**30
LEAST_SHARE = 0.1


def check(context: Context) -> Finding:
    """At least 5 GiB and a tenth of the disk are free."""
    place: Path = context.home.root
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    share = usage.free / usage.total
    words = f"{usage.free / 2**30:.1f} GiB ({share:.0%}) are free on the disk of {place}."
    if usage.free < LEAST or share < LEAST_SHARE:
        return Finding("warn", words, "Make room, or move the home to a larger disk.")
    return Finding("ok", words)


mend = no_mend
