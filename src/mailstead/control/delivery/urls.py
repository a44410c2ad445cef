"""Addresses of the delivery log: of all, of the reader's own mailbox, of one mailbox."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.delivery.views import log as views
from mailstead.control.delivery.views import reports, reputation, sending, suppression

app_name = "delivery"
urlpatterns: list[URLPattern] = [
    path("delivery/", views.delivery_list, name="list"),
    path("delivery/<int:message>/", views.delivery_message, name="message"),
    path("domains/<str:name>/reports/", reports.show, name="reports"),
    path("reports/unread/", reports.unread, name="unread-reports"),
    path("reputation/", reputation.show, name="reputation"),
    path("reputation/look/", reputation.look, name="reputation-look"),
    path("reputation/receivers/", reputation.receivers, name="receivers"),
    path("delivery/unreachable/", suppression.suppressions, name="suppressions"),
    path("delivery/unreachable/<int:suppression>/", suppression.suppression, name="suppression"),
    path("delivery/complaints/", suppression.complaints, name="complaints"),
    path("my/delivery/", views.mailbox_list, name="my-delivery"),
    path("my/delivery/<int:message>/", views.mailbox_message, name="my-delivery-message"),
    path("mailboxes/<int:number>/messages/", views.mailbox_list, name="mailbox-delivery"),
    path(
        "mailboxes/<int:number>/messages/<int:message>/",
        views.mailbox_message,
        name="mailbox-delivery-message",
    ),
    path("sending/", sending.overview, name="sending"),
    path("sending/add/", sending.add, name="sending-add"),
    path("sending/mark/", sending.mark, name="sending-mark"),
    path("sending/marks/<int:number>/remove/", sending.unmark, name="sending-unmark"),
    path("sending/servers/<slug:name>/", sending.server, name="sending-server"),
    path("sending/<int:number>/", sending.show, name="sending-address"),
    path("sending/<int:number>/edit/", sending.edit, name="sending-edit"),
    path("sending/<int:number>/remove/", sending.remove, name="sending-remove"),
    path("sending/<int:number>/rest/", sending.rest, name="sending-rest"),
    path("sending/<int:number>/return/", sending.end_rest, name="sending-return"),
]
