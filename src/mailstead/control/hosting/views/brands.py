"""Pages about brands, and the style sheet and logo that everybody may fetch."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.customers import BrandForm
from mailstead.control.hosting.models import Customer
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.colours import for_dark
from mailstead.control.web.forms import submitted
from mailstead.standards.refusal import Refusal


@page("brand.view", post="brand.set")
def brand(request: HttpRequest) -> HttpResponse:
    """A reseller's own brand; for the company the list of all."""
    actor = actor_in(request)
    if actor.kind == "reseller":
        return _brand_page(request, actor, queries.customer_numbered(actor, actor.customer))
    rows = queries.resellers(actor)
    return render(request, "hosting/brands/list.html", {"resellers": rows})


@page("brand.view", post="brand.set")
def brand_of(request: HttpRequest, number: int) -> HttpResponse:
    """The brand of one reseller, for the company."""
    actor = actor_in(request)
    customer = queries.customer_numbered(actor, number)
    if not customer.is_reseller:
        raise Refusal("brand-unknown", "There is no such brand.")
    return _brand_page(request, actor, customer)


def _brand_page(request: HttpRequest, actor: Actor, customer: Customer) -> HttpResponse:
    now = queries.brand_of(customer)
    form = BrandForm(now, services.free_hostnames(), request.POST or None, request.FILES or None)

    def save(_data: dict[str, Any]) -> None:
        services.set_brand(actor=actor, now=timezone.now(), customer=customer, **form.values())

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The brand holds from the next page on."))
        return redirect(request.path)
    context = {
        "form": form,
        "brand_now": now,
        "customer": customer,
        "own": actor.kind == "reseller",
        "panel_host": settings.ALLOWED_HOSTS[0],
        "free": services.free_hostnames(),
    }
    return render(request, "hosting/brands/edit.html", context)


_CSS = """:root {{ --accent: {light}; }}
@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ --accent: {dark}; }} }}
:root[data-theme="dark"] {{ --accent: {dark}; }}
"""


@page(roles.PUBLIC)
def css(request: HttpRequest, number: int) -> HttpResponseBase:
    """The brand's colour for light and dark pages; the colour was checked when it was set."""
    accent = queries.public_brand(number).accent
    text = _CSS.format(light=accent, dark=for_dark(accent)) if accent else ""
    return _cached(request, HttpResponse(text, content_type="text/css; charset=utf-8"))


@page(roles.PUBLIC)
def logo(request: HttpRequest, number: int) -> HttpResponseBase:
    """The brand's logo."""
    found = queries.public_brand(number)
    if not found.logo:
        raise Refusal("logo-unknown", "There is no logo.")
    response = HttpResponse(bytes(found.logo), content_type=found.logo_type)
    # Even a picture that pretends to be something else runs nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return _cached(request, response)


def _cached(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """Kept by browsers, and asked for each time whether it still holds."""
    tag = quote_etag(sha256(response.content).hexdigest()[:32])
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "public, no-cache"
    answer = get_conditional_response(request, etag=tag, response=response)
    return answer or response
