"""The page of a domain's own host names: their certificates, what to do, adding and removing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.host_names import HostNameForm
from mailstead.control.hosting.views.certificate_words import purpose_words, say
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.hosting.views.domain import domain_page
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted


@page("host-name.view")
def host_name_list(request: HttpRequest, name: str) -> HttpResponse:
    """The host names and how it stands with the certificate of each."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    target, now = domain.server.hostname, timezone.now()
    rows = [
        {
            "named": one,
            "said": say(one.certificate, target, now),
            "purpose": purpose_words(one.host_name.purpose),
        }
        for one in queries.host_names(actor, domain)
    ]
    context = {"rows": rows, "target": target}
    return domain_page(request, "domains/host_names", domain, "host-names", context)


@page("host-name.create")
def add(request: HttpRequest, name: str) -> HttpResponse:
    """A name of the domain for this server."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    form = HostNameForm(request.POST or None, initial={"name": f"mail.{domain.name}"})

    def save(data: dict[str, Any]) -> None:
        services.add_host_name(actor=actor, now=timezone.now(), domain=domain, **data)

    if request.method == "POST" and submitted(form, save):
        words = gettext("Added. As soon as it points here it gets a certificate.")
        messages.success(request, words)
        return redirect("hosting:host-names", domain.handle)
    title = gettext("Add a host name of {name}").format(name=domain.name)
    words = gettext(
        "Mail programs and browsers then use a name of yours instead of {host}, with a "
        "certificate of its own."
    ).format(host=domain.server.hostname)
    back = reverse("hosting:host-names", args=[domain.handle])
    return form_page(request, form, title=title, act=gettext("Add"), back=back, words=words)


@page("host-name.retry", only_post=True)
def retry(request: HttpRequest, name: str, host: str) -> HttpResponse:
    """Let the certificate be tried at once."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    found = queries.host_name_named(actor, domain, host)
    services.retry_host_name(actor=actor, now=timezone.now(), host_name=found)
    messages.success(request, gettext("It is tried now; look again in a minute."))
    return redirect("hosting:host-names", domain.handle)


@page("host-name.remove")
def remove(request: HttpRequest, name: str, host: str) -> HttpResponse:
    """End it."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    found = queries.host_name_named(actor, domain, host)
    label = found.name
    question = Question(
        title=gettext("Remove {name}?").format(name=label),
        lines=[
            gettext("Mail programs that use this name will warn of a wrong certificate."),
            gettext("Mailboxes and mail stay as they are."),
        ],
        act=gettext("Remove the host name"),
        back=reverse("hosting:host-names", args=[domain.handle]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_host_name(actor=actor, now=timezone.now(), host_name=found),
        done=lambda: gettext("{name} is removed.").format(name=label),
    )
