"""Programs: what runs is what is installed."""

from __future__ import annotations

from mailstead.mailplane.node import renewal
from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend


def check(context: Context) -> Finding:
    """No process runs a program, code or settings that have been replaced since its start."""
    names = renewal.outdated(context.home)
    if names:
        return Finding(
            "warn",
            f"What runs is older than what is installed: {', '.join(names)}.",
            "Run 'mailstead up'.",
        )
    return Finding("ok", "Every process runs the program that is installed.")


mend = no_mend
