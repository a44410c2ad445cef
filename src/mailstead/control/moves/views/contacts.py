"""The address book that came with a mailbox, as a file."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailstead.control.hosting import queries as hosting
from mailstead.control.moves.queries.webmail import webmail_of
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import download
from mailstead.foreign import inventory as found
from mailstead.foreign.vcard import card, group_card


@page("webmail.view")
def contacts(request: HttpRequest, number: int) -> HttpResponseBase:
    """All contacts of a mailbox as vCards (RFC 6350), each group as a card of its members."""
    mailbox = hosting.mailbox_numbered(actor_in(request), number)
    kept = webmail_of(mailbox)
    web = msgspec.json.decode(kept.found, type=found.Webmail) if kept else found.Webmail()
    owner = mailbox.address
    people = [*web.contacts, *web.collected]
    cards = [card(one, owner=owner) for one in people]
    for name in web.groups:
        members = [one for one in web.contacts if name in one.groups]
        cards.append(group_card(name, members, owner=owner))
    return download(f"{owner}.vcf", "".join(cards), "text/vcard; charset=utf-8")
