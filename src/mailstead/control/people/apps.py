"""Django's entry for the app `people`."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.people"
    label = "people"
