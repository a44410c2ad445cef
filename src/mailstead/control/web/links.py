"""Addresses of the panel's pages for mails and replies, from wherever they are asked for."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def panel_link(name: str, *args: object) -> str:
    """The whole address of a page.

    What nodes tell is recorded behind a door of their own, which has none of the panel's pages: so
    the panel's addresses are named here, and services never ask `reverse` themselves.
    """
    return settings.PANEL_ORIGIN + reverse(name, settings.ROOT_URLCONF, args=args)
