"""Django's entry for the app `hosting`."""

from __future__ import annotations

from django.apps import AppConfig


class HostingConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.hosting"
    label = "hosting"
