"""The page of one mailbox: what it is, its password, its suspensions, its end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.forms.domains import ReasonForm
from mailstead.control.hosting.forms.mailboxes import MailboxEditForm, PasswordForm, RecoveryForm
from mailstead.control.hosting.services.mailboxes import What
from mailstead.control.hosting.views.confirming import Question, confirmed, form_page
from mailstead.control.hosting.views.domain import day_of
from mailstead.control.hosting.views.place import mailbox_in
from mailstead.control.people.pages import View, actor_in, page, warn_breached
from mailstead.control.web.forms import submitted
from mailstead.standards.password import generate


@page("mailbox.view")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """All about one mailbox; its own user has the overview instead."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number)
    if actor.kind == "mailbox":
        return redirect("hosting:overview")
    parts = [
        ("login", gettext("Signing in"), mailbox.login_suspended),
        ("sending", gettext("Sending"), mailbox.sending_suspended),
        ("receiving", gettext("Receiving"), mailbox.receiving_suspended),
    ]
    context = {
        "mailbox": mailbox,
        "tab": "mailbox",
        "parts": [
            {
                "title": title,
                "reason": reason,
                "suspend": reverse(f"hosting:mailbox-suspend-{what}", args=[number]),
                "resume": reverse(f"hosting:mailbox-resume-{what}", args=[number]),
                "rule": f"mailbox.suspend-{what}",
            }
            for what, title, reason in parts
        ],
        "grace": queries.grace().days,
        "place": mailbox_in(request, number, "mailbox"),
    }
    return render(request, "hosting/mailboxes/mailbox.html", context)


@page("mailbox.update")
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Name and storage."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number)
    form = MailboxEditForm(
        request.POST or None, initial={"name": mailbox.name, "quota": mailbox.quota}
    )

    def save(data: dict[str, Any]) -> None:
        services.update_mailbox(actor=actor, now=timezone.now(), mailbox=mailbox, **data)

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:mailbox", number)
    title = gettext("Change {address}").format(address=mailbox.address)
    back = reverse("hosting:mailbox", args=[number])
    return form_page(request, form, title=title, act=gettext("Save"), back=back)


@page("mailbox.set-recovery", fresh=True)
def recovery(request: HttpRequest, number: int) -> HttpResponse:
    """Where a link to a new password may be sent."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number)
    form = RecoveryForm(request.POST or None, initial={"address": mailbox.recovery_address})

    def save(data: dict[str, Any]) -> None:
        services.set_recovery_address(
            actor=actor, now=timezone.now(), mailbox=mailbox, address=data["address"]
        )

    if request.method == "POST" and submitted(form, save):
        messages.success(request, gettext("Saved."))
        return redirect("hosting:mailbox", number)
    title = gettext("Recovery address of {address}").format(address=mailbox.address)
    back = reverse("hosting:mailbox", args=[number])
    return form_page(request, form, title=title, act=gettext("Save"), back=back)


@page("mailbox.set-password", fresh=True)
def password(request: HttpRequest, number: int) -> HttpResponse:
    """Another password; one that was made is shown in the answer and nowhere else."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number)
    form = PasswordForm(request.POST or None)
    secret: list[str] = []

    def save(data: dict[str, Any]) -> None:
        secret[:] = [data["password"] or generate()]
        services.set_password(actor=actor, now=timezone.now(), mailbox=mailbox, password=secret[0])

    if request.method == "POST" and submitted(form, save):
        if form.cleaned_data["password"]:
            words = gettext("The new password of {address} holds; mail programs need it too.")
            messages.success(request, words.format(address=mailbox.address))
            if mailbox.breached:
                warn_breached(request)
            return redirect("hosting:mailbox", number)
        context = {"mailbox": mailbox, "secret": secret[0], "new": False}
        return render(request, "hosting/mailboxes/secret.html", context)
    title = gettext("New password for {address}").format(address=mailbox.address)
    back = reverse("hosting:mailbox", args=[number])
    return form_page(request, form, title=title, act=gettext("Set the password"), back=back)


def _consequences(what: What) -> list[str]:
    return {
        "login": [
            gettext("Nobody can sign in to this mailbox: not from mail programs, not here."),
            gettext("Open sessions of mail programs end. Mail is still received and kept."),
        ],
        "sending": [
            gettext("No mail can be sent from this mailbox."),
            gettext("Signing in, reading and receiving go on."),
        ],
        "receiving": [
            gettext("Mail to this mailbox is refused; senders are told so."),
            gettext("Signing in, reading and sending go on."),
        ],
    }[what]


def _suspend(what: What) -> View:
    @page(f"mailbox.suspend-{what}", fresh=True)
    def suspend(request: HttpRequest, number: int) -> HttpResponse:
        actor = actor_in(request)
        mailbox = queries.mailbox_numbered(actor, number)
        titles = {
            "login": gettext("Suspend signing in to {address}"),
            "sending": gettext("Suspend sending from {address}"),
            "receiving": gettext("Suspend receiving at {address}"),
        }
        question = Question(
            title=titles[what].format(address=mailbox.address),
            lines=_consequences(what),
            act=titles[what].format(address=mailbox.address),
            back=reverse("hosting:mailbox", args=[number]),
            danger=True,
        )
        return confirmed(
            request,
            question,
            lambda data: services.suspend_mailbox(
                actor=actor, now=timezone.now(), mailbox=mailbox, what=what, reason=data["reason"]
            ),
            done=lambda: gettext("The suspension holds."),
            form=ReasonForm,
        )

    return suspend


def _resume(what: What) -> View:
    @page(f"mailbox.resume-{what}", only_post=True)
    def resume(request: HttpRequest, number: int) -> HttpResponse:
        actor = actor_in(request)
        mailbox = queries.mailbox_numbered(actor, number)
        services.resume_mailbox(actor=actor, now=timezone.now(), mailbox=mailbox, what=what)
        messages.success(request, gettext("The suspension has ended."))
        return redirect("hosting:mailbox", number)

    return resume


suspend_login, resume_login = _suspend("login"), _resume("login")
suspend_sending, resume_sending = _suspend("sending"), _resume("sending")
suspend_receiving, resume_receiving = _suspend("receiving"), _resume("receiving")


@page("mailbox.remove", fresh=True)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Remove the mailbox; can be undone for the grace period."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number)
    until = day_of(timezone.localtime(timezone.now() + queries.grace()))
    question = Question(
        title=gettext("Remove {address}").format(address=mailbox.address),
        lines=[
            gettext("Nobody can sign in to it any more, and mail to it is refused."),
            gettext("Until {day} it can be restored with all its mail.").format(day=until),
        ],
        act=gettext("Remove {address}").format(address=mailbox.address),
        back=reverse("hosting:mailbox", args=[number]),
        danger=True,
    )
    return confirmed(
        request,
        question,
        lambda _: services.remove_mailbox(
            actor=actor, now=timezone.now(), mailbox=mailbox, grace=queries.grace()
        ),
        done=lambda: gettext("{address} is removed. Until {day} it can be restored.").format(
            address=mailbox.address, day=until
        ),
        then=reverse("hosting:mailboxes-removed"),
    )


@page("mailbox.restore", only_post=True)
def restore(request: HttpRequest, number: int) -> HttpResponse:
    """Undo the removal."""
    actor = actor_in(request)
    mailbox = queries.mailbox_numbered(actor, number, removed=True)
    services.restore_mailbox(actor=actor, now=timezone.now(), mailbox=mailbox)
    messages.success(request, gettext("{address} is back.").format(address=mailbox.address))
    return redirect("hosting:mailbox", number)
