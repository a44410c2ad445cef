"""Reports: what came to the node's addresses for reports goes up to the control plane."""

from __future__ import annotations

from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend
from mailstead.wire.events import REPORT_KINDS

MANY = 1000
"""Waiting, more than which the control plane would have taken in an hour."""


def check(context: Context) -> Finding:
    """Few reports wait, and none was put aside."""
    folder = context.home.reports
    waiting = sum(1 for kind in REPORT_KINDS for _ in (folder / kind).glob("new/*"))
    aside = sum(1 for _ in folder.glob("aside/*"))
    if waiting > MANY:
        return Finding(
            "warn",
            f"{waiting} reports wait for the control plane.",
            "Look whether the agent runs and the control plane answers.",
        )
    if aside:
        return Finding(
            "warn",
            f"{aside} messages to the addresses for reports were put aside in {folder / 'aside'}.",
            "Look at them: they were too large for reports, or too many came. Then remove them.",
        )
    return Finding("ok", f"{waiting} reports wait for the control plane.")


mend = no_mend
