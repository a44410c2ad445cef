"""What a hosting company has: servers, customers, domains, and what lies in a domain.

Removed domains and mailboxes keep their row until their grace period ends; names are unique among
the living only. Sizes are bytes, 0 means no limit; times are UTC.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q


class Serial(models.Model):
    """A counter whose numbers are given out once."""

    name = models.CharField(max_length=30, primary_key=True)
    last = models.BigIntegerField(default=0)


class Server(models.Model):
    """A mail node."""

    name = models.SlugField(max_length=63, unique=True)
    hostname = models.CharField(max_length=253)


class Customer(models.Model):
    """Who owns domains and pays for them."""

    name = models.CharField(max_length=120, unique=True)
    email = models.CharField(max_length=254, blank=True)
    """Contact address, outside the hosted domains."""
    reseller = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="customers"
    )
    """The customer who resells to this one; None: a customer of the company's own."""
    is_reseller = models.BooleanField(default=False)
    """May have customers of their own, who have none themselves."""
    package = models.ForeignKey(
        "Package", null=True, on_delete=models.SET_NULL, related_name="customers"
    )
    """From which the limits came."""
    quota = models.BigIntegerField(default=0)
    """Storage that all mailboxes share, bytes."""
    mailbox_limit = models.IntegerField(null=True)
    domain_limit = models.IntegerField(null=True)
    sending_mailbox = models.JSONField(default=dict)
    """What each mailbox may send, as `wire.sending.Ceilings` writes it; empty: as above it."""
    sending_total = models.JSONField(default=dict)
    """What all mailboxes together may send; of a reseller, its customers' too."""
    sending_ramp_exempt = models.BooleanField(default=False)
    """Not held to the lower limits of a new customer."""
    created_at = models.DateTimeField(null=True)
    suspended = models.BooleanField(default=False)
    suspended_reason = models.TextField(blank=True)
    suspended_by = models.CharField(max_length=12, blank=True)
    """Kind of the actor; nobody below may end it."""
    password_rule = models.CharField(max_length=6, blank=True)
    """What happens to a mailbox's password that is known from leaks, where the customer is
    stricter than the house: `warn`, `refuse` or `change`; empty: as the house says."""
    password_days = models.PositiveSmallIntegerField(default=0)
    """With `change`: in so many days after the warning."""
    pool_full = models.BooleanField(default=False)
    """The mailboxes together use more than `quota`; follows from what the nodes report."""


class Package(models.Model):
    """Limits under a name, given to customers; a change of it reaches only who takes it anew."""

    owner = models.ForeignKey(
        Customer, null=True, on_delete=models.CASCADE, related_name="packages"
    )
    """The reseller whose it is; None: the company's own."""
    name = models.CharField(max_length=80)
    quota = models.BigIntegerField(default=0)
    mailbox_limit = models.IntegerField(null=True)
    domain_limit = models.IntegerField(null=True)
    sending_mailbox = models.JSONField(default=dict)
    sending_total = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="package_once"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(owner=None), name="package_of_company_once"
            ),
        ]


class Brand(models.Model):
    """How the panel looks to a reseller's customers."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="brand")
    name = models.CharField(max_length=60)
    accent = models.CharField(max_length=7, blank=True)
    """`#rrggbb`; empty: the house's own."""
    logo = models.BinaryField(null=True)
    logo_type = models.CharField(max_length=20, blank=True)
    """`image/png` or `image/webp`."""
    hostnames = models.JSONField(default=list)
    """Names under which the panel shows this brand before anybody has signed in."""
    support_email = models.CharField(max_length=254, blank=True)


class Domain(models.Model):
    """A hosted domain, at home on one server."""

    name = models.CharField(max_length=253, db_index=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="domains")
    server = models.ForeignKey(Server, on_delete=models.PROTECT, related_name="domains")
    suspended = models.BooleanField(default=False)
    suspended_reason = models.TextField(blank=True)
    suspended_by = models.CharField(max_length=12, blank=True)
    alias_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="aliases"
    )
    forward_to = models.CharField(max_length=253, blank=True, db_index=True)
    catch_all_action = models.CharField(max_length=10, blank=True)
    catch_all_destinations = models.JSONField(default=list)
    catch_all_text = models.TextField(blank=True)
    relay_to = models.CharField(max_length=253, blank=True)
    """Where its mail goes as long as it is not delivered here: a host, or `mx` for where its DNS
    leads."""
    second = models.ForeignKey(
        Server, null=True, on_delete=models.PROTECT, related_name="second_domains"
    )
    """While it is on two servers: the one that is told of everything too, and passes its mail on to
    the home server."""
    held = models.BooleanField(default=False)
    """Its mail waits in the queues while its home changes."""
    dns_state = models.CharField(max_length=7, blank=True)
    """How its DNS was when last looked at: `good`, `warn`, `bad`, `unknown`; empty: not yet."""
    dns_checked_at = models.DateTimeField(null=True)
    dns_due_at = models.DateTimeField(null=True, db_index=True)
    """When it is to be looked at again; None: now."""
    proven = models.BooleanField(default=True)
    """Its owner has shown that it is theirs. Until then it is on no node and stands in nobody's
    way: every question that starts from a name alone asks for proven ones."""
    proven_by = models.CharField(max_length=8, default="company", blank=True)
    """`company`: whom the company trusts; `dns`: a record; `parent`: the domain above; empty: not
    proven."""
    proof_token = models.CharField(max_length=32, blank=True)
    """What its owner publishes as the proof."""
    created_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    purge_after = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(removed_at=None, proven=True),
                name="domain_name_once",
            ),
            models.UniqueConstraint(
                fields=["name", "customer"],
                condition=Q(removed_at=None),
                name="domain_claim_once",
            ),
        ]

    @property
    def handle(self) -> str:
        """What names it in an address of the panel: several may claim a name not proven yet."""
        return self.name if self.proven else str(self.pk)


class LeftStore(models.Model):
    """Mail that stayed on a server from which its domain has gone."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="left_stores")
    domain = models.CharField(max_length=253, db_index=True)
    address = models.CharField(max_length=320)
    store = models.CharField(max_length=32)
    purge_after = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "store"], name="left_store_once"),
        ]


def _new_store() -> str:
    return uuid.uuid4().hex


class Mailbox(models.Model):
    """A mailbox: a log-in and a store of mail."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="mailboxes")
    local = models.CharField(max_length=64)
    store = models.CharField(max_length=32, unique=True, default=_new_store)
    secret = models.CharField(max_length=255)
    credential = models.BigIntegerField()
    """Number of the password that opens sessions now; never given to another, whoever owns the
    address later."""
    quota = models.BigIntegerField(default=0)
    login_name = models.CharField(max_length=64, blank=True)
    """Another name by which it logs in, as it did where it came from; without `@`."""
    login_suspended = models.TextField(blank=True)
    """Why; empty: not suspended. The same holds for the next two."""
    sending_suspended = models.TextField(blank=True)
    receiving_suspended = models.TextField(blank=True)
    suspended_by = models.JSONField(default=dict)
    """`login`, `sending`, `receiving` to the kind of the actor; nobody below may end it."""
    sending_limits = models.JSONField(default=dict)
    """What it may send, as `wire.sending.Ceilings` writes it; empty: as its customer's do."""
    usage_bytes = models.BigIntegerField(default=0)
    usage_messages = models.BigIntegerField(default=0)
    name = models.CharField(max_length=120, blank=True)
    """Whose mailbox it is, for people to read."""
    recovery_address = models.CharField(max_length=254, blank=True)
    """Where a link to set a new password may be sent; outside the hosted domains."""
    leaked_credential = models.BigIntegerField(default=0)
    """Number of the password that opened it and is known from leaks; it says nothing of later
    ones."""
    leaked_at = models.DateTimeField(null=True, db_index=True)
    """When that was seen."""
    leaked_due = models.DateTimeField(null=True, db_index=True)
    """When it stops sending, unless the password is changed; None: it does not."""
    leaked_step = models.CharField(max_length=8, blank=True)
    """What was done since: `warned`, `reminded`, `stopped`; `over`: somebody has said otherwise
    since it was stopped."""
    created_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    purge_after = models.DateTimeField(null=True, db_index=True)

    breached = False
    """Whether the password that was just set is known from leaks; not stored."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "local"],
                condition=Q(removed_at=None),
                name="mailbox_address_once",
            ),
            models.UniqueConstraint(
                fields=["login_name"],
                condition=Q(removed_at=None) & ~Q(login_name=""),
                name="mailbox_login_name_once",
            ),
        ]

    @property
    def address(self) -> str:
        """`local@domain`; needs the domain fetched."""
        return f"{self.local}@{self.domain.name}"

    @property
    def password_leaked(self) -> bool:
        """Whether the present password is one that was seen to be known from leaks."""
        return self.leaked_credential == self.credential


class AppPassword(models.Model):
    """A password of one program or device: random, shown once, ended alone."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="app_passwords")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the password in hexadecimal: it has too many bits to be guessed."""
    credential = models.BigIntegerField()
    """From the same numbers as the mailbox's own."""
    protocols = models.JSONField(default=list)
    """Of `imap`, `pop3`, `smtp`, `sieve`; empty: all."""
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "name"], name="app_password_once"),
        ]


class SpamSettings(models.Model):
    """What a mailbox wants of the spam filter; without a row the house's own."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="spam_settings")
    level = models.CharField(max_length=8, default="normal")
    """`off`, `lenient`, `normal`, `strict`."""
    allow = models.JSONField(default=list)
    """Addresses and `@domains` whose mail is never filed as spam."""
    deny = models.JSONField(default=list)
    """Addresses and `@domains` whose mail always is."""


class SignIn(models.Model):
    """Log-ins of a mailbox by one protocol from one network address with one password."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="sign_ins")
    protocol = models.CharField(max_length=6)
    """`imap`, `pop3`, `smtp`, `sieve`, `panel`."""
    address = models.CharField(max_length=45)
    credential = models.BigIntegerField(default=0)
    """Which password: the mailbox's or an app password's; 0: not known."""
    failed = models.BooleanField(default=False)
    """A wrong password."""
    count = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "protocol", "address", "credential", "failed"],
                name="sign_in_once",
            ),
        ]


class Forwarder(models.Model):
    """Where mail to an address goes besides, or instead of, a mailbox."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="forwarders")
    local = models.CharField(max_length=64)
    action = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    keep_copy = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "local"], name="forwarder_once"),
        ]

    @property
    def address(self) -> str:
        """`local@domain`; needs the domain fetched."""
        return f"{self.local}@{self.domain.name}"


class Destination(models.Model):
    """One destination of a forwarder."""

    forwarder = models.ForeignKey(Forwarder, on_delete=models.CASCADE, related_name="destinations")
    address = models.CharField(max_length=320)
    domain = models.CharField(max_length=253, db_index=True)


class Autoresponder(models.Model):
    """An automatic answer for an address, with or without a mailbox."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="autoresponders")
    local = models.CharField(max_length=64)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    interval = models.IntegerField()
    subject = models.CharField(max_length=500)
    body = models.TextField()
    html = models.BooleanField(default=False)
    from_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "local"], name="autoresponder_once"),
        ]

    @property
    def address(self) -> str:
        """`local@domain`; needs the domain fetched."""
        return f"{self.local}@{self.domain.name}"


class RuleSet(models.Model):
    """A mailbox's rules, in order, as `wire.changes.Rule` writes them."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="rule_set")
    rules = models.JSONField()
    script = models.TextField(blank=True)
    """A Sieve script that came from elsewhere and holds instead of the rules; empty: none."""


class DkimKey(models.Model):
    """A key that signs a domain's mail (RFC 6376), has signed it, or is to sign it."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="dkim_keys")
    selector = models.CharField(max_length=63)
    private_key = models.TextField(blank=True)
    """Empty once the key is withdrawn."""
    public_key = models.TextField()
    """Base64 of the DER SubjectPublicKeyInfo, as the `p=` tag takes it."""
    state = models.CharField(max_length=9, default="waiting")
    """`keylife.State`."""
    since = models.DateTimeField(null=True)
    """Since when it is in this state."""
    due_at = models.DateTimeField(null=True, db_index=True)
    """When it is to be looked at again; None: never by itself."""
    revoked = models.BooleanField(default=False)
    """Withdrawn because somebody else may have it."""
    zone_due = models.BooleanField(default=True, db_index=True)
    """The server of the company's zone is still to be told of it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "selector"], name="dkim_selector_once"),
        ]


class SendingPolicy(models.Model):
    """The house's own word on how much may be sent; one row, or none for the defaults."""

    mailbox = models.JSONField(default=dict)
    customer = models.JSONField(default=dict)
    ramp = models.JSONField(default=list)
    """As `queries.sending.RampStep` writes it."""


class SendingUse(models.Model):
    """What a mailbox, or a customer's mailboxes together, have sent through one node."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.CASCADE, related_name="uses")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="uses")
    """One of the two."""
    at = models.DateTimeField()
    messages_hour = models.IntegerField(default=0)
    messages_day = models.IntegerField(default=0)
    recipients_hour = models.IntegerField(default=0)
    recipients_day = models.IntegerField(default=0)
    page = models.CharField(max_length=10, blank=True)
    """Why the last one was refused (`wire.sending.Page`); empty: none was."""
    refused = models.IntegerField(default=0)
    refused_at = models.DateTimeField(null=True, db_index=True)

    def current(self, name: str, now: dt.datetime) -> int:
        """One of the four; a figure that is older than its window says nothing any more."""
        window = dt.timedelta(hours=1) if name.endswith("hour") else dt.timedelta(days=1)
        number: int = getattr(self, name)
        return number if now - self.at < window else 0

    @property
    def whose(self) -> str:
        """An address, or a customer's name; needs mailbox, its domain and customer fetched."""
        if self.mailbox is not None:
            return self.mailbox.address
        return self.customer.name if self.customer else ""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "mailbox"], name="sending_use_of_mailbox"),
            models.UniqueConstraint(fields=["server", "customer"], name="sending_use_of_customer"),
        ]


class HostName(models.Model):
    """A customer's own name for the node: `mail.customer.tld` instead of the company's."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="host_names")
    name = models.CharField(max_length=253, unique=True)
    purpose = models.CharField(max_length=10)
    """`mail`, `webmail`, `mta-sts`, `autoconfig`."""
    asked_at = models.DateTimeField(null=True)
    """When somebody last wanted its certificate tried at once."""


class Certificate(models.Model):
    """How it stands with the certificate of one name, as its node tells."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="certificates")
    name = models.CharField(max_length=253, db_index=True)
    node = models.BooleanField(default=False)
    """A name of the node itself."""
    state = models.CharField(max_length=10)
    """As `wire.events.CertificateState`."""
    words = models.TextField(blank=True)
    not_after = models.DateTimeField(null=True)
    next_try = models.DateTimeField(null=True)
    alarm = models.IntegerField(default=0)
    """The last alarm that was told, in days before the end; 0: none."""
    since = models.DateTimeField()
    """Since when the state holds."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="certificate_once"),
        ]


class ZoneName(models.Model):
    """A name of which the server of the company's zone was told, to be able to take it back."""

    name = models.CharField(max_length=253, unique=True)
    key = models.ForeignKey(DkimKey, null=True, on_delete=models.SET_NULL, related_name="names")
    """None: the key is gone, and the name is to go too."""
    at = models.DateTimeField()
