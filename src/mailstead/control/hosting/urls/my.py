"""Addresses of the pages about one mailbox: its user's under `/my/`, others' under its number."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from mailstead.control.hosting.views import (
    my_apps,
    my_clients,
    my_password,
    my_rule_test,
    my_rules,
    my_sign_ins,
    my_spam,
    my_storage,
    my_vacation,
    sending,
)

# Each twice: `my-…` and `mailbox-…`.
_PAGES: tuple[tuple[str, Any, str], ...] = (
    ("rules/", my_rules.rules, "rules"),
    ("rules/add/", my_rules.add, "rule-add"),
    ("rules/test/", my_rule_test.rule_test, "rules-test"),
    ("rules/<int:index>/", my_rules.edit, "rule"),
    ("rules/<int:index>/remove/", my_rules.remove, "rule-remove"),
    ("vacation/", my_vacation.vacation, "vacation"),
    ("vacation/remove/", my_vacation.remove, "vacation-remove"),
    ("spam/", my_spam.spam, "spam"),
    ("apps/", my_apps.apps, "apps"),
    ("apps/add/", my_apps.add, "app-add"),
    ("apps/<int:app>/remove/", my_apps.remove, "app-remove"),
    ("sign-ins/", my_sign_ins.sign_ins, "sign-ins"),
    ("sign-ins/end/", my_sign_ins.end, "sign-ins-end"),
    ("sending/", sending.of_mailbox, "sending"),
    ("storage/", my_storage.storage, "storage"),
    ("clients/", my_clients.clients, "clients"),
    ("clients/apple/", my_clients.profile, "clients-apple"),
)

urlpatterns: list[URLPattern] = [
    *(path(f"my/{route}", view, name=f"my-{name}") for route, view, name in _PAGES),
    *(
        path(f"mailboxes/<int:number>/{route}", view, name=f"mailbox-{name}")
        for route, view, name in _PAGES
    ),
    path("my/password/", my_password.password, name="my-password"),
    path("my/password/recovery/", my_password.recovery, name="my-recovery"),
]
