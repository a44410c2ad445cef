"""What an overview says: what needs attention, and what a new customer does first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting.models import (
    Autoresponder,
    Customer,
    Domain,
    Forwarder,
    Mailbox,
)
from mailstead.control.hosting.queries.scope import of_customers, of_domains, of_mailboxes
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.control.people.roles import may

SHOWN = 5
"""Of each kind of trouble so many are named, the rest is counted."""


@dataclass(frozen=True)
class Attention:
    """Something that somebody should do something about."""

    kind: str
    """`bad`, `warn` or `idle`, as a state of the panel."""
    words: str
    link: str = ""
    act: str = ""


@dataclass(frozen=True)
class Step:
    """One of the first things that a new customer does."""

    title: str
    words: str
    link: str
    done: bool


def domains_of_mailboxes(actor: Actor) -> QuerySet[Domain]:
    """Domains that the actor sees and in which addresses may lie, aliases left out."""
    return Domain.objects.filter(of_domains(actor), removed_at=None, alias_of=None)


def pool_of(actor: Actor) -> tuple[int, int]:
    """Bytes in use of what the actor sees, and bytes that the customer's mailboxes share."""
    rows = Mailbox.objects.filter(of_mailboxes(actor), removed_at=None)
    used = int(rows.aggregate(total=Sum("usage_bytes"))["total"] or 0)
    own = Customer.objects.filter(pk=actor.customer).values_list("quota", flat=True).first()
    return used, own or 0


def attention(actor: Actor, *, second_factor: bool = True) -> list[Attention]:
    """What should not stay as it is, the worst first; `second_factor`: the reader has one."""
    found = (
        _of_customer(actor)
        + _suspended(actor)
        + _unproven(actor)
        + _leaked(actor)
        + _dns(actor)
        + _full(actor)
        + _empty_domains(actor)
    )
    if not second_factor:
        found.append(
            Attention(
                "warn",
                gettext("You sign in with a password alone. A second factor keeps others out."),
                reverse("mfa_index"),
                gettext("Set up a second factor"),
            )
        )
    return found


def _of_customer(actor: Actor) -> list[Attention]:
    customer = Customer.objects.filter(of_customers(actor), pk=actor.customer).first()
    if customer is None:
        return []
    found = []
    if customer.suspended:
        words = gettext("Your account is suspended: {reason}")
        found.append(Attention("bad", words.format(reason=customer.suspended_reason or "–")))
    if customer.pool_full:
        words = gettext("The storage that your mailboxes share is full: no mail is received.")
        found.append(Attention("bad", words, reverse("hosting:mailboxes") + "?sort=-usage"))
    if not customer.email and actor.kind != "domain_admin":
        words = gettext("We have no contact address of yours. Ask your provider to add one.")
        found.append(Attention("warn", words))
    return found


def _suspended(actor: Actor) -> list[Attention]:
    domains = Domain.objects.filter(of_domains(actor), removed_at=None, suspended=True)
    found = [
        Attention(
            "bad",
            gettext("{name} is suspended: {reason}").format(
                name=row.name, reason=row.suspended_reason or "–"
            ),
            reverse("hosting:domain", args=[row.name]),
            gettext("Look at the domain"),
        )
        for row in domains.order_by("name")[:SHOWN]
    ]
    suspended = ~Q(login_suspended="") | ~Q(sending_suspended="") | ~Q(receiving_suspended="")
    rows = Mailbox.objects.filter(of_mailboxes(actor), suspended, removed_at=None)
    return found + _mailboxes(
        rows,
        "bad",
        lambda row: gettext("{address} is suspended: {reason}").format(
            address=row.address,
            reason=row.login_suspended or row.sending_suspended or row.receiving_suspended,
        ),
        lambda n: ngettext(
            "{n} more mailbox is suspended.", "{n} more mailboxes are suspended.", n
        ).format(n=n),
        "suspended",
    )


def _unproven(actor: Actor) -> list[Attention]:
    if actor.sees_everything:
        # Their owners' affair: anybody may claim anything.
        return []
    rows = Domain.objects.filter(of_domains(actor), removed_at=None, proven=False)
    return [
        Attention(
            "warn",
            gettext("{name} is not active yet: show that it is yours.").format(name=row.name),
            reverse("dns:records", args=[row.handle]),
            gettext("Look at the DNS records"),
        )
        for row in rows.order_by("name")[:SHOWN]
    ]


def leaked(rows: QuerySet[Mailbox]) -> QuerySet[Mailbox]:
    """Those that are opened with a password known from leaks, and not changed since."""
    return rows.filter(leaked_at__isnull=False, leaked_credential=F("credential"))


def _leaked(actor: Actor) -> list[Attention]:
    count = leaked(Mailbox.objects.filter(of_mailboxes(actor), removed_at=None)).count()
    if not count:
        return []
    words = ngettext(
        "{n} mailbox has a password that is known from leaks: thieves try it first.",
        "{n} mailboxes have passwords that are known from leaks: thieves try them first.",
        count,
    )
    link = reverse("protection:breached")
    return [Attention("warn", words.format(n=count), link, gettext("See whose it is"))]


def _dns(actor: Actor) -> list[Attention]:
    rows = Domain.objects.filter(
        of_domains(actor), removed_at=None, proven=True, dns_state__in=("bad", "warn")
    )
    bad = gettext("Mail for {name} does not come here, or not all of it: its MX records.")
    warn = gettext("The DNS of {name} is not quite right: something is missing, or left over.")
    return [
        Attention(
            state,
            (bad if state == "bad" else warn).format(name=name),
            reverse("dns:records", args=[name]),
            gettext("Look at the DNS records"),
        )
        for state, name in rows.order_by("dns_state", "name").values_list("dns_state", "name")[
            :SHOWN
        ]
    ]


def nearly_full(rows: QuerySet[Mailbox]) -> QuerySet[Mailbox]:
    """Those of which nine tenths of the quota or more are in use."""
    return rows.filter(quota__gt=0, usage_bytes__gte=F("quota") * 9 / 10)


def _full(actor: Actor) -> list[Attention]:
    rows = nearly_full(Mailbox.objects.filter(of_mailboxes(actor), removed_at=None))
    return _mailboxes(
        rows,
        "warn",
        lambda row: gettext("{address} is nearly full.").format(address=row.address),
        lambda n: ngettext(
            "{n} more mailbox is nearly full.", "{n} more mailboxes are nearly full.", n
        ).format(n=n),
        "full",
    )


def _mailboxes(
    rows: QuerySet[Mailbox],
    kind: str,
    one: Callable[[Mailbox], str],
    more: Callable[[int], str],
    state: str,
) -> list[Attention]:
    """The first ones by name, the others as a number."""
    seen = list(rows.select_related("domain").order_by("pk")[: SHOWN + 1])
    found = [
        Attention(
            kind,
            one(row),
            reverse("hosting:mailbox", args=[row.pk]),
            gettext("Look at the mailbox"),
        )
        for row in seen[:SHOWN]
    ]
    if len(seen) > SHOWN:
        link = reverse("hosting:mailboxes") + f"?state={state}"
        rest = rows.count() - SHOWN
        found.append(Attention(kind, more(rest), link, gettext("Show them all")))
    return found


def _empty_domains(actor: Actor) -> list[Attention]:
    held = Mailbox.objects.filter(domain=OuterRef("pk"), removed_at=None)
    rows = domains_of_mailboxes(actor).filter(forward_to="", catch_all_action="")
    rows = rows.filter(
        ~Exists(held),
        ~Exists(Forwarder.objects.filter(domain=OuterRef("pk"))),
        ~Exists(Autoresponder.objects.filter(domain=OuterRef("pk"))),
    )
    return [
        Attention(
            "idle",
            gettext("{name} has no mailbox yet: mail to it is refused.").format(name=name),
            f"{reverse('hosting:mailbox-add')}?domain={name}",
            gettext("Add a mailbox"),
        )
        for name in rows.order_by("pk").values_list("name", flat=True)[:SHOWN]
    ]


def first_steps(actor: Actor) -> list[Step]:
    """The way from nothing to the first message; empty when it has been walked to its end.

    Nobody is sent on a way that is closed: it begins with a domain.
    """
    if not may(actor, "domain.create"):
        return []
    domain = domains_of_mailboxes(actor).order_by("pk").first()
    boxes = Mailbox.objects.filter(of_mailboxes(actor), removed_at=None)
    box = boxes.order_by("pk").first()
    sent = AuditEntry.objects.filter(customer=actor.customer, verb="mailbox.send-sheet").exists()
    received = boxes.filter(usage_messages__gt=0).exists()
    if domain and box and (sent or received):
        return []
    dns = reverse("dns:records", args=[domain.name]) if domain else ""
    return [
        Step(
            gettext("Add a domain"),
            gettext("The part after the @. You must own it."),
            reverse("hosting:domain-add"),
            domain is not None,
        ),
        Step(
            gettext("Publish its DNS records"),
            gettext("They tell the world that its mail comes here. We show you which."),
            dns,
            received or (domain is not None and domain.dns_state in ("good", "warn")),
        ),
        Step(
            gettext("Create a mailbox"),
            gettext("One for each person, with a password of its own."),
            reverse("hosting:mailbox-add"),
            box is not None,
        ),
        Step(
            gettext("Send the welcome sheet"),
            gettext("It tells the owner what to type into a mail program."),
            reverse("hosting:mailbox-welcome", args=[box.pk]) if box else "",
            sent,
        ),
    ]
