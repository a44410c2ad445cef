"""What belongs to one mailbox: app passwords, rules, spam settings, absence, sign-ins."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, mailbox_in
from mailstead.control.hosting.models import AppPassword
from mailstead.control.people.api.door import operation
from mailstead.control.people.api.paging import Number, Page, Turning, paged
from mailstead.control.people.api.schemas import In, Text
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Rule

router = Router(tags=["Inside a mailbox"])
Protocol = Literal["imap", "pop3", "smtp", "sieve"]
Level = Literal["off", "lenient", "normal", "strict"]


class AppPasswordOut(Schema):
    """A password of one program."""

    id: int
    name: str
    protocols: list[Protocol] = Field(description="None: all.")
    created_at: dt.datetime


class AppPasswordMade(AppPasswordOut):
    """An app password that was just made."""

    password: str | None = Field(description="Shown this once; null in a repeated answer.")


class AppPasswordNew(In):
    """A new app password."""

    name: str = Field(min_length=1, max_length=60)
    protocols: list[Protocol] = Field(default=[], max_length=4)


def _app(row: AppPassword) -> dict[str, object]:
    return {
        "id": row.pk,
        "name": row.name,
        "protocols": row.protocols,
        "created_at": row.created_at,
    }


@router.get(
    "/mailboxes/{mailbox}/app-passwords",
    response=Page[AppPasswordOut],
    summary="List app passwords",
)
@operation("app-password.view")
def list_app_passwords(request: HttpRequest, mailbox: Named, turn: Turning) -> object:
    """Their names; the passwords themselves are kept nowhere."""
    actor, found = mailbox_in(request, mailbox)
    return paged(queries.app_passwords(actor, found), turn, _app)


@router.post(
    "/mailboxes/{mailbox}/app-passwords",
    response={201: AppPasswordMade},
    summary="Make an app password",
)
@operation("app-password.create", secrets=("password",))
def create_app_password(
    request: HttpRequest, mailbox: Named, body: AppPasswordNew
) -> Status[object]:
    """A password for one program, which ends alone."""
    actor, found = mailbox_in(request, mailbox)
    row, text = services.create_app_password(
        actor=actor, now=timezone.now(), mailbox=found, name=body.name, protocols=body.protocols
    )
    return Status(201, _app(row) | {"password": text})


@router.delete(
    "/mailboxes/{mailbox}/app-passwords/{number}",
    response={204: None},
    summary="Remove an app password",
)
@operation("app-password.remove")
def remove_app_password(request: HttpRequest, mailbox: Named, number: Path[Number]) -> Status[None]:
    """It opens nothing any more."""
    actor, found = mailbox_in(request, mailbox)
    row = queries.app_passwords(actor, found).filter(pk=number).first()
    if row is None:
        raise Refusal("app-password-unknown", "There is no such app password.")
    services.remove_app_password(actor=actor, now=timezone.now(), app_password=row)
    return Status(204, None)


class ConditionModel(In):
    """One test of a rule."""

    field: Literal["from", "to", "cc", "recipient", "subject", "header", "body", "size", "spam"]
    match: Literal["contains", "is", "begins", "ends", "matches", "over", "under", "exists"]
    value: Text = ""
    header: Text = Field("", description="For the field `header`: its name.")
    negate: bool = False


class ActionModel(In):
    """One thing that a rule does."""

    do: Literal["file", "copy", "redirect", "redirect_copy", "flag", "discard", "reject", "keep"]
    value: Text = Field("", description="A folder, an address, a flag or a text.")


class RuleModel(In):
    """A rule."""

    name: Text
    enabled: bool = True
    any_of: bool = Field(False, description="One condition is enough; else all must hold.")
    conditions: list[ConditionModel] = Field(default=[], max_length=50)
    actions: list[ActionModel] = Field(min_length=1, max_length=20)
    stop: bool = Field(True, description="Rules after it are not looked at.")


class Rules(In):
    """All rules of a mailbox, in order."""

    rules: list[RuleModel] = Field(max_length=200)


def _rules(rules: tuple[Rule, ...]) -> Rules:
    return Rules.model_validate({"rules": msgspec.to_builtins(rules)})


@router.get("/mailboxes/{mailbox}/rules", response=Rules, summary="Show rules")
@operation("rules.view")
def show_rules(request: HttpRequest, mailbox: Named) -> Rules:
    """All rules of a mailbox, in order."""
    _, found = mailbox_in(request, mailbox)
    stored = getattr(found, "rule_set", None)
    return _rules(services.parse_rules(stored.rules if stored else []))


@router.put("/mailboxes/{mailbox}/rules", response=Rules, summary="Set rules")
@operation("rules.set")
def set_rules(request: HttpRequest, mailbox: Named, body: Rules) -> Rules:
    """All rules anew, in order; none removes them."""
    actor, found = mailbox_in(request, mailbox)
    rules = services.parse_rules(body.model_dump()["rules"])
    services.set_rules(actor=actor, now=timezone.now(), mailbox=found, rules=rules)
    return body


class SpamModel(In):
    """What a mailbox wants of the spam filter."""

    level: Level
    allow: list[Text] = Field(
        default=[], max_length=1000, description="Addresses and domains that are never spam."
    )
    deny: list[Text] = Field(
        default=[], max_length=1000, description="Addresses and domains that always are."
    )


@router.get("/mailboxes/{mailbox}/spam", response=SpamModel, summary="Show spam settings")
@operation("spam.view")
def show_spam(request: HttpRequest, mailbox: Named) -> SpamModel:
    """The house's own where the mailbox has said nothing."""
    actor, found = mailbox_in(request, mailbox)
    row = queries.spam_settings(actor, found)
    return SpamModel(level=row.level, allow=row.allow, deny=row.deny)  # type: ignore[arg-type]


@router.put("/mailboxes/{mailbox}/spam", response=SpamModel, summary="Set spam settings")
@operation("spam.set")
def set_spam(request: HttpRequest, mailbox: Named, body: SpamModel) -> SpamModel:
    """The whole of them."""
    actor, found = mailbox_in(request, mailbox)
    row = services.set_spam_settings(
        actor=actor,
        now=timezone.now(),
        mailbox=found,
        level=body.level,
        allow=body.allow,
        deny=body.deny,
    )
    return SpamModel(level=row.level, allow=row.allow, deny=row.deny)  # type: ignore[arg-type]


class SignInOut(Schema):
    """Log-ins by one protocol from one network address."""

    id: int
    protocol: str
    address: str
    failed: bool = Field(description="With a wrong password.")
    count: int
    first_at: dt.datetime
    last_at: dt.datetime


@router.get("/mailboxes/{mailbox}/sign-ins", response=Page[SignInOut], summary="List sign-ins")
@operation("sign-in.view")
def list_sign_ins(request: HttpRequest, mailbox: Named, turn: Turning) -> object:
    """From where and with which programs somebody logged in."""
    actor, found = mailbox_in(request, mailbox)
    rows = queries.sign_ins(actor, found)
    return paged(rows, turn, SignInOut.model_validate, newest_first=True)
