"""Addresses of the pages about a domain's DNS, among the tabs of the domain."""

from __future__ import annotations

from django.urls import path

from mailstead.control.dns import key_views, views
from mailstead.control.dns.push import views as push
from mailstead.control.dns.zones import views as zones

app_name = "dns"
urlpatterns = [
    path("domains/<str:name>/dns/", views.records, name="records"),
    path("domains/<str:name>/dns/check/", views.check, name="check"),
    path("domains/<str:name>/dns/zone/", views.zone, name="zone"),
    path("domains/<str:name>/dns/push/", push.begin, name="push"),
    path("domains/<str:name>/dns/pushes/<int:number>/", push.pushed, name="pushed"),
    path("domains/<str:name>/dns/pushes/<int:number>/apply/", push.apply, name="push-apply"),
    path("domains/<str:name>/dns/pushes/<int:number>/look/", push.look, name="push-look"),
    path("domains/<str:name>/dns/pushes/<int:number>/undo/", push.undo, name="push-undo"),
    path("zones/", zones.zone_list, name="zones"),
    path("zones/attach/", zones.attach, name="zone-attach"),
    path("zones/<str:name>/", zones.show, name="zone-show"),
    path("zones/<str:name>/file/", zones.file, name="zone-file"),
    path("zones/<str:name>/leave/", zones.leave, name="zone-leave"),
    path("zones/<str:name>/add/", zones.add, name="zone-add"),
    path("zones/<str:name>/records/<int:number>/", zones.change, name="zone-change"),
    path("zones/<str:name>/records/<int:number>/remove/", zones.remove_record, name="zone-less"),
    path("domains/<str:name>/dns/mta-sts/", views.mta_sts, name="mta-sts"),
    path("policies/mta-sts/<str:name>/policy.txt", views.policy, name="mta-sts-policy"),
    path("domains/<str:name>/dns/keys/", key_views.keys, name="keys"),
    path("domains/<str:name>/dns/keys/rotate/", key_views.rotate, name="keys-rotate"),
    path(
        "domains/<str:name>/dns/keys/<slug:selector>/revoke/",
        key_views.revoke,
        name="keys-revoke",
    ),
    path("domains/<str:name>/accept/", key_views.accept, name="accept"),
    path("zone-of-keys/", key_views.operator_zone_page, name="operator-zone"),
    path("zone-of-keys/zone/", key_views.operator_zone_file, name="operator-zone-file"),
    path("zone-of-keys/push/", key_views.operator_zone_push, name="operator-zone-push"),
]
