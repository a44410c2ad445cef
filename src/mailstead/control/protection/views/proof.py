"""Whether the reader of a case has shown enough to answer it, and the link by which a user does."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.people.pages import actor_in, page
from mailstead.control.protection import queries, services
from mailstead.control.protection.models import Case

PROOF = "case-proof"
"""In the session: the token of the link that was opened."""


def proven(request: HttpRequest, case: Case) -> bool:
    """Everybody but a mailbox user has a log-in that is not the stolen one."""
    if actor_in(request).kind != "mailbox":
        return True
    return services.proves(case, str(request.session.get(PROOF, "")))


@page("case.view", only_post=True)
def prove(request: HttpRequest, number: int) -> HttpResponse:
    """Send the link to the recovery address."""
    actor = actor_in(request)
    case = queries.case_numbered(actor, number)
    services.post_proof(actor=actor, now=timezone.now(), case=case)
    messages.success(request, gettext("The link is on its way to your recovery address."))
    return redirect("protection:case", case.pk)
