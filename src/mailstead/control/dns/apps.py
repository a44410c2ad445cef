"""Django's entry for the app `dns`."""

from __future__ import annotations

from django.apps import AppConfig


class DnsConfig(AppConfig):
    """The app's name and label."""

    name = "mailstead.control.dns"
    label = "dns"
