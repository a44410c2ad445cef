"""Addresses of the pages of the operator, of staff and of resellers."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.hosting.views import brands, customers, packages

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
    path("packages/<int:number>/give/", packages.apply, name="package-apply"),
    path("packages/<int:number>/remove/", packages.remove, name="package-remove"),
    path("brand/", brands.brand, name="brand"),
    path("brand/of/<int:number>/", brands.brand_of, name="brand-of"),
    path("brand/<int:number>.css", brands.css, name="brand-css"),
    path("brand/<int:number>/logo", brands.logo, name="brand-logo"),
]
