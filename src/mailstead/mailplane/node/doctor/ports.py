"""Ports: nobody else holds what this instance needs."""

from __future__ import annotations

from mailstead.mailplane.node import ports as machine
from mailstead.mailplane.node import supervise
from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend
from mailstead.standards.refusal import Refusal


def check(context: Context) -> Finding:
    """The ports are free, or held by this instance."""
    if supervise.is_running(context.home):
        return Finding("ok", "This instance holds its ports.")
    try:
        machine.refuse_taken(context.settings)
    except Refusal as refusal:
        return Finding("fail", refusal.words, refusal.remedy)
    except PermissionError:
        return Finding("warn", "Only root can look at ports below 1024.", "Run it as root.")
    return Finding("ok", "The ports are free.")


mend = no_mend
