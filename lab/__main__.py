"""`python -m lab`: build a lab, look at it, work in one of its hosts, remove it.

up [--node]        build a lab that stays; with --node also start Mailstead in it
status             which labs exist
shell [N] HOST     a shell in a host of lab N: dns, far, clients, node
down [N | --all]   remove lab N (default: the only one), or all of them
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from lab import state
from lab.commands import LabError
from lab.internet import Lab
from lab.namespaces import existing
from lab.plan import Plan


def main() -> int:
    """Run one command; returns the exit code: 0 done, 2 refused with a sentence."""
    parser = argparse.ArgumentParser(
        prog="python -m lab", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up")
    up.add_argument("--node", action="store_true", help="start Mailstead in the node's host")
    verbs.add_parser("status")
    shell = verbs.add_parser("shell")
    shell.add_argument("number", nargs="?", type=int)
    shell.add_argument("host")
    down = verbs.add_parser("down")
    down.add_argument("number", nargs="?", type=int)
    down.add_argument("--all", action="store_true")
    words = parser.parse_args()
    try:
        return _VERBS[words.verb](words)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2


def _up(words: argparse.Namespace) -> int:
    began = time.monotonic()
    lab = Lab(lasting=True)
    node = lab.add_node()
    node.write_settings()
    number, plan = lab.plan.number, lab.plan
    if words.node:
        print("Starting Mailstead in the node's host …", flush=True)
        print(node.up(), end="")
    print(f"Lab {number} is up after {time.monotonic() - began:.1f} s.")
    for address, what in (
        (plan.outside.v4, f"this machine, on the bridge {plan.bridge}"),
        (plan.dns.v4, f"dns: Knot, the root and all zones; log {lab.dns.log}"),
        (plan.far.v4, f"far: Exim, {', '.join(lab.foreign.domains)}"),
        (plan.clients.v4, f"clients: it and every address in {plan.clients4}"),
        (node.address, f"node: {node.hostname}, home {node.folder}"),
    ):
        print(f"  {address!s:<15} {what}")
    print(f"Enter a host: python -m lab shell {number} node   Remove: python -m lab down {number}")
    return 0


def _status(_words: argparse.Namespace) -> int:
    numbers = state.numbers()
    if not numbers:
        print("There is no lab.")
    for number in numbers:
        word = "up" if state.alive(number) else "dead; the next `up` or `down` removes it"
        hosts = ", ".join(name.partition("-")[2] for name in existing(Plan(number)))
        print(f"lab {number}: {word}; hosts {hosts or 'none'}; files in {state.folder(number)}")
    return 0


def _shell(words: argparse.Namespace) -> int:
    name = Plan(_only(words.number)).namespace(words.host)
    program = os.environ.get("SHELL", "/bin/bash")
    os.execvp("ip", ["ip", "netns", "exec", name, program])


def _down(words: argparse.Namespace) -> int:
    swept = state.sweep()
    for number in swept:
        print(f"Lab {number} was dead; its leftovers are removed.")
    if words.all:
        numbers = state.numbers()
    elif words.number in swept or (swept and words.number is None):
        numbers = []
    else:
        numbers = [_only(words.number)]
    for number in numbers:
        state.release(Plan(number))
        print(f"Lab {number} is removed.")
    return 0


def _only(number: int | None) -> int:
    numbers = state.numbers()
    if number is None:
        if len(numbers) != 1:
            raise LabError(f"Say which lab: {numbers or 'there is none'}.")
        return numbers[0]
    if number not in numbers:
        raise LabError(f"There is no lab {number}; `python -m lab status` lists them.")
    return number


_VERBS = {"up": _up, "status": _status, "shell": _shell, "down": _down}

if __name__ == "__main__":
    sys.exit(main())
