"""The importer: rows of a plan made one after another, each in a savepoint of its own.

What is refused stays behind with its reason and stops nothing else. Who runs it again changes
nothing that is there, and tries again what has failed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext

from mailstead.control.moves.models import Move, PlanRow
from mailstead.control.moves.plan.items import Item, items
from mailstead.control.moves.plan.make import site_of
from mailstead.control.moves.plan.rows import Site, Verdict
from mailstead.control.moves.queries import house_of, inventory_of
from mailstead.control.moves.services.install import addresses, domains, mailboxes
from mailstead.control.moves.services.install.build import Build, Installer
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

INSTALL = "install-move"
"""Kind of the job."""
BATCH = 20
"""Rows of one step: nobody else can write to SQLite meanwhile."""


def _nothing(build: Build, item: Item, verdict: Verdict) -> str:
    """There is nothing to make."""
    return "left"


INSTALLERS: Mapping[str, Installer] = {
    "owner": domains.install_owner,
    "account": domains.install_account,
    "limits": domains.install_account,
    "domain": domains.install_domain,
    "routing": domains.install_routing,
    "domain-suspended": domains.install_suspended_domain,
    "mailbox": mailboxes.install_mailbox,
    "password": mailboxes.install_password,
    "quota": mailboxes.install_quota,
    "login-name": mailboxes.install_login_name,
    "suspended": mailboxes.install_suspended,
    "forwarder": addresses.install_forwarder,
    "default": domains.install_default,
    "domain-forwarder": domains.install_domain_forwarder,
    "autoresponder": addresses.install_autoresponder,
    "list": addresses.install_list,
    "spam": mailboxes.install_spam,
    "domain-spam": mailboxes.install_domain_spam,
    "filter": mailboxes.install_filter,
    "domain-filter": mailboxes.install_domain_filter,
    "unfiltered": _nothing,
    "rules": mailboxes.install_rules,
    "sieve": mailboxes.install_sieve,
    "contacts": mailboxes.install_webmail,
    "identity": mailboxes.install_webmail,
    "response": mailboxes.install_webmail,
    "trusted": mailboxes.install_webmail,
    "mail": mailboxes.install_mail,
    "boxtrapper": _nothing,
    "dkim": domains.install_dkim,
    "zone": _nothing,
    "certificate": _nothing,
    "remark": _nothing,
}
_KEPT_THOUGH_REFUSED = ("filter-kept", "sieve-extension", "sieve-invalid")
"""Why something does not come whose text is kept."""


def install_total(move: Move) -> int:
    """How many rows there are to make."""
    return PlanRow.objects.filter(move=move).count()


@dataclass(frozen=True)
class Ground:
    """What the rows of one move are made from; it is the same for all of them."""

    site: Site
    listed: Mapping[str, Item]


def ground_of(move: Move) -> Ground:
    """What was found, and what the house had before: as the plan looked at it. Raises `Refusal`."""
    inventory = inventory_of(move)
    site = site_of(inventory, house_of(move, inventory), move.answers)
    return Ground(site, {item.key: item for item in items(site.inventory)})


@transaction.atomic
def install_next(
    *,
    actor: Actor,
    now: dt.datetime,
    move: Move,
    after: int,
    count: int = BATCH,
    ground: Ground | None = None,
) -> int | None:
    """Make the next rows after a number; returns the last one's, None when there are no more.

    `ground` is found out anew where it is not given, which takes its time for a large account.
    """
    rows = list(PlanRow.objects.filter(move=move, number__gt=after).order_by("number")[:count])
    if not rows:
        return None
    ground = ground or ground_of(move)
    build = Build(actor, now, move, ground.site)
    domains.ensure_customer(build)
    for row in rows:
        if row.outcome not in ("made", "present"):
            _make(build, row, ground.listed[row.key])
    return rows[-1].number


def _make(build: Build, row: PlanRow, item: Item) -> None:
    verdict = _planned(row)
    keep = row.code in _KEPT_THOUGH_REFUSED
    row.outcome_words = ""
    if row.grade in ("refused", "asks") and not keep:
        row.outcome = "left"
    else:
        try:
            with transaction.atomic():
                row.outcome = INSTALLERS[row.kind](build, item, verdict)
        except Refusal as refusal:
            row.outcome, row.outcome_words = "failed", refusal.say(gettext)[:1000]
    row.save(update_fields=["outcome", "outcome_words"])


def _planned(row: PlanRow) -> Verdict:
    """The verdict as it was shown and answered."""
    return Verdict(row.grade, row.code, row.facts)  # type: ignore[arg-type]


__all__ = ["INSTALL", "INSTALLERS", "Ground", "ground_of", "install_next", "install_total"]
