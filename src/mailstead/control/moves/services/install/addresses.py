"""Forwarders, automatic answers and lists."""

from __future__ import annotations

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Autoresponder, Destination, Forwarder
from mailstead.control.moves.plan.addresses import interval_of, members_of, route_of
from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.rows import Verdict
from mailstead.control.moves.services.install.build import Build
from mailstead.foreign import inventory as found
from mailstead.wire.changes import Route

NO_SUBJECT = "Automatic answer"


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
    answer: found.Autoresponder = item.thing
    domain = build.domain(item.domain)
    local = answer.address.rpartition("@")[0]
    outcome = "present"
    if (
        verdict.code == "replaced"
        or not Autoresponder.objects.filter(domain=domain, local=local).exists()
    ):
        made = hosting.set_autoresponder(
            **build.who,
            domain=domain,
            address=answer.address,
            subject=_line(answer.subject)[:250] or NO_SUBJECT,
            body=_text(answer.body)[:100_000],
            html=answer.html,
            starts=answer.starts,
            ends=answer.ends,
            interval=interval_of(answer),
            from_name=_line(answer.from_name)[:100],
        )
        outcome = build.came("autoresponder", made.pk, made.address)
    if answer.copy_to:
        _copy(build, item, answer)
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


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _text(text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in clean if c.isprintable() or c in "\n\t")
