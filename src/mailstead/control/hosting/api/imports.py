"""Many at once: batches of rows, each taken or refused for itself; a repetition is harmless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.addresses import AnswerNew, ForwarderNew
from mailstead.control.hosting.api.schemas import RouteIn
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.schemas import In, Limit, Size
from mailstead.standards.refusal import Refusal

router = Router(tags=["Imports"])
MOST = 500


class Outcome(Schema):
    """What became of one row."""

    result: Literal["made", "present", "refused"]
    code: str = Field("", description="Of a refusal.")
    words: str = ""
    remedy: str = ""


class Outcomes(Schema):
    """What became of each row, in their order."""

    results: list[Outcome]


class _Rows(In):
    """A batch."""

    dry_run: bool = Field(False, description="Only say what would be refused.")


class CustomerRow(In):
    """One customer."""

    name: str = Field(min_length=1, max_length=120)
    email: str = Field("", max_length=254)
    quota: Size = 0
    mailbox_limit: Limit | None = None


class CustomerRows(_Rows):
    """A batch of customers."""

    rows: list[CustomerRow] = Field(max_length=MOST)


class DomainRow(In):
    """One domain and the name of its customer."""

    name: str = Field(min_length=1, max_length=253)
    customer: str = Field(min_length=1, max_length=120)


class DomainRows(_Rows):
    """A batch of domains."""

    rows: list[DomainRow] = Field(max_length=MOST)
    server: str = Field("", max_length=63, description="Their node; default: the emptiest.")
    dkim: bool = True


class MailboxRow(In):
    """One mailbox."""

    address: str = Field(max_length=320)
    password: str | None = Field(None, max_length=200)
    hash: str | None = Field(None, max_length=250)
    quota: Size = 0
    name: str = Field("", max_length=120, description="Whose mailbox it is.")


class MailboxRows(_Rows):
    """A batch of mailboxes."""

    rows: list[MailboxRow] = Field(max_length=MOST)


class ForwarderRows(_Rows):
    """A batch of forwarders."""

    rows: list[ForwarderNew] = Field(max_length=MOST)


class CatchAllRow(RouteIn):
    """One domain's catch-all."""

    domain: str = Field(min_length=1, max_length=253)


class CatchAllRows(_Rows):
    """A batch of catch-alls."""

    rows: list[CatchAllRow] = Field(max_length=MOST)


class AnswerRows(_Rows):
    """A batch of automatic answers."""

    rows: list[AnswerNew] = Field(max_length=MOST)


def _told(results: Sequence[services.Result]) -> Outcomes:
    return Outcomes(results=[_outcome(result) for result in results])


def _outcome(result: services.Result) -> Outcome:
    if isinstance(result, Refusal):
        return Outcome(result="refused", code=result.code, words=result.words, remedy=result.remedy)
    return Outcome(result=result, code="", words="", remedy="")  # type: ignore[arg-type]


@router.post("/imports/customers", response=Outcomes, summary="Import customers")
@operation("customer.import")
def import_customers(request: HttpRequest, body: CustomerRows) -> Outcomes:
    """At most 500 at once."""
    rows = [services.CustomerRow(**row.model_dump()) for row in body.rows]
    return _told(
        services.import_customers(
            actor=caller(request), now=timezone.now(), rows=rows, dry_run=body.dry_run
        )
    )


@router.post("/imports/domains", response=Outcomes, summary="Import domains")
@operation("domain.import")
def import_domains(request: HttpRequest, body: DomainRows) -> Outcomes:
    """At most 500 at once; signing keys take some 50 ms each."""
    actor = caller(request)
    server = queries.server_named(actor, body.server) if body.server else None
    server = server or queries.servers(actor).first()
    if server is None:
        raise Refusal("server-missing", "There is no server yet.", remedy="Add one first.")
    return _told(
        services.import_domains(
            actor=actor,
            now=timezone.now(),
            rows=[services.DomainRow(row.name, row.customer) for row in body.rows],
            server=server,
            dkim=body.dkim,
            dry_run=body.dry_run,
        )
    )


@router.post("/imports/mailboxes", response=Outcomes, summary="Import mailboxes")
@operation("mailbox.import")
def import_mailboxes(request: HttpRequest, body: MailboxRows) -> Outcomes:
    """At most 500 at once, each with a password or a hash."""
    rows = [
        services.MailboxRow(
            address=row.address,
            password=row.password,
            hashed=row.hash,
            quota=row.quota,
            name=row.name,
        )
        for row in body.rows
    ]
    return _told(
        services.import_mailboxes(
            actor=caller(request), now=timezone.now(), rows=rows, dry_run=body.dry_run
        )
    )


@router.post("/imports/forwarders", response=Outcomes, summary="Import forwarders")
@operation("forwarder.import")
def import_forwarders(request: HttpRequest, body: ForwarderRows) -> Outcomes:
    """At most 500 at once."""
    rows = [services.ForwarderRow(r.address, r.route(), r.keep_copy) for r in body.rows]
    return _told(
        services.import_forwarders(
            actor=caller(request), now=timezone.now(), rows=rows, dry_run=body.dry_run
        )
    )


@router.post("/imports/catch-alls", response=Outcomes, summary="Import catch-alls")
@operation("domain.set-catch-all")
def import_catch_alls(request: HttpRequest, body: CatchAllRows) -> Outcomes:
    """At most 500 at once."""
    rows = [services.CatchAllRow(row.domain, row.route()) for row in body.rows]
    return _told(
        services.import_catch_alls(
            actor=caller(request), now=timezone.now(), rows=rows, dry_run=body.dry_run
        )
    )


@router.post("/imports/autoresponders", response=Outcomes, summary="Import automatic answers")
@operation("autoresponder.import")
def import_autoresponders(request: HttpRequest, body: AnswerRows) -> Outcomes:
    """At most 500 at once."""
    rows = [services.AutoresponderRow(**row.model_dump()) for row in body.rows]
    return _told(
        services.import_autoresponders(
            actor=caller(request), now=timezone.now(), rows=rows, dry_run=body.dry_run
        )
    )
