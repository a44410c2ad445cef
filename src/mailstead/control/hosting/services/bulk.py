"""Mailboxes and domains by the hundred thousand: rows of an import, each batch one transaction.

A row that is refused does not stop the others; a row that is there already is said to be so, which
makes a repeated import harmless.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import Q, prefetch_related_objects

from mailstead.control.feed import services as feed
from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Customer, Domain, Mailbox, Server
from mailstead.control.hosting.queries import sending
from mailstead.control.hosting.queries.scope import of_domains
from mailstead.control.hosting.rows import DomainRow, MailboxRow, Result
from mailstead.control.hosting.services import limits
from mailstead.control.hosting.services.common import (
    checked_size,
    facts,
    no_alias,
    permit,
    take_serials,
)
from mailstead.control.hosting.services.dkim import new_key
from mailstead.control.hosting.services.feeds import Post
from mailstead.control.hosting.services.mailboxes import CREDENTIAL, LOCKED, secret_of
from mailstead.control.hosting.services.proof import claim
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.address import mailbox_address, normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange


class _Batch:
    """What is known and what is to be written in one batch of mailboxes."""

    def __init__(self, actor: Actor, now: dt.datetime, rows: Sequence[MailboxRow]) -> None:
        self.now = now
        names = set()
        for row in rows:
            names.add(row.address.rpartition("@")[2].strip().lower())
        found = Domain.objects.filter(of_domains(actor), removed_at=None).select_related(
            "customer__reseller", "server", "alias_of"
        )
        # Several may claim a name: the one that is live comes last and counts.
        wanted_names = self._normal(names)
        self.domains = {d.name: d for d in found.filter(name__in=wanted_names).order_by("proven")}
        existing = Mailbox.objects.filter(domain__in=self.domains.values(), removed_at=None)
        wanted = {row.address.rpartition("@")[0].strip().lower() for row in rows}
        self.present = set(existing.filter(local__in=wanted).values_list("domain__name", "local"))
        self.looked_at: dict[int, Refusal | None] = {}
        self.rooms: dict[int, list[limits.Room]] = {}
        self.shared: dict[int, limits.Room] = {}
        self.new: list[Mailbox] = []

    @staticmethod
    def _normal(names: set[str]) -> set[str]:
        found = set()
        for name in names:
            try:
                found.add(normalise_domain(name))
            except Refusal:
                continue
        return found

    def _take_place(self, customer: Customer) -> None:
        if customer.pk not in self.rooms:
            rooms = limits.rooms(customer, "mailbox")
            # A reseller's room is one for all of its customers.
            self.rooms[customer.pk] = [
                self.shared.setdefault(room.owner.pk, room) for room in rooms
            ]
        limits.take(self.rooms[customer.pk], customer, "mailbox", 1)

    def _open(self, domain: Domain) -> None:
        """Refuse a domain that takes no mailboxes; each is locked and looked at once."""
        if domain.pk not in self.looked_at:
            try:
                no_alias(domain)
            except Refusal as refusal:
                self.looked_at[domain.pk] = refusal
            else:
                self.looked_at[domain.pk] = None
        found = self.looked_at[domain.pk]
        if found is not None:
            raise found

    def take(self, row: MailboxRow, *, dry_run: bool) -> str:
        """Note one row; raises `Refusal`. With `dry_run` no password is hashed: it takes long."""
        address = mailbox_address(row.address)
        domain = self.domains.get(address.domain)
        if domain is None:
            raise Refusal(
                "domain-unknown",
                "The domain {domain} is not hosted here.",
                remedy="Add the domain first.",
                domain=address.domain,
            )
        self._open(domain)
        if (address.domain, address.local) in self.present:
            return "present"
        quota = checked_size(row.quota, "quota")
        rule = domain.customer.password_rule
        secret = secret_of(row.password, row.hashed, rule=rule, dry_run=dry_run)
        self._take_place(domain.customer)
        self.present.add((address.domain, address.local))
        made = Mailbox(
            domain=domain,
            local=address.local,
            secret=secret.text,
            quota=quota,
            login_suspended=LOCKED if secret.locked else "",
            name=row.name[:120],
            created_at=self.now,
        )
        made.breached = secret.breached
        self.new.append(made)
        return "made"


@transaction.atomic
def import_mailboxes(
    *, actor: Actor, now: dt.datetime, rows: Sequence[MailboxRow], dry_run: bool = False
) -> list[Result]:
    """Make the mailboxes of one batch; with `dry_run` only say what would be refused."""
    roles.require(actor, "mailbox.import")
    batch = _Batch(actor, now, rows)
    results: list[Result] = []
    for row in rows:
        try:
            results.append(batch.take(row, dry_run=dry_run))
        except Refusal as refusal:
            results.append(refusal)
    if dry_run or not batch.new:
        return results
    first = take_serials(CREDENTIAL, len(batch.new))
    for number, mailbox in enumerate(batch.new, start=first):
        mailbox.credential = number
    Mailbox.objects.bulk_create(batch.new)
    people.record_many(
        people.entry(
            actor=actor,
            verb="mailbox.import",
            kind="mailbox",
            label=mailbox.address,
            object_id=mailbox.pk or 0,
            now=now,
            after=facts(mailbox),
            reason=people.KNOWN_FROM_LEAKS if mailbox.breached else "",
            owner=permit(actor, "mailbox.import", mailbox),
        )
        for mailbox in batch.new
    )
    # They have none; but a question for each would be asked.
    prefetch_related_objects(batch.new, "app_passwords")
    post = Post()
    for mailbox in batch.new:
        if mailbox.domain.proven:
            post.add(mailbox.domain, messages.mailbox_put(mailbox))
    post.send(now)
    return results


@transaction.atomic
def import_domains(
    *,
    actor: Actor,
    now: dt.datetime,
    rows: Sequence[DomainRow],
    server: Server,
    dkim: bool = True,
    dry_run: bool = False,
) -> list[Result]:
    """Make the domains of one batch; customers must exist.

    `dkim` makes a signing key for each, which takes some 50 ms of processor time.
    """
    roles.require(actor, "domain.import")
    customers: dict[str, Customer | None] = {}
    results: list[Result] = []
    new: list[Domain] = []
    names: set[str] = set()
    for row in rows:
        try:
            name = normalise_domain(row.name)
            owner = row.customer.strip()
            if owner not in customers:
                customers[owner] = Customer.objects.filter(name__iexact=owner).first()
            customer = customers[owner]
            if customer is None:
                raise Refusal(
                    "customer-unknown",
                    "There is no customer {customer}.",
                    remedy="Add the customer first.",
                    customer=ascii(row.customer),
                )
            if name in names or _is_there(customer, name):
                results.append("present")
                continue
            names.add(name)
            made = claim(actor, customer, name)
            made.server, made.created_at = server, now
            new.append(made)
            results.append("made")
        except Refusal as refusal:
            results.append(refusal)
    if dry_run or not new:
        return results
    Domain.objects.bulk_create(new)
    people.record_many(
        people.entry(
            actor=actor,
            verb="domain.import",
            kind="domain",
            label=domain.name,
            object_id=domain.pk or 0,
            now=now,
            after=facts(domain),
            owner=permit(actor, "domain.import", domain),
        )
        for domain in new
    )
    house = sending.house()
    changes: list[AnyChange] = []
    for domain in new:
        if dkim:
            new_key(domain, now)
        if domain.proven:
            changes += [messages.domain_put(domain), messages.sending_put(domain, house)]
    feed.publish(server=server.name, changes=changes, now=now)
    return results


def _is_there(customer: Customer, name: str) -> bool:
    """Whether somebody has it, or this customer claims it."""
    rows = Domain.objects.filter(name=name, removed_at=None)
    return rows.filter(Q(proven=True) | Q(customer=customer)).exists()


def hashed_row(row: MailboxRow) -> MailboxRow:
    """The same row with its password hashed, as a job may keep it; raises `Refusal`.

    A hash stays as it was found: the sign of a locked one is read when the mailbox is made.
    """
    secret = secret_of(row.password, row.hashed)
    return replace(row, password=None, hashed=secret.text if row.hashed is None else row.hashed)
