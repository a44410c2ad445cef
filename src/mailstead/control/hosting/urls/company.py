"""Addresses of the pages of the operator and of resellers."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
