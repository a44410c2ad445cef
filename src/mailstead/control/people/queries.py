"""Reading about people: who is signed in as what, who belongs to a customer, the audit trail."""

from __future__ import annotations

from django.db.models import QuerySet

from mailstead.control.people.actor import Actor
from mailstead.control.people.models import (
    ApiToken,
    AuditEntry,
    CustomerPolicy,
    Delivery,
    Invitation,
    Membership,
    OutgoingMail,
    Person,
    Webhook,
)
from mailstead.standards.refusal import Refusal


def actor_of(person: Person, membership: Membership | None, address: str, request: str) -> Actor:
    """The actor that a signed-in person is, by one of their memberships or their mailbox."""
    if person.mailbox is not None:
        return Actor(
            kind="mailbox",
            name=person.email,
            person=person.pk,
            mailbox=person.mailbox,
            address=address,
            request=request,
        )
    assert membership is not None
    return Actor(
        kind=membership.role,  # type: ignore[arg-type]
        name=person.email,
        person=person.pk,
        membership=membership.pk,
        customer=membership.customer or 0,
        domains=frozenset(membership.domains),
        address=address,
        request=request,
    )


def memberships_of(person: Person) -> list[Membership]:
    """Every place of a person, the company's own first."""
    return list(Membership.objects.filter(person=person).order_by("customer", "pk"))


def members(customer: int | None) -> QuerySet[Membership]:
    """The people of a customer, or with None of the company itself; the caller has checked that
    the actor sees the customer."""
    rows = Membership.objects.filter(customer=customer).select_related("person")
    return rows.order_by("pk")


def member(actor: Actor, customer: int | None, number: int) -> Membership:
    """One of the people of a customer; raises `Refusal` (`person-unknown`)."""
    found = members(customer).filter(pk=number).first()
    if found is None:
        raise Refusal("person-unknown", "There is no such person here.")
    return found


def has_operator() -> bool:
    """Whether anybody can sign in as the operator."""
    return Membership.objects.filter(role="operator").exists()


def operators() -> list[tuple[str, str]]:
    """Address and language of everybody who is told when something needs the operator."""
    rows = Membership.objects.filter(role="operator", person__is_active=True)
    return list(rows.order_by("pk").values_list("person__email", "person__language"))


def invitations(customer: int | None) -> QuerySet[Invitation]:
    """Invitations that wait for an answer."""
    return Invitation.objects.filter(customer=customer, accepted_at=None).order_by("pk")


def invitation_numbered(number: int) -> Invitation:
    """An open invitation; the caller checks that the actor sees its customer. Raises `Refusal`."""
    found = Invitation.objects.filter(pk=number, accepted_at=None).first()
    if found is None:
        raise Refusal("invitation-unknown", "There is no such invitation.")
    return found


def second_factor_demanded(customer: int) -> bool:
    """Whether a customer demands a second factor of its people."""
    return CustomerPolicy.objects.filter(customer=customer, second_factor=True).exists()


def tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The tokens of the actor's customer, or of the company."""
    rows = ApiToken.objects.filter(membership__customer=actor.customer or None)
    return rows.select_related("membership__person").order_by("-pk")


def token_numbered(actor: Actor, number: int) -> ApiToken:
    """One token; raises `Refusal` (`token-unknown`)."""
    found = tokens(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("token-unknown", "There is no such token.")
    return found


def webhooks(actor: Actor) -> QuerySet[Webhook]:
    """The webhooks of the actor's customer, or of the company."""
    return Webhook.objects.filter(customer=actor.customer or None).order_by("pk")


def webhook_numbered(actor: Actor, number: int) -> Webhook:
    """One webhook; raises `Refusal` (`webhook-unknown`)."""
    found = webhooks(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("webhook-unknown", "There is no such webhook.")
    return found


def deliveries(actor: Actor, webhook: Webhook) -> QuerySet[Delivery]:
    """What was sent to a webhook that was fetched through the actor, newest first."""
    return Delivery.objects.filter(webhook=webhook).order_by("-pk")


def delivery_numbered(actor: Actor, webhook: Webhook, number: int) -> Delivery:
    """One of them with its webhook; raises `Refusal` (`delivery-unknown`)."""
    found = deliveries(actor, webhook).select_related("webhook").filter(pk=number).first()
    if found is None:
        raise Refusal("delivery-unknown", "There is no such delivery.")
    return found


def outbox(actor: Actor) -> QuerySet[OutgoingMail]:
    """The panel's own mail, for the company only."""
    rows = OutgoingMail.objects.order_by("-pk")
    return rows if actor.sees_everything else rows.none()


def audit_trail(actor: Actor, *, kind: str = "", label: str = "") -> QuerySet[AuditEntry]:
    """The entries that `actor` may see, newest first, of one kind or one object if given.

    A reseller sees the own trail here; those of the own customers are joined by hosting, which
    knows whose they are.
    """
    found = AuditEntry.objects.order_by("-pk")
    if actor.kind in ("reseller", "customer"):
        found = found.filter(customer=actor.customer)
    elif actor.kind == "domain_admin":
        found = found.filter(customer=actor.customer, domain__in=actor.domains)
    elif actor.kind == "mailbox":
        found = found.filter(mailbox=actor.mailbox)
    elif not actor.sees_everything:
        return found.none()
    if kind:
        found = found.filter(kind=kind)
    return found.filter(label=label) if label else found
