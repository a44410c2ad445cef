"""Addresses of the pages about one's own log-in, and of the log-in library that we use.

Only those of the library's pages that this house wants: nobody signs up, nobody changes the name
with which they sign in.
"""

from __future__ import annotations

from allauth.account import views as account
from django.urls import include, path, re_path

from mailstead.control.people.views import own

app_name = "people"
urlpatterns = [
    path("profile/", own.profile, name="profile"),
    path("places/", own.places, name="places"),
    path("no-access/", own.no_access, name="no-access"),
    path("language/", own.language, name="language"),
    path("welcome/<str:token>/", own.accept, name="accept"),
]

library = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", own.sessions, name="usersessions_list"),
]
"""The library's pages under `/account/`; see `LIBRARY_PUBLIC`."""

LIBRARY_PUBLIC = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "mfa_authenticate",
        "mfa_login_webauthn",
    }
)
"""Those that need no log-in; every other page of the library demands one by itself."""
