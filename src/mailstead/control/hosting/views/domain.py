"""The page of one domain: its mailboxes, its settings, its end; its DNS is the app `dns`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.domains import AliasForm, ForwardToForm, ReasonForm
from mailstead.control.hosting.models import Domain
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.hosting.views.mailboxes import mailbox_table
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted


def domain_page(
    request: HttpRequest, template: str, domain: Domain, tab: str, context: dict[str, Any]
) -> HttpResponse:
    """A page among the tabs of a domain."""
    known = {"domain": domain, "tab": tab, **context}
    return render(request, f"hosting/{template}.html", known)


@page("domain.view")
def show(request: HttpRequest, name: str) -> HttpResponseBase:
    """The mailboxes of a domain."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    found = mailbox_table(request, actor, domain)
    if not isinstance(found, dict):
        return found
    return domain_page(request, "domains/mailboxes", domain, "mailboxes", found)


@page("domain.view")
def settings_page(request: HttpRequest, name: str) -> HttpResponse:
    """What holds for the domain as a whole."""
    domain = queries.domain_named(actor_in(request), name)
    aliases = domain.aliases.filter(removed_at=None).order_by("name")
    context = {"aliases": aliases, "grace": queries.grace().days}
    return domain_page(request, "domains/settings", domain, "settings", context)


@page("domain.set-forwarder")
def forward_to(request: HttpRequest, name: str) -> HttpResponse:
    """Let mail for unknown names go to the same names in another domain."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    form = ForwardToForm(request.POST or None, initial={"target": domain.forward_to})

    def save(data: dict[str, Any]) -> None:
        services.set_domain_forwarder(
            actor=actor, now=timezone.now(), domain=domain, target=data["target"] or None
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:domain-settings", domain.handle)
    title = gettext("Forward {name} to another domain").format(name=domain.name)
    back = reverse("hosting:domain-settings", args=[domain.handle])
    return form_page(request, form, title=title, act=gettext("Save"), back=back)


@page("domain.set-alias")
def alias(request: HttpRequest, name: str) -> HttpResponse:
    """Let the domain behave as another one of the same customer."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    others = queries.domains(actor, customer=domain.customer).exclude(pk=domain.pk)
    others = others.filter(alias_of=None, server=domain.server_id).order_by("name")
    form = AliasForm(others, request.POST or None, initial={"target": domain.alias_of_id})

    def save(data: dict[str, Any]) -> None:
        services.make_domain_alias(
            actor=actor, now=timezone.now(), domain=domain, target=data["target"]
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:domain-settings", domain.handle)
    title = gettext("{name} as an alias").format(name=domain.name)
    back = reverse("hosting:domain-settings", args=[domain.handle])
    return form_page(request, form, title=title, act=gettext("Save"), back=back)


@page("domain.suspend", fresh=True)
def suspend(request: HttpRequest, name: str) -> HttpResponse:
    """No log-in and no sending for all mailboxes of the domain."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    question = Question(
        title=gettext("Suspend {name}").format(name=domain.name),
        lines=[
            gettext("Nobody with a mailbox in this domain can sign in or send any more."),
            gettext("Open sessions of mail programs end. Mail is still received and kept."),
            gettext("You can end the suspension at any time."),
        ],
        act=gettext("Suspend {name}").format(name=domain.name),
        back=reverse("hosting:domain-settings", args=[domain.handle]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda data: services.suspend_domain(
            actor=actor, now=timezone.now(), domain=domain, reason=data["reason"]
        ),
        done=lambda: gettext("{name} is suspended.").format(name=domain.name),
        form=ReasonForm,
    )


@page("domain.resume", only_post=True)
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """End the suspension."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    services.resume_domain(actor=actor, now=timezone.now(), domain=domain)
    messages.success(request, gettext("{name} is active again.").format(name=domain.name))
    return redirect("hosting:domain-settings", domain.handle)


@page("domain.remove", fresh=True)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Remove the domain and all in it."""
    actor = actor_in(request)
    domain = queries.domain_named(actor, name)
    boxes = domain.mailboxes.filter(removed_at=None).count()
    until = timezone.localtime(timezone.now() + queries.grace())
    question = Question(
        title=gettext("Remove {name}").format(name=domain.name),
        lines=[
            ngettext(
                "{n} mailbox is removed with it; nobody can sign in to it any more.",
                "{n} mailboxes are removed with it; nobody can sign in to them any more.",
                boxes,
            ).format(n=boxes),
            gettext("Mail to the domain is refused from now on."),
            gettext("Until {day} the domain can be restored with all its mail.").format(
                day=day_of(until)
            ),
        ],
        act=gettext("Remove {name}").format(name=domain.name),
        back=reverse("hosting:domain-settings", args=[domain.handle]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_domain(
            actor=actor, now=timezone.now(), domain=domain, grace=queries.grace()
        ),
        done=lambda: gettext("{name} is removed. Until {day} it can be restored.").format(
            name=domain.name, day=day_of(until)
        ),
        then=reverse("hosting:domains-removed"),
    )


def day_of(at: dt.datetime) -> str:
    """A day as its reader writes it."""
    return date_format(at, "DATE_FORMAT")
