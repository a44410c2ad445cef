"""Every address of the panel and the API; the feed has its own door (feed_urls)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from mailstead.control.people.urls import library
from mailstead.control.people.views import reference
from mailstead.control.project.api import openapi, urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("mailstead.control.hosting.urls")),
    path("", include("mailstead.control.dns.urls")),
    path("", include("mailstead.control.delivery.urls")),
    path("", include("mailstead.control.protection.urls")),
    path("", include("mailstead.control.moves.urls")),
    path("", include("mailstead.control.people.urls")),
    path("account/", include(library)),
    path("api/v1/openapi.json", reference.document, {"described": openapi}, name="api-document"),
    path("api/v1/docs", reference.reference, {"described": openapi}, name="api-reference"),
    path("api/v1/", urls),
]
handler400 = "mailstead.control.people.views.errors.bad_request"
handler403 = "mailstead.control.people.views.errors.forbidden"
handler404 = "mailstead.control.people.views.errors.not_found"
