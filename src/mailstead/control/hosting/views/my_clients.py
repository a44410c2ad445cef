"""What a mail program must be told, and a file that tells it to Apple's."""

from __future__ import annotations

import plistlib
import uuid

from django.http import HttpRequest, HttpResponse

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.views.place import mailbox_in, show
from mailstead.control.people.pages import page
from mailstead.control.web.listing import download

_SPACE = uuid.UUID("5f0c9d2e-4c0f-4e0c-9b8e-6f1d3a7a52c1")
"""The same mailbox always gets the same numbers, so that a second file replaces the first."""


@page("mailbox.view")
def clients(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Host, ports, and the steps for common programs."""
    place = mailbox_in(request, number, "clients")
    rows = queries.client_settings(place.mailbox.domain)
    incoming = next(row for row in rows if row[0] == "IMAP")
    outgoing = next(row for row in rows if row[0] == "SMTP")
    context = {"settings": rows, "incoming": incoming, "outgoing": outgoing}
    return show(request, "clients", place, context)


@page("mailbox.view")
def profile(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """The settings as Apple's configuration profile; it asks for the password itself."""
    place = mailbox_in(request, number, "clients")
    name = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-" for c in
                   place.mailbox.address)  # fmt: skip
    content = apple_profile(place.mailbox)
    return download(f"{name}.mobileconfig", content, "application/x-apple-aspen-config")


def apple_profile(mailbox: Mailbox) -> bytes:
    """A profile with one mail account (Apple, Configuration Profile Reference, Mail payload)."""
    address, rows = mailbox.address, queries.client_settings(mailbox.domain)
    incoming = next(row for row in rows if row[0] == "IMAP")
    outgoing = next(row for row in rows if row[0] == "SMTP")
    account = {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{mailbox.store}.mail",
        "PayloadUUID": str(uuid.uuid5(_SPACE, f"{mailbox.store}.mail")).upper(),
        "PayloadDisplayName": address,
        "EmailAccountDescription": address,
        "EmailAccountName": mailbox.name or address,
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAddress": address,
        "IncomingMailServerAuthentication": "EmailAuthPassword",
        "IncomingMailServerHostName": incoming[1],
        "IncomingMailServerPortNumber": incoming[2],
        "IncomingMailServerUseSSL": True,
        "IncomingMailServerUsername": address,
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerHostName": outgoing[1],
        "OutgoingMailServerPortNumber": outgoing[2],
        "OutgoingMailServerUseSSL": True,
        "OutgoingMailServerUsername": address,
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": mailbox.store,
        "PayloadUUID": str(uuid.uuid5(_SPACE, mailbox.store)).upper(),
        "PayloadDisplayName": address,
        "PayloadContent": [account],
    }
    return plistlib.dumps(whole)
