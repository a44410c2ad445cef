"""Addresses of the pages of a mailbox user."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
