"""Django's entry for the app `feed`."""

from __future__ import annotations

from django.apps import AppConfig


class FeedConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.feed"
    label = "feed"
