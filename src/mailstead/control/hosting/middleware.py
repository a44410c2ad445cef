"""Who asks: from the session to the actor, with brand, menu, language and the second factor.

Runs innermost, after the session and the log-in are known. A person may have several places and
may act in another's place; both are chosen in the session and looked at anew with every request.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext

from mailstead.control.hosting.models import Brand, Customer
from mailstead.control.hosting.queries.menu import lines_for
from mailstead.control.hosting.queries.scope import sees_customer
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import Membership, Person
from mailstead.control.people.queries import actor_of, memberships_of, second_factor_demanded

PLACE = "place"
"""In the session: number of the membership as which the person works now."""
ACTING = "acting"
"""In the session: `{customer, reason, until}` while acting in a customer's place."""
_OPEN_WITHOUT_FACTOR = ("/account/", "/static/", "/language/")


@dataclass(frozen=True)
class Acting:
    """In whose place somebody acts."""

    customer: Customer
    reason: str


class ActorMiddleware:
    """Sets `request.actor`, `brand`, `menu`, `acting`, `places`; activates language and zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.actor, request.acting = None, None
        request.places, request.menu, request.brand = (), (), None
        user = request.user
        if not user.is_authenticated:
            request.brand = _brand_of_host(request)
            return self.get_response(request)
        _actor(request, user)
        language = user.language or translation.get_language() or "en"
        zone = _zone(user.time_zone)
        with translation.override(language), timezone.override(zone):
            if request.actor is not None:
                request.menu = lines_for(request.actor, request.path)
                request.brand = _brand_of(request.actor)
                if _factor_missing(request):
                    messages.warning(
                        request,
                        gettext("Set up a second factor first: your sign-in demands one."),
                    )
                    return redirect("mfa_index")
            response = self.get_response(request)
            # A template that is rendered late is rendered in this language too.
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response = response.render()
        response.headers["Content-Language"] = language
        return response


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def _actor(request: Any, user: Person) -> None:
    places: list[Membership] = [] if user.mailbox is not None else memberships_of(user)
    chosen = request.session.get(PLACE)
    place = next((p for p in places if p.pk == chosen), places[0] if places else None)
    if place is None and user.mailbox is None:
        return
    actor = actor_of(user, place, request.client, request.number)
    request.places = _named(places)
    request.actor = _standing_in(request, actor)


def _named(places: list[Membership]) -> list[Membership]:
    """With the names of the customers, where there is a choice."""
    if len(places) > 1:
        numbers = [place.customer for place in places if place.customer]
        names = dict(Customer.objects.filter(pk__in=numbers).values_list("pk", "name"))
        for place in places:
            place.customer_name = names.get(place.customer or 0, "")
    return places


def _standing_in(request: Any, actor: Actor) -> Actor:
    asked = request.session.get(ACTING)
    if not asked:
        return actor
    over = asked["until"] < timezone.now().timestamp()
    customer = Customer.objects.filter(pk=asked["customer"]).first()
    if over or customer is None or not may_act_as(actor, customer):
        del request.session[ACTING]
        messages.info(request, gettext("You act in your own name again."))
        return actor
    request.acting = Acting(customer=customer, reason=asked["reason"])
    return actor.standing_in(customer_actor(customer), asked["reason"])


def may_act_as(actor: Actor, customer: Customer) -> bool:
    """Downward only: the company for everybody, a reseller for the own customers."""
    if actor.kind == "reseller":
        return customer.reseller_id == actor.customer
    return actor.kind in ("operator", "staff") and sees_customer(actor, customer)


def customer_actor(customer: Customer) -> Actor:
    """Whom one becomes who acts in a customer's place."""
    return Actor(
        kind="reseller" if customer.is_reseller else "customer",
        name=customer.name,
        customer=customer.pk,
    )


def _factor_missing(request: Any) -> bool:
    actor: Actor = request.actor.really
    if request.path.startswith(_OPEN_WITHOUT_FACTOR) or actor.kind == "mailbox":
        return False
    demanded = actor.kind in settings.MAILSTEAD.web.second_factor or (
        actor.customer and second_factor_demanded(actor.customer)
    )
    return bool(demanded) and not is_mfa_enabled(request.user)


def _brand_of(actor: Actor) -> Brand | None:
    """The reseller's look, for the reseller and whoever is below."""
    if actor.kind == "reseller":
        return Brand.objects.filter(customer=actor.customer).defer("logo").first()
    if actor.kind in ("customer", "domain_admin"):
        rows = Brand.objects.filter(customer__customers=actor.customer)
        return rows.defer("logo").first()
    if actor.kind == "mailbox":
        rows = Brand.objects.filter(customer__customers__domains__mailboxes=actor.mailbox)
        return rows.defer("logo").first()
    return None


def _brand_of_host(request: HttpRequest) -> Brand | None:
    """The look under a reseller's own host name, before anybody has signed in."""
    name = request.get_host().rpartition(":")[0] or request.get_host()
    if name == settings.ALLOWED_HOSTS[0]:
        return None
    for brand in Brand.objects.exclude(hostnames=[]).defer("logo"):
        if name in brand.hostnames:
            return brand
    return None
