"""The operator's answer (`address explain`) and the engines' maps are two readings of one truth.

They are written apart, in two wings; here random companies are asked about every address.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from mailstead.control.feed import queries as feed
from mailstead.control.hosting import queries, services
from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Route
from tests.control.agreement.postfix import fate
from tests.control.company import GRACE, Company
from tests.mailplane.directory.test_incremental import MemoryMaps

DOMAINS = ("a.example", "b.example", "c.example")
LOCALS = ("x", "y", "z")
FAR = "someone@far.example"
STRANGE = ("x+tag", "nobody", "postmaster")


def _route(dice: random.Random) -> Route:
    kind = dice.choice(["deliver", "deliver", "deliver", "fail", "blackhole"])
    if kind != "deliver":
        return Route(action="fail" if kind == "fail" else "blackhole")
    targets = [f"{local}@{domain}" for local in LOCALS for domain in DOMAINS] + [FAR]
    return Route(action="deliver", destinations=tuple(dice.sample(targets, dice.randint(1, 3))))


def _edit(made: Company, dice: random.Random) -> None:
    """One random edit; what is refused is not made."""
    domain = made.at(dice.choice(DOMAINS))
    address = f"{dice.choice(LOCALS)}@{domain.name}"
    act = dice.randrange(10)
    if act <= 1:
        made.mailbox(address)
    elif act == 2:
        services.set_forwarder(
            **made.who,
            domain=domain,
            address=address,
            route=_route(dice),
            keep_copy=dice.random() < 0.5,
        )
    elif act == 3:
        route = _route(dice) if dice.random() < 0.7 else None
        services.set_catch_all(**made.who, domain=domain, route=route)
    elif act == 4:
        target = dice.choice([*DOMAINS, "far.example", None])
        services.set_domain_forwarder(**made.who, domain=domain, target=target)
    elif act == 5:
        other = dice.choice([made.at(dice.choice(DOMAINS)), None])
        services.make_domain_alias(**made.who, domain=domain, target=other)
    elif act == 6:
        made.answer(address)
    elif act == 9:
        host = dice.choice(["mx", "old.far.example", "192.0.2.7", "", ""])
        services.set_domain_relay(**made.who, domain=domain, relay_to=host)
    elif act == 7:
        box = queries.mailbox_named(made.actor, address)
        services.suspend_mailbox(**made.who, mailbox=box, what="receiving", reason="")
    else:
        box = queries.mailbox_named(made.actor, address)
        services.remove_mailbox(**made.who, mailbox=box, grace=GRACE)


@pytest.mark.parametrize("seed", range(25))
def test_explain_says_what_the_maps_do(company: Company, seed: int) -> None:
    dice = random.Random(seed)
    for name in DOMAINS:
        company.domain(name)
    for _ in range(25):
        with contextlib.suppress(Refusal):
            _edit(company, dice)
    root = Path(tempfile.mkdtemp(prefix="ms-two-"))
    maps = MemoryMaps()
    directory = Directory(Home(root), maps, maps, maps)
    try:
        directory.finish()
        directory.apply(feed.page("node1", 0).revisions)
        for domain in DOMAINS:
            for local in (*LOCALS, *STRANGE):
                _hold(maps, f"{local}@{domain}")
    finally:
        directory.close()
        shutil.rmtree(root)


def _hold(maps: MemoryMaps, address: str) -> None:
    said, done = queries.explain(address), fate(maps.held, address)
    first = said.steps[0]
    if done.refused:
        assert not (said.stored or said.sent), (address, said, done)
        return
    assert said.stored | said.answered == done.near, (address, said, done)
    far = {one for one in done.far if not one.endswith("@node.mailstead.invalid")}
    assert said.sent == far, (address, said, done)
    # Postfix keeps the sub-address where an alias leads to another one; the reading above does not.
    passed_on = {one.replace("+tag@", "@") for one, _ in said.passed_on}
    relayed = {one.replace("+tag@", "@") for one in done.relayed}
    assert passed_on == relayed, (address, said, done)
    assert said.operator == (done.far != far), (address, said, done)
    assert said.dropped == done.dropped, (address, first, done)
