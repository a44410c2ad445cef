"""Django's entry for the app `delivery`."""

from __future__ import annotations

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.delivery"
    label = "delivery"
