"""Django's entry for the app `jobs`."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.jobs"
    label = "jobs"
