"""A customer's rule for passwords that are known from leaks, as a page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.passwords import PasswordRuleForm
from mailstead.control.hosting.views.confirming import form_page
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.forms import submitted


@page("customer.set-password-rule")
def of_customer(request: HttpRequest, number: int) -> HttpResponse:
    """Warn, refuse or have changed, for the mailboxes of one customer."""
    actor = actor_in(request)
    customer = queries.customer_numbered(actor, number)
    form = PasswordRuleForm(customer.password_rule, customer.password_days, request.POST or None)

    def save(data: dict[str, Any]) -> None:
        services.set_password_rule(
            actor=actor,
            now=timezone.now(),
            customer=customer,
            rule=data["rule"],
            days=data["days"] if data["rule"] == "change" else None,
        )

    back = reverse("hosting:customer", args=[number])
    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect(back)
    return form_page(
        request,
        form,
        title=gettext("Leaked passwords of {name}").format(name=customer.name),
        words=gettext(
            "Thieves try passwords first that leaked from other services. Who signs in with one is "
            "warned in any case."
        ),
        act=gettext("Save"),
        back=back,
    )
