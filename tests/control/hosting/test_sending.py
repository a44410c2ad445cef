"""How much may be sent: who says it, who follows, and what nodes are told."""

from __future__ import annotations

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from mailstead.control.hosting import services
from mailstead.control.hosting.models import Customer, Mailbox, SendingUse
from mailstead.control.hosting.queries import sending
from mailstead.control.hosting.queries.sending import RampStep
from mailstead.control.people.actor import Actor
from mailstead.wire.changes import MailboxPut, SendingLimitsPut
from mailstead.wire.events import SendingSeen
from mailstead.wire.sending import Ceilings
from tests.control.company import Company, feed_of, refused, replayed, snapshot_state

SOME = Ceilings(messages_hour=10, recipients_day=100)


def set_house(company: Company, *ramp: RampStep, each: Ceilings = SOME) -> None:
    services.set_house_limits(**company.who, mailbox=each, customer=Ceilings(), ramp=ramp)


def set_customer(company: Company, customer: Customer, **values: Ceilings) -> None:
    whole = {"mailbox": Ceilings(), "total": Ceilings()} | values
    services.set_customer_limits(**company.who, customer=customer, **whole)


def told(name: str = "a.example") -> SendingLimitsPut:
    put = snapshot_state()["SendingLimits", name]
    assert isinstance(put, SendingLimitsPut)
    return put


def test_what_is_nearer_goes_before_field_by_field(company: Company) -> None:
    company.domain("a.example")
    set_house(company)
    assert told().mailbox == SOME
    set_customer(company, company.customer, mailbox=Ceilings(recipients_day=500))
    assert told().mailbox == Ceilings(messages_hour=10, recipients_day=500)
    ann = company.mailbox("ann@a.example")
    services.set_mailbox_limits(**company.who, mailbox=ann, ceilings=Ceilings(messages_hour=99))
    own = sending.sending_of(ann, company.now).ceilings
    assert own == Ceilings(messages_hour=99, recipients_day=500)
    assert replayed(feed_of()) == snapshot_state()


def test_a_resellers_customers_never_have_more_than_the_reseller(company: Company) -> None:
    rita = company.add_customer("Rita", is_reseller=True)
    one = company.add_customer("One")
    Customer.objects.filter(pk=one.pk).update(reseller=rita)
    one = Customer.objects.get(pk=one.pk)
    set_house(company)
    company.domain("a.example", one)
    set_customer(company, one, mailbox=Ceilings(messages_hour=90, recipients_day=7))
    assert told().mailbox == Ceilings(messages_hour=10, recipients_day=7)
    assert [account.customer for account in told().accounts] == [one.pk, rita.pk]
    set_customer(company, rita, total=Ceilings(messages_day=4))
    assert told().accounts[1].schedule[-1].ceilings.messages_day == 4
    assert replayed(feed_of()) == snapshot_state()


def test_new_customers_grow_by_themselves_and_known_ones_need_not(company: Company) -> None:
    company.domain("a.example")
    few, more = Ceilings(recipients_day=5), Ceilings(recipients_day=50)
    set_house(company, RampStep(days=7, ceilings=few), RampStep(days=30, ceilings=more))
    (account,) = told().accounts
    born = company.customer.created_at
    assert born is not None
    days = [born + dt.timedelta(days=days) for days in (1, 8, 31)]
    assert [account.at(day).ceilings for day in days] == [few, more, Ceilings()]
    services.set_customer_limits(
        **company.who,
        customer=company.customer,
        mailbox=Ceilings(),
        total=Ceilings(),
        ramp_exempt=True,
    )
    assert told().accounts[0].at(days[0]).ceilings == Ceilings()


def test_only_the_company_gives_a_mailbox_more(company: Company) -> None:
    company.domain("a.example")
    set_house(company)
    ann = company.mailbox("ann@a.example")
    owner = Actor(kind="customer", name="carl", customer=company.customer.pk)
    who = {"actor": owner, "now": company.now}
    with refused("ceiling-above"):
        services.set_mailbox_limits(**who, mailbox=ann, ceilings=Ceilings(messages_hour=11))
    services.set_mailbox_limits(**who, mailbox=ann, ceilings=Ceilings(messages_hour=9))
    assert Mailbox.objects.get(pk=ann.pk).sending_limits == {"messages_hour": 9}


def test_a_package_gives_them_and_own_ones_leave_it(company: Company) -> None:
    package = services.create_package(**company.who, name="Small")
    services.set_package_limits(**company.who, package=package, mailbox=SOME, total=SOME)
    company.domain("a.example")
    services.update_customer(**company.who, customer=company.customer, package=package)
    assert told().mailbox.messages_hour == 10
    assert replayed(feed_of()) == snapshot_state()
    set_customer(company, company.customer, mailbox=Ceilings(messages_hour=3))
    assert company.customer.package is None


@pytest.mark.parametrize(
    "ramp",
    [
        [RampStep(days=7, ceilings=SOME), RampStep(days=7, ceilings=SOME)],
        [RampStep(days=9, ceilings=SOME), RampStep(days=7, ceilings=SOME)],
        [RampStep(days=0, ceilings=SOME)],
    ],
)
def test_steps_out_of_order_are_refused(company: Company, ramp: list[RampStep]) -> None:
    with refused("ramp-invalid"):
        set_house(company, *ramp)


def test_what_a_node_tells_is_kept_and_grows_old(company: Company) -> None:
    company.domain("a.example")
    ann = company.mailbox("ann@a.example")
    used = Ceilings(messages_hour=1, messages_day=2, recipients_hour=3, recipients_day=4)
    event = SendingSeen(id="e", at=company.now, address="ann@a.example", used=used)
    services.record_sending("node1", [event], company.now)
    row = sending.sending_of(ann, company.now).use
    assert row is not None and row.recipients_day == 4
    later = company.now + dt.timedelta(hours=2)
    assert (row.current("messages_hour", later), row.current("messages_day", later)) == (0, 2)
    assert list(sending.at_limit(company.actor, company.now)) == []


def test_of_many_at_once_each_keeps_its_newest_and_strangers_are_left_out(
    company: Company, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    company.domain("a.example")
    boxes = [company.mailbox(f"m{number}@a.example") for number in range(30)]
    customer = boxes[0].domain.customer

    def told(count: int, minutes: int, address: str, customer: int = 0) -> SendingSeen:
        at = company.now + dt.timedelta(minutes=minutes)
        used = Ceilings(messages_hour=count, messages_day=0, recipients_hour=0, recipients_day=0)
        return SendingSeen(id="e", at=at, address=address, customer=customer, used=used)

    def first(number: int) -> int:
        use = sending.sending_of(boxes[number], company.now).use
        assert use is not None
        return use.messages_hour

    events = [told(number, 0, box.address) for number, box in enumerate(boxes)]
    events += [told(7, 0, "", customer.pk), told(1, 0, "no@a.example"), told(1, 0, "", 999)]
    # Of one mailbox twice in a batch, in the wrong order.
    events += [told(50, 2, boxes[3].address), told(40, 1, boxes[3].address)]
    with django_assert_max_num_queries(12):
        services.record_sending("node1", events, company.now)
    assert [first(0), first(3), first(29)] == [0, 50, 29]
    assert SendingUse.objects.get(customer=customer).messages_hour == 7
    assert SendingUse.objects.count() == 31
    again = [told(60, 1, boxes[3].address), told(8, 1, boxes[29].address)]
    services.record_sending("node1", again, company.now)
    assert (first(3), first(29)) == (50, 8)
    services.record_sending("elsewhere", [told(9, 9, boxes[29].address)], company.now)
    assert first(29) == 8


def test_a_suspension_by_hand_says_why_and_where_it_is_explained(company: Company) -> None:
    company.domain("a.example")
    ann = company.mailbox("ann@a.example")
    services.suspend_mailbox(**company.who, mailbox=ann, what="sending", reason="spam")
    put = snapshot_state()["Mailbox", "ann@a.example"]
    assert isinstance(put, MailboxPut)
    assert "suspended: spam See https://" in put.sending_words
    assert put.sending_words.endswith("/help/sending-limits/stopped/")
