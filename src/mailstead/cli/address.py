"""`mailstead address`: what happens to mail for an address."""

from __future__ import annotations

import typer

from mailstead.cli.session import SESSION, shown

app = typer.Typer(help="Questions about an address.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Questions about an address."""


@app.command("explain")
def explain(address: str) -> None:
    """Follow an address to every end."""
    SESSION.control()
    from mailstead.cli.door import queries

    found = queries.explain_to(SESSION.actor(), address)
    if SESSION.json:
        SESSION.print_row(
            {
                "address": address,
                "stored": sorted(found.stored),
                "sent": sorted(found.sent),
                "passed_on": [" to ".join(one) for one in sorted(found.passed_on)],
                "answered": sorted(found.answered),
                "dropped": found.dropped,
                "operator": found.operator,
                "refused": found.refused,
            }
        )
        return
    for step in found.steps:
        ends = list(step.next)
        ends += [f"mailbox {step.store}"] if step.store else []
        ends += ["dropped"] if step.dropped else []
        ends += [f"refused: {step.refused}"] if step.refused else []
        ends += ["answered automatically"] if step.answered else []
        ends += ["the operator"] if step.operator else []
        ends += [_passed_on(step.relay_to)] if step.relay_to else []
        ends += ["sent to its own mail host"] if step.elsewhere else []
        print(f"{shown(step.address)} ({step.how}): {shown(ends)}")
    if found.refused:
        print(f"Refused: {shown(found.refused)}")


def _passed_on(host: str) -> str:
    """Where mail goes that is not delivered here yet, or not any more."""
    if host == "mx":
        return "passed on to where its DNS leads"
    return f"passed on to {host} until the switch"
