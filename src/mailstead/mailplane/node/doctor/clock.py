"""The clock: DKIM signatures, TLS and queue times need the right one."""

from __future__ import annotations

import ctypes

from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def check(context: Context) -> Finding:
    """The kernel says that its clock is synchronised."""
    # A zeroed struct timex (at most 256 octets) asks and sets nothing.
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(256))
    if state < 0 or state == _TIME_ERROR:
        return Finding(
            "warn",
            "The clock is not synchronised.",
            "Install and start systemd-timesyncd or chrony.",
        )
    return Finding("ok", "The clock is synchronised.")


mend = no_mend
