"""API tokens: made, shown once, used, revoked."""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
from collections.abc import Collection

from django.db import transaction

from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import ApiToken, Membership
from mailstead.control.people.services.audit import Owner, record
from mailstead.standards.password import digest_of
from mailstead.standards.refusal import Refusal

BEGINNING = "mst_"
"""So that scanners for leaked secrets know it."""
_SHOWN = 12
_MAX = 100


def _checked_networks(texts: Collection[str]) -> list[str]:
    found = []
    for text in texts:
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError as error:
            raise Refusal(
                "network-invalid",
                "'{text}' is not an IP address or network.",
                remedy="Give one such as 192.0.2.7 or 2001:db8::/32.",
                text=text.strip()[:60],
            ) from error
    return found


@transaction.atomic
def create_token(
    *,
    actor: Actor,
    now: dt.datetime,
    membership: Membership,
    name: str,
    scopes: Collection[str],
    addresses: Collection[str] = (),
    expires_at: dt.datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token of the membership and its text, which is shown this once; raises `Refusal`."""
    roles.require(actor, "token.create")
    bare = " ".join(name.split())[:80]
    wrong = set(scopes) - set(roles.SCOPES)
    if not bare or not scopes or wrong:
        raise Refusal(
            "token-incomplete",
            "A token needs a name and at least one scope of {scopes}.",
            remedy="Give both.",
            scopes=", ".join(roles.SCOPES),
        )
    if expires_at is not None and expires_at <= now:
        raise Refusal("expiry-past", "The token would have ended already.", remedy="Choose later.")
    if ApiToken.objects.filter(membership=membership, revoked_at=None).count() >= _MAX:
        raise Refusal("tokens-many", "There are 100 tokens.", remedy="Revoke one.")
    text = BEGINNING + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        membership=membership,
        name=bare,
        prefix=text[:_SHOWN],
        digest=digest_of(text),
        scopes=sorted(scopes),
        addresses=_checked_networks(addresses),
        created_at=now,
        expires_at=expires_at,
    )
    record(
        actor=actor,
        verb="token.create",
        kind="token",
        label=bare,
        object_id=token.pk,
        now=now,
        after={
            "scopes": token.scopes,
            "addresses": token.addresses,
            "expires_at": expires_at.isoformat() if expires_at else None,
        },
        owner=Owner(customer=membership.customer),
    )
    return token, text


def refuse_wider(
    parent: ApiToken,
    *,
    scopes: Collection[str],
    addresses: Collection[str],
    expires_at: dt.datetime | None,
) -> None:
    """Refuse a token, made by means of another, that could do more than that one."""
    outer = [ipaddress.ip_network(text) for text in parent.addresses]
    inner = [ipaddress.ip_network(text) for text in _checked_networks(addresses)]
    inside = bool(inner) and all(any(_within(net, other) for other in outer) for net in inner)
    longer = parent.expires_at and (expires_at is None or expires_at > parent.expires_at)
    if set(scopes) - set(parent.scopes) or (outer and not inside) or longer:
        raise Refusal(
            "token-wider",
            "A token cannot make one that may do more, from more addresses or for longer.",
            remedy="Narrow it, or make it in the panel.",
        )


def _within(
    net: ipaddress.IPv4Network | ipaddress.IPv6Network,
    other: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    if isinstance(net, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and net.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and net.subnet_of(other)


@transaction.atomic
def revoke_token(*, actor: Actor, now: dt.datetime, token: ApiToken) -> None:
    """The token is refused from now on."""
    roles.require(actor, "token.revoke")
    token.revoked_at = now
    token.save()
    record(
        actor=actor,
        verb="token.revoke",
        kind="token",
        label=token.name,
        object_id=token.pk,
        now=now,
        before={"revoked_at": None},
        after={"revoked_at": now.isoformat()},
        owner=Owner(customer=token.membership.customer),
    )


def use_token(text: str, address: str, now: dt.datetime) -> ApiToken | None:
    """The token of this text if it may be used from there now; notes the use once a minute."""
    if not text.startswith(BEGINNING):
        return None
    token = (
        ApiToken.objects.filter(digest=digest_of(text), revoked_at=None)
        .select_related("membership__person")
        .first()
    )
    if token is None or (token.expires_at and token.expires_at <= now):
        return None
    if not token.membership.person.is_active or not _from_there(token.addresses, address):
        return None
    fresh = token.last_used_at and now - token.last_used_at < dt.timedelta(minutes=1)
    if not fresh or token.last_used_from != address:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address)
    return token


def _from_there(networks: list[str], address: str) -> bool:
    if not networks:
        return True
    try:
        client = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(client in ipaddress.ip_network(network) for network in networks)
