"""Addresses of the pages of domains and mailboxes."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.hosting.views import (
    bulk,
    domain,
    domains,
    mailbox,
    mailboxes,
    overview,
    sending,
    welcome,
)

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("domains/", domains.domain_list, name="domains"),
    path("domains/add/", domains.add, name="domain-add"),
    path("domains/removed/", domains.removed_list, name="domains-removed"),
    path("domains/removed/<int:number>/", domains.restore, name="domain-restore"),
    path("domains/<str:name>/", domain.show, name="domain"),
    path("domains/<str:name>/settings/", domain.settings_page, name="domain-settings"),
    path("domains/<str:name>/forward/", domain.forward_to, name="domain-forward"),
    path("domains/<str:name>/alias/", domain.alias, name="domain-alias"),
    path("domains/<str:name>/suspend/", domain.suspend, name="domain-suspend"),
    path("domains/<str:name>/resume/", domain.resume, name="domain-resume"),
    path("domains/<str:name>/remove/", domain.remove, name="domain-remove"),
    path("mailboxes/", mailboxes.mailbox_list, name="mailboxes"),
    path("mailboxes/add/", mailboxes.add, name="mailbox-add"),
    path("mailboxes/removed/", mailboxes.removed_list, name="mailboxes-removed"),
    path("mailboxes/bulk/", bulk.names, name="mailboxes-bulk"),
    path("mailboxes/import/", bulk.upload, name="mailboxes-import"),
    path("mailboxes/import/template/", bulk.template, name="mailboxes-template"),
    path("mailboxes/<int:number>/", mailbox.show, name="mailbox"),
    path("mailboxes/<int:number>/edit/", mailbox.edit, name="mailbox-edit"),
    path("mailboxes/<int:number>/recovery/", mailbox.recovery, name="mailbox-recovery"),
    path("mailboxes/<int:number>/password/", mailbox.password, name="mailbox-password"),
    path("mailboxes/<int:number>/sending/edit/", sending.edit_mailbox, name="mailbox-sending-edit"),
    path("mailboxes/<int:number>/remove/", mailbox.remove, name="mailbox-remove"),
    path("mailboxes/<int:number>/restore/", mailbox.restore, name="mailbox-restore"),
    path("mailboxes/<int:number>/welcome/", welcome.sheet, name="mailbox-welcome"),
    *(
        path(
            f"mailboxes/<int:number>/{verb}-{what}/",
            getattr(mailbox, f"{verb}_{what}"),
            name=f"mailbox-{verb}-{what}",
        )
        for verb in ("suspend", "resume")
        for what in ("login", "sending", "receiving")
    ),
]
