"""Addresses of the pages of the operator, of staff and of resellers."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.hosting.views import (
    brands,
    customers,
    jobs,
    metrics,
    packages,
    queue,
    sending,
    servers,
    style,
)

urlpatterns: list[URLPattern] = [
    path("customers/", customers.customer_list, name="customers"),
    path("customers/add/", customers.add, name="customer-add"),
    path("customers/<int:number>/", customers.show, name="customer"),
    path("customers/<int:number>/edit/", customers.edit, name="customer-edit"),
    path("customers/<int:number>/suspend/", customers.suspend, name="customer-suspend"),
    path("customers/<int:number>/resume/", customers.resume, name="customer-resume"),
    path("customers/<int:number>/remove/", customers.remove, name="customer-remove"),
    path("customers/<int:number>/reseller/", customers.reseller, name="customer-reseller"),
    path("packages/", packages.package_list, name="packages"),
    path("packages/add/", packages.add, name="package-add"),
    path("packages/<int:number>/", packages.edit, name="package-edit"),
    path("customers/<int:number>/sending/", sending.of_customer, name="customer-sending"),
    path("packages/<int:number>/sending/", sending.of_package, name="package-sending"),
    path("sending/", sending.overview, name="sending"),
    path("sending/house/", sending.house, name="sending-house"),
    path("packages/<int:number>/give/", packages.apply, name="package-apply"),
    path("packages/<int:number>/remove/", packages.remove, name="package-remove"),
    path("brand/", brands.brand, name="brand"),
    path("brand/of/<int:number>/", brands.brand_of, name="brand-of"),
    path("brand/<int:number>.css", brands.css, name="brand-css"),
    path("brand/<int:number>/logo", brands.logo, name="brand-logo"),
    path("servers/", servers.server_list, name="servers"),
    path("servers/add/", servers.add, name="server-add"),
    path("servers/<str:name>/", servers.show, name="server"),
    path("servers/<str:name>/now/", servers.now, name="server-now"),
    path("servers/<str:name>/edit/", servers.edit, name="server-edit"),
    path("servers/<str:name>/remove/", servers.remove, name="server-remove"),
    path("queue/", queue.queue, name="queue"),
    path("queue/act/", queue.act, name="queue-act"),
    path("queue/delete/", queue.delete, name="queue-delete"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:number>/", jobs.show, name="job"),
    path("jobs/<int:number>/row/", jobs.row, name="job-row"),
    path("jobs/<int:number>/refused.csv", jobs.refused, name="job-refused"),
    path("jobs/<int:number>/stop/", jobs.stop, name="job-stop"),
    path("jobs/<int:number>/resume/", jobs.resume, name="job-resume"),
    path("metrics/", metrics.metrics, name="metrics"),
    path("style/", style.style, name="style"),
]
