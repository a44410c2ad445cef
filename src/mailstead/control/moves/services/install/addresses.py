"""Forwarders, automatic answers and lists."""

from __future__ import annotations

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Autoresponder, Destination, Forwarder
from mailstead.control.moves.plan.addresses import members_of, route_of
from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.rows import Verdict
from mailstead.control.moves.services.install.build import Build
from mailstead.foreign import inventory as found
from mailstead.foreign.answers import answer
from mailstead.wire.changes import Route


def install_forwarder(build: Build, item: Item, verdict: Verdict) -> str:
    """A forwarder with all its destinations."""
    alias: found.Alias = item.thing
    wanted = route_of(build.site, alias)
    if wanted.route is None:
        return "left"
    return _forward(build, item, alias.address, wanted.route, keep=wanted.keep)


def install_list(build: Build, item: Item, verdict: Verdict) -> str:
    """A mailing list as a forwarder to its members."""
    one: found.MailingList = item.thing
    route = Route(action="deliver", destinations=members_of(one))
    keep = build.mailbox_or_none(one.address) is not None
    return _forward(build, item, one.address, route, keep=keep)


def _forward(build: Build, item: Item, address: str, route: Route, *, keep: bool) -> str:
    domain = build.domain(item.domain)
    there = Forwarder.objects.filter(domain=domain, local=address.rpartition("@")[0]).first()
    if there is not None and _same(there, route, keep):
        return "present"
    made = hosting.set_forwarder(
        **build.who, domain=domain, address=address, route=route, keep_copy=keep
    )
    return build.came("forwarder", made.pk, made.address)


def _same(there: Forwarder, route: Route, keep: bool) -> bool:
    rows = Destination.objects.filter(forwarder=there).order_by("pk")
    ends = tuple(rows.values_list("address", flat=True))
    have = (there.action, there.text, there.keep_copy, ends)
    return have == (route.action, route.text, keep, route.destinations)


def install_autoresponder(build: Build, item: Item, verdict: Verdict) -> str:
    """An automatic answer; a copy that went to somebody else goes on going there."""
    ours = answer(item.thing)
    domain = build.domain(item.domain)
    local = ours.address.rpartition("@")[0]
    there = Autoresponder.objects.filter(domain=domain, local=local).exists()
    outcome = "present"
    if verdict.code == "replaced" or not there:
        made = hosting.set_autoresponder(
            **build.who,
            domain=domain,
            address=ours.address,
            subject=ours.subject,
            body=ours.body,
            html=ours.html,
            starts=ours.starts,
            ends=ours.ends,
            interval=ours.interval,
            from_name=ours.from_name,
        )
        outcome = build.came("autoresponder", made.pk, made.address)
    if ours.forward_to:
        _copy(build, item, item.thing)
    return outcome


def _copy(build: Build, item: Item, answer: found.Autoresponder) -> None:
    domain = build.domain(item.domain)
    local = answer.address.rpartition("@")[0]
    there = Forwarder.objects.filter(domain=domain, local=local).first()
    ends: tuple[str, ...] = ()
    if there is not None:
        if there.action != "deliver":
            return
        rows = Destination.objects.filter(forwarder=there).order_by("pk")
        ends = tuple(rows.values_list("address", flat=True))
    if answer.copy_to.lower() in (one.lower() for one in ends):
        return
    keep = there.keep_copy if there else build.mailbox_or_none(answer.address) is not None
    route = Route(action="deliver", destinations=(*ends, answer.copy_to))
    _forward(build, item, answer.address, route, keep=keep)
