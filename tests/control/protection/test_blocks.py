"""Blocked log-ins: who sees what of them, who lifts them, and what the node is told."""

from __future__ import annotations

import datetime as dt
from itertools import count

import pytest
from django.core.cache import cache
from django.test import Client

from mailstead.control.feed.models import FeedRow
from mailstead.control.people.models import AuditEntry
from mailstead.control.project.feed_urls import record, snapshot
from mailstead.control.protection import queries, services
from mailstead.control.protection.models import BlockLift, LoginBlock
from mailstead.control.protection.services.blocks import OWN_LIFTS
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import BlockLiftGone, BlockLiftPut
from mailstead.wire.events import BlockSeen
from tests.control.api.caller import caller
from tests.control.world import PASSWORD, World

HERE = "192.0.2.9"
"""Where the browsers of the world are."""
MIA, EVE = "mia@cars.example", "box@shop.example"
MINUTE = dt.timedelta(minutes=1)
_numbers = count()


def seen(
    world: World,
    client: str = HERE,
    account: str = "",
    *,
    reason: str = "passwords",
    over: bool = False,
    number: int = 3,
    minutes: int = 30,
) -> None:
    """What the node tells."""
    event = BlockSeen(
        id=f"block-{next(_numbers)}",
        at=world.now,
        client=client,
        account=account,
        reason=reason if account else "accounts",  # type: ignore[arg-type]
        since=world.now - MINUTE,
        until=world.now + minutes * MINUTE,
        count=number,
        over=over,
    )
    record("node1", [event], world.now)


def held(world: World) -> set[tuple[str, str]]:
    rows = queries.blocks(world.actor("operator"), now=world.now, held=True)
    return {(row.client, row.account) for row in rows}


def told() -> list[BlockLiftPut | BlockLiftGone]:
    """What the node was told, in order."""
    rows = FeedRow.objects.filter(server="node1").order_by("number")
    changes = [codec.decode_change(row.payload.encode()) for row in rows]
    return [one for one in changes if isinstance(one, BlockLiftPut | BlockLiftGone)]


@pytest.fixture(autouse=True)
def nobody_was_let_in(world: World) -> None:
    cache.clear()


class TestWhatNodesTell:
    def test_a_block_is_one_row_until_its_end(self, world: World) -> None:
        seen(world, account=MIA)
        seen(world, account=MIA, number=40, minutes=90)
        (row,) = LoginBlock.objects.all()
        assert row.count == 40 and row.until == world.now + 90 * MINUTE
        seen(world, account=MIA, number=41, over=True)
        row.refresh_from_db()
        assert row.end == "over" and row.ended is not None and row.count == 41
        seen(world, account=MIA)
        assert LoginBlock.objects.count() == 2 and held(world) == {(HERE, MIA)}

    def test_an_end_that_nobody_tells_comes_by_itself(self, world: World) -> None:
        seen(world, account=MIA)
        later = world.now + 31 * MINUTE
        assert not queries.blocks(world.actor("operator"), now=later, held=True)
        assert services.end_due_blocks(later) == 1
        assert services.end_due_blocks(later + dt.timedelta(days=31)) == 1
        assert not LoginBlock.objects.exists()


class TestTheCompany:
    def test_lifts_one(self, world: World) -> None:
        seen(world, account=MIA)
        seen(world)
        staff = world.actor("staff")
        services.lift_block(actor=staff, now=world.now, client=HERE, account=MIA)
        assert held(world) == {(HERE, "")}
        assert told() == [BlockLiftPut(client=HERE, account=MIA, at=world.now)]
        assert AuditEntry.objects.filter(verb="block.lift").count() == 1
        # A node that comes new is told too.
        assert told()[0] in list(snapshot("node1"))

    def test_lifts_all_of_a_client_and_an_attack(self, world: World) -> None:
        for account in ("", MIA, EVE):
            seen(world, account=account)
        seen(world, client="", account=MIA, reason="attack")
        who = {"actor": world.actor("operator"), "now": world.now}
        assert services.lift_block(**who, client=HERE, account="") == 3  # type: ignore[arg-type]
        assert held(world) == {("", MIA)}
        assert services.lift_block(**who, client="", account=MIA) == 1  # type: ignore[arg-type]
        assert [(one.client, one.account) for one in told()] == [(HERE, ""), ("", MIA)]

    @pytest.mark.parametrize(
        ("client", "account"), [("", ""), ("192.0.2.10", ""), ("nonsense", MIA), (HERE, EVE)]
    )
    def test_what_is_not_blocked_cannot_be_lifted(
        self, world: World, client: str, account: str
    ) -> None:
        seen(world, account=MIA)
        with pytest.raises(Refusal) as refused:
            services.lift_block(
                actor=world.actor("operator"), now=world.now, client=client, account=account
            )
        assert refused.value.code == "block-unknown" and told() == []

    def test_an_ipv6_network_is_found_by_each_of_its_addresses(self, world: World) -> None:
        seen(world, client="2001:db8:1:2::/64", account=MIA)
        operator = world.actor("operator")
        assert queries.blocks(operator, now=world.now, search="2001:db8:1:2::77").count() == 1
        services.lift_block(actor=operator, now=world.now, client="2001:db8:1:2::77", account=MIA)
        assert held(world) == set()

    def test_has_a_page_with_a_search_and_buttons(self, world: World) -> None:
        seen(world, account=MIA)
        seen(world, client="203.0.113.5", account=EVE)
        client = world.client("operator")
        page = client.get("/protection/blocks/?q=mia").content.decode()
        assert MIA in page and EVE not in page
        done = client.post("/protection/blocks/lift/", {"client": HERE, "account": MIA})
        assert done.status_code == 302 and held(world) == {("203.0.113.5", EVE)}
        assert "203.0.113.5" in client.get("/protection/blocks/?csv=1").content.decode()
        assert "lifted" in client.get("/protection/blocks/?which=all").content.decode()

    def test_has_the_same_over_the_api(self, world: World) -> None:
        seen(world, account=MIA)
        program = caller(world, "operator")
        (row,) = program.call("GET", "/blocks").body["items"]
        assert (row["client"], row["account"], row["reason"]) == (HERE, MIA, "passwords")
        done = program.call("POST", "/blocks/lift", {"client": HERE})
        assert done.status == 200 and done.body == {"lifted": 1}
        assert program.call("POST", "/blocks/lift", {"client": HERE}).code == "block-unknown"

    def test_what_was_lifted_is_told_for_two_days(self, world: World) -> None:
        seen(world, account=MIA)
        services.lift_block(actor=world.actor("operator"), now=world.now, client=HERE, account=MIA)
        assert services.end_due_blocks(world.now + dt.timedelta(days=1)) == 0
        services.end_due_blocks(world.now + dt.timedelta(days=3))
        assert told()[-1] == BlockLiftGone(client=HERE, account=MIA)
        assert not BlockLift.objects.exists()


def text(client: Client) -> str:
    answer = client.get("/blocked/")
    assert answer.status_code == 200
    return answer.content.decode()


class TestThePageOfWhoIsKeptOut:
    def test_tells_a_stranger_of_their_address_and_of_no_account(self, world: World) -> None:
        assert "Nothing is refused from there" in text(world.client(None))
        seen(world, client="203.0.113.5", account=MIA)
        seen(world, client="", account=MIA, reason="attack")
        assert "Nothing is refused from there" in text(world.client(None))
        seen(world, account=MIA)
        page = text(world.client(None))
        assert HERE in page and "at least one mailbox" in page and MIA not in page
        seen(world)
        page = text(world.client(None))
        assert "many mailboxes were tried" in page and MIA not in page

    def test_tells_each_of_their_own_accounts_alone(self, world: World) -> None:
        for account in (MIA, EVE, "nobody@cars.example"):
            seen(world, account=account)
        assert MIA in text(world.client("mailbox"))
        for role, own, other in (
            ("customer", MIA, EVE),
            ("domain_admin", MIA, EVE),
            ("stranger", EVE, MIA),
        ):
            page = text(world.client(role))
            assert own in page and other not in page and "nobody@" not in page

    def test_a_mailbox_lets_itself_in_also_while_strangers_attack_it(self, world: World) -> None:
        seen(world, account=MIA)
        seen(world)
        client = world.client("mailbox")
        done = client.post("/blocked/let-in/", {"address": MIA}, follow=True)
        assert "may log in" in done.content.decode()
        (put,) = told()
        assert isinstance(put, BlockLiftPut)
        assert (put.client, put.account, put.owner) == (HERE, MIA, True)
        # For others the address stays as it is.
        assert held(world) == {(HERE, "")}
        entry = AuditEntry.objects.get(verb="own-block.lift")
        assert entry.reason == HERE and entry.mailbox == world.mailboxes["main"].pk

    @pytest.mark.parametrize("role", ["mailbox", "customer", "reseller", "domain_admin"])
    def test_nobody_lets_in_to_what_is_not_theirs(self, world: World, role: str) -> None:
        seen(world, account=EVE)
        done = world.client(role).post("/blocked/let-in/", {"address": EVE})
        assert done.status_code == 404 and told() == []
        assert world.client(None).post("/blocked/let-in/", {"address": EVE}).status_code == 302
        assert held(world) == {(HERE, EVE)}

    def test_not_more_often_than_somebody_who_corrects_a_password(self, world: World) -> None:
        who = {"actor": world.actor("customer"), "now": world.now}
        mailbox = world.mailboxes["main"]
        for _ in range(OWN_LIFTS):
            services.let_in(**who, mailbox=mailbox, client=HERE)  # type: ignore[arg-type]
        with pytest.raises(Refusal) as refused:
            services.let_in(**who, mailbox=mailbox, client=HERE)  # type: ignore[arg-type]
        assert refused.value.code == "too-often" and len(told()) == OWN_LIFTS

    def test_where_the_address_is_not_known_nothing_is_let_in(self, world: World) -> None:
        with pytest.raises(Refusal) as refused:
            services.let_in(
                actor=world.actor("customer"),
                now=world.now,
                mailbox=world.mailboxes["main"],
                client="",
            )
        assert refused.value.code == "client-unknown"

    def test_leads_by_the_door_and_back(self, world: World) -> None:
        client = world.client(None)
        assert "/account/login/?next=/blocked/" in text(client)
        address = world.people["mailbox"].email
        told = {"login": address, "password": PASSWORD, "next": "/blocked/"}
        answer = client.post("/account/login/", told)
        assert answer.headers["Location"] == "/blocked/"
        assert MIA in text(client)
