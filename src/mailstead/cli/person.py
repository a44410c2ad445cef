"""`mailstead person`: who may sign in to the panel, and as what."""

from __future__ import annotations

from typing import Annotated

import typer

from mailstead.cli.session import SESSION, Row, now
from mailstead.standards.refusal import Refusal

app = typer.Typer(help="People who sign in to the panel.", no_args_is_help=True)

Customer = Annotated[
    str, typer.Option("--customer", help="With this customer; without: in the company itself.")
]


def _number(customer: str) -> int | None:
    from mailstead.control.hosting import queries

    return queries.customer_named(SESSION.actor(), customer).pk if customer else None


def _default_role(customer: str) -> str:
    from mailstead.control.hosting import queries

    if not customer:
        return "operator"
    found = queries.customer_named(SESSION.actor(), customer)
    return "reseller" if found.is_reseller else "customer"


@app.command("invite")
def invite(
    email: str,
    customer: Customer = "",
    role: Annotated[
        str, typer.Option("--role", help="operator, staff, reseller, customer or domain_admin.")
    ] = "",
    domain: Annotated[
        list[str] | None, typer.Option("--domain", help="Of a domain administrator; repeatable.")
    ] = None,
    link: Annotated[
        bool, typer.Option("--link", help="Print the link instead of mailing it.")
    ] = False,
) -> None:
    """Let somebody choose a password and sign in: by a mailed link, good for 7 days."""
    SESSION.control()
    from mailstead.control.hosting import queries
    from mailstead.control.people import services

    actor = SESSION.actor()
    number = _number(customer)
    domains = [queries.domain_named(actor, name).pk for name in domain or ()]
    wanted = role or ("domain_admin" if domains else _default_role(customer))
    if link:
        text = services.invitation_link(
            actor=actor, now=now(), email=email, role=wanted, customer=number, domains=domains
        )
        SESSION.done(f"{email} opens this link: {text}", {"email": email, "link": text})
        return
    services.invite(
        actor=actor, now=now(), email=email, role=wanted, customer=number, domains=domains
    )
    SESSION.done(f"{email} gets a mail with a link.", {"email": email, "link": None})


@app.command("list")
def list_(customer: Customer = "") -> None:
    """List who may sign in."""
    SESSION.control()
    from mailstead.control.people import queries

    found = queries.members(_number(customer))
    rows: list[Row] = [
        {
            "id": member.pk,
            "email": member.person.email,
            "name": member.person.name,
            "role": member.role,
            "last_login": member.person.last_login,
        }
        for member in found
    ]
    SESSION.print_rows(rows)


@app.command("remove")
def remove(email: str, customer: Customer = "") -> None:
    """End somebody's access; sessions and tokens end with it."""
    SESSION.control()
    from mailstead.control.people import queries, services

    found = queries.members(_number(customer)).filter(person__email=email.lower()).first()
    if found is None:
        raise Refusal("person-unknown", "There is nobody of this address here.")
    services.remove_member(actor=SESSION.actor(), now=now(), membership=found)
    SESSION.done(f"{email} has no access any more.", {"email": email})
