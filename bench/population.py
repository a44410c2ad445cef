"""Who lives on a measured host: the same domains, mailboxes and traffic for every variant.

Everything follows from a number and a seed, so that each variant gets the same messages in the
same order. The password is one for all mailboxes: a log-in costs the same whichever it is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from mailstead.wire.changes import AnyChange, DkimKeyPut, DomainPut, MailboxPut

SUFFIX = "bench.example"  # RFC 2606 §3: nobody's
OUTSIDE = "outside.example"
PASSWORD = "measured-in-the-open"
SECRET = (
    "{SHA512-CRYPT}$6$mailsteadbench00$"
    "MUkQ/xEXBbiy1yJiaZxRuUzZCx3iCKcNUX746UHq.09"
    "3ifkk3sjUDaidDCir6hdX0zLFpxsl2bAT5GynWyEW61"
)
"""`PASSWORD` with Dovecot's default 5,000 rounds."""
MAILBOXES_PER_DOMAIN = 5
QUOTA = 2**30
"""Bytes; the baselines with quotas have the same (`quota_rule`)."""


@dataclass(frozen=True)
class Population:
    """`domains` domains with five mailboxes each."""

    domains: int

    @property
    def mailboxes(self) -> int:
        return self.domains * MAILBOXES_PER_DOMAIN

    def domain(self, number: int) -> str:
        return f"d{number:05d}.{SUFFIX}"

    def address(self, number: int) -> str:
        domain, user = divmod(number, MAILBOXES_PER_DOMAIN)
        return f"u{user + 1}@{self.domain(domain)}"

    def all_domains(self) -> Iterator[str]:
        return (self.domain(number) for number in range(self.domains))

    def all_addresses(self) -> Iterator[str]:
        return (self.address(number) for number in range(self.mailboxes))


@dataclass(frozen=True)
class Letter:
    """One message of the load: envelope and place in the run."""

    sender: str
    recipient: str
    number: int


def traffic(population: Population, count: int, seed: int, *, inside: bool) -> list[Letter]:
    """`count` messages, the same for the same arguments.

    Mail is not spread evenly in life: four in five go to an active 2 % of the mailboxes (at
    least 100), one in five to any. `inside`: sent by hosted mailboxes, else from outside.
    """
    lots = random.Random(seed)
    # The active set does not depend on the seed: later rounds find mailboxes that exist.
    active = random.Random(1).sample(
        range(population.mailboxes), min(population.mailboxes, max(100, population.mailboxes // 50))
    )
    letters = []
    for number in range(count):
        anyone = lots.random() < 0.2
        recipient = lots.randrange(population.mailboxes) if anyone else lots.choice(active)
        sender = (
            population.address(lots.choice(active))
            if inside
            else f"s{lots.randrange(10_000)}@{OUTSIDE}"
        )
        letters.append(Letter(sender, population.address(recipient), number))
    return letters


def things(population: Population, dkim_key: str) -> Iterator[AnyChange]:
    """The population as the control plane tells it: domains with a DKIM key each, mailboxes."""
    for name in population.all_domains():
        yield DomainPut(name=name, customer=1, active=True)
        yield DkimKeyPut(domain=name, selector="s1", private_key=dkim_key)
    for number, address in enumerate(population.all_addresses()):
        yield mailbox(address, store=f"{number:024x}")


def mailbox(address: str, *, store: str, secret: str = SECRET, credential: int = 1) -> MailboxPut:
    """A mailbox without any limit, as a message of the feed."""
    return MailboxPut(
        address=address,
        store=store,
        secret=secret,
        credential=credential,
        quota=QUOTA,
        login=True,
        sending=True,
        receiving=True,
    )
