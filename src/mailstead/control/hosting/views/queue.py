"""Pages about the queues of the servers: what waits, why, and what is done about it.

What stands in a queue comes from strangers: senders, recipients and reasons are shown as text and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import queries
from mailstead.control.hosting.forms.servers import QueueFilter
from mailstead.control.hosting.models import Server
from mailstead.control.hosting.services import node_looks, node_orders
from mailstead.control.hosting.views.server_states import patience
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.people.roles import require
from mailstead.control.web.listing import csv_text, download
from mailstead.standards.refusal import Refusal
from mailstead.wire.orders import MOST_IDS, ListQueue, QueuedMessage, QueueListed

SHOWN = 200
"""Messages on the page; totals count all that match."""
AT_ONCE = 1000
"""Messages that one act reaches at most."""
_ACTS = {
    "hold": node_orders.hold_mail,
    "release": node_orders.release_mail,
    "requeue": node_orders.requeue_mail,
    "delete": node_orders.delete_mail,
}
_FILTERS = ("queue", "domain", "sender", "reason")


@dataclass(frozen=True)
class Row:
    """One message with its state in words."""

    message: QueuedMessage
    kind: str
    words: str
    reason: str


def _state(queue: str) -> tuple[str, str]:
    """Kind and words of a part of the queue."""
    return {
        "active": ("good", gettext("being sent")),
        "incoming": ("good", gettext("arriving")),
        "deferred": ("warn", gettext("waiting")),
        "hold": ("idle", gettext("held")),
    }.get(queue, ("idle", queue))


def _row(message: QueuedMessage) -> Row:
    kind, words = _state(message.queue)
    reason = next((one.reason for one in message.recipients if one.reason), "")
    return Row(message, kind, words, reason)


def _server(request: HttpRequest, actor: Actor) -> Server | None:
    """The server that is asked for, else the first."""
    wanted = request.GET.get("server", "") or request.POST.get("server", "")
    if wanted:
        return queries.server_named(actor, wanted)
    return queries.servers(actor).order_by("name").first()


def _look(
    actor: Actor, server: Server, form: QueueFilter, **more: Any
) -> node_looks.Seen[QueueListed]:
    now = timezone.now()
    return node_looks.queue(
        actor=actor,
        now=now,
        server=server,
        look=ListQueue(**form.wanted(), **more),
        seconds=patience(server, now),
    )


@page("queue.view")
def queue(request: HttpRequest) -> HttpResponse:
    """What waits on one server, the oldest first."""
    actor = actor_in(request)
    server = _server(request, actor)
    form = QueueFilter(request.GET)
    newest = request.GET.get("sort") == "-age"
    context: dict[str, Any] = {
        "server": server,
        "servers": list(queries.servers(actor)),
        "form": form,
        "filtered": any(request.GET.get(name) for name in _FILTERS),
        "kept": [(name, request.GET.get(name, "")) for name in _FILTERS],
        "shown": SHOWN,
        "at_once": AT_ONCE,
        "newest": newest,
    }
    if server is None:
        return render(request, "hosting/queue/show.html", context)
    export = request.GET.get("export") == "csv"
    limit = AT_ONCE if export else SHOWN
    try:
        told = _look(actor, server, form, newest_first=newest, limit=limit)
    except Refusal as refusal:
        if not refusal.code.startswith("node-"):
            raise
        context["refusal"] = refusal.say(gettext)
    else:
        if export:
            return _csv(server, told.answer.messages)
        context["told"] = told
        context["rows"] = [_row(message) for message in told.answer.messages]
        context["queues"] = [(count, _state(count.name)[1]) for count in told.answer.queues]
    return render(request, "hosting/queue/show.html", context)


def _csv(server: Server, found: tuple[QueuedMessage, ...]) -> HttpResponse:
    heads = ("id", "queue", "arrived", "size", "sender", "recipients", "more", "reason")
    return download(f"queue-{server.name}.csv", csv_text(heads, map(_line, found)))


def _line(message: QueuedMessage) -> tuple[Any, ...]:
    return (
        message.id,
        message.queue,
        message.arrived.isoformat(timespec="seconds"),
        message.size,
        message.sender,
        " ".join(one.address for one in message.recipients),
        message.recipient_count - len(message.recipients),
        _row(message).reason,
    )


@page("queue.view", post="queue.hold")
def act(request: HttpRequest) -> HttpResponse:
    """Hold, release or try again what was chosen, after saying how much that is."""
    chosen = request.GET.get("act", "") or request.POST.get("act", "")
    if chosen not in ("hold", "release", "requeue"):
        raise Refusal("act-unknown", "There is no such act.")
    require(actor_in(request), f"queue.{chosen}")
    return _confirm(request, chosen)


@page("queue.view", post="queue.delete", fresh=True)
def delete(request: HttpRequest) -> HttpResponse:
    """Delete what was chosen, for ever."""
    return _confirm(request, "delete")


def _confirm(request: HttpRequest, chosen: str) -> HttpResponse:
    actor = actor_in(request)
    server = _server(request, actor)
    if server is None:
        raise Refusal("server-unknown", "There is no such server.")
    back = f"{reverse('hosting:queue')}?{urlencode(_kept(request, server))}"
    if request.method == "POST":
        ids = [one for one in request.POST.get("ids", "").split(",") if one]
        _move(request, actor, server, chosen, ids)
        return redirect(back)
    ids, matching = _chosen(request, actor, server)
    if not ids:
        messages.warning(request, gettext("Choose messages first."))
        return redirect(back)
    context = {
        **_texts(chosen, len(ids)),
        "act_name": chosen,
        "server": server,
        "ids": ",".join(ids),
        "more": matching - len(ids),
        "kept": [(name, request.GET.get(name, "")) for name in _FILTERS],
        "back": back,
    }
    return render(request, "hosting/queue/confirm.html", context)


def _kept(request: HttpRequest, server: Server) -> dict[str, str]:
    """The filter, to return to the same list."""
    given = request.POST if request.method == "POST" else request.GET
    kept = {name: given.get(name, "") for name in _FILTERS if given.get(name)}
    return {"server": server.name, **kept}


def _chosen(request: HttpRequest, actor: Actor, server: Server) -> tuple[list[str], int]:
    """The messages that were ticked, or all that match the filter; and how many match."""
    if request.GET.get("all") != "1":
        ids = request.GET.getlist("id")[:SHOWN]
        return ids, len(ids)
    told = _look(actor, server, QueueFilter(request.GET), limit=AT_ONCE)
    return [message.id for message in told.answer.messages], told.answer.matching


def _move(request: HttpRequest, actor: Actor, server: Server, chosen: str, ids: list[str]) -> None:
    """Do it in as many orders as are needed, and say what came of it."""
    ids = ids[:AT_ONCE]
    done = missing = 0
    late = False
    for start in range(0, len(ids), MOST_IDS):
        part = ids[start : start + MOST_IDS]
        now = timezone.now()
        acted = _ACTS[chosen](
            actor=actor, now=now, server=server, ids=part, seconds=patience(server, now)
        )
        done += len(acted.done)
        missing += len(acted.missing)
        late = late or acted.under_way
    if late:
        messages.info(
            request,
            gettext("The server has not answered yet. Look at the queue again in a minute."),
        )
    if done:
        messages.success(request, _done(chosen, done))
    if missing:
        gone = ngettext(
            "{n} was not in the queue any more.", "{n} were not in the queue any more.", missing
        )
        messages.warning(request, gone.format(n=missing))


def _done(chosen: str, done: int) -> str:
    words = {
        "hold": ngettext("{n} message is held.", "{n} messages are held.", done),
        "release": ngettext("{n} message goes on.", "{n} messages go on.", done),
        "requeue": ngettext("{n} message is tried now.", "{n} messages are tried now.", done),
        "delete": ngettext("{n} message is deleted.", "{n} messages are deleted.", done),
    }[chosen]
    return words.format(n=done)


def _texts(chosen: str, n: int) -> dict[str, Any]:
    """Title, button and consequences of an act on `n` messages."""
    title = {
        "hold": ngettext("Hold {n} message", "Hold {n} messages", n),
        "release": ngettext("Release {n} message", "Release {n} messages", n),
        "requeue": ngettext("Try {n} message now", "Try {n} messages now", n),
        "delete": ngettext("Delete {n} message for ever", "Delete {n} messages for ever", n),
    }[chosen].format(n=n)
    lines = {
        "hold": [
            gettext("They stay in the queue and are not tried until somebody releases them."),
            gettext("Their senders are told nothing."),
        ],
        "release": [gettext("They are tried again like all other mail, as soon as possible.")],
        "requeue": [
            gettext("They are tried at once instead of at their next turn."),
            gettext("What is held stays held."),
        ],
        "delete": [
            gettext("They are gone for ever: nobody receives them and no sender is told."),
            gettext("To stop them for now, hold them instead."),
        ],
    }[chosen]
    return {"title": title, "act": title, "lines": lines, "danger": chosen == "delete"}
