"""Addresses of the pages about whoever works for a customer: people, tokens, audit trail."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.hosting.views import audit, people, tokens, webhooks

urlpatterns: list[URLPattern] = [
    path("people/", people.own, name="people"),
    path("people/invite/", people.invite, name="person-invite"),
    path("people/<int:number>/", people.change, name="person"),
    path("people/<int:number>/remove/", people.remove, name="person-remove"),
    path("people/invitations/<int:number>/", people.withdraw, name="invitation"),
    path("people/second-factor/", people.second_factor, name="person-second-factor"),
    path("customers/<int:customer>/people/", people.of_customer, name="customer-people"),
    path("customers/<int:customer>/people/invite/", people.invite, name="customer-person-invite"),
    path("tokens/", tokens.token_list, name="tokens"),
    path("tokens/add/", tokens.add, name="token-add"),
    path("tokens/<int:number>/revoke/", tokens.revoke, name="token-revoke"),
    path("webhooks/add/", webhooks.add, name="webhook-add"),
    path("webhooks/<int:number>/", webhooks.show, name="webhook"),
    path("webhooks/<int:number>/edit/", webhooks.edit, name="webhook-edit"),
    path("webhooks/<int:number>/remove/", webhooks.remove, name="webhook-remove"),
    path("webhooks/<int:number>/messages/<int:delivery>/", webhooks.again, name="webhook-again"),
    path("audit/", audit.audit_list, name="audit"),
]
