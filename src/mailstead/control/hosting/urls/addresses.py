"""Addresses of the pages about what happens to mail at an address."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.hosting.views import addresses as views

urlpatterns: list[URLPattern] = [
    path("domains/<str:name>/forwarders/", views.forwarder_list, name="domain-forwarders"),
    path("domains/<str:name>/forwarders/add/", views.forwarder_add, name="forwarder-add"),
    path("forwarders/<int:number>/", views.forwarder_edit, name="forwarder"),
    path("forwarders/back/<int:entry>/", views.forwarder_put_back, name="forwarder-back"),
    path("forwarders/<int:number>/remove/", views.forwarder_remove, name="forwarder-remove"),
    path("domains/<str:name>/catch-all/", views.catch_all, name="domain-catch-all"),
    path("domains/<str:name>/answers/", views.answer_list, name="domain-autoresponders"),
    path("domains/<str:name>/answers/add/", views.answer_add, name="answer-add"),
    path("answers/<int:number>/", views.answer_edit, name="answer"),
    path("answers/back/<int:entry>/", views.answer_put_back, name="answer-back"),
    path("answers/<int:number>/remove/", views.answer_remove, name="answer-remove"),
    path("explain/", views.explain, name="address-explain"),
]
