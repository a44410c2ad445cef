"""What the company itself has: mail nodes."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Status

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named
from mailstead.control.hosting.api.schemas import ServerOut, server_out
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged
from mailstead.control.people.api.schemas import In

router = Router(tags=["Servers"])


class ServerFind(Turn):
    """Which servers."""

    q: str = Field("", max_length=253, description="Only what contains this text.")


class ServerChange(In):
    """Another host name."""

    hostname: str = Field(min_length=1, max_length=253)


class ServerNew(ServerChange):
    """A new node."""

    name: str = Field(min_length=1, max_length=63)


@router.get("/servers", response=Page[ServerOut], summary="List servers")
@operation("server.view")
def list_servers(request: HttpRequest, find: Query[ServerFind]) -> object:
    """Mail nodes and how far each follows."""
    return paged(queries.servers(caller(request), search=find.q), find, server_out)


@router.post("/servers", response={201: ServerOut}, summary="Add a server")
@operation("server.create")
def create_server(request: HttpRequest, body: ServerNew) -> Status[ServerOut]:
    """A node and its empty feed."""
    made = services.create_server(
        actor=caller(request), now=timezone.now(), name=body.name, hostname=body.hostname
    )
    return Status(201, server_out(made))


@router.get("/servers/{server}", response=ServerOut, summary="Show a server")
@operation("server.view")
def show_server(request: HttpRequest, server: Named) -> ServerOut:
    """One of them, by its name."""
    return server_out(queries.server_named(caller(request), server))


@router.patch("/servers/{server}", response=ServerOut, summary="Change a server")
@operation("server.update")
def change_server(request: HttpRequest, server: Named, body: ServerChange) -> ServerOut:
    """Another host name."""
    actor = caller(request)
    found = queries.server_named(actor, server)
    services.update_server(actor=actor, now=timezone.now(), server=found, hostname=body.hostname)
    return server_out(found)


@router.delete("/servers/{server}", response={204: None}, summary="Remove a server")
@operation("server.remove")
def remove_server(request: HttpRequest, server: Named) -> Status[None]:
    """Only one that has no domains."""
    actor = caller(request)
    found = queries.server_named(actor, server)
    services.remove_server(actor=actor, now=timezone.now(), server=found)
    return Status(204, None)
