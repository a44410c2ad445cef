"""Servers: the mail nodes."""

from __future__ import annotations

import datetime as dt
import re

from django.db import transaction
from django.db.models import ProtectedError

from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Server
from mailstead.control.hosting.services.common import commit, facts, locked
from mailstead.control.people.actor import Actor
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def _checked_name(name: str) -> str:
    bare = name.strip().lower()
    if not _NAME.fullmatch(bare):
        raise Refusal(
            "server-name-invalid",
            "A server's name has letters, digits and hyphens only.",
            remedy="Choose a name such as node2.",
        )
    return bare


@transaction.atomic
def create_server(*, actor: Actor, now: dt.datetime, name: str, hostname: str) -> Server:
    """A new node and its empty feed."""
    bare = _checked_name(name)
    if Server.objects.filter(name=bare).exists():
        raise Refusal(
            "server-exists",
            "There is a server {bare} already.",
            remedy="Choose another name.",
            bare=bare,
        )
    server = Server.objects.create(name=bare, hostname=normalise_domain(hostname))
    feed.open_feed(bare)
    commit(
        actor=actor,
        now=now,
        verb="create",
        row=server,
        label=bare,
        before=None,
        changes=(),
        server=None,
    )
    return server


@transaction.atomic
def update_server(*, actor: Actor, now: dt.datetime, server: Server, hostname: str) -> None:
    """Another host name."""
    locked(server)
    before = facts(server)
    server.hostname = normalise_domain(hostname)
    server.save()
    commit(
        actor=actor,
        now=now,
        verb="update",
        row=server,
        label=server.name,
        before=before,
        changes=(),
        server=None,
    )


@transaction.atomic
def remove_server(*, actor: Actor, now: dt.datetime, server: Server) -> None:
    """Remove a node that has no domains."""
    if server.domains.exists() or server.second_domains.exists():
        raise Refusal(
            "server-in-use",
            "There are domains on the server {name}.",
            remedy="Move or remove them, and let their grace period end.",
            name=server.name,
        )
    locked(server)
    before = facts(server)
    commit(
        actor=actor,
        now=now,
        verb="remove",
        row=server,
        label=server.name,
        before=before,
        changes=(),
        server=None,
        gone=True,
    )
    try:
        server.delete()
    except ProtectedError as error:
        raise Refusal(
            "server-in-use",
            "The server {name} still serves DNS zones.",
            remedy="Remove the zones first.",
            name=server.name,
        ) from error
