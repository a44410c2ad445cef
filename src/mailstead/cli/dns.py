"""`mailstead dns`: records pushed to DNS hosts and taken back, and the company's zone of keys."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal

app = typer.Typer(
    help="Records at DNS hosts, and the company's zone of keys.", no_args_is_help=True
)

Given = Annotated[
    list[str] | None,
    typer.Option("--with", help="What the host asks for and is no secret, as port=53."),
]
Stdin = Annotated[
    bool, typer.Option("--secrets-stdin", help="Read the secrets from standard input, a line each.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--change",
        help="Make only this one, as 'example.org MX'; without it all that take no mail from "
        "another host.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Carry the plan out without asking.")]


@app.command("operator-zone")
def operator_zone(
    push: Annotated[
        bool, typer.Option("--push", help="Tell the zone's servers every name again.")
    ] = False,
) -> None:
    """Print the zone in which the keys of all domains are published, as a zone file."""
    SESSION.control()
    from mailstead.cli.door import keys

    if push:
        count = keys.push_all(actor=SESSION.actor(), now=now())
        SESSION.done(f"Told the zone's servers {count} names.", {"names": count})
        return
    text = "".join(keys.zone_text(SESSION.actor(), now()))
    if SESSION.json:
        SESSION.print_row({"zone": text})
    else:
        print(text, end="")


@app.command("hosts")
def hosts() -> None:
    """List the DNS hosts to which records can be pushed."""
    SESSION.control()
    SESSION.print_rows(_hosts())


@app.command("pushes")
def pushes(name: str) -> None:
    """List what was planned and changed for a domain."""
    SESSION.control()
    SESSION.print_rows([_short(one) for one in _call("list", name)["pushes"]])


@app.command("push")
def push(
    name: str,
    host: Annotated[str, typer.Option("--host", help="As 'mailstead dns hosts' names it.")],
    zone: Annotated[str, typer.Option("--zone", help="The zone that holds the domain.")] = "",
    given: Given = None,
    secrets_stdin: Stdin = False,
    changes: Changes = None,
    yes: Yes = False,
) -> None:
    """Show what would change in the zone, and change it when that is agreed."""
    SESSION.control()
    credentials = _credentials(host, given or [], stdin=secrets_stdin)
    plan = _call("plan", name, {"host": host, "credentials": credentials, "zone": zone})
    _carry_out(name, plan, credentials, changes, yes=yes)


@app.command("undo")
def undo(
    name: str,
    number: int,
    given: Given = None,
    secrets_stdin: Stdin = False,
    changes: Changes = None,
    yes: Yes = False,
) -> None:
    """Show how what a push has replaced would be brought back, and do it when that is agreed."""
    SESSION.control()
    made = _call("show", name, number=number)
    credentials = _credentials(made["host"], given or [], stdin=secrets_stdin)
    plan = _call("undo", name, {"credentials": credentials}, number=number)
    _carry_out(name, plan, credentials, changes, yes=yes)


def _carry_out(
    name: str,
    plan: dict[str, Any],
    credentials: dict[str, str],
    changes: Sequence[str] | None,
    *,
    yes: bool,
) -> None:
    if not SESSION.json or not yes:
        _show(plan)
    if not plan["changes"] or not (yes or _agreed()):
        return
    body = {"credentials": credentials, "changes": list(changes) if changes else None}
    done = _call("apply", name, body, number=plan["number"])
    seen = "its servers answer so" if done["verified_at"] else "its servers do not answer so yet"
    SESSION.done(f"The zone {done['zone']} was changed; {seen}.", done)


def _agreed() -> bool:
    """Whether who sits there agrees; where nobody does, the plan is all."""
    if SESSION.json or not sys.stdin.isatty():
        SESSION.say("Nothing was changed. Add --yes to carry it out.")
        return False
    return typer.confirm("Change the zone?")


def _show(plan: dict[str, Any]) -> None:
    if SESSION.json:
        SESSION.print_row(plan)
        return
    if not plan["changes"]:
        print("All is in the zone already: there is nothing to change.")
    for one in plan["changes"]:
        print(f"{one['kind']}  {one['key']}")
        for sign, values in (("-", one["before"]), ("+", one["after"])):
            for value in values:
                if value not in (one["before"] if sign == "+" else one["after"]):
                    print(f"  {sign} {value}")
        for words in (one["note"], one["warning"]):
            if words:
                print(f"  {words}")
        if one["loud"]:
            print(f"  It is made with --change '{one['key']}' only.")


def _short(one: dict[str, Any]) -> Row:
    fields = ("number", "host", "zone", "state", "planned_at", "applied_at", "verified_at")
    return {field: one[field] for field in fields}


def _hosts() -> list[Row]:
    if SESSION.client is not None:
        found: list[Row] = SESSION.api().get("/dns-hosts")["hosts"]
        return found
    from mailstead.control.dns.push.api import hosts_out

    return [one.dict() for one in hosts_out().hosts]


def _credentials(host: str, given: Sequence[str], *, stdin: bool) -> dict[str, str]:
    """What the host asks for: by options, and the secrets typed or read from a pipe."""
    known = next((one for one in _hosts() if one["key"] == host), None)
    if known is None:
        raise Refusal(
            "dns-host-unknown",
            "Records cannot be pushed to this DNS host.",
            remedy="'mailstead dns hosts' lists those that are known.",
        )
    found = dict(text.partition("=")[::2] for text in given)
    strangers = sorted(set(found) - set(known["credentials"]))
    if strangers:
        raise Refusal(
            "credential-unknown",
            "The DNS host does not ask for {name}.",
            remedy="It asks for {names}.",
            name=ascii(strangers[0]),
            names=", ".join(known["credentials"]),
        )
    for name in known["secrets"]:
        if stdin:
            found[name] = sys.stdin.readline().rstrip("\r\n")
        elif sys.stdin.isatty():
            found[name] = getpass.getpass(f"{name}: ")
        else:
            raise Refusal(
                "secret-missing",
                "There is no terminal to ask for the secret.",
                remedy="Use --secrets-stdin.",
            )
    return found


def _call(act: str, name: str, body: Any = None, number: int = 0) -> dict[str, Any]:
    """One operation, here or at another server, with the same answer."""
    if SESSION.client is not None:
        from mailstead.cli.remote import dns

        return dns.call(act, name, body, number)
    from mailstead.control.dns.push import api, queries, services
    from mailstead.control.hosting import queries as hosting

    actor = SESSION.actor()
    domain = hosting.domain_named(actor, name)
    who: dict[str, Any] = {"actor": actor, "now": now()}
    if act == "list":
        return {"pushes": [api.out(one).dict() for one in queries.pushes(domain)[:50]]}
    if act == "plan":
        values = {"provider": body["host"], "credentials": body["credentials"]}
        made = services.plan_push(**who, domain=domain, zone=body["zone"], **values)
        return api.out(made).dict()
    made = queries.push_numbered(domain, number)
    if act == "undo":
        made = services.plan_undo(**who, push=made, credentials=body["credentials"])
    elif act == "apply":
        chosen = body["changes"]
        services.apply_push(**who, push=made, credentials=body["credentials"], chosen=chosen)
    return api.out(made).dict()
