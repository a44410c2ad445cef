"""App passwords: one for each program or device, random, shown once, ended alone."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection

from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import AppPassword, Mailbox
from mailstead.control.hosting.services.common import checked_text, commit, facts, take_serials
from mailstead.control.hosting.services.mailboxes import CREDENTIAL, living_mailbox
from mailstead.control.people.actor import Actor
from mailstead.standards.password import digest_of
from mailstead.standards.refusal import Refusal

PROTOCOLS = ("imap", "pop3", "smtp", "sieve")
MOST = 50
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without what is read wrongly: 32 letters, five bits each."""


def _random() -> str:
    """`abcd-efgh-…`: 24 letters, 120 bits."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(6))
    return "-".join(groups)


@transaction.atomic
def create_app_password(
    *,
    actor: Actor,
    now: dt.datetime,
    mailbox: Mailbox,
    name: str,
    protocols: Collection[str] = (),
) -> tuple[AppPassword, str]:
    """A new one and its text, which is shown this once; no `protocols` means all."""
    living_mailbox(mailbox)
    bare = checked_text(" ".join(name.split()), "name", 60)
    if not bare:
        raise Refusal("name-missing", "An app password needs a name.", remedy="Name the program.")
    if set(protocols) - set(PROTOCOLS):
        raise Refusal(
            "protocol-unknown-here",
            "An app password is for {protocols}.",
            remedy="Choose among them.",
            protocols=", ".join(PROTOCOLS),
        )
    there = AppPassword.objects.filter(mailbox=mailbox)
    if there.filter(name=bare).exists():
        raise Refusal(
            "app-password-exists",
            "There is an app password '{name}' already.",
            remedy="Choose another name, or remove that one.",
            name=bare,
        )
    if there.count() >= MOST:
        raise Refusal(
            "app-passwords-many",
            "There are {most} app passwords.",
            remedy="Remove those that nobody uses.",
            most=MOST,
        )
    text = _random()
    made = AppPassword.objects.create(
        mailbox=mailbox,
        name=bare,
        digest=digest_of(text),
        credential=take_serials(CREDENTIAL),
        protocols=[name for name in PROTOCOLS if name in protocols],
        created_at=now,
    )
    _commit(actor, now, "create", made, None)
    return made, text


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    app: AppPassword,
    before: dict[str, object] | None,
    *,
    gone: bool = False,
) -> None:
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=app,
        label=f"{app.mailbox.address}: {app.name}",
        before=before,
        changes=[messages.mailbox_put(app.mailbox)],
        server=app.mailbox.domain.server,
        gone=gone,
    )


@transaction.atomic
def remove_app_password(*, actor: Actor, now: dt.datetime, app_password: AppPassword) -> None:
    """It opens nothing any more; the mailbox's sessions end and come back with what holds."""
    mailbox = living_mailbox(app_password.mailbox)
    before, number = facts(app_password), app_password.pk
    app_password.delete()
    app_password.pk, app_password.mailbox = number, mailbox
    _commit(actor, now, "remove", app_password, before, gone=True)


def remove_all_app_passwords(*, actor: Actor, now: dt.datetime, mailbox: Mailbox) -> int:
    """End all of them, after a theft; returns how many there were."""
    rows = list(AppPassword.objects.filter(mailbox=mailbox).select_related("mailbox__domain"))
    with transaction.atomic():
        for row in rows:
            remove_app_password(actor=actor, now=now, app_password=row)
    return len(rows)
