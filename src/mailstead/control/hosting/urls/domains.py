"""Addresses of the pages of a customer: overview, domains, mailboxes, people, tokens, trail."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.hosting.views import domains, overview

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("domains/", domains.domain_list, name="domains"),
    path("domains/add/", domains.add, name="domain-add"),
]
