"""Pages of a domain's DKIM keys, of who it belongs to, and of the company's zone of keys."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from mailstead.control.dns import operator_zone
from mailstead.control.dns.key_words import key_state, next_words
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting import services
from mailstead.control.hosting.forms.domains import ReasonForm
from mailstead.control.hosting.models import DkimKey
from mailstead.control.hosting.views.confirming import Question, confirmed
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import download


@dataclass(frozen=True)
class Shown:
    """A key as the page shows it."""

    key: DkimKey
    state: str
    words: str
    following: str
    name: str


@page("dkim.view")
def keys(request: HttpRequest, name: str) -> HttpResponse:
    """The keys of a domain and what becomes of them."""
    domain = hosting.domain_named(actor_in(request), name)
    shown = [
        Shown(key, *key_state(key), next_words(key), hosting.key_name(domain, key.selector))
        for key in hosting.dkim_keys(domain)
    ]
    context = {
        "domain": domain,
        "tab": "dns",
        "keys": shown,
        "zone": hosting.zone_of_keys(),
        "every": settings.MAILSTEAD.dkim.rotate_days,
        "changing": any(one.key.state in ("waiting", "visible") for one in shown),
    }
    return render(request, "dns/keys.html", context)


@page("dkim.rotate")
def rotate(request: HttpRequest, name: str) -> HttpResponse:
    """Let another key follow the one that signs."""
    actor = actor_in(request)
    domain = hosting.domain_named(actor, name)
    lines = [
        gettext("A new key is made. It signs once receivers can find it; the old one stays then."),
    ]
    if not hosting.zone_of_keys():
        lines.append(gettext("You publish the new key; the page of the DNS shows the record."))
    question = Question(
        title=gettext("Change the key of {name}").format(name=domain.name),
        lines=lines,
        act=gettext("Change the key"),
        back=reverse("dns:keys", args=[domain.handle]),
    )
    return confirmed(
        request,
        question,
        lambda _: services.rotate_keys(actor=actor, now=timezone.now(), domain=domain),
        done=lambda: gettext("A new key is made."),
    )


@page("dkim.revoke", fresh=True)
def revoke(request: HttpRequest, name: str, selector: str) -> HttpResponse:
    """Take a key back at once."""
    actor = actor_in(request)
    domain = hosting.domain_named(actor, name)
    question = Question(
        title=gettext("Revoke the key {selector} of {name}").format(
            selector=selector, name=domain.name
        ),
        lines=[
            gettext("Do this when somebody else may have the key: with it they can sign as you."),
            gettext("Mail that it has signed and that is still on its way can fail the check."),
            gettext("Where no other key is published yet, mail goes out unsigned until one is."),
        ],
        act=gettext("Revoke the key"),
        back=reverse("dns:keys", args=[domain.handle]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda data: services.revoke_key(
            actor=actor,
            now=timezone.now(),
            domain=domain,
            selector=selector,
            reason=data["reason"],
        ),
        done=lambda: gettext("The key {selector} is revoked.").format(selector=selector),
        form=ReasonForm,
    )


@page("domain.accept")
def accept(request: HttpRequest, name: str) -> HttpResponse:
    """Make a domain active without a record in the DNS."""
    actor = actor_in(request)
    domain = hosting.domain_named(actor, name)
    question = Question(
        title=gettext("Accept {name} without a record").format(name=domain.name),
        lines=[
            gettext("{name} becomes active for {customer}: it receives and sends mail.").format(
                name=domain.name, customer=domain.customer.name
            ),
            gettext("Do this only when you know by other means whose domain it is."),
        ],
        act=gettext("Make it active"),
        back=reverse("dns:records", args=[domain.handle]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda data: services.accept_domain(
            actor=actor, now=timezone.now(), domain=domain, reason=data["reason"]
        ),
        done=lambda: gettext("{name} is active.").format(name=domain.name),
        then=reverse("hosting:domains"),
        form=ReasonForm,
    )


@page("dns.operator-zone")
def operator_zone_page(request: HttpRequest) -> HttpResponse:
    """The company's zone of keys: how it is kept, and whether its servers know all of it."""
    wanted = settings.MAILSTEAD.dkim
    context = {
        "zone": hosting.zone_of_keys(),
        "servers": [server.partition("@")[0] for server in wanted.servers],
        "ttl": wanted.ttl,
        "names": hosting.zone_size(actor_in(request)),
    }
    return render(request, "dns/operator_zone.html", context)


@page("dns.operator-zone")
def operator_zone_file(request: HttpRequest) -> HttpResponseBase:
    """The zone as a file (RFC 1035 §5)."""
    text = "".join(operator_zone.zone_text(actor_in(request), timezone.now()))
    return download(f"{hosting.zone_of_keys()}.zone", text, "text/plain; charset=utf-8")


@page("dns.push-zone", only_post=True)
def operator_zone_push(request: HttpRequest) -> HttpResponse:
    """Tell the zone's servers every name anew."""
    count = operator_zone.push_all(actor=actor_in(request), now=timezone.now())
    words = ngettext("{n} name was told.", "{n} names were told.", count).format(n=count)
    messages.success(request, words)
    return redirect("dns:operator-zone")
