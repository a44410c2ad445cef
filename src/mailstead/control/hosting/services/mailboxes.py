"""Mailboxes: life, password, quota, suspension."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal, NamedTuple

from django.db import transaction

from mailstead.control.hosting import messages
from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.hosting.queries.loops import refuse_loops_of_address
from mailstead.control.hosting.services.common import (
    checked_size,
    checked_text,
    commit,
    facts,
    living,
    locked,
    no_alias,
    refuse_higher,
    take_serials,
)
from mailstead.control.hosting.services.limits import refuse_over_limit
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards import password as passwords
from mailstead.standards.address import destination_address, mailbox_address
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, MailboxGone

What = Literal["login", "sending", "receiving"]
CREDENTIAL = "credential"
LOCKED = "The imported password was locked."


class Secret(NamedTuple):
    """What is stored for a password."""

    text: str
    locked: bool = False
    """Whether it was a hash found elsewhere that was locked there."""
    breached: bool = False
    """Whether the password is known from leaks; of a hash nobody knows."""


def secret_of(
    password: str | None, hashed: str | None, *, rule: str = "", dry_run: bool = False
) -> Secret:
    """The secret of a password or a hash found elsewhere; raises `Refusal`.

    `rule` is the customer's own for passwords known from leaks. With `dry_run` a password is only
    looked at: to hash it takes long.
    """
    if hashed is not None:
        return Secret(*passwords.imported(hashed))
    if password is None:
        raise Refusal("password-missing", "A password is missing.", remedy="Give one.")
    known = people.is_breached(passwords.check(password), rule)
    return Secret("" if dry_run else passwords.hashed(password), breached=known)


@transaction.atomic
def create_mailbox(
    *,
    actor: Actor,
    now: dt.datetime,
    domain: Domain,
    address: str,
    password: str | None = None,
    hashed: str | None = None,
    quota: int = 0,
    name: str = "",
    recovery_address: str = "",
) -> Mailbox:
    """A new mailbox in `domain`, with a password or an imported hash; `quota` in bytes.

    Its `breached` says whether the password is known from leaks, where that is not refused.
    """
    checked = mailbox_address(address)
    if checked.domain != no_alias(domain).name:
        raise Refusal(
            "address-invalid", "{checked} is not in {name}.", checked=checked, name=domain.name
        )
    if Mailbox.objects.filter(domain=domain, local=checked.local, removed_at=None).exists():
        raise Refusal(
            "mailbox-exists",
            "The mailbox {checked} exists already.",
            remedy="Choose another name.",
            checked=checked,
        )
    refuse_over_limit(domain.customer, 1)
    secret = secret_of(password, hashed, rule=domain.customer.password_rule)
    mailbox = Mailbox.objects.create(
        domain=domain,
        local=checked.local,
        secret=secret.text,
        credential=take_serials(CREDENTIAL),
        quota=checked_size(quota, "quota"),
        login_suspended=LOCKED if secret.locked else "",
        name=checked_text(name.strip(), "name", 120),
        recovery_address=outside_address(recovery_address),
        created_at=now,
    )
    mailbox.breached = secret.breached
    refuse_loops_of_address(mailbox.address)
    _commit(
        actor,
        now,
        "create",
        mailbox,
        None,
        reason=people.KNOWN_FROM_LEAKS if secret.breached else "",
    )
    return mailbox


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    mailbox: Mailbox,
    before: dict[str, object] | None,
    changes: list[AnyChange] | None = None,
    reason: str = "",
) -> None:
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=mailbox,
        label=mailbox.address,
        before=before,
        changes=[messages.mailbox_put(mailbox)] if changes is None else changes,
        server=mailbox.domain.server,
        reason=reason,
    )


def living_mailbox(mailbox: Mailbox) -> Mailbox:
    """The mailbox as it is now, locked; raises `Refusal` when it or its domain is removed."""
    domain = mailbox.domain
    living(domain)
    locked(mailbox)
    mailbox.domain = domain
    if mailbox.removed_at is not None:
        raise Refusal(
            "mailbox-removed",
            "The mailbox {address} is removed.",
            remedy="Restore it first.",
            address=mailbox.address,
        )
    return mailbox


@transaction.atomic
def update_mailbox(
    *,
    actor: Actor,
    now: dt.datetime,
    mailbox: Mailbox,
    quota: int | None = None,
    name: str | None = None,
) -> None:
    """Change what is given; `quota` in bytes, 0 for none of its own."""
    before = facts(living_mailbox(mailbox))
    if quota is not None:
        mailbox.quota = checked_size(quota, "quota")
    if name is not None:
        mailbox.name = checked_text(name.strip(), "name", 120)
    mailbox.save()
    _commit(actor, now, "update", mailbox, before)


_LOGIN_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@transaction.atomic
def set_login_name(*, actor: Actor, now: dt.datetime, mailbox: Mailbox, name: str) -> None:
    """Another name by which the mailbox logs in, besides its address; empty: none.

    It opens the mailbox and no sender's address: what may be sent stays as it is.
    """
    before = facts(living_mailbox(mailbox))
    bare = name.strip().lower()
    if bare and not _LOGIN_NAME.fullmatch(bare):
        raise Refusal(
            "login-name-invalid",
            "A log-in name has letters, digits, dots, hyphens and underscores only.",
            remedy="Choose another one.",
        )
    same = Mailbox.objects.filter(login_name=bare, removed_at=None).exclude(pk=mailbox.pk)
    if bare and same.exists():
        raise Refusal(
            "login-name-taken",
            "Another mailbox logs in as {name} already.",
            remedy="Choose another one, or log in with the address.",
            name=bare,
        )
    mailbox.login_name = bare
    mailbox.save()
    _commit(actor, now, "set-login-name", mailbox, before)


def outside_address(text: str) -> str:
    """An address at which somebody is reached when mail here does not work; empty stays empty.

    Raises `Refusal` (`address-inside`) for one inside a hosted domain.
    """
    if not text.strip():
        return ""
    checked = str(destination_address(text)).lower()
    name = checked.rpartition("@")[2]
    if Domain.objects.filter(name=name, removed_at=None, proven=True).exists():
        raise Refusal(
            "address-inside",
            "{address} is in a domain that is hosted here.",
            remedy="Give an address elsewhere: it must reach its owner when mail here does not.",
            address=checked,
        )
    return checked


@transaction.atomic
def set_recovery_address(*, actor: Actor, now: dt.datetime, mailbox: Mailbox, address: str) -> None:
    """Where the link to a new password may be sent; empty: nowhere."""
    before = facts(living_mailbox(mailbox))
    mailbox.recovery_address = outside_address(address)
    mailbox.save()
    _commit(actor, now, "set-recovery", mailbox, before, changes=[])


@transaction.atomic
def set_password(
    *,
    actor: Actor,
    now: dt.datetime,
    mailbox: Mailbox,
    password: str | None = None,
    hashed: str | None = None,
) -> None:
    """Another password; every session that was opened with the old one ends.

    Sending that was stopped because the old one is known from leaks is given back.
    `mailbox.breached` says whether it is known from leaks, where that is not refused.
    """
    before = facts(living_mailbox(mailbox))
    rule = mailbox.domain.customer.password_rule
    secret = secret_of(password, hashed, rule=rule)
    mailbox.secret, mailbox.breached = secret.text, secret.breached
    mailbox.credential = take_serials(CREDENTIAL)
    if secret.locked:
        mailbox.login_suspended = LOCKED
    if mailbox.leaked_step == "stopped":
        _free(mailbox, "sending")
    mailbox.leaked_due, mailbox.leaked_step = None, ""
    mailbox.save()
    reason = people.KNOWN_FROM_LEAKS if secret.breached else ""
    _commit(actor, now, "set-password", mailbox, before, reason=reason)


@transaction.atomic
def suspend_mailbox(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, what: What, reason: str
) -> None:
    """Suspend log-in, sending or receiving; the reason is told to whom it concerns."""
    before = facts(living_mailbox(mailbox))
    if getattr(mailbox, f"{what}_suspended"):
        refuse_higher(actor, mailbox.suspended_by.get(what, ""))
    clean = checked_text(reason.strip(), "reason", 300)
    _take_over(mailbox, what)
    setattr(mailbox, f"{what}_suspended", clean or f"suspended by the {actor.kind}")
    mailbox.suspended_by = mailbox.suspended_by | {what: actor.kind}
    mailbox.save()
    _commit(actor, now, f"suspend-{what}", mailbox, before, reason=clean)


@transaction.atomic
def resume_mailbox(*, actor: Actor, now: dt.datetime, mailbox: Mailbox, what: What) -> None:
    """The suspension of log-in, sending or receiving ends."""
    before = facts(living_mailbox(mailbox))
    refuse_higher(actor, mailbox.suspended_by.get(what, ""))
    _take_over(mailbox, what)
    _free(mailbox, what)
    mailbox.save()
    _commit(actor, now, f"resume-{what}", mailbox, before)


def _free(mailbox: Mailbox, what: What) -> None:
    setattr(mailbox, f"{what}_suspended", "")
    mailbox.suspended_by = {key: by for key, by in mailbox.suspended_by.items() if key != what}


def _take_over(mailbox: Mailbox, what: What) -> None:
    """What somebody says of sending now outlives the next password, and that one's rule."""
    if what == "sending" and mailbox.leaked_step == "stopped":
        mailbox.leaked_step = "over"


@transaction.atomic
def remove_mailbox(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, grace: dt.timedelta
) -> None:
    """Remove the mailbox; for `grace` its mail is kept and the removal can be undone."""
    before = facts(living_mailbox(mailbox))
    mailbox.removed_at = now
    mailbox.purge_after = now + grace
    mailbox.save()
    refuse_loops_of_address(mailbox.address)
    gone: list[AnyChange] = [MailboxGone(address=mailbox.address)]
    _commit(actor, now, "remove", mailbox, before, gone)


@transaction.atomic
def restore_mailbox(*, actor: Actor, now: dt.datetime, mailbox: Mailbox) -> None:
    """Undo a removal: log-in, mail and rules are as they were."""
    domain = mailbox.domain
    living(domain)
    locked(mailbox)
    mailbox.domain = domain
    before = facts(mailbox)
    if mailbox.removed_at is None:
        raise Refusal(
            "mailbox-not-removed", "The mailbox {address} is not removed.", address=mailbox.address
        )
    same = Mailbox.objects.filter(domain=mailbox.domain, local=mailbox.local, removed_at=None)
    if same.exists():
        raise Refusal(
            "mailbox-exists",
            "There is a new mailbox {address} by now.",
            remedy="Remove it first.",
            address=mailbox.address,
        )
    refuse_over_limit(mailbox.domain.customer, 1)
    name = mailbox.login_name
    if name and Mailbox.objects.filter(login_name=name, removed_at=None).exists():
        mailbox.login_name = ""
    mailbox.removed_at = None
    mailbox.purge_after = None
    mailbox.save()
    changes: list[AnyChange] = [messages.mailbox_put(mailbox)]
    rule_set = getattr(mailbox, "rule_set", None)
    if rule_set is not None:
        changes.append(messages.rules_put(rule_set))
    wanted = getattr(mailbox, "spam_settings", None)
    if wanted is not None:
        changes.append(messages.spam_put(wanted))
    _commit(actor, now, "restore", mailbox, before, changes)
