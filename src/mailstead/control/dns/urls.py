"""Addresses of the pages about a domain's DNS, among the tabs of the domain."""

from __future__ import annotations

from django.urls import path

from mailstead.control.dns import views

app_name = "dns"
urlpatterns = [
    path("domains/<str:name>/dns/", views.records, name="records"),
    path("domains/<str:name>/dns/check/", views.check, name="check"),
    path("domains/<str:name>/dns/zone/", views.zone, name="zone"),
    path("domains/<str:name>/dns/mta-sts/", views.mta_sts, name="mta-sts"),
    path("policies/mta-sts/<str:name>/", views.policy, name="mta-sts-policy"),
]
