"""Addresses of the pages of hosting, one module for each kind of reader."""

from __future__ import annotations

from mailstead.control.hosting.urls import account, addresses, company, domains, my, sign_in

app_name = "hosting"
urlpatterns = [
    *sign_in.urlpatterns,
    *domains.urlpatterns,
    *account.urlpatterns,
    *addresses.urlpatterns,
    *my.urlpatterns,
    *company.urlpatterns,
]
