"""Django's entry for the app `moves`."""

from __future__ import annotations

from django.apps import AppConfig


class MovesConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.moves"
    label = "moves"
