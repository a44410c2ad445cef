"""Answers to requests that may come again: a request with a key is done once.

The key is taken before the work begins; the work and its answer are committed together, so that a
process that dies in between leaves neither.
"""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from mailstead.control.people.models import ApiToken, IdempotencyKey
from mailstead.standards.refusal import Refusal

KEPT = dt.timedelta(hours=24)
LOST = dt.timedelta(minutes=5)
"""A first request that has not ended after this was lost with its process, and its work undone."""
LONGEST = 100


def take(*, token: ApiToken, key: str, request: str, now: dt.datetime) -> IdempotencyKey:
    """The key's row: with a `status` it is an answer to give again, without one the caller works.

    `request` is a digest of method, path and body. Raises `Refusal` while the first request runs,
    and when the key was used for another one.
    """
    if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise Refusal(
            "key-invalid",
            "An idempotency key has 1 to 100 printable ASCII characters.",
            remedy="Use a random one such as a UUID.",
        )
    old = IdempotencyKey.objects.filter(token=token, key=key)
    old.filter(created_at__lt=now - KEPT).delete()
    old.filter(status=None, created_at__lt=now - LOST).delete()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(
                token=token, key=key, request=request, created_at=now
            )
    except IntegrityError:
        found = old.first()
    if found is None or (found.request == request and found.status is None):
        raise Refusal(
            "key-busy",
            "The first request with this key is still under way.",
            remedy="Ask again in a moment.",
        )
    if found.request != request:
        raise Refusal(
            "key-reused",
            "This idempotency key was used for another request.",
            remedy="Use a new key for each new request.",
        )
    return found


def keep(*, row: IdempotencyKey, status: int, body: str) -> None:
    """The answer of the request; inside the transaction of its work."""
    row.status, row.body = status, body
    row.save()


def free(*, row: IdempotencyKey) -> None:
    """The request was refused and nothing was done: the key may be used again."""
    IdempotencyKey.objects.filter(pk=row.pk).delete()


def drop_keys(now: dt.datetime) -> int:
    """Drop answers that are kept no longer; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()[0]
