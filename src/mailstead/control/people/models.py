"""People, what they may do, and what was done: log-ins, memberships, tokens, the audit trail.

Customers, domains and mailboxes are named by their numbers: this floor does not know their tables.
Times are UTC; secrets are kept as SHA-256 of random text, or as Django's password hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class PersonManager(BaseUserManager["Person"]):
    """Finds people by the name with which they sign in."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email=username)


class Person(AbstractBaseUser):
    """A log-in of the panel.

    A mailbox user has one too, made at the first sign-in: `mailbox` names the mailbox, `email` is
    its address, and the password is the mailbox's own, never this row's.
    """

    email = models.CharField(max_length=254, unique=True)
    """The name to sign in with; for people outside the hosted domains, so that mail reaches them
    when their mail is what is broken."""
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, blank=True)
    """Empty: as the browser says."""
    time_zone = models.CharField(max_length=60, blank=True)
    """Name in the IANA data base; empty: UTC."""
    theme = models.CharField(max_length=5, blank=True)
    """`light`, `dark`; empty: as the system says."""
    mailbox = models.BigIntegerField(null=True, unique=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = PersonManager()
    session_secret = ""
    """Of a mailbox user: what ends the sessions when it changes; set by the log-in's back end."""
    breached = False
    """Whether the password that was just set is known from leaks; not stored."""

    def __str__(self) -> str:
        return self.email

    def has_usable_password(self) -> bool:
        """A mailbox user has the mailbox's."""
        return self.mailbox is not None or super().has_usable_password()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        return salted_hmac(
            "mailstead.people.session",
            f"{self.password}\n{self.session_secret}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class Role(models.TextChoices):
    """What a membership makes of a person."""

    OPERATOR = "operator", _("Operator")
    STAFF = "staff", _("Staff")
    RESELLER = "reseller", _("Reseller")
    CUSTOMER = "customer", _("Customer")
    DOMAIN_ADMIN = "domain_admin", _("Domain administrator")


class Membership(models.Model):
    """A person's place: in the company itself, or with a customer, or for some domains of one."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    customer = models.BigIntegerField(null=True, db_index=True)
    """None for operator and staff."""
    domains = models.JSONField(default=list)
    """Numbers of the domains of a domain administrator."""
    created_at = models.DateTimeField()
    domain_names: Sequence[str] = ()
    customer_name = ""
    """For a choice of places; set by who knows the customers."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "customer"], name="membership_once"),
            models.UniqueConstraint(
                fields=["person"], condition=Q(customer=None), name="membership_in_company_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} as {self.role} of {self.customer}"


class Invitation(models.Model):
    """A link by which somebody sets a password and becomes a member; good for one use."""

    email = models.CharField(max_length=254, db_index=True)
    role = models.CharField(max_length=12, choices=Role.choices)
    customer = models.BigIntegerField(null=True, db_index=True)
    domains = models.JSONField(default=list)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


class CustomerPolicy(models.Model):
    """What a customer demands of its people."""

    customer = models.BigIntegerField(primary_key=True)
    second_factor = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"policy of customer {self.customer}"


class ApiToken(models.Model):
    """A key to the API: acts as a membership, narrowed by scopes and addresses."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    """The token's beginning, shown so that its owner knows it again."""
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    addresses = models.JSONField(default=list)
    """Networks from which it may be used, `192.0.2.0/24`; empty: from anywhere."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.CharField(max_length=45, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """The answer to a request that may come again (draft-ietf-httpapi-idempotency-key-header)."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE)
    key = models.CharField(max_length=100)
    request = models.CharField(max_length=64)
    """SHA-256 of method, path and body: the same key with another request is refused."""
    status = models.IntegerField(null=True)
    """None while the first request is under way."""
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key


class Webhook(models.Model):
    """An address of the customer's that is told what was done."""

    customer = models.BigIntegerField(null=True, db_index=True)
    """None: the company's own, told everything."""
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=80)
    """Signs each delivery; kept as it is because it must be used."""
    events = models.JSONField(default=list)
    """Verbs of the audit trail, `mailbox.create`, `domain.*`; empty: all."""
    active = models.BooleanField(default=True)
    stopped_words = models.CharField(max_length=300, blank=True)
    """Why deliveries have stopped; empty: they have not."""
    created_at = models.DateTimeField()
    cursor = models.BigIntegerField(default=0)
    """The newest audit entry that has been looked at for this hook."""

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One message to a webhook and how it went."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    entry = models.BigIntegerField()
    verb = models.CharField(max_length=60)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_index=True)
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, db_index=True)
    """None: delivered, or given up."""
    delivered_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    """The last HTTP status."""
    words = models.CharField(max_length=400, blank=True)
    """The beginning of the last answer, or why there was none."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "entry"], name="delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} to {self.webhook_id}"


class OutgoingMail(models.Model):
    """A message of the panel's to a person, until the mail host has taken it."""

    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    created_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, db_index=True)
    """None: sent, or given up."""
    sent_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=400, blank=True)
    """Why the last try failed."""

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"


class AuditEntry(models.Model):
    """One act. Rows are only ever added; secrets are masked before they get here."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=280)
    """Who really did it."""
    acting_as = models.CharField(max_length=280, blank=True)
    """In whose place; empty: in their own."""
    verb = models.CharField(max_length=60)
    """`mailbox.create`, `domain.suspend`, …"""
    kind = models.CharField(max_length=30)
    """What it was done to: `mailbox`, `domain`, …"""
    label = models.CharField(max_length=320)
    """The object as people call it: its address or name."""
    object_id = models.BigIntegerField()
    customer = models.BigIntegerField(null=True)
    """Whose trail it belongs to; None: the company's own."""
    domain = models.BigIntegerField(null=True)
    mailbox = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=400, blank=True)
    address = models.CharField(max_length=45, blank=True)
    """The client's network address; empty for the command line and the system."""
    request = models.CharField(max_length=32, blank=True)
    """The number of the request, as it stands in the web server's log."""

    class Meta:
        indexes = [
            models.Index(fields=["kind", "label"], name="audit_by_object"),
            models.Index(fields=["customer", "-id"], name="audit_by_customer"),
            models.Index(fields=["mailbox", "-id"], name="audit_by_mailbox"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.verb} {self.label}"
