"""Django's entry for the app `protection`."""

from __future__ import annotations

from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.protection"
    label = "protection"
