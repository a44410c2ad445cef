"""Sending addresses: the machine has each of them."""

from __future__ import annotations

from mailstead.mailplane.engines.postfix.model import sending_plan
from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend
from mailstead.mailplane.sending.router import is_here


def check(context: Context) -> Finding:
    """Every address of the plan is one of this machine."""
    plan = sending_plan(context.home)
    if not plan.addresses:
        return Finding("ok", "No sending addresses: mail leaves as the machine's routing wants.")
    missing = [
        text
        for one in plan.addresses
        for text in (one.ipv4, one.ipv6)
        if text and one.state != "paused" and not is_here(text)
    ]
    if missing:
        return Finding(
            "fail",
            f"No address of this machine: {', '.join(missing)}. No mail leaves by them.",
            "Give the machine the addresses, or pause or remove them ('sending-address').",
        )
    return Finding("ok", f"The machine has all of its {len(plan.addresses)} sending addresses.")


mend = no_mend
