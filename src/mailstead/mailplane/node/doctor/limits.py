"""Open files and processes: what the engines need at full load."""

from __future__ import annotations

import resource

from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend
from mailstead.mailplane.node.supervise import FILES

PROCESSES = 8000


def check(context: Context) -> Finding:
    """The hard limits allow what the supervisor asks for."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    if files != resource.RLIM_INFINITY and files < FILES:
        return Finding(
            "fail",
            f"At most {files} open files are allowed.",
            f"Allow {FILES}: the unit of 'mailstead service install' does; elsewhere raise the "
            "hard limit (ulimit -Hn) for whoever runs 'mailstead up'.",
        )
    if processes != resource.RLIM_INFINITY and processes < PROCESSES:
        return Finding("warn", f"At most {processes} processes.", f"Allow {PROCESSES}.")
    return Finding("ok", "Enough open files and processes are allowed.")


mend = no_mend
