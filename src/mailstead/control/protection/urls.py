"""Addresses of the pages about protection."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.protection.views import breached

app_name = "protection"
urlpatterns: list[URLPattern] = [
    path("protection/breached/", breached.breached, name="breached"),
]
