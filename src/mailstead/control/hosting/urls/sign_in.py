"""Addresses of the pages that explain, of the way back, and of acting in another's place."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.hosting.views import sending, sign_in

urlpatterns: list[URLPattern] = [
    path("help/sending-limits/", sending.explain, name="sending-help-index"),
    path("help/sending-limits/<str:what>/", sending.explain, name="sending-help"),
    path("recover/<str:token>/", sign_in.recover, name="recover"),
    path("customers/<int:number>/act-as/", sign_in.act_as, name="act-as"),
    path("act-as/end/", sign_in.act_as_end, name="act-as-end"),
]
