"""A password that must be changed: told with its day, reminded, sending stopped, given back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from mailstead.config import Passwords
from mailstead.control.feed.models import FeedRow
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Customer, Mailbox
from mailstead.control.people.models import AuditEntry
from mailstead.control.protection.services import follow_leaked
from mailstead.standards.refusal import Refusal
from tests.control.api.caller import caller
from tests.control.conftest import OPERATOR
from tests.control.people.test_breached_passwords import FRESH
from tests.control.protection.test_breached import _contact as _contact  # a fixture
from tests.control.protection.test_breached import letters, mia, neighbour, tell
from tests.control.world import OUTSIDE, World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
MIA, CARL = "mia@cars.example", f"carl@{OUTSIDE}"


def rule(world: World, word: str = "change", days: int | None = 10) -> None:
    """Carl's own, for the mailboxes of his company."""
    customer = Customer.objects.get(pk=world.customers["customer"].pk)
    given = days if word == "change" else None
    hosting.set_password_rule(
        actor=OPERATOR, now=world.now, customer=customer, rule=word, days=given
    )


def days(world: World, *numbers: float) -> int:
    """The worker looks so many days after the beginning; returns how much it did the last time."""
    return [follow_leaked(world.now + number * DAY) for number in numbers][-1]


def told(recipient: str) -> list[str]:
    return [row.subject for row in letters(recipient)]


def test_the_warning_says_the_day_the_reminder_comes_before_and_then_sending_stops(
    world: World,
) -> None:
    rule(world)
    tell(world)
    assert mia(world).leaked_due == world.now + 10 * DAY
    (warning,) = letters(MIA)
    (to_customer,) = letters(CARL)
    for letter in (warning, to_customer):
        assert "(UTC)" in letter.text and "receives" in letter.text
    assert days(world, 0.1, 3, 6.9) == 0
    assert days(world, 7) == 1
    assert days(world, 8, 9.9) == 0
    assert told(MIA)[1:] == [f"{MIA} soon sends no more mail: set a new password"]
    assert not mia(world).sending_suspended
    assert days(world, 10) == 1
    stopped = mia(world)
    assert stopped.sending_suspended and not stopped.receiving_suspended
    assert not stopped.login_suspended
    assert told(MIA)[2:] == told(CARL)[1:]
    assert told(MIA)[2:] == [f"{MIA} sends no more mail until its password is changed"]
    (entry,) = AuditEntry.objects.filter(verb="mailbox.suspend-sending")
    assert entry.customer == world.customers["customer"].pk
    assert AuditEntry.objects.filter(verb="mailbox.password-due").count() == 1
    assert days(world, 11, 30) == 0, "once"


def test_a_new_password_gives_sending_back_at_once_and_tells_the_node(world: World) -> None:
    rule(world)
    tell(world)
    days(world, 7, 10)
    hosting.set_password(actor=world.actor("mailbox"), now=world.now, mailbox=mia(world),
                         password=FRESH)  # fmt: skip
    found = mia(world)
    assert (found.sending_suspended, found.suspended_by) == ("", {})
    assert (found.leaked_due, found.leaked_step) == (None, "")
    last = FeedRow.objects.filter(server=world.server.name).order_by("-number").first()
    assert last is not None and '"sending":true' in last.payload.replace(" ", "")
    assert days(world, 20) == 0


def test_who_changes_it_in_time_hears_no_more(world: World) -> None:
    rule(world)
    tell(world)
    hosting.set_password(actor=OPERATOR, now=world.now, mailbox=mia(world), password=FRESH)
    assert days(world, 7, 10, 12) == 0
    assert len(letters(MIA)) == 1


def test_a_suspension_of_somebody_else_stays_with_a_new_password(world: World) -> None:
    rule(world)
    tell(world)
    days(world, 7, 10)
    who: dict[str, Any] = {"actor": OPERATOR, "now": world.now}
    hosting.suspend_mailbox(**who, mailbox=mia(world), what="sending", reason="sent spam")
    hosting.set_password(**who, mailbox=mia(world), password=FRESH)
    assert mia(world).sending_suspended == "sent spam"


def test_what_somebody_has_suspended_before_is_not_taken_over(world: World) -> None:
    rule(world)
    tell(world)
    who: dict[str, Any] = {"actor": OPERATOR, "now": world.now}
    hosting.suspend_mailbox(**who, mailbox=mia(world), what="sending", reason="sent spam")
    assert days(world, 7, 10) == 0
    assert mia(world).sending_suspended == "sent spam"
    hosting.resume_mailbox(**who, mailbox=mia(world), what="sending")
    assert days(world, 10.1) == 1, "its day is over"


def test_who_lets_it_send_again_is_not_overruled(world: World) -> None:
    rule(world)
    tell(world)
    days(world, 7, 10)
    hosting.resume_mailbox(
        actor=world.actor("customer"), now=world.now, mailbox=mia(world), what="sending"
    )
    assert days(world, 11) == 0
    assert not mia(world).sending_suspended


def test_the_houses_rule_is_ended_by_the_house_alone(world: World, settings: Any) -> None:
    house = Passwords(breached="change", change_days=2)
    settings.MAILSTEAD = msgspec.structs.replace(settings.MAILSTEAD, passwords=house)
    tell(world)
    assert mia(world).leaked_due == world.now + 2 * DAY
    days(world, 1, 2)
    with pytest.raises(Refusal) as caught:
        hosting.resume_mailbox(
            actor=world.actor("customer"), now=world.now, mailbox=mia(world), what="sending"
        )
    assert caught.value.code == "suspended-above"
    rule(world, days=1)
    tell(world, neighbour(world))
    assert Mailbox.objects.get(local="next1").leaked_due == world.now + DAY, "the shorter time"


def test_a_rule_that_comes_later_tells_the_day_first(world: World) -> None:
    tell(world)
    assert mia(world).leaked_due is None
    rule(world)
    assert days(world, 20) == 1
    assert mia(world).leaked_due == world.now + 30 * DAY
    assert len(letters(MIA)) == 2 and "(UTC)" in letters(MIA)[1].text
    assert days(world, 20.1, 26) == 0


def test_the_end_of_the_rule_gives_sending_back(world: World) -> None:
    rule(world)
    tell(world)
    days(world, 7, 10)
    rule(world, "refuse")
    assert days(world, 10.1) == 1
    assert (mia(world).sending_suspended, mia(world).leaked_due) == ("", None)
    assert days(world, 11) == 0


def test_nothing_stops_without_a_reminder_a_day_before(world: World) -> None:
    rule(world)
    tell(world)
    assert days(world, 40) == 1
    assert mia(world).leaked_due == world.now + 41 * DAY
    assert days(world, 40.9) == 0
    assert days(world, 41) == 1
    assert mia(world).sending_suspended


def test_a_customer_hears_once_of_many(world: World) -> None:
    rule(world)
    tell(world)
    for number in range(1, 4):
        tell(world, neighbour(world, number))
    assert days(world, 7) == 4
    assert days(world, 10) == 4
    assert len(letters(CARL)) == 2


def test_the_pages_say_the_day(world: World) -> None:
    rule(world)
    tell(world)
    page = world.client("customer").get("/protection/breached/").content.decode()
    assert "Sends until" in page
    page = world.client("mailbox").get("/my/password/").content.decode()
    assert "sends nothing from" in page
    days(world, 7, 10)
    assert "cannot send" in world.client("customer").get("/protection/breached/").content.decode()
    assert "sends nothing" in world.client("mailbox").get("/my/password/").content.decode()


def test_it_is_chosen_on_the_page_and_by_programs(world: World) -> None:
    number = world.customers["customer"].pk
    client = world.client("customer")
    client.post(f"/customers/{number}/passwords/", {"rule": "change", "days": "21"})
    customer = Customer.objects.get(pk=number)
    assert (customer.password_rule, customer.password_days) == ("change", 21)
    client.post(f"/customers/{number}/passwords/", {"rule": "change", "days": "0"})
    assert Customer.objects.get(pk=number).password_days == 21
    client.post(f"/customers/{number}/passwords/", {"rule": "warn", "days": "21"})
    assert Customer.objects.get(pk=number).password_days == 0
    carl, path = caller(world, "customer"), f"/customers/{number}/password-rule"
    assert carl.put(path, {"rule": "change"}).body["password_days"] == 14
    assert carl.put(path, {"rule": "change", "days": 30}).body["password_days"] == 30
    assert carl.put(path, {"rule": "change", "days": 91}).status == 422
    assert carl.put(path, {"rule": "warn", "days": 3}).code == "password-days-invalid"
    tell(world)
    (row,) = carl.all("/breached-mailboxes")
    assert row["leaked_due"] is not None
