"""Django's door for the house's rule about passwords: forms of the log-in library ask it."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from mailstead.control.people.services.breached import is_breached
from mailstead.standards.refusal import Refusal


class BreachedValidator:
    """Refuses a password that is known from leaks, where the house does."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise `ValidationError` in the refusal's words."""
        try:
            is_breached(password)
        except Refusal as refusal:
            raise ValidationError(refusal.say(gettext), code=refusal.code) from refusal

    def get_help_text(self) -> str:
        """What a form says before anything is typed."""
        return gettext("It should be used nowhere else.")
