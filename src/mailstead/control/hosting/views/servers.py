"""Pages about servers: how far each is, its processes, its host name."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.feed import queries as feed
from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.servers import HostNameForm, ServerForm
from mailstead.control.hosting.models import Server
from mailstead.control.hosting.services import node_looks
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.hosting.views.server_states import Standing, patience, standing
from mailstead.control.people.pages import actor_in, page
from mailstead.control.people.roles import may
from mailstead.control.web.forms import submitted
from mailstead.control.web.listing import csv_file, listing, wants_csv
from mailstead.standards.refusal import Refusal

_HEADS = ("name", "hostname", "state", "revision", "applied", "last_seen", "failed", "why")


@page("server.view")
def server_list(request: HttpRequest) -> HttpResponseBase:
    """All servers and how far each is."""
    actor = actor_in(request)
    rows = queries.servers(actor, search=request.GET.get("q", "").strip())
    heads, now = feed.states(), timezone.now()

    def stand(server: Server) -> Standing:
        return standing(server, heads.get(server.name), now)

    if wants_csv(request):
        return csv_file("servers", _HEADS, rows, lambda server: _line(stand(server)))
    found = listing(
        request,
        rows,
        sorts={"name": ("name",), "hostname": ("hostname",)},
        default="name",
        hint=gettext("Name of a server"),
    )
    context = {
        "listing": found,
        "rows": [stand(server) for server in found.rows],
        "may_create": may(actor, "server.create"),
    }
    return render(request, "hosting/servers/list.html", context)


def _line(one: Standing) -> tuple[Any, ...]:
    return (
        one.server.name,
        one.server.hostname,
        one.words,
        one.revision,
        one.acked,
        one.last_seen.isoformat(timespec="seconds") if one.last_seen else "",
        one.failed_revision or "",
        one.failed_words,
    )


@page("server.create")
def add(request: HttpRequest) -> HttpResponse:
    """A new server, whose node is then told to follow."""
    actor = actor_in(request)
    form = ServerForm(request.POST or None)
    made: list[Server] = []

    def create(data: dict[str, Any]) -> None:
        made.append(services.create_server(actor=actor, now=timezone.now(), **data))

    if request.method == "POST" and submitted(form, create):
        words = gettext("{name} is a server now; it is idle until its node follows.")
        messages.success(request, words.format(name=made[0].name))
        return redirect("hosting:server", made[0].name)
    return form_page(
        request,
        form,
        title=gettext("Add a server"),
        words=gettext("A mail server of this company. Domains are at home on one server each."),
        act=gettext("Add the server"),
        back=reverse("hosting:servers"),
    )


@page("server.view")
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One server: how far it is, and its processes."""
    actor = actor_in(request)
    server = queries.server_named(actor, name)
    one = standing(server, feed.head(server.name), timezone.now())
    context = {
        "one": one,
        "server": server,
        "domains": server.domains.filter(removed_at=None).count(),
        "sample": feed.last_sample(server.name),
        "may_update": may(actor, "server.update"),
        "may_remove": may(actor, "server.remove"),
    }
    return render(request, "hosting/servers/show.html", context)


@page("server.update")
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Another host name."""
    actor = actor_in(request)
    server = queries.server_named(actor, name)
    before = server.hostname
    form = HostNameForm(request.POST or None, initial={"hostname": before})

    def save(data: dict[str, Any]) -> None:
        services.update_server(actor=actor, now=timezone.now(), server=server, **data)

    if request.method == "POST" and submitted(form, save):
        messages.success(
            request,
            gettext("Saved. The owners of its domains must change their MX records now."),
        )
        return redirect("hosting:server", name)
    return form_page(
        request,
        form,
        title=gettext("Change the host name of {name}").format(name=server.name),
        words=gettext(
            "The pages about DNS tell the owners of domains to publish this name. Mail keeps "
            "arriving under the old one as long as it resolves."
        ),
        act=gettext("Save"),
        back=reverse("hosting:server", args=[name]),
    )


@page("server.remove", fresh=True)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Remove a server that has no domains."""
    actor = actor_in(request)
    server = queries.server_named(actor, name)
    return confirmed(
        request,
        Question(
            title=gettext("Remove the server {name}").format(name=server.name),
            lines=[
                gettext("Its node gets no more changes. This cannot be undone."),
                gettext("It is possible only when no domain is at home there, removed ones too."),
            ],
            act=gettext("Remove the server {name}").format(name=server.name),
            back=reverse("hosting:server", args=[name]),
            danger=True,
        ),
        lambda _data: services.remove_server(actor=actor, now=timezone.now(), server=server),
        done=lambda: gettext("The server {name} is removed.").format(name=name),
        then=reverse("hosting:servers"),
    )


@page("server.view")
def now(request: Any, name: str) -> HttpResponse:
    """The machine at this moment, as the node itself says; a part of the page for htmx."""
    actor = actor_in(request)
    server = queries.server_named(actor, name)
    context: dict[str, Any] = {"server": server, "told": None, "refusal": ""}
    try:
        at = timezone.now()
        told = node_looks.node_state(
            actor=actor, now=at, server=server, seconds=patience(server, at)
        )
    except Refusal as refusal:
        if not refusal.code.startswith("node-"):
            raise
        context["refusal"] = refusal.say(gettext)
    else:
        state = told.answer
        context["told"] = told
        context["disk_used"] = state.disk_total - state.disk_free
        context["memory_used"] = state.memory_total - state.memory_available
        context["processes"] = [(one, *_process_words(one.state)) for one in state.processes]
    whole = "hosting/servers/now.html"
    return render(request, "hosting/servers/now_part.html" if request.htmx else whole, context)


def _process_words(state: str) -> tuple[str, str]:
    """Kind and words of what the supervisor says of a process."""
    known = {
        "RUNNING": ("good", gettext("running")),
        "STARTING": ("warn", gettext("starting")),
        "BACKOFF": ("bad", gettext("fails to start")),
        "STOPPING": ("warn", gettext("stopping")),
        "STOPPED": ("idle", gettext("stopped")),
        "EXITED": ("bad", gettext("ended")),
        "FATAL": ("bad", gettext("given up")),
    }
    return known.get(state.upper(), ("idle", state))
