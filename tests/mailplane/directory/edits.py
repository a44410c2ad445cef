"""Sequences of edits as the feed tells them, over few names so that everything meets everything."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from hypothesis import strategies as st

from mailstead.wire import changes as wire
from mailstead.wire.changes import AnyChange, Revision, Route

DOMAINS = ("a.example", "b.example", "c.example")
LOCALS = ("x", "y", "x+tag")
FAR = "someone@far.example"
ADDRESSES = tuple(f"{local}@{domain}" for local in LOCALS for domain in DOMAINS)

_addresses = st.sampled_from(ADDRESSES)
_domains = st.sampled_from(DOMAINS)
_unreachable = st.sampled_from([FAR, "gone@far.example"])
_LATER = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
_flags = st.booleans()
_routes = st.one_of(
    st.lists(st.sampled_from([*ADDRESSES, FAR]), min_size=1, max_size=3, unique=True).map(
        lambda found: Route(action="deliver", destinations=tuple(found))
    ),
    st.sampled_from(
        [Route(action="fail"), Route(action="fail", text="gone"), Route(action="blackhole")]
    ),
)


def _domain(
    name: str,
    customer: int,
    active: bool,
    points: Any,
    route: Route | None,
    relay_to: str,
    home: str,
    held: bool,
) -> AnyChange:
    kind, target = points
    alias = target if kind == "alias" and target != name else None
    forward = target if kind == "forward" and target != name else None
    return wire.DomainPut(
        name=name,
        customer=customer,
        active=active,
        alias_of=alias,
        forward_to=forward,
        catch_all=None if alias else route,
        relay_to=relay_to,
        home=home,
        held=held,
    )


_points = st.one_of(
    st.just(("nothing", None)),
    st.tuples(st.sampled_from(["alias", "forward"]), st.sampled_from([*DOMAINS, "far.example"])),
)
_rule = wire.Rule(
    name="all",
    enabled=True,
    any_of=False,
    conditions=(),
    actions=(wire.Action(do="file", value="Box"),),
)


def name_of(address: str) -> str:
    """The other name by which a mailbox may log in; no other has the same."""
    return address.replace("@", ".").replace("+", "-")


def _mailbox(
    apps: tuple[int, ...], protocols: tuple[Any, ...], named: bool, **more: Any
) -> wire.MailboxPut:
    """A mailbox with app passwords of these numbers, whose digests no other mailbox has."""
    made = tuple(
        wire.AppPassword(
            digest=f"{more['address'].encode().hex()}{number}",
            credential=number,
            protocols=protocols,
        )
        for number in apps
    )
    name = name_of(more["address"]) if named else ""
    return wire.MailboxPut(app_passwords=made, login_name=name, **more)


EDITS: st.SearchStrategy[AnyChange] = st.one_of(
    st.builds(
        _domain,
        _domains,
        st.sampled_from([1, 2]),
        _flags,
        _points,
        st.none() | _routes,
        st.sampled_from(["", "", "old.far.example", "mx"]),
        st.sampled_from(["", "", "node2.far.example"]),
        st.sampled_from([False, False, True]),
    ),
    st.builds(
        wire.PeersPut, addresses=st.sampled_from([(), ("192.0.2.2",), ("192.0.2.2", "2001:db8::2")])
    ),
    st.builds(
        _mailbox,
        apps=st.sampled_from([(), (), (11,), (12, 11), (13,)]),
        protocols=st.sampled_from([(), ("imap", "smtp"), ("imap",)]),
        named=_flags,
        address=_addresses,
        store=st.sampled_from(["a" * 32, "b" * 32, "c" * 32]),
        secret=st.sampled_from(["{PLAIN}one", "{PLAIN}two"]),
        credential=st.integers(1, 3),
        quota=st.sampled_from([0, 1000]),
        login=_flags,
        sending=_flags,
        receiving=_flags,
        pool_full=_flags,
    ),
    st.builds(wire.ForwarderPut, address=_addresses, route=_routes, keep_copy=_flags),
    st.builds(
        wire.AutoresponderPut,
        address=_addresses,
        starts=st.none() | st.just(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ends=st.none(),
        interval=st.just(3600),
        subject=st.sampled_from(["Away", "Fort"]),
        body=st.just("Back soon."),
        html=_flags,
    ),
    st.builds(
        wire.RulesPut,
        address=_addresses,
        rules=st.sampled_from([(), (_rule,)]),
        script=st.sampled_from(["", "keep;\n"]),
    ),
    st.builds(
        wire.SpamSettingsPut,
        address=_addresses,
        level=st.sampled_from(["off", "lenient", "normal", "strict"]),
        allow=st.sampled_from([(), ("friend@far.example", "@good.example")]),
        deny=st.sampled_from([(), ("@bad.example",)]),
    ),
    st.builds(
        wire.DkimKeyPut,
        domain=_domains,
        selector=st.sampled_from(["m1", "m2"]),
        private_key=st.sampled_from(["one", "two"]),
        signs=_flags,
    ),
    st.builds(
        wire.SuppressionPut,
        mailbox=_addresses,
        recipient=_unreachable,
        until=st.sampled_from([_LATER, _LATER.replace(year=2027)]),
        words=st.just("Nobody is there."),
    ),
    st.builds(wire.SuppressionGone, mailbox=_addresses, recipient=_unreachable),
    st.builds(wire.DomainGone, name=_domains),
    st.builds(wire.MailboxGone, address=_addresses),
    st.builds(wire.ForwarderGone, address=_addresses),
    st.builds(wire.AutoresponderGone, address=_addresses),
    st.builds(wire.DkimKeyGone, domain=_domains, selector=st.sampled_from(["m1", "m2"])),
)


class Truth:
    """What exists after the edits: the meaning of `…Put` and `…Gone`, nothing more.

    An edit that the control plane could not make (something in a domain that is not there) is
    turned down.
    """

    def __init__(self) -> None:
        self.things: dict[tuple[str, str], AnyChange] = {}

    def take(self, change: AnyChange) -> bool:
        """Note an edit; False when it cannot be made."""
        if isinstance(change, wire.DomainPut):
            self.things["Domain", change.name] = change
            return True
        if isinstance(change, wire.DomainGone):
            gone = [
                k for k in self.things if _domain_of(k[1]) == change.name and k[0] != "Suppression"
            ]
            for key in gone:
                del self.things[key]
            return bool(gone)
        if isinstance(change, wire.StorePurged):
            return True
        if isinstance(change, wire.PeersPut):
            self.things["Peers", ""] = change
            return True
        if isinstance(change, wire.SuppressionPut):
            self.things["Suppression", f"{change.mailbox} {change.recipient}"] = change
            return True
        if isinstance(change, wire.SuppressionGone):
            key = "Suppression", f"{change.mailbox} {change.recipient}"
            return self.things.pop(key, None) is not None
        noun = type(change).__name__.removesuffix("Put").removesuffix("Gone")
        name = (
            f"{change.domain}/{change.selector}"
            if isinstance(change, wire.DkimKeyPut | wire.DkimKeyGone)
            else change.address
        )
        return self._take(noun, name, change)

    def _take(self, noun: str, name: str, change: AnyChange) -> bool:
        if type(change).__name__.endswith("Gone"):
            if noun == "Mailbox":
                self.things.pop(("Rules", name), None)
                self.things.pop(("SpamSettings", name), None)
            return self.things.pop((noun, name), None) is not None
        if ("Domain", _domain_of(name)) not in self.things:
            return False
        if noun in ("Rules", "SpamSettings") and ("Mailbox", name) not in self.things:
            return False
        self.things[noun, name] = change
        return True

    def snapshot(self) -> list[AnyChange]:
        """Everything that exists, domains first, as the control plane sends it."""
        order = (
            "Peers",
            "Domain",
            "DkimKey",
            "Mailbox",
            "Rules",
            "SpamSettings",
            "Forwarder",
            "Autoresponder",
            "Suppression",
        )
        return [self.things[key] for key in sorted(self.things, key=lambda k: order.index(k[0]))]


def _domain_of(name: str) -> str:
    return name.partition("/")[0].rpartition("@")[2]


def numbered(edits: list[AnyChange], truth: Truth, first: int = 1) -> list[Revision]:
    """Those edits that can be made, as revisions."""
    numbers = itertools.count(first)
    return [Revision(number=next(numbers), change=edit) for edit in edits if truth.take(edit)]
