"""Answering a case: release, confirm, decide on kept mail, recover everything at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting import services as hosting_services
from mailstead.control.hosting.queries.rule_words import action_words
from mailstead.control.hosting.views.confirming import Question, confirmed
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.control.people.pages import actor_in, page, warn_breached
from mailstead.control.protection import queries, services
from mailstead.control.protection.forms.cases import (
    CompanyReleaseForm,
    ReasonForm,
    RecoverForm,
    ReleaseForm,
)
from mailstead.control.protection.models import Case
from mailstead.control.protection.views.cases import parts_of, told_kept
from mailstead.control.protection.views.proof import proven
from mailstead.control.web.forms import submitted


def chosen(given: Mapping[str, str]) -> dict[int, str]:
    """Number of a kept message to `send` or `delete`; `kept-7=` leaves it kept."""
    found = {}
    for name, value in given.items():
        number = name.removeprefix("kept-")
        if name != number and number.isascii() and number.isdigit() and len(number) < 19 and value:
            found[int(number)] = value
    return found


def _after_password(request: HttpRequest, case: Case) -> None:
    """A mailbox user stays signed in here; a password known from leaks is said."""
    mailbox = case.mailbox
    assert mailbox is not None
    if actor_in(request).kind == "mailbox":
        user: Any = request.user
        # The session hash follows from it: the other sessions end, this one is renewed.
        user.session_secret = str(mailbox.credential)
        update_session_auth_hash(request, user)
    if mailbox.breached:
        warn_breached(request)


def _form(actor: Actor, data: Any) -> CompanyReleaseForm | ReleaseForm:
    return CompanyReleaseForm(data) if actor.sees_everything else ReleaseForm(data)


@page("case.release", fresh=True)
def release(request: HttpRequest, number: int) -> HttpResponse:
    """A new password, what becomes of each message, and the mailbox sends again."""
    actor = actor_in(request)
    case = queries.case_numbered(actor, number)
    form = _form(actor, request.POST or None)

    def act(data: dict[str, Any]) -> None:
        services.release(
            actor=actor,
            now=timezone.now(),
            case=case,
            password=data["password"] or None,
            decisions=chosen(request.POST),
            others=request.POST.get("others") or None,  # type: ignore[arg-type]
            reason=data.get("reason", ""),
            proven=proven(request, case),
        )

    if request.method == "POST" and submitted(form, act):
        messages.success(request, gettext("The mailbox sends again."))
        if form.cleaned_data["password"]:
            _after_password(request, case)
        return redirect("protection:case", case.pk)
    context = {**parts_of(request, case), "form": form, "kept": _waiting(case), "by_release": True}
    return render(request, "protection/answer.html", context)


def _waiting(case: Case) -> list[dict[str, Any]]:
    """The kept messages on which nobody has decided."""
    return [
        one
        for one in told_kept(case)
        if one["row"].state == "waiting" and one["row"].decision == "none"
    ]


@page("case.decide", fresh=True)
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """What becomes of kept messages, without a word about the mailbox."""
    actor = actor_in(request)
    case = queries.case_numbered(actor, number)
    if request.method == "POST":
        count = services.decide(
            actor=actor,
            now=timezone.now(),
            case=case,
            decisions=chosen(request.POST),
            others=request.POST.get("others") or None,  # type: ignore[arg-type]
            proven=proven(request, case),
        )
        if count:
            done = ngettext("{n} message is decided.", "{n} messages are decided.", count)
            messages.success(request, done.format(n=count))
        else:
            messages.warning(request, gettext("No message was chosen."))
        return redirect("protection:case", case.pk)
    context = {**parts_of(request, case), "kept": _waiting(case), "by_release": False}
    return render(request, "protection/answer.html", context)


@page("case.decide", fresh=True)
def delete_all(request: HttpRequest, number: int) -> HttpResponse:
    """Delete all that is kept, after a question."""
    actor = actor_in(request)
    case = queries.case_numbered(actor, number)
    waiting = queries.counted(case).waiting
    act = ngettext(
        "Delete {n} held message for ever", "Delete {n} held messages for ever", waiting
    ).format(n=waiting)
    question = Question(
        title=act,
        lines=[
            gettext("They are gone for ever: nobody receives them and no sender is told."),
            gettext("The mailbox stays as it is: this releases nothing."),
        ],
        act=act,
        back=reverse("protection:case", args=[case.pk]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.decide(
            actor=actor,
            now=timezone.now(),
            case=case,
            others="delete",
            proven=proven(request, case),
        ),
        done=lambda: gettext("The held messages are deleted."),
    )


@page("case.confirm", fresh=True)
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """It was stolen."""
    actor = actor_in(request)
    case = queries.case_numbered(actor, number)
    question = Question(
        title=gettext("{address} was stolen").format(address=case.address),
        lines=[
            gettext("Nothing is sent from this mailbox until somebody releases it."),
            gettext("Signing in, reading and receiving go on."),
            gettext("The guard learns from it: mail like this is held sooner elsewhere."),
        ],
        act=gettext("Confirm the theft"),
        back=reverse("protection:case", args=[case.pk]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda data: services.confirm(
            actor=actor, now=timezone.now(), case=case, reason=data["reason"]
        ),
        done=lambda: gettext("The mailbox sends nothing until it is released."),
        form=ReasonForm,
    )


def _fields(kind: str, entry: AuditEntry) -> list[hosting.Difference]:
    """What an entry changed; rules in words."""
    if kind != "rules":
        return hosting.differences(entry)
    states = [_rules(state) for state in (entry.before, entry.after)]
    return [hosting.Difference(services.kind_words(kind), *states)]


def _rules(state: dict[str, Any] | None) -> str:
    """Each rule with what it does."""
    return "; ".join(
        f"{rule.name}: {', '.join(action_words(action) for action in rule.actions)}"
        for rule in hosting_services.parse_rules((state or {}).get("rules", []))
    )


@page("case.recover", fresh=True)
def recover(request: HttpRequest, number: int) -> HttpResponse:
    """What will be done, part by part, and then all of it at once."""
    actor = actor_in(request)
    case = queries.case_numbered(actor, number)
    changed = queries.changes(actor, case)
    form = RecoverForm(
        request.POST or None,
        undo=[(one.kind, services.kind_words(one.kind)) for one in changed],
        # What an administrator has set since is rather theirs than the thief's.
        ticked=[one.kind for one in changed if one.by_mailbox],
    )
    outcome: list[services.Outcome] = []

    def act(_: dict[str, Any]) -> None:
        outcome.append(
            services.recover(
                actor=actor,
                now=timezone.now(),
                case=case,
                wanted=form.wanted(),
                proven=proven(request, case),
            )
        )

    known = parts_of(request, case)
    if request.method == "POST" and submitted(form, act):
        if form.cleaned_data["new_password"]:
            _after_password(request, case)
        known = {**parts_of(request, case), "outcome": outcome[0]}
        return render(request, "protection/recovered.html", known)
    apps = hosting.app_passwords(actor, case.mailbox) if case.mailbox else []
    known |= {
        "form": form,
        "apps": [one.name for one in apps],
        "since": queries.suspicious_since(case),
        "changes": [
            (
                services.kind_words(one.kind),
                [(entry, _fields(one.kind, entry)) for entry in one.entries],
            )
            for one in changed
        ],
    }
    return render(request, "protection/recover.html", known)
