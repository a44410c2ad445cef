"""Two resellers' worth of people: everybody who may sign in, each with something of their own.

the company: olga (operator), stan (staff)
rita (reseller of "Rita's Hosting")  →  carl (customer "Carl's Cars"), dora (administrator of
                                        one of Carl's two domains), mia (a mailbox of Carl's)
eve (customer "Eve's Shop", of nobody), with a domain and a mailbox of her own: the stranger
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.test import Client

from mailstead.control.delivery import services as delivery
from mailstead.control.delivery.models import Delivery, Suppression
from mailstead.control.dns.models import Zone
from mailstead.control.dns.zones.services import import_zone
from mailstead.control.hosting import services
from mailstead.control.hosting.models import (
    Autoresponder,
    Customer,
    Domain,
    Forwarder,
    Mailbox,
    Server,
)
from mailstead.control.moves.models import Export, Move
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import ApiToken, Invitation, Membership, Person, Webhook
from mailstead.control.people.queries import actor_of
from mailstead.control.protection.models import Case
from mailstead.wire.changes import Route
from mailstead.wire.events import AttemptSeen, MessageSeen
from tests.control.protection.tales import told_case

PASSWORD = "correct horse battery"
HOST = "panel.example"
OUTSIDE = "outside.example"
"""Contact addresses lie in a domain that is not hosted here."""
_ZONE = """$ORIGIN {}.
@ 3600 IN SOA ns1.host.example. hostmaster.host.example. 1 3600 600 604800 300
@ 3600 IN NS ns1.host.example.
@ 3600 IN A 192.0.2.80
"""
ROLES = ("operator", "staff", "reseller", "customer", "domain_admin", "mailbox")


@dataclass
class World:
    """The people and their things."""

    now: dt.datetime
    server: Server
    customers: dict[str, Customer] = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    forwarders: dict[str, Forwarder] = field(default_factory=dict)
    answers: dict[str, Autoresponder] = field(default_factory=dict)
    tokens: dict[str, ApiToken] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    """A message from the world into each mailbox."""
    suppressions: dict[str, Suppression] = field(default_factory=dict)
    """Each mailbox has found out that somebody is not there."""
    cases: dict[str, Case] = field(default_factory=dict)
    """Each mailbox has looked stolen, with mail that is held."""
    moves: dict[str, Move] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    """Each customer's account came from elsewhere, and they may see how."""
    zones: dict[str, Zone] = field(default_factory=dict)
    """A DNS zone of the name of each domain but one, served here."""
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    """Switched off: the world itself tells nobody anything."""

    def actor(self, role: str) -> Actor:
        """The actor that somebody of this role is."""
        person = self.people[role]
        place = Membership.objects.filter(person=person).first()
        return actor_of(person, place, "192.0.2.9", "0" * 32)

    def client(self, role: str | None) -> Client:
        """A browser in which somebody of this role has just signed in; None: nobody."""
        client = Client(
            headers={"host": HOST, "x-forwarded-proto": "https", "x-real-ip": "192.0.2.9"}
        )
        if role is not None:
            address = self.people[role].email
            answer = client.post("/account/login/", {"login": address, "password": PASSWORD})
            assert answer.status_code == 302, answer.content.decode()
        return client


def make_world(now: dt.datetime, server: Server | None = None) -> World:
    """Everybody and everything; without a `server` one is made."""
    olga = Actor.operator("olga")
    if server is None:
        server = services.create_server(actor=olga, now=now, name="node1", hostname="node1.example")
    world = World(now, server)
    who = {"actor": olga, "now": now}

    def member(role: str, name: str, customer: Customer | None, **more: object) -> Membership:
        made = people.create_member(
            **who,
            email=f"{name}@{OUTSIDE}",
            name=name.title(),
            password=PASSWORD,
            role=role,
            customer=customer.pk if customer else None,
            **more,  # type: ignore[arg-type]
        )
        world.people[role] = made.person
        return made

    member("operator", "olga", None)
    member("staff", "stan", None)
    rita = services.create_customer(**who, name="Rita's Hosting", is_reseller=True)
    member("reseller", "rita", rita)
    carl = services.create_customer(
        actor=world.actor("reseller"), now=now, name="Carl's Cars", email=f"carl@{OUTSIDE}"
    )
    member("customer", "carl", carl)
    eve = services.create_customer(**who, name="Eve's Shop", email=f"eve@{OUTSIDE}")
    stranger = people.create_member(
        **who, email=f"eve@{OUTSIDE}", password=PASSWORD, role="customer", customer=eve.pk
    )
    world.people["stranger"] = stranger.person
    world.customers = {"reseller": rita, "customer": carl, "stranger": eve}
    for key, name, owner in (
        ("main", "cars.example", carl),
        ("other", "trucks.example", carl),
        ("reseller", "ritas.example", rita),
        ("stranger", "shop.example", eve),
    ):
        domain = services.create_domain(
            **who, name=name, customer=owner, server=world.server, dkim=False
        )
        world.domains[key] = domain
        local = "mia" if key == "main" else "box"
        world.mailboxes[key] = services.create_mailbox(
            **who, domain=domain, address=f"{local}@{name}", password=PASSWORD
        )
        world.deliveries[key] = _delivery(world, f"{local}@{name}")
        world.suppressions[key] = _suppression(world, world.mailboxes[key])
        world.cases[key] = _case(world, f"{local}@{name}", key)
        world.moves[key] = Move.objects.create(
            customer=owner,
            customer_name=owner.name,
            server=world.server,
            origin="files",
            place=f"/root/{key}.tar.gz",
            account=key,
            state="verified",
            since=now,
            created_at=now,
            created_by="operator:olga",
        )
        world.exports[key] = Export.objects.create(
            customer=owner,
            domain=name,
            with_mail=True,
            state="making",
            octets=4 * 10**8,
            octets_all=10**9,
            messages=1_200,
            address=f"{local}@{name}",
            # The node was asked, and nobody asks it again.
            asked_at=now + dt.timedelta(days=1),
            created_at=now,
            created_by="operator:olga",
        )
        if key != "other":
            world.zones[key], _ = import_zone(
                **who, customer=owner, server=world.server, name=name, file=_ZONE.format(name)
            )
    member("domain_admin", "dora", carl, domains=[world.domains["main"].pk])
    world.people["mailbox"] = services.log_in_of(world.mailboxes["main"])
    for role in ("reseller", "customer", "stranger"):
        domain = world.domains["main" if role == "customer" else role]
        world.forwarders[role] = services.set_forwarder(
            **who,
            domain=domain,
            address=f"info@{domain.name}",
            route=Route(action="deliver", destinations=(f"desk@{OUTSIDE}",)),
        )
        world.answers[role] = services.set_autoresponder(
            **who, domain=domain, address=f"away@{domain.name}", subject="Away", body="Later."
        )
        place = Membership.objects.get(person=world.people[role])
        world.memberships[role] = place
        world.tokens[role], _ = people.create_token(
            actor=world.actor(role), now=now, membership=place, name="billing", scopes=["read"]
        )
        hook = {"actor": world.actor(role), "now": now}
        world.webhooks[role], _ = people.create_webhook(
            **hook, customer=place.customer, url=f"https://example.com/{role}"
        )
        people.update_webhook(**hook, webhook=world.webhooks[role], active=False)
        people.invite(
            **who,
            email=f"new-{role}@{OUTSIDE}",
            role=place.role,
            customer=place.customer,
        )
        world.invitations[role] = Invitation.objects.get(email=f"new-{role}@{OUTSIDE}")
    return world


def _case(world: World, address: str, key: str) -> Case:
    made = told_case(address, world.now, f"case of {key}", server=world.server.name)
    # The world itself writes to nobody.
    made.told_at = world.now
    made.save()
    return made


def _suppression(world: World, mailbox: Mailbox) -> Suppression:
    return Suppression.objects.create(
        server=world.server.name,
        customer=mailbox.domain.customer_id,
        domain=mailbox.domain_id,
        mailbox=mailbox.pk,
        address=mailbox.address,
        recipient=f"gone@{OUTSIDE}",
        since=world.now,
        until=world.now + dt.timedelta(days=30),
        reply="host mx.outside.example[192.0.2.25] said: 550 5.1.1 User unknown",
        relay="mx.outside.example",
        dsn="5.1.1",
    )


def _delivery(world: World, address: str) -> Delivery:
    queue = f"4jYtqy{address.replace('@', '').replace('.', '')}"[:24]
    told = (
        MessageSeen(
            id=f"m-{queue}",
            at=world.now,
            queue=queue,
            direction="in",
            message_id=f"{queue}@{OUTSIDE}",
            sender=f"far@{OUTSIDE}",
            client="192.0.2.44",
            size=2000,
        ),
        AttemptSeen(
            id=f"a-{queue}",
            at=world.now,
            queue=queue,
            outcome="filed",
            recipient=address,
            dsn="2.0.0",
            reply=f"250 2.0.0 <{address}> s1 Saved",
            folder="INBOX",
        ),
    )
    delivery.record(world.server.name, told, world.now)
    return Delivery.objects.get(recipient=address)
