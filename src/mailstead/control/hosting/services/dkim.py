"""DKIM keys: made, published, signed with, followed by others, withdrawn (`keylife`).

What the DNS says is found out by the floor above; here is what follows from it.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterable, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import transaction

from mailstead.control.hosting import keylife, messages
from mailstead.control.hosting.models import DkimKey, Domain, ZoneName
from mailstead.control.hosting.queries.dkim import key_of, pace, zone_name
from mailstead.control.hosting.services.common import checked_text, commit, facts, living
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal, Term
from mailstead.wire.changes import AnyChange, DkimKeyGone

_BITS = 2048  # RFC 8301 §3.2: at least 1024, should be 2048
_SHORTEST, _LONGEST = 1024, 4096
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def new_key(domain: Domain, now: dt.datetime, selector: str = keylife.SELECTORS[0]) -> DkimKey:
    """A stored new RSA key for the domain; it waits for being seen in the DNS.

    A withdrawn key of the same selector makes way.
    """
    private, public = _pair()
    return _waiting(domain, selector, private, public, now)


def _waiting(domain: Domain, selector: str, private: str, public: str, now: dt.datetime) -> DkimKey:
    return DkimKey.objects.update_or_create(
        domain=domain,
        selector=selector,
        defaults={
            "private_key": private,
            "public_key": public,
            "state": "waiting",
            "since": now,
            "due_at": now,
            "revoked": False,
            "zone_due": True,
        },
    )[0]


@transaction.atomic
def import_key(
    *, actor: Actor, now: dt.datetime, domain: Domain, selector: str, private_key: str
) -> DkimKey:
    """A key that has signed the domain's mail elsewhere, under its own selector.

    It is looked for in the DNS like every other one: while it stands there it signs, until the
    house's own key is there. Under a selector of the house it takes the place of a key that nobody
    has seen yet. Raises `Refusal` (`dkim-invalid`, `dkim-selector`, `dkim-exists`).
    """
    living(domain)
    if not _SELECTOR.fullmatch(selector):
        raise Refusal(
            "dkim-selector",
            "A key cannot come under the selector {selector}.",
            remedy="Let the house's own key follow it.",
            selector=selector[:63],
        )
    private, public = _read_pair(private_key)
    there = DkimKey.objects.filter(domain=domain, selector=selector).first()
    if there is not None and not gives_way(there, private):
        raise Refusal(
            "dkim-exists",
            "{name} has a key {selector} already.",
            remedy="Revoke it first.",
            name=domain.name,
            selector=selector,
        )
    made = _waiting(domain, selector, private, public, now)
    _commit(actor, now, "import", made, None)
    return made


def gives_way(there: DkimKey, private_key: str) -> bool:
    """Whether a key that comes from elsewhere may take the place of this one: nobody has seen it.

    Only a key of the house is made before it is wanted; the same key has come already.
    """
    unseen = there.state == "waiting" and there.selector in keylife.SELECTORS
    return unseen and there.private_key != private_key


def _read_pair(pem: str) -> tuple[str, str]:
    """The pair as we store it, from a private key as PEM; raises `Refusal` (`dkim-invalid`)."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _bad_key("it cannot be read") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _bad_key("it is no RSA key")
    if not _SHORTEST <= key.key_size <= _LONGEST:
        raise _bad_key(f"it has {key.key_size} bits")
    return _written(key)


def _bad_key(why: str) -> Refusal:
    return Refusal(
        "dkim-invalid",
        "This key cannot sign mail: {why}.",
        remedy="Let the house's own key follow it.",
        why=Term(why),
    )


def _pair() -> tuple[str, str]:
    return _written(rsa.generate_private_key(public_exponent=65537, key_size=_BITS))


def _written(key: rsa.RSAPrivateKey) -> tuple[str, str]:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode("ascii"), base64.b64encode(public).decode("ascii")


def _living_keys(domain: Domain) -> list[DkimKey]:
    """The domain's keys, locked with it."""
    living(domain)
    return list(DkimKey.objects.filter(domain=domain).select_related("domain").order_by("selector"))


def _enter(key: DkimKey, state: keylife.State, now: dt.datetime) -> None:
    """Into another state; the record in the DNS follows where it must."""
    assert keylife.may_follow(key.state, state), (key.state, state)  # type: ignore[arg-type]
    if state == "withdrawn":
        key.private_key = ""
        key.zone_due = True
    key.state, key.since = state, now
    key.due_at = keylife.due_of(key_of(key), pace(), now)
    key.save()


def _commit(
    actor: Actor,
    now: dt.datetime,
    verb: str,
    key: DkimKey,
    before: dict[str, object] | None,
    changes: Iterable[AnyChange] = (),
    reason: str = "",
) -> None:
    commit(
        actor=actor,
        now=now,
        verb=verb,
        row=key,
        label=f"{key.selector}._domainkey.{key.domain.name}",
        before=before,
        changes=list(changes),
        server=key.domain.server,
        reason=reason,
    )


@transaction.atomic
def rotate_keys(*, actor: Actor, now: dt.datetime, domain: Domain) -> DkimKey:
    """Begin to follow the key that signs by another; returns the new one, which is yet to be seen.

    Raises `Refusal` while a change is under way.
    """
    keys = _living_keys(domain)
    selector = keylife.idle_selector([key_of(key) for key in keys])
    if selector is None or any(key.state in ("waiting", "visible") for key in keys):
        raise Refusal(
            "dkim-changing",
            "The key of {name} is being changed already.",
            remedy="Wait until the new key signs and the old one is withdrawn, or revoke that one.",
            name=domain.name,
        )
    made = new_key(domain, now, selector)
    _commit(actor, now, "rotate", made, None)
    return made


@transaction.atomic
def note_seen(*, now: dt.datetime, key: DkimKey, seen: bool) -> None:
    """A look at the DNS has found the key, or has not; what follows is done at once.

    The first key of a domain signs as soon as it is seen: before, nothing did.
    """
    keys = {one.pk: one for one in _living_keys(key.domain)}
    own = keys.get(key.pk)
    if own is None or own.public_key != key.public_key or own.state not in ("waiting", "visible"):
        return
    signing = next((one for one in keys.values() if one.state == "signing"), None)
    if not seen:
        if own.state == "visible":
            _enter(own, "waiting", now)
        else:
            own.due_at = keylife.due_of(key_of(own), pace(), now)
            own.save(update_fields=["due_at"])
        return
    ready = own.state == "visible" and now >= (own.since or now) + pace().settle
    if signing is None or ready:
        _sign(Actor.system(), now, own, signing)
    elif own.state == "waiting":
        _enter(own, "visible", now)


def _sign(
    actor: Actor, now: dt.datetime, key: DkimKey, before: DkimKey | None, reason: str = ""
) -> None:
    """From now on mail is signed with this key; the one before stays published for a while."""
    changes: list[AnyChange] = []
    was = facts(key)
    _enter(key, "signing", now)
    changes.append(messages.dkim_put(key))
    if before is not None:
        _enter(before, "old", now)
        changes.append(messages.dkim_put(before))
    _commit(actor, now, "sign", key, was, changes, reason)


@transaction.atomic
def withdraw_old(*, now: dt.datetime, key: DkimKey) -> None:
    """The grace period of a key that has signed before is over."""
    own = next((one for one in _living_keys(key.domain) if one.pk == key.pk), None)
    if own is None or own.state != "old" or now < (own.since or now) + pace().grace:
        return
    was = facts(own)
    _enter(own, "withdrawn", now)
    _commit(Actor.system(), now, "withdraw", own, was, [_gone(own)])


def _gone(key: DkimKey) -> DkimKeyGone:
    return DkimKeyGone(domain=key.domain.name, selector=key.selector)


@transaction.atomic
def revoke_key(
    *, actor: Actor, now: dt.datetime, domain: Domain, selector: str, reason: str
) -> DkimKey:
    """Take a key back at once because somebody else may have it; returns what follows it.

    Another key that is in the DNS signs from now on, seen long ago or just now; where there is
    none, mail goes out unsigned until a new one is seen.
    """
    keys = _living_keys(domain)
    key = next((one for one in keys if one.selector == selector), None)
    if key is None or key.state == "withdrawn":
        raise Refusal(
            "dkim-unknown",
            "{name} has no key {selector} in use.",
            remedy="List its keys first.",
            name=domain.name,
            selector=selector,
        )
    words = checked_text(reason.strip(), "reason", 300)
    if not words:
        raise Refusal("reason-missing", "A reason is missing.", remedy="Say why.")
    was, state = facts(key), key.state
    key.revoked = True
    _enter(key, "withdrawn", now)
    _commit(actor, now, "revoke", key, was, [_gone(key)], words)
    others = [one for one in keys if one is not key and one.state in ("old", "visible")]
    if state == "signing" and others:
        _sign(Actor.system(), now, others[0], None, words)
        return others[0]
    rest = [one for one in keys if one is not key and one.state != "withdrawn"]
    if rest:
        return rest[0]
    # Not at the same name: who remembers the leaked key would use it on.
    free = next(name for name in keylife.SELECTORS if name != selector)
    made = new_key(domain, now, free)
    _commit(actor, now, "rotate", made, None, reason=words)
    return made


@transaction.atomic
def note_key_due(*, now: dt.datetime, key: DkimKey) -> None:
    """Nothing is to be done about a key now: look at it again when something may be."""
    due = keylife.due_of(key_of(key), pace(), now)
    DkimKey.objects.filter(pk=key.pk, state=key.state).update(due_at=due)


def tell_zone_anew() -> None:
    """The servers of the company's zone are to be told every name again."""
    DkimKey.objects.update(zone_due=True)


@transaction.atomic
def note_zone_told(*, now: dt.datetime, keys: Sequence[DkimKey], gone: Sequence[ZoneName]) -> None:
    """Every server of the company's zone has taken these; a key that has changed since is due."""
    for key in keys:
        rows = DkimKey.objects.filter(pk=key.pk, state=key.state, public_key=key.public_key)
        rows.update(zone_due=False)
        there = DkimKey.objects.filter(pk=key.pk).exists()
        ZoneName.objects.update_or_create(
            name=zone_name(key.domain_id, key.selector),
            defaults={"key": key if there else None, "at": now},
        )
    ZoneName.objects.filter(pk__in=[one.pk for one in gone], key=None).delete()
