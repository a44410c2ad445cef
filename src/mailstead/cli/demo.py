"""The demo customer of a first start, and the proof that uses it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass

from mailstead.cli.session import Session, now
from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.node import proof
from mailstead.standards import password as passwords
from mailstead.standards.refusal import Refusal

CUSTOMER = "Demo"
APPLIED_SECONDS = 60.0


@dataclass(frozen=True)
class Proof:
    """The demo's mailboxes and what the test message showed."""

    accounts: list[proof.Account]
    figures: proof.Proved
    made: bool
    """Whether the demo was made by this run."""


def prove(settings: Settings, session: Session) -> Proof | None:
    """Make the demo where there is none, then send and read; None when the demo was removed."""
    accounts = _known(settings)
    made = accounts is None
    if accounts is None:
        accounts = _make(settings, session)
    if len(accounts) < 2 or not all(_usable(session, account) for account in accounts):
        session.say("The demo mailboxes are gone or changed: no test message.")
        return None
    _wait_applied(settings)
    session.say("Sending a test message and reading it back")
    return Proof(accounts, proof.prove(settings, accounts[0], accounts[1]), made)


def _known(settings: Settings) -> list[proof.Account] | None:
    path = Home(settings.home).secrets / "demo.json"
    if not path.exists():
        return None
    return [proof.Account(**item) for item in json.loads(path.read_text(encoding="utf-8"))]


def _usable(session: Session, account: proof.Account) -> bool:
    """Whether the mailbox is there, with the password that we know, and nobody suspended it."""
    from mailstead.control.hosting import queries

    try:
        mailbox = queries.mailbox_named(session.actor(), account.address)
    except Refusal:
        return False
    if mailbox.domain.suspended or mailbox.domain.customer.suspended:
        return False
    if mailbox.login_suspended or mailbox.sending_suspended or mailbox.receiving_suspended:
        return False
    return mailbox.secret.startswith("{SHA512-CRYPT}") and passwords.verify(
        account.password, mailbox.secret
    )


def _make(settings: Settings, session: Session) -> list[proof.Account]:
    from mailstead.control.hosting import queries, services

    actor = session.actor()
    if queries.customers(actor).exists():
        # An instance that has customers is no longer a demo.
        return []
    session.say("Making a demo customer with a domain and two mailboxes")
    customer = services.create_customer(actor=actor, now=now(), name=CUSTOMER)
    domain = services.create_domain(
        actor=actor,
        now=now(),
        name="demo.example",
        customer=customer,
        server=queries.server_named(actor, settings.server),
    )
    accounts = [proof.Account(f"{n}@{domain.name}", passwords.generate()) for n in ("ann", "bob")]
    _keep(settings, accounts)
    for account in accounts:
        services.create_mailbox(
            actor=actor,
            now=now(),
            domain=domain,
            address=account.address,
            password=account.password,
        )
    return accounts


def _keep(settings: Settings, accounts: list[proof.Account]) -> None:
    """Root alone may read them; a later start proves the host with them again."""
    path = Home(settings.home).secrets / "demo.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump([{"address": a.address, "password": a.password} for a in accounts], out)


def _wait_applied(settings: Settings) -> None:
    from mailstead.control.feed import queries as feed

    deadline = time.monotonic() + APPLIED_SECONDS
    while True:
        head = feed.head(settings.server)
        if head is not None and head.acked >= head.revision:
            return
        if time.monotonic() > deadline:
            raise Refusal(
                "not-applied",
                "The agent has not brought the directory up to date.",
                remedy=f"Look into {settings.home}/log/agent.out.",
                permanent=False,
            )
        time.sleep(0.05)
