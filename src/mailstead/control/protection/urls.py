"""Addresses of the pages about protection."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.protection.views import blocks

app_name = "protection"
urlpatterns: list[URLPattern] = [
    path("protection/blocks/", blocks.overview, name="blocks"),
    path("protection/blocks/lift/", blocks.lift, name="blocks-lift"),
    path("blocked/", blocks.blocked, name="blocked"),
    path("blocked/let-in/", blocks.let_in, name="let-in"),
]
