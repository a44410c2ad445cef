"""What can be asked of the delivery log, from an actor.

Everybody sees the rows of their own side. A search is one look-up in an index for each column in
which the text may stand, newest first and bounded, so that it is as fast among millions.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Q, QuerySet

from mailstead.control.delivery.causes import TROUBLE
from mailstead.control.delivery.models import Attempt, Delivery, Message
from mailstead.control.delivery.queries.scope import of_rows
from mailstead.control.hosting.queries import domains
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.standards.subject import subject_hash

TROUBLED = "trouble"
"""Asked for as a state: every one in which mail did not go its way."""
MOST_FOUND = 150
"""Rows of each column that a search looks at, the newest."""
COLUMNS = ("recipient", "sender", "original")


def deliveries(
    actor: Actor,
    *,
    mailbox: int | None = None,
    search: str = "",
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    state: str = "",
    cause: str = "",
    domain: str = "",
) -> QuerySet[Delivery]:
    """What the actor sees, newest first; `search` is a whole address, Message-ID, queue number
    or subject.

    `mailbox` is the number of one that was fetched through the actor. `state` and `cause` (a
    class of failures, `causes.CAUSES`) are whole words, `trouble` is every state in which mail did
    not go its way. `domain` is a hosted one that the actor sees, or one elsewhere: of those only
    mail in trouble is found.
    """
    rows = Delivery.objects.filter(of_rows(actor))
    if mailbox is not None:
        rows = rows.filter(mailbox=mailbox)
    elif actor.sees_everything:
        rows = rows.filter(first=True)
    elif actor.kind in ("reseller", "customer"):
        rows = rows.filter(first_of_customer=True)
    bounds = Q()
    if since is not None:
        bounds &= Q(at__gte=since)
    if until is not None:
        bounds &= Q(at__lte=until)
    rows = _narrowed(actor, rows.filter(bounds), state, cause, domain.strip().lower().lstrip("@"))
    text = search.strip()
    if text:
        newest = None
        if not (state or cause or domain) and _is_own(actor, text):
            newest = Delivery.objects.filter(bounds)
        rows = Delivery.objects.filter(pk__in=_matching(rows, text, newest))
    return rows.order_by("-at", "-pk")


def _narrowed(
    actor: Actor, rows: QuerySet[Delivery], state: str, cause: str, domain: str
) -> QuerySet[Delivery]:
    if domain:
        numbers = list(domains(actor).filter(name=domain).values_list("pk", flat=True))
        if numbers:
            rows = rows.filter(domain__in=numbers)
        else:
            far = Q(side="in", sender__endswith=f"@{domain}")
            rows = rows.filter(far | (~Q(side="in") & Q(recipient__endswith=f"@{domain}")))
            state = state or ("" if cause else TROUBLED)
    if cause:
        rows = rows.filter(cause=cause)
    if cause or state == TROUBLED:
        # An index holds only these states.
        rows = rows.filter(state__in=TROUBLE)
    if state and state != TROUBLED:
        rows = rows.filter(state=state)
    return rows


def _is_own(actor: Actor, text: str) -> bool:
    """Whether it is an address in a domain of theirs: nearly all rows that have it are theirs."""
    domain = text.rpartition("@")[2].lower()
    return not actor.sees_everything and domains(actor).filter(name=domain).exists()


def _matching(rows: QuerySet[Delivery], text: str, newest: QuerySet[Delivery] | None) -> set[int]:
    """Numbers of rows in which the text stands.

    `newest`: all rows in which it is looked for first, for an address of the actor's own. The
    database would else walk through all that a large customer has for one that never wrote.
    """
    found: set[int] = set()
    rows = rows.order_by("-at", "-pk")
    bare = text.removeprefix("<").removesuffix(">")
    if "@" in bare:
        for column in COLUMNS:
            one = _having(rows, column, bare.lower())
            if newest is None:
                found.update(one.values_list("pk", flat=True)[:MOST_FOUND])
            else:
                found.update(_seen_of(one, _having(newest, column, bare.lower())))
    messages = Message.objects.filter(message_id=bare).values_list("pk", flat=True)
    numbers = list(messages[:MOST_FOUND])
    if hashed := subject_hash(text, settings.SUBJECT_KEY):
        alike = Message.objects.filter(subject=hashed).exclude(subject="").order_by("-pk")
        numbers += alike.values_list("pk", flat=True)[:MOST_FOUND]
    if "@" not in bare:
        numbers += Message.objects.filter(queue=bare).values_list("pk", flat=True)[:MOST_FOUND]
    if numbers:
        found.update(rows.filter(message__in=numbers).values_list("pk", flat=True)[:MOST_FOUND])
    return found


def _having(rows: QuerySet[Delivery], column: str, address: str) -> QuerySet[Delivery]:
    """Rows with an address in a column, the newest first."""
    found = rows.filter(**{column: address}).order_by("-at", "-pk")
    # Its index holds no empty ones, and serves only where that is said.
    return found.exclude(original="") if column == "original" else found


def _seen_of(rows: QuerySet[Delivery], same: QuerySet[Delivery]) -> set[int]:
    """Those of `rows` among the newest of `same`, twice as many of them at most: of a message
    within the house there are two rows. The second half is read only where it is needed."""
    found: set[int] = set()
    for first in (0, MOST_FOUND):
        numbers = list(same.values_list("pk", flat=True)[first : first + MOST_FOUND])
        found.update(rows.filter(pk__in=numbers).values_list("pk", flat=True))
        if len(numbers) < MOST_FOUND or len(found) > MOST_FOUND / 2:
            break
    return found


def delivery_numbered(actor: Actor, number: int, *, mailbox: int | None = None) -> Delivery:
    """The row of that number, its message with it; raises `Refusal` (`message-unknown`)."""
    rows = Delivery.objects.filter(of_rows(actor), pk=number)
    if mailbox is not None:
        rows = rows.filter(mailbox=mailbox)
    found = rows.select_related("message").first()
    if found is None:
        raise Refusal("message-unknown", "There is no such message.")
    return found


def recipients_of(
    actor: Actor, delivery: Delivery, *, mailbox: int | None = None
) -> list[Delivery]:
    """What became of the same message for each recipient of whom the actor may know."""
    if delivery.message_id is None:
        return [delivery]
    rows = Delivery.objects.filter(of_rows(actor), message=delivery.message_id)
    if mailbox is not None:
        rows = rows.filter(mailbox=mailbox)
    found: dict[tuple[str, str], Delivery] = {}
    for row in rows.order_by("pk"):
        found.setdefault((row.recipient, row.original), row)
    return list(found.values())


def attempts_of(delivery: Delivery) -> list[Attempt]:
    """Every attempt for this recipient, and what held for all, in the order of time."""
    if delivery.message_id is None:
        return []
    own = Q(recipient=delivery.recipient, original=delivery.original) | Q(recipient="")
    rows = Attempt.objects.filter(own, message=delivery.message_id)
    return list(rows.order_by("at", "pk")[:200])
