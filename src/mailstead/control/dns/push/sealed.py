"""What a person has typed for a DNS host, sealed into the form of the plan for some minutes.

Nothing of it is stored: it stands in the page of who typed it, and only this instance can open it,
for this person and this plan (docs/decisions/0032).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac

from mailstead.control.dns.models import Push
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

MINUTES = 15
"""For which a plan may be carried out."""


def seal(actor: Actor, push: Push, credentials: dict[str, str]) -> str:
    """The credentials as a text that says nothing to who reads it."""
    return _box(actor, push).encrypt(json.dumps(credentials).encode()).decode()


def opened(actor: Actor, push: Push, text: str) -> dict[str, str]:
    """The credentials; raises `Refusal` (`token-again`) when their time is over."""
    try:
        plain: dict[str, str] = json.loads(
            _box(actor, push).decrypt(text.encode(), ttl=60 * MINUTES)
        )
    except (InvalidToken, UnicodeEncodeError, ValueError) as error:
        raise Refusal(
            "token-again",
            "The token is kept for a quarter of an hour only.",
            remedy="Make the plan anew.",
        ) from error
    return plain


def _box(actor: Actor, push: Push) -> Fernet:
    whose = f"{actor.really.person} {actor.customer} {push.pk}"
    key = salted_hmac("mailstead.dns.push", whose, algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(key))
