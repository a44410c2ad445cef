"""The way back after a theft: what was changed is found and put back, what is wanted is done."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.feed.models import Order
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import (
    AppPassword,
    Autoresponder,
    Forwarder,
    Mailbox,
    RuleSet,
)
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.control.protection import queries, services
from mailstead.control.protection.models import Case, KeptMessage
from mailstead.standards import password as passwords
from mailstead.wire.changes import GuardWordPut, Route, Rule
from mailstead.wire.orders import DeleteMail, EndSessions
from tests.control.company import PASSWORD, Company, last_change, refused
from tests.control.protection.tales import told_case

ANN = "ann@a.example"
OUTSIDE, THIEF = "ann@outside.example", "thief@elsewhere.example"
OWN = [
    {
        "name": "Invoices",
        "enabled": True,
        "any_of": False,
        "conditions": [{"field": "subject", "match": "contains", "value": "invoice"}],
        "actions": [{"do": "file", "value": "Invoices"}],
    }
]
HIDING = [
    {
        "name": "hide",
        "enabled": True,
        "any_of": False,
        "conditions": [],
        "actions": [{"do": "redirect", "value": THIEF}],
    }
]
BEFORE = dt.timedelta(days=30)


class Stolen:
    """Ann's mailbox as she had it, and as the thief has left it within the last hour."""

    def __init__(self, company: Company) -> None:
        self.company, self.now = company, company.now
        company.domain("a.example")
        long_ago = {"actor": company.actor, "now": company.now - BEFORE}
        company.mailbox(ANN, password=PASSWORD)
        self.ann = Mailbox.objects.select_related("domain__customer", "domain__server").get()
        hosting.set_rules(**long_ago, mailbox=self.ann, rules=self.rules(OWN))
        hosting.set_recovery_address(**long_ago, mailbox=self.ann, address=OUTSIDE)
        hosting.create_app_password(**long_ago, mailbox=self.ann, name="Phone")
        self.user = Actor(kind="mailbox", name=ANN, mailbox=self.ann.pk)
        self.case = told_case(ANN, company.now, messages=2)
        self.thief = {"actor": self.user, "now": company.now}

    @staticmethod
    def rules(plain: object) -> tuple[Rule, ...]:
        return hosting.parse_rules(plain)

    def spoil(self) -> None:
        """Twice, so that the state before is not that of the last change."""
        for rules in ([], HIDING):
            hosting.set_rules(**self.thief, mailbox=self.ann, rules=self.rules(rules))
        hosting.set_recovery_address(**self.thief, mailbox=self.ann, address=THIEF)
        hosting.set_autoresponder(
            **self.thief, domain=self.ann.domain, address=ANN, subject="Hi", body="Click."
        )
        self.company.forward(ANN, THIEF, keep=True)

    def fetched(self) -> Case:
        return queries.case_numbered(self.company.actor, self.case.pk)


@pytest.fixture
def stolen(company: Company) -> Stolen:
    """Before the thief has changed anything."""
    return Stolen(company)


def test_what_was_changed_is_found_with_who_did_it(stolen: Stolen) -> None:
    assert queries.changes(stolen.company.actor, stolen.fetched()) == []
    stolen.spoil()
    found = {one.kind: one for one in queries.changes(stolen.company.actor, stolen.fetched())}
    assert list(found) == ["rules", "forwarder", "autoresponder", "recovery"]
    assert found["rules"].was == {**(found["rules"].was or {}), "rules": own_stored()}
    assert found["recovery"].was is not None
    assert found["recovery"].was["recovery_address"] == OUTSIDE
    assert (found["forwarder"].was, found["autoresponder"].was) == (None, None)
    assert [found[kind].by_mailbox for kind in found] == [True, False, True, True]
    own = {one.kind for one in queries.changes(stolen.user, stolen.fetched())}
    assert own <= set(found)


def own_stored() -> object:
    """As the rules were stored a month ago."""
    entry = AuditEntry.objects.filter(kind="rules").order_by("pk")[0]
    assert entry.after is not None
    return entry.after["rules"]


def test_what_was_changed_there_and_back_is_no_change(stolen: Stolen) -> None:
    for rules in (HIDING, OWN):
        hosting.set_rules(**stolen.thief, mailbox=stolen.ann, rules=stolen.rules(rules))
    assert queries.changes(stolen.company.actor, stolen.fetched()) == []


def test_all_parts_in_one_act(stolen: Stolen) -> None:
    stolen.spoil()
    outcome = services.recover(
        **stolen.company.who,
        case=stolen.fetched(),
        wanted=services.Wanted(
            undo=frozenset({"rules", "forwarder", "autoresponder", "recovery"}), kept="delete"
        ),
    )
    ann = Mailbox.objects.get()
    assert outcome.refused == []
    assert len(outcome.made) >= 16 and passwords.verify(outcome.made, ann.secret)
    assert ann.recovery_address == OUTSIDE
    assert RuleSet.objects.get().rules == own_stored()
    for gone in (AppPassword, Forwarder, Autoresponder):
        assert not gone.objects.exists()
    kinds = set(Order.objects.values_list("kind", flat=True))
    assert kinds == {EndSessions.__name__, DeleteMail.__name__}
    assert KeptMessage.objects.filter(decision="delete").count() == 2
    assert Case.objects.get().state == "released"
    assert last_change() == GuardWordPut(mailbox=ANN, word="released", at=stolen.now)
    assert queries.changes(stolen.company.actor, stolen.fetched()) == []


def test_every_part_can_be_left_out(stolen: Stolen) -> None:
    stolen.spoil()
    nothing = services.Wanted(
        new_password=False, app_passwords=False, sessions=False, release=False
    )
    outcome = services.recover(**stolen.company.who, case=stolen.fetched(), wanted=nothing)
    assert (outcome.done, outcome.refused, outcome.made) == ([], [], "")
    assert passwords.verify(PASSWORD, Mailbox.objects.get().secret)
    assert AppPassword.objects.count() == 1
    assert not Order.objects.exists()
    assert Case.objects.get().state == "open"


def test_what_was_removed_comes_back(stolen: Stolen) -> None:
    company = stolen.company
    earlier = {"actor": company.actor, "now": company.now - BEFORE}
    route = Route(action="deliver", destinations=(OUTSIDE,))
    forwarder = hosting.set_forwarder(
        **earlier, domain=stolen.ann.domain, address=ANN, route=route, keep_copy=True
    )
    answer = hosting.set_autoresponder(
        **earlier, domain=stolen.ann.domain, address=ANN, subject="Away", body="Back in May."
    )
    hosting.remove_forwarder(**company.who, forwarder=forwarder)
    hosting.remove_autoresponder(**company.who, answer=answer)
    services.recover(
        **company.who,
        case=stolen.fetched(),
        wanted=services.Wanted(undo=frozenset({"forwarder", "autoresponder"})),
    )
    back = Forwarder.objects.get()
    assert (back.action, back.keep_copy) == ("deliver", True)
    assert [one.address for one in back.destinations.all()] == [OUTSIDE]
    assert Autoresponder.objects.get().body == "Back in May."


def test_what_cannot_be_put_back_is_said_and_the_rest_is_done(stolen: Stolen) -> None:
    stolen.spoil()
    # By now the address lies in a domain that is hosted here.
    stolen.company.domain("outside.example")
    outcome = services.recover(
        **stolen.company.who,
        case=stolen.fetched(),
        wanted=services.Wanted(undo=frozenset({"rules", "recovery"})),
    )
    (line,) = outcome.refused
    assert "Recovery address" in line and "hosted here" in line
    assert RuleSet.objects.get().rules == own_stored()
    assert Mailbox.objects.get().recovery_address == THIEF


def test_the_owner_recovers_with_a_new_password_only(stolen: Stolen) -> None:
    carl = Actor(kind="customer", name="carl", customer=stolen.company.customer.pk)
    who = {"actor": carl, "now": stolen.now, "case": stolen.fetched()}
    with refused("password-missing"):
        services.recover(**who, wanted=services.Wanted(new_password=False))
    with refused("password-same"):
        services.recover(**who, wanted=services.Wanted(password=PASSWORD))
    assert services.recover(**who, wanted=services.Wanted()).made
    assert Case.objects.get().state == "released"


def test_the_users_proof_goes_to_an_address_that_the_thief_did_not_set(stolen: Stolen) -> None:
    who = {"actor": stolen.user, "now": stolen.now, "case": stolen.fetched()}
    services.post_proof(**who)
    mail = OutgoingMail.objects.get()
    assert mail.recipient == OUTSIDE
    token = mail.text.partition("?proof=")[2].split()[0]
    assert services.proves(stolen.fetched(), token)
    assert not services.proves(stolen.fetched(), token + "x")
    other = told_case("ann@a.example", stolen.now, "c2")
    assert not services.proves(queries.case_numbered(stolen.user, other.pk), token)
    hosting.set_password(**stolen.thief, mailbox=stolen.ann, password="another long password")
    assert not services.proves(stolen.fetched(), token), "it is good for one password"
    stolen.spoil()
    with refused("recovery-address-missing"):
        services.post_proof(**who | {"case": stolen.fetched()})
