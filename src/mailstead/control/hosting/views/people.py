"""People and rights: who works for a customer, or for the company, and as what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext

from mailstead.control.hosting import queries
from mailstead.control.hosting.forms.people import InviteForm, RightsForm, SecondFactorForm
from mailstead.control.hosting.models import Customer
from mailstead.control.hosting.services import outside_address
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.people import queries as people
from mailstead.control.people import services
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import Membership
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted
from mailstead.standards.refusal import Refusal


def _own_customer(actor: Actor) -> Customer | None:
    return queries.customer_numbered(actor, actor.customer) if actor.customer else None


def _home(customer: Customer | None, actor: Actor) -> str:
    if customer is None or customer.pk == actor.customer:
        return reverse("hosting:people")
    return reverse("hosting:customer-people", args=[customer.pk])


def _customer_of(actor: Actor, number: int | None) -> Customer | None:
    """The customer of a member, fetched through the actor; None is the company itself."""
    if number is None:
        if not actor.sees_everything:
            raise Refusal("person-unknown", "There is no such person here.")
        return None
    return queries.customer_numbered(actor, number)


def _member(actor: Actor, number: int) -> tuple[Membership, Customer | None]:
    found = Membership.objects.filter(pk=number).select_related("person").first()
    if found is None:
        raise Refusal("person-unknown", "There is no such person here.")
    return found, _customer_of(actor, found.customer)


@page("person.view")
def own(request: HttpRequest) -> HttpResponse:
    """The people of the reader's own customer, or of the company."""
    actor = actor_in(request)
    return _list(request, actor, _own_customer(actor))


@page("person.view")
def of_customer(request: HttpRequest, customer: int) -> HttpResponse:
    """The people of one customer, for who stands above."""
    actor = actor_in(request)
    return _list(request, actor, queries.customer_numbered(actor, customer))


def _list(request: HttpRequest, actor: Actor, customer: Customer | None) -> HttpResponse:
    number = customer.pk if customer else None
    members = list(people.members(number))
    names = dict(
        queries.domains(actor, customer=customer).values_list("pk", "name") if customer else ()
    )
    for member in members:
        member.domain_names = [names[n] for n in member.domains if n in names]
    foreign = customer is not None and customer.pk != actor.customer
    factor = number is not None and people.second_factor_demanded(number)
    context = {
        "customer": customer,
        "foreign": foreign,
        "members": members,
        "invitations": people.invitations(number),
        "invite": reverse("hosting:customer-person-invite", args=[customer.pk])
        if foreign and customer
        else reverse("hosting:person-invite"),
        "factor_form": SecondFactorForm(initial={"demanded": factor}),
    }
    return render(request, "hosting/people/list.html", context)


@page("person.invite", fresh=True)
def invite(request: HttpRequest, customer: int | None = None) -> HttpResponse:
    """Invite somebody by mail."""
    actor = actor_in(request)
    found = queries.customer_numbered(actor, customer) if customer else _own_customer(actor)
    form = InviteForm(actor, found, request.POST or None)

    def send(data: dict[str, Any]) -> None:
        services.invite(
            actor=actor,
            now=timezone.now(),
            email=outside_address(data["email"]),
            role=data["role"],
            customer=found.pk if found else None,
            domains=form.chosen_domains(),
            language=get_language() or "",
        )

    if request.method == "POST" and submitted(form, send):
        words = gettext("An invitation is on its way to {email}.")
        messages.success(request, words.format(email=form.cleaned_data["email"]))
        return redirect(_home(found, actor))
    return form_page(
        request,
        form,
        title=gettext("Invite somebody"),
        act=gettext("Send the invitation"),
        back=_home(found, actor),
        words=gettext("They get a link, choose a password, and sign in with their address."),
    )


@page("person.view", post="person.update", fresh=True)
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Other rights for a member."""
    actor = actor_in(request)
    member, customer = _member(actor, number)
    form = RightsForm(actor, customer, request.POST or None, member=member)

    def save(data: dict[str, Any]) -> None:
        services.update_member(
            actor=actor,
            now=timezone.now(),
            membership=member,
            role=data["role"],
            domains=form.chosen_domains(),
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("The rights are changed."))
        return redirect(_home(customer, actor))
    return form_page(
        request,
        form,
        title=gettext("Rights of {email}").format(email=member.person.email),
        act=gettext("Save the rights"),
        back=_home(customer, actor),
    )


@page("person.remove", fresh=True)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """End somebody's access."""
    actor = actor_in(request)
    member, customer = _member(actor, number)
    email = member.person.email
    question = Question(
        title=gettext("Remove {email}").format(email=email),
        lines=[
            gettext("Their sessions and API tokens end at once."),
            gettext("Mailboxes and mail are not touched."),
            gettext("They can be invited again."),
        ],
        act=gettext("Remove {email}").format(email=email),
        back=_home(customer, actor),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_member(actor=actor, now=timezone.now(), membership=member),
        done=lambda: gettext("{email} has no access any more.").format(email=email),
    )


@page("person.remove")
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """The link of an invitation is good no more."""
    actor = actor_in(request)
    found = people.invitation_numbered(number)
    customer = _customer_of(actor, found.customer)
    question = Question(
        title=gettext("Withdraw the invitation of {email}").format(email=found.email),
        lines=[gettext("The link in the mail leads nowhere from then on.")],
        act=gettext("Withdraw it"),
        back=_home(customer, actor),
    )
    return confirmed(
        request,
        question,
        lambda _: services.withdraw_invitation(actor=actor, now=timezone.now(), invitation=found),
        done=lambda: gettext("The invitation is withdrawn."),
    )


@page("person.demand-second-factor", only_post=True, fresh=True)
def second_factor(request: HttpRequest) -> HttpResponse:
    """Demand a second factor of everybody, or no longer."""
    actor = actor_in(request)
    number = request.POST.get("customer", "")
    customer = queries.customer_numbered(
        actor, int(number) if number.isascii() and number.isdigit() else actor.customer
    )
    demanded = bool(request.POST.get("demanded"))
    services.demand_second_factor(
        actor=actor, now=timezone.now(), customer=customer.pk, demanded=demanded
    )
    if demanded:
        messages.success(request, gettext("A second factor is demanded of everybody now."))
    else:
        messages.success(request, gettext("A second factor is everybody's own choice now."))
    return redirect(_home(customer, actor))
