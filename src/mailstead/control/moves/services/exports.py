"""Exports: asked for by a person, made by the worker and the node, fetched, and gone after days.

The archive holds every hash and key of a customer: it lies where only the control plane's user and
root can read it, and each time it is fetched stands in the trail.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Customer, Mailbox
from mailstead.control.hosting.queries import scope
from mailstead.control.moves.models import Export
from mailstead.control.moves.queries import exported_domains
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.home import Home
from mailstead.standards.pieces import ENDINGS, Packing
from mailstead.standards.refusal import Refusal
from mailstead.wire.exports import ARCHIVE, PROGRESS, STOP
from mailstead.wire.orders import PackMail

KEPT = dt.timedelta(days=7)
"""For which a whole archive can be fetched."""
OPEN = ("waiting", "making", "stopped")
PACKING: Packing = "zst"
_ODD = re.compile(r"[^A-Za-z0-9.-]+")


def folder_of(number: int) -> Path:
    """Where an export is made and lies."""
    return Home(settings.MAILSTEAD.home).exports / str(number)


def check_exportable(customer: Customer, domain: str, *, with_mail: bool) -> None:
    """Refuse what cannot be made on this machine. Raises `Refusal`."""
    domains = list(exported_domains(customer, domain))
    if not domains:
        raise Refusal(
            "export-empty",
            "There is no domain to export.",
            remedy="Name one of the customer's domains.",
        )
    here = settings.MAILSTEAD.server if settings.MAILSTEAD.control == "here" else ""
    away = next((one for one in domains if one.server.name != here), None)
    if with_mail and away is not None:
        raise Refusal(
            "export-mail-away",
            "The mail of {domain} lies on another server, {server}, and cannot be packed here.",
            remedy="Export without mail, and bring the mail over by IMAP.",
            domain=away.name,
            server=away.server.hostname,
        )


def note_export(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    customer: Customer,
    number: int,
    **after: Any,
) -> None:
    """Write it into the trail; refuses who may not."""
    roles.require(actor, f"export.{verb}")
    if not scope.sees_customer(actor, customer):
        raise Refusal("object-unknown", "There is no such thing here.")
    people.record(
        actor=actor,
        verb=f"export.{verb}",
        kind="export",
        label=customer.name,
        object_id=number,
        now=now,
        after=after or None,
        owner=people.Owner(customer=customer.pk),
    )


@transaction.atomic
def create_export(
    *,
    actor: Actor,
    now: dt.datetime,
    customer: Customer,
    domain: str = "",
    with_mail: bool = False,
) -> Export:
    """An archive of all of a customer's or of one domain, made in the background.

    Raises `Refusal` (`export-…`).
    """
    roles.require(actor, "export.create")
    check_exportable(customer, domain, with_mail=with_mail)
    if Export.objects.filter(customer=customer, state__in=OPEN).exists():
        raise Refusal(
            "export-open",
            "An export of {customer} is being made already.",
            remedy="Wait until it is there, or remove it.",
            customer=customer.name,
        )
    boxes = Mailbox.objects.filter(
        domain__in=exported_domains(customer, domain).values("pk"), removed_at=None
    )
    octets = boxes.aggregate(sum=Sum("usage_bytes"))["sum"] or 0
    made = Export.objects.create(
        customer=customer,
        domain=domain,
        with_mail=with_mail,
        octets_all=octets if with_mail else 0,
        created_at=now,
        created_by=str(actor)[:280],
    )
    note_export(actor, now, "create", customer, made.pk, domain=domain, with_mail=with_mail)
    return made


def _locked(export: Export) -> Export:
    rows = Export.objects.select_for_update().select_related("customer")
    found = rows.filter(pk=export.pk).first()
    if found is None:
        raise Refusal("gone", "It was removed in the meantime.")
    return found


@transaction.atomic
def stop_export(*, actor: Actor, now: dt.datetime, export: Export) -> None:
    """Stop where it is; it can go on. Raises `Refusal` (`export-not-open`)."""
    row = _locked(export)
    if row.state not in ("waiting", "making"):
        raise Refusal("export-not-open", "The export is not being made.", remedy="See its state.")
    row.state = "stopped"
    row.save(update_fields=["state"])
    note_export(actor, now, "stop", row.customer, row.pk)
    transaction.on_commit(partial(_stop_packing, row.pk))


def _stop_packing(number: int) -> None:
    if folder_of(number).is_dir():
        (folder_of(number) / STOP).touch()


@transaction.atomic
def resume_export(*, actor: Actor, now: dt.datetime, export: Export) -> None:
    """Go on where it was stopped or has failed. Raises `Refusal` (`export-not-stopped`)."""
    row = _locked(export)
    if row.state not in ("stopped", "failed"):
        raise Refusal("export-not-stopped", "The export has not been stopped.")
    row.state, row.words, row.asked_at = "waiting", "", None
    row.save(update_fields=["state", "words", "asked_at"])
    note_export(actor, now, "resume", row.customer, row.pk)
    transaction.on_commit(partial(_go_on, row.pk))


def _go_on(number: int) -> None:
    for name in (PROGRESS, STOP):
        (folder_of(number) / name).unlink(missing_ok=True)


@transaction.atomic
def remove_export(*, actor: Actor, now: dt.datetime, export: Export) -> None:
    """The archive goes at once. Raises `Refusal`."""
    row = _locked(export)
    number = row.pk
    note_export(actor, now, "remove", row.customer, number)
    row.delete()
    transaction.on_commit(partial(drop_files, number, now))


@transaction.atomic
def fetch_export(*, actor: Actor, now: dt.datetime, export: Export) -> Path:
    """The whole archive, to be given to whoever asks; it stands in the trail. Raises `Refusal`."""
    row = _locked(export)
    path = folder_of(row.pk) / ARCHIVE
    if row.state != "done" or not path.is_file():
        raise Refusal(
            "export-not-done",
            "The export is not there yet, or not any more.",
            remedy="Wait until it is whole, or make another.",
        )
    note_export(actor, now, "download", row.customer, row.pk, size=row.size)
    return path


def drop_files(number: int, now: dt.datetime) -> None:
    """Remove the directory of an export; what is being packed ends, and the node cleans up."""
    _stop_packing(number)
    shutil.rmtree(folder_of(number), ignore_errors=True)
    ask_packing(number, now)


def ask_packing(number: int, now: dt.datetime) -> None:
    """Have the node of this machine pack an export, or clean up after one that was removed."""
    feed.ask(
        server=settings.MAILSTEAD.server,
        order=PackMail(export=number),
        key=str(number),
        actor_name="system",
        now=now,
    )


def expire_exports(now: dt.datetime) -> int:
    """Archives that were kept long enough go, and directories of which nothing is known."""
    over = Export.objects.filter(expires_at__lte=now) | Export.objects.filter(
        state__in=("failed", "stopped"), created_at__lte=now - KEPT
    )
    numbers = list(over.values_list("pk", flat=True))
    Export.objects.filter(pk__in=numbers).delete()
    root = Home(settings.MAILSTEAD.home).exports
    known = set(Export.objects.values_list("pk", flat=True))
    there = {int(one.name) for one in root.iterdir() if one.name.isdigit()} if root.is_dir() else ()
    for number in sorted(set(there) - known):
        drop_files(number, now)
    return len(numbers)


def file_name(customer: Customer, domain: str, now: dt.datetime) -> str:
    """How the archive is called where it is saved."""
    about = _ODD.sub("-", domain or customer.name).strip("-.")[:100] or str(customer.pk)
    return f"mailstead-{about}-{now:%Y-%m-%d}{ENDINGS[PACKING]}"
