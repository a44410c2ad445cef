"""What the log-in library (django-allauth) is told about this house.

Links lead to the configured name, never to the one that a request brings; mail goes through the
outbox; nobody signs up by themselves.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from mailstead.control.people.models import Person
from mailstead.control.people.pages import fresh_proof, warn_breached
from mailstead.control.people.services.breached import KNOWN, is_breached
from mailstead.control.people.services.outbox import post
from mailstead.control.people.services.own import note_own


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The house's rules for signing in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: people are invited."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As nginx saw it."""
        return getattr(request, "client", "") or "0.0.0.0"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox."""
        values = {"email": email, "panel_name": settings.PANEL_NAME, **context}
        post(
            now=timezone.now(),
            recipient=email,
            subject=render_to_string(f"{template_prefix}_subject.txt", values).strip(),
            text=render_to_string(f"{template_prefix}_message.txt", values).strip() + "\n",
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """To a person's contact address: what was changed of their log-in, when and from where."""
        if not isinstance(user, Person) or user.mailbox is not None:
            return
        values = {
            "timestamp": timezone.now(),
            "ip": self.get_client_ip(self.request),
            "user_agent": self.get_http_user_agent(self.request)[:200],
            **(context or {}),
        }
        self.send_mail(template_prefix, email or user.email, values)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a reset mail."""
        path = reverse(
            "account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"}
        ).replace("UID-KEY", key)
        return f"{settings.PANEL_ORIGIN}{path}"

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Whether this is the password of who is signed in; counted like a sign-in."""
        found = self.authenticate(self.request, email=getattr(user, "email", ""), password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, app: str) -> bool:
        """Unless the last proof is fresh, a sign-in included."""
        return not fresh_proof(self.request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the page that shows one's own log-in."""
        return reverse("people:profile")

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **values: Any) -> Any:
        """Note in the trail who has come in, from where."""
        if isinstance(user, Person):
            note_own(user, "session.open", request, timezone.now())
        return super().post_login(request, user, **values)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Only of people: a mailbox user's password is the mailbox's."""
        if isinstance(user, Person) and user.mailbox is not None:
            raise RuntimeError("the password of a mailbox is set by hosting")
        # Where such a password is refused, the form has done it already.
        known = is_breached(password)
        super().set_password(user, password)
        if isinstance(user, Person):
            reason = KNOWN if known else ""
            note_own(user, "person.set-password", self.request, timezone.now(), reason=reason)
            if known:
                warn_breached(self.request)
        # All that was open with the old one is closed (the session hash changes), and the address
        # has proved that it receives mail.
        EmailAddress.objects.filter(user_id=user.pk).update(verified=True)
