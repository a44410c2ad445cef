"""From rows to the messages that nodes understand."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from django.conf import settings
from django.db.models import Q, QuerySet

from mailstead.control.hosting import models
from mailstead.control.hosting.models import (
    Autoresponder,
    DkimKey,
    Domain,
    Forwarder,
    HostName,
    Mailbox,
    RuleSet,
    Server,
    SpamSettings,
)
from mailstead.control.hosting.queries import route_of, sending
from mailstead.wire.changes import (
    AnyChange,
    AppPassword,
    AutoresponderPut,
    DkimKeyPut,
    DomainPut,
    ForwarderPut,
    HostNamePut,
    MailboxPut,
    Route,
    Rule,
    RulesPut,
    SendingLimitsPut,
    SpamSettingsPut,
)
from mailstead.wire.sending import HELP_PATH

_CHUNK = 2000


def catch_all(domain: Domain) -> Route | None:
    """The domain's catch-all as a route."""
    if not domain.catch_all_action:
        return None
    return msgspec.convert(
        {
            "action": domain.catch_all_action,
            "destinations": domain.catch_all_destinations,
            "text": domain.catch_all_text,
        },
        Route,
    )


def domain_put(domain: Domain) -> DomainPut:
    """A domain, as its home server is told it; needs customer, its reseller and alias_of fetched.

    A reseller's suspension holds for its customers too: their mail runs on the reseller's account.
    """
    owner = domain.customer
    stopped = owner.suspended or (owner.reseller is not None and owner.reseller.suspended)
    return DomainPut(
        name=domain.name,
        customer=domain.customer_id,
        active=not (domain.suspended or stopped),
        alias_of=domain.alias_of.name if domain.alias_of else None,
        forward_to=domain.forward_to or None,
        catch_all=catch_all(domain),
        relay_to=domain.relay_to,
        held=domain.held,
    )


def mailbox_put(mailbox: Mailbox) -> MailboxPut:
    """A mailbox; needs domain and customer fetched, and for many of them app_passwords."""
    return MailboxPut(
        address=mailbox.address,
        store=mailbox.store,
        secret=mailbox.secret,
        credential=mailbox.credential,
        quota=mailbox.quota,
        login=not mailbox.login_suspended,
        sending=not mailbox.sending_suspended,
        receiving=not mailbox.receiving_suspended,
        sending_words=_line(mailbox.sending_suspended),
        app_passwords=tuple(_app_password(app) for app in mailbox.app_passwords.all()),
        ceilings=sending.ceilings_in(mailbox.sending_limits),
        login_name=mailbox.login_name,
        pool_full=mailbox.domain.customer.pool_full,
    )


def _app_password(app: models.AppPassword) -> AppPassword:
    return msgspec.convert(
        {"digest": app.digest, "credential": app.credential, "protocols": app.protocols},
        AppPassword,
    )


def spam_put(row: SpamSettings) -> SpamSettingsPut:
    """What a mailbox wants of the spam filter; needs mailbox and domain fetched."""
    return msgspec.convert(
        {
            "address": row.mailbox.address,
            "level": row.level,
            "allow": row.allow,
            "deny": row.deny,
        },
        SpamSettingsPut,
    )


def _line(reason: str) -> str:
    """A reason as it may stand in a reply: one line of ASCII."""
    text = reason.encode("ascii", "replace").decode()
    link = f"{settings.PANEL_ORIGIN}{HELP_PATH}stopped/"
    return (
        f"Sending from this mailbox is suspended: {text[:200]} See {link}"[:400] if reason else ""
    )


def sending_put(domain: Domain, house: sending.House) -> SendingLimitsPut:
    """What the domain's mailboxes may send; needs customer and its reseller fetched."""
    return SendingLimitsPut(
        domain=domain.name,
        mailbox=sending.mailbox_default(domain.customer, house),
        accounts=sending.accounts(domain.customer, house),
    )


def forwarder_put(forwarder: Forwarder) -> ForwarderPut:
    """A forwarder; needs domain and destinations fetched."""
    return ForwarderPut(
        address=forwarder.address, route=route_of(forwarder), keep_copy=forwarder.keep_copy
    )


def autoresponder_put(answer: Autoresponder) -> AutoresponderPut:
    """An autoresponder; needs domain fetched."""
    return AutoresponderPut(
        address=answer.address,
        starts=answer.starts,
        ends=answer.ends,
        interval=answer.interval,
        subject=answer.subject,
        body=answer.body,
        html=answer.html,
        from_name=answer.from_name,
    )


def rules_put(rule_set: RuleSet) -> RulesPut:
    """A mailbox's rules; needs mailbox and domain fetched."""
    return RulesPut(
        address=rule_set.mailbox.address,
        rules=msgspec.convert(rule_set.rules, tuple[Rule, ...]),
        script=rule_set.script,
    )


def dkim_put(key: DkimKey) -> DkimKeyPut:
    """A key that signs, or did until now; needs domain fetched."""
    return DkimKeyPut(
        domain=key.domain.name,
        selector=key.selector,
        private_key=key.private_key,
        signs=key.state == "signing",
    )


def host_name_put(row: HostName) -> HostNamePut:
    """A customer's own name for the node; needs domain fetched."""
    return HostNamePut(
        name=row.name,
        domain=row.domain.name,
        purpose=row.purpose,  # type: ignore[arg-type]
        asked=row.asked_at,
    )


def at_second(change: AnyChange, home: Server) -> AnyChange:
    """A change as a domain's second server is told it; `home` is where its mail is delivered."""
    if isinstance(change, DomainPut):
        return msgspec.structs.replace(change, home=home.hostname)
    return change


def domain_contents(domain: Domain) -> Iterator[AnyChange]:
    """All that is in one domain, the domain first; as its home server is told it."""
    yield from _contents(Domain.objects.filter(pk=domain.pk))


def snapshot(server: str) -> Iterator[AnyChange]:
    """All that is on one server, domains first."""
    here = Q(server__name=server) | Q(second__name=server)
    yield from _contents(Domain.objects.filter(here, removed_at=None, proven=True), server)


def _contents(domains: QuerySet[Domain], server: str = "") -> Iterator[AnyChange]:
    rows = domains.select_related("customer__reseller", "alias_of", "server").order_by("name")
    house = sending.house()
    for domain in rows.iterator(_CHUNK):
        put = domain_put(domain)
        yield put if server in ("", domain.server.name) else at_second(put, domain.server)
        yield sending_put(domain, house)
    where = {"domain__in": domains.values("pk")}
    mailboxes = Mailbox.objects.filter(**where, removed_at=None).select_related("domain__customer")
    for mailbox in mailboxes.prefetch_related("app_passwords").iterator(_CHUNK):
        yield mailbox_put(mailbox)
    forwarders = Forwarder.objects.filter(**where).select_related("domain")
    for forwarder in forwarders.prefetch_related("destinations").iterator(_CHUNK):
        yield forwarder_put(forwarder)
    for answer in Autoresponder.objects.filter(**where).select_related("domain").iterator(_CHUNK):
        yield autoresponder_put(answer)
    inside = {"mailbox__domain__in": domains.values("pk"), "mailbox__removed_at": None}
    rules = RuleSet.objects.filter(**inside)
    for rule_set in rules.select_related("mailbox__domain").iterator(_CHUNK):
        yield rules_put(rule_set)
    wanted = SpamSettings.objects.filter(**inside)
    for row in wanted.select_related("mailbox__domain").iterator(_CHUNK):
        yield spam_put(row)
    # Those that wait to be seen are not the node's business yet.
    keys = DkimKey.objects.filter(**where, state__in=("signing", "old"))
    for key in keys.select_related("domain").iterator(_CHUNK):
        yield dkim_put(key)
    for name in HostName.objects.filter(**where).select_related("domain").iterator(_CHUNK):
        yield host_name_put(name)
