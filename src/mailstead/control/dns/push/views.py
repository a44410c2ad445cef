"""Pages on which records are pushed to a DNS host: the host, the plan, what became of it, back.

The plan is the answer to the form with the token, not a page of its own address: the token, sealed,
stands in it and nowhere else (docs/decisions/0032).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.dns import queries as dns
from mailstead.control.dns.models import Push
from mailstead.control.dns.push import queries, services
from mailstead.control.dns.push.forms import ApplyForm, CredentialsForm
from mailstead.control.dns.push.providers import (
    Provider,
    offered,
    provider_named,
    suggested,
)
from mailstead.control.dns.push.sealed import MINUTES, opened, seal
from mailstead.control.dns.push.words import provider_name, say_of, state_of
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Domain
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.standards.refusal import Refusal


@page("dns.push")
def begin(request: HttpRequest, name: str) -> HttpResponse:
    """Which DNS host, what it asks for, and then the plan."""
    actor = actor_in(request)
    domain = hosting.domain_named(actor, name)
    report = dns.report(domain)
    host = provider_named(request.GET.get("host", "")) or suggested(report.host)
    form = None
    if host is not None:
        data = request.POST if request.method == "POST" else None
        form = CredentialsForm(host, data, zone=report.zone or domain.name)
        push = _planned(actor, domain, host, form) if data is not None else None
        if push is not None:
            return _plan_page(request, actor, push, seal(actor, push, form.credentials))
    context = {
        "domain": domain,
        "tab": "dns",
        "hosts": offered(),
        "host": host,
        "guide": gettext(host.guide) if host else "",
        "found_host": report.host,
        "form": form,
    }
    return render(request, "dns/push/begin.html", context)


def _planned(actor: Actor, domain: Domain, host: Provider, form: CredentialsForm) -> Push | None:
    """The plan, or None with its refusal in the form."""
    made: list[Push] = []

    def plan(found: dict[str, str]) -> None:
        made.append(
            services.plan_push(
                actor=actor,
                now=timezone.now(),
                domain=domain,
                provider=host.key,
                credentials=form.credentials,
                zone=found["zone"],
            )
        )

    return made[0] if submitted(form, plan) else None


@page("dns.push", only_post=True)
def apply(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Carry a plan out."""
    actor = actor_in(request)
    push = queries.push_numbered(hosting.domain_named(actor, name), number)
    form = ApplyForm(queries.changes_of(push), request.POST)

    def carry_out(found: dict[str, str]) -> None:
        services.apply_push(
            actor=actor,
            now=timezone.now(),
            push=push,
            credentials=opened(actor, push, found["sealed"]),
            chosen=found["chosen"],
        )

    if submitted(form, carry_out):
        messages.success(request, gettext("The records were changed."))
        return redirect("dns:pushed", name, number)
    push.refresh_from_db()
    if push.state == Push.State.PLANNED:
        return _plan_page(request, actor, push, request.POST.get("sealed", ""), form)
    for words in form.non_field_errors():
        messages.error(request, str(words))
    return redirect("dns:pushed", name, number)


@page("dns.push")
def pushed(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """What became of a plan."""
    actor = actor_in(request)
    push = queries.push_numbered(hosting.domain_named(actor, name), number)
    host = provider_named(push.provider)
    form = CredentialsForm(host) if host and push.state != Push.State.PLANNED else None
    return _push_page(request, push, form)


@page("dns.push", only_post=True)
def undo(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """The plan that takes one back."""
    actor = actor_in(request)
    push = queries.push_numbered(hosting.domain_named(actor, name), number)
    host = provider_named(push.provider)
    if host is None:
        raise Refusal(
            "dns-host-unknown",
            "Records cannot be pushed to this DNS host.",
            remedy="Enter them by hand, or load the zone file there.",
        )
    form = CredentialsForm(host, request.POST)
    made: list[Push] = []

    def make(found: dict[str, str]) -> None:
        made.append(
            services.plan_undo(
                actor=actor, now=timezone.now(), push=push, credentials=form.credentials
            )
        )

    if submitted(form, make):
        return _plan_page(request, actor, made[0], seal(actor, made[0], form.credentials))
    return _push_page(request, push, form)


@page("dns.push", only_post=True)
def look(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Look again whether the zone's servers have the change."""
    push = queries.push_numbered(hosting.domain_named(actor_in(request), name), number)
    if services.verify(now=timezone.now(), push=push):
        messages.success(request, gettext("The zone's servers answer as planned."))
    else:
        messages.warning(request, gettext("The zone's servers do not answer so yet."))
    return redirect("dns:pushed", name, number)


def _plan_page(
    request: HttpRequest, actor: Actor, push: Push, sealed: str, form: ApplyForm | None = None
) -> HttpResponse:
    changes = queries.changes_of(push)
    chosen: Sequence[str] = [one.key for one in changes if not one.loud]
    if form is not None:
        chosen = request.POST.getlist("chosen")
    touched = {one.key for one in changes}
    context = {
        "domain": push.domain,
        "tab": "dns",
        "push": push,
        "host": provider_name(push.provider),
        "changes": [(say_of(one), one.key in chosen) for one in changes],
        "left": sorted(key for key in push.marks if key not in touched),
        "sealed": sealed,
        "form": form,
        "minutes": MINUTES,
    }
    return render(request, "dns/push/plan.html", context)


def _push_page(request: HttpRequest, push: Push, form: CredentialsForm | None) -> HttpResponse:
    kind, words = state_of(push)
    shown = queries.changes_of(push)
    context = {
        "domain": push.domain,
        "tab": "dns",
        "push": push,
        "host": provider_name(push.provider),
        "kind": kind,
        "words": words,
        "changes": [(say_of(one), one.key in push.chosen) for one in shown],
        "form": form if push.chosen else None,
        "may_look": push.state == Push.State.APPLIED and not push.verified_at,
    }
    return render(request, "dns/push/pushed.html", context)
