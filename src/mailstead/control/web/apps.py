"""Django's entry for the app `web`."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.web"
    label = "web"
