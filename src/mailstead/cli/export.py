"""`mailstead export`: a customer, or one domain, as one archive."""

from __future__ import annotations

import hashlib
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from mailstead.cli.progress import progress_bar
from mailstead.cli.session import INTERRUPTED, SESSION, Row, now
from mailstead.home import Home
from mailstead.standards.pieces import packing_of
from mailstead.standards.refusal import Refusal
from mailstead.wire.exports import Box, Packed

if TYPE_CHECKING:
    from mailstead.control.hosting.models import Customer

LOOK_EVERY = 1.0
"""Seconds between two looks at an export of another server."""


class _Begun(msgspec.Struct, frozen=True):
    """What an archive that is not whole yet is to become."""

    customer: int
    domain: str
    with_mail: bool
    boxes: tuple[Box, ...]


def export(
    customer: Annotated[str, typer.Argument(help="Whose account.")] = "",
    *,
    domain: Annotated[str, typer.Option("--domain", help="Only this domain.")] = "",
    to: Annotated[
        Path, typer.Option("--to", help="The file: .tar.zst, .tar.gz or .tar; it must not exist.")
    ],
    with_mail: Annotated[
        bool, typer.Option("--with-mail", help="All folders with their messages too.")
    ] = False,
) -> int:
    """Write a customer, or one domain, into an archive that holds all hashes and keys (0600).

    Ctrl-C stops it; the same command goes on where it stopped.
    """
    if bool(customer) == bool(domain):
        raise Refusal(
            "export-ways",
            "Name either a customer or a domain.",
            remedy="Use a customer's name, or --domain.",
        )
    if packing_of(to.name) is None or (SESSION.client and not to.name.endswith(".tar.zst")):
        raise Refusal(
            "export-name",
            "The file's name must end in .tar.zst, .tar.gz or .tar; from another server in "
            ".tar.zst.",
            remedy="Choose such a name.",
        )
    if to.exists():
        raise Refusal("file-exists", f"{to} is there already.", remedy="Choose another name.")
    SESSION.control()
    from mailstead.cli.door import queries

    actor = SESSION.actor()
    name, owner = "", 0
    if domain:
        found = queries.domain_named(actor, domain)
        name, owner = found.name, found.customer.pk
    else:
        owner = queries.customer_named(actor, customer).pk
    if SESSION.client is not None:
        return _from_afar(owner, name, to, with_mail=with_mail)
    return _here(queries.customer_numbered(actor, owner), name, to, with_mail=with_mail)


def _part(to: Path) -> Path:
    return to.with_name(to.name + ".part")


def _here(customer: Customer, domain: str, to: Path, *, with_mail: bool) -> int:
    from mailstead.cli.door import move_acts
    from mailstead.mailplane.node.packing.pack import Stopped, Target, forget, pack, side_of

    actor = SESSION.actor()
    move_acts.check_exportable(customer, domain, with_mail=with_mail)
    inventory, head = move_acts.head_of(actor, customer, domain, now(), with_mail=with_mail)
    boxes = move_acts.boxes_of(inventory) if with_mail else ()
    home, packing = Home(SESSION.home), packing_of(to.name)
    assert packing is not None
    key = "file-" + hashlib.sha256(str(to.absolute()).encode()).hexdigest()[:16]
    target = Target(_part(to), side_of(home, key), packing)
    wanted = _Begun(customer.pk, domain, with_mail, boxes)
    plan = to.with_name(to.name + ".plan")
    begun = _begun(plan)
    if begun is not None and (begun.customer, begun.domain, begun.with_mail) == (
        wanted.customer,
        wanted.domain,
        wanted.with_mail,
    ):
        wanted = begun
    else:
        target.archive.unlink(missing_ok=True)
        forget(target)
        move_acts.note_export(
            actor, now(), "create", customer, 0, domain=domain, with_mail=with_mail, file=str(to)
        )
        plan.touch(mode=0o600)
        plan.write_bytes(msgspec.json.encode(wanted))
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        with progress_bar() as bar:
            task = bar.add_task("packing", total=None)

            def tell(packed: Packed) -> None:
                words = f"{packed.messages} messages, {packed.octets / 2**20:.0f} MiB"
                bar.update(task, description=words)

            done = pack(home, target, head, wanted.boxes, stop=lambda: bool(asked), tell=tell)
    except Stopped:
        SESSION.say("Stopped; the same command goes on from here.")
        return INTERRUPTED
    except PermissionError as error:
        raise Refusal(
            "export-not-root",
            f"{error.filename} cannot be read by you.",
            remedy="Run it as root.",
        ) from error
    finally:
        signal.signal(signal.SIGINT, before)
    target.archive.rename(to)
    plan.unlink(missing_ok=True)
    row: Row = {
        "file": str(to),
        "domains": len(inventory.domains),
        "mailboxes": len(inventory.mailboxes()),
        "messages": done.messages,
        "octets": done.octets,
        "size": done.size,
    }
    _say(to, row)
    return 0


def _begun(plan: Path) -> _Begun | None:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(plan.read_bytes(), type=_Begun)
    return None


def _say(to: Path, row: Row) -> None:
    SESSION.done(
        f"{to} is whole. It holds the hashes of all passwords and the private keys: keep it safe.",
        row,
    )


def _from_afar(customer: int, domain: str, to: Path, *, with_mail: bool) -> int:
    """Have it made by another server, wait for it and fetch it."""
    api = SESSION.api()
    body = {"customer": customer, "domain": domain, "with_mail": with_mail}
    made: dict[str, Any] = api.call("POST", "/exports", body)
    with progress_bar() as bar:
        task = bar.add_task("being made", total=100)
        while made["state"] in ("waiting", "making"):
            time.sleep(LOOK_EVERY)
            made = api.get(f"/exports/{made['id']}")
            bar.update(task, completed=made["percent"])
    if made["state"] != "done":
        raise Refusal(
            "export-failed",
            f"The export is {made['state']}: {made['words'] or 'somebody has stopped it.'}",
            remedy="See the page of exports there.",
        )
    part = _part(to)
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    api.fetch(f"/exports/{made['id']}/file", part)
    part.rename(to)
    _say(to, {"file": str(to), "export": made["id"], "size": made["size"]})
    return 0


def register(app: typer.Typer) -> None:
    """Put the command into the app."""
    app.command("export")(export)
