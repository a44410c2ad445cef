"""Moves and their rows, from an actor."""

from __future__ import annotations

from django.db.models import F, Prefetch, Q, QuerySet

from mailstead.control.hosting.queries.scope import of_customers
from mailstead.control.moves import life
from mailstead.control.moves.models import Batch, Move, SourceLogin, Stock
from mailstead.control.moves.plan import stock
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.foreign.inventory import Inventory
from mailstead.standards.refusal import Refusal


def of_moves(actor: Actor) -> Q:
    """Moves that the actor sees; the customer's from when there is something to see."""
    if actor.sees_everything:
        return Q()
    shown = Q(customer__isnull=False) & ~Q(state__in=("draft", "planned"))
    return shown & of_customers(actor, "customer__")


def moves(actor: Actor, *, state: str = "", search: str = "", batch: str = "") -> QuerySet[Move]:
    """The newest first; `state` is one of `life.STATES`, `open` (not over) or empty for all."""
    found = Move.objects.filter(of_moves(actor)) if roles.may(actor, "move.view") else None
    if found is None:
        return Move.objects.none()
    if state == "open":
        found = found.exclude(state__in=life.OVER)
    elif state:
        found = found.filter(state=state)
    text = search.strip()
    if text:
        found = found.filter(
            Q(account__icontains=text)
            | Q(customer_name__icontains=text)
            | Q(place__icontains=text)
            | Q(batch__name__icontains=text)
        )
    if batch:
        found = found.filter(batch__name=batch)
    return found.select_related("batch", "customer__reseller", "server").order_by("-pk")


def move_numbered(actor: Actor, number: int) -> Move:
    """One of them; raises `Refusal` (`move-unknown`)."""
    found = moves(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("move-unknown", "There is no such move.", remedy="Look at the list again.")
    return found


def batches(actor: Actor) -> QuerySet[Batch]:
    """All, by name; the company's own matter."""
    found = Batch.objects.order_by("name", "pk")
    return found if actor.sees_everything else found.none()


def batches_with_moves(actor: Actor, most: int = 100) -> list[tuple[Batch, list[Move]]]:
    """The first batches with their moves, the newest move first."""
    newest = Prefetch("moves", queryset=Move.objects.order_by("-pk"))
    found = batches(actor).prefetch_related(newest)[:most]
    return [(batch, list(batch.moves.all())) for batch in found]


def may_change_customer(move: Move) -> bool:
    """Whether nothing was made for it yet."""
    return move.state in life.TABLE["plan"] and not move.things.exists()


def login_told(move: Move) -> dict[str, object]:
    """The IMAP server of a move as it is shown, without passwords, by the names of
    the form; raises `Refusal` (`login-gone`)."""
    names = ("host", "port", "tls", "verify", "master_user")
    rows = SourceLogin.objects.filter(move=move)
    row = rows.values(*names, folder_prefix=F("prefix")).first()
    if row is None:
        raise Refusal("login-gone", "The log-in at the old server is not kept any more.")
    return dict(row)


def batch_named(actor: Actor, name: str) -> Batch:
    """One of them; raises `Refusal` (`batch-unknown`)."""
    found = batches(actor).filter(name=name.strip()).first()
    if found is None:
        raise Refusal("batch-unknown", "There is no such batch.", remedy="List them first.")
    return found


def batch_numbered(actor: Actor, number: int) -> Batch:
    """One of them; raises `Refusal` (`batch-unknown`)."""
    found = batches(actor).filter(pk=number).first()
    if found is None:
        raise Refusal("batch-unknown", "There is no such batch.", remedy="List them first.")
    return found


def inventory_of(move: Move) -> Inventory:
    """What was found for a move that was fetched through the actor; raises `Refusal`."""
    found = Stock.objects.filter(move=move).values_list("inventory", flat=True).first()
    if found is None:
        raise Refusal(
            "move-unread",
            "The source of this move has not been read yet.",
            remedy="Wait until it is read, or have it read again.",
        )
    return stock.read(found)
