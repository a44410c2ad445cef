"""What a plan says is made by hosting's services, once, however often it is asked for."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings

from mailstead.control.hosting.models import (
    Autoresponder,
    DkimKey,
    Domain,
    Forwarder,
    Mailbox,
    RuleSet,
    SpamSettings,
)
from mailstead.control.moves import services
from mailstead.control.moves.models import Came, Copy, KeptText, Move, PlanRow, Webmail
from mailstead.control.people.models import AuditEntry, Invitation
from mailstead.foreign import inventory as found
from tests.control.company import Company, feed_of, replayed, snapshot_state
from tests.control.moves.stocks import everything, inventories, pem

ANSWERS = {"domain:pointer.example": "alias", "routing:remote.example": "elsewhere"}


def a_move(company: Company, inventory: found.Inventory, **more: object) -> Move:
    """A planned move; its customer is made unless one is given."""
    values: dict[str, object] = {"customer_name": "Acme"} | more
    move = services.create_move(
        **company.who,
        place="/root/acct.tar.gz",
        server=company.server,
        **values,  # type: ignore[arg-type]
    )
    services.keep_inventory(**company.who, move=move, inventory=inventory)
    return move


def install(company: Company, move: Move) -> None:
    """All of it, as the job does."""
    after: int | None = -1
    while after is not None:
        after = services.install_next(**company.who, move=move, after=after, count=7)


def outcomes(move: Move) -> dict[str, str]:
    return dict(PlanRow.objects.filter(move=move).values_list("key", "outcome"))


def failed(move: Move) -> dict[str, str]:
    rows = PlanRow.objects.filter(move=move, outcome="failed")
    return dict(rows.values_list("key", "outcome_words"))


@pytest.fixture
def moved(company: Company) -> Move:
    """The account with everything in it, made here."""
    move = a_move(company, everything(), old_host="old.host.example")
    services.answer(**company.who, move=move, answers=ANSWERS)
    services.refuse_open_questions(move)
    install(company, move)
    move.refresh_from_db()
    return move


def test_everything_that_can_come_comes(company: Company, moved: Move) -> None:
    assert failed(moved) == {}
    assert set(outcomes(moved).values()) == {"made", "present", "left"}
    customer = moved.customer
    assert customer is not None
    assert (customer.name, customer.quota, customer.mailbox_limit) == ("Acme", 5 * 2**30, 50)
    assert Invitation.objects.get().email == "owner@outside.example"
    names = set(Domain.objects.filter(customer=customer).values_list("name", flat=True))
    assert names == {"moved.example", "alias.example", "forward.example"} | {
        "pointer.example",
        "remote.example",
    }


def test_mailboxes_keep_hash_quota_and_suspensions(company: Company, moved: Move) -> None:
    boxes = {box.local: box for box in Mailbox.objects.filter(domain__name="moved.example")}
    assert boxes["info"].secret.endswith("a" * 86)
    assert boxes["info"].quota == 250 * 2**20
    assert boxes["old"].secret.endswith("$1$saltsalt$" + "b" * 22)
    assert boxes["old"].login_suspended
    assert boxes["lost"].login_suspended
    assert boxes["lost"].receiving_suspended
    assert boxes["acct"].login_name == "acct"
    assert boxes["acct"].sending_suspended


def test_forwarders_say_what_the_old_server_said(company: Company, moved: Move) -> None:
    rows = {one.local: one for one in Forwarder.objects.filter(domain__name="moved.example")}
    ends = {
        local: tuple(row.destinations.order_by("pk").values_list("address", flat=True))
        for local, row in rows.items()
    }
    assert ends["sales"] == ("info@moved.example", "partner@other.example")
    assert (ends["info"], rows["info"].keep_copy) == (("boss@other.example",), True)
    assert ends["web"] == ("acct@moved.example",)
    assert rows["drop"].action == "blackhole"
    assert (rows["closed"].action, rows["closed"].text) == ("fail", "This address was closed")
    assert "hook" not in rows
    assert ends["news"] == ("a@x.example", "b@x.example")
    # The copy that went to somebody else besides an automatic answer goes on going there.
    assert ends["away"] == ("copy@other.example",)


def test_what_concerns_whole_domains_comes(company: Company, moved: Move) -> None:
    by_name = {one.name: one for one in Domain.objects.select_related("alias_of")}
    main = by_name["moved.example"]
    assert (main.catch_all_action, main.catch_all_text) == ("fail", "No Such User Here")
    assert by_name["alias.example"].alias_of == main
    assert by_name["pointer.example"].alias_of == main
    assert by_name["forward.example"].forward_to == "moved.example"
    # Until the switch mail goes to the old server; what is handled elsewhere goes on going there.
    assert main.relay_to == "old.host.example"
    assert by_name["remote.example"].relay_to == "mx"
    assert DkimKey.objects.filter(domain=main, selector="default", state="waiting").exists()
    assert Autoresponder.objects.get(local="away").interval == 8 * 3600
    assert Autoresponder.objects.get(local="info").subject == "Re: %subject%"
    info = Mailbox.objects.get(domain=main, local="info")
    spam = SpamSettings.objects.get(mailbox=info)
    assert (spam.level, spam.allow) == ("strict", ["@good.example"])
    assert (Webmail.objects.get().contacts, Webmail.objects.get().identities) == (1, 1)
    assert Copy.objects.filter(move=moved).count() == 5


def test_each_thing_knows_that_it_came_by_this_move(company: Company, moved: Move) -> None:
    kinds = set(Came.objects.filter(move=moved).values_list("kind", flat=True))
    assert kinds == {"customer", "person", "domain", "mailbox", "forwarder"} | {"autoresponder"}
    box = Mailbox.objects.get(local="old")
    assert Came.objects.filter(move=moved, kind="mailbox", object_id=box.pk).exists()


def test_the_second_time_changes_nothing(company: Company, moved: Move) -> None:
    feed, trail = feed_of(), AuditEntry.objects.count()
    install(company, moved)
    # Even where it is not known what was made: a worker died before it could say so.
    PlanRow.objects.filter(move=moved).update(outcome="")
    install(company, moved)
    assert failed(moved) == {}
    assert feed_of() == feed
    assert AuditEntry.objects.count() == trail
    assert replayed(feed) == snapshot_state()


def test_a_node_is_told_where_mail_goes_meanwhile(company: Company, moved: Move) -> None:
    state = replayed(feed_of())
    main = state["Domain", "moved.example"]
    assert getattr(main, "relay_to", "") == "old.host.example"
    box = state["Mailbox", "acct@moved.example"]
    assert getattr(box, "login_name", "") == "acct"


@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(inventory=inventories())
def test_whatever_was_found_is_made_or_said(inventory: found.Inventory) -> None:
    import datetime as dt

    from tests.control.conftest import OPERATOR

    with transaction.atomic():
        company = Company(OPERATOR, dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC))
        move = a_move(company, inventory)
        install(company, move)
        first = outcomes(move)
        assert set(first.values()) <= {"made", "present", "left", "failed"}
        for key, words in failed(move).items():
            assert words, key
        feed = feed_of()
        PlanRow.objects.filter(move=move).update(outcome="")
        install(company, move)
        assert feed_of() == feed
        assert replayed(feed) == snapshot_state()
        transaction.set_rollback(True)


test_whatever_was_found_is_made_or_said = pytest.mark.django_db(
    test_whatever_was_found_is_made_or_said
)


def test_a_key_is_only_read_and_never_believed(company: Company) -> None:
    domain = company.domain("keys.example")
    for text, selector in (("nonsense", "default"), (pem(), "MS 1"), (pem(), "-")):
        with pytest.raises(Exception, match=r"key|selector"):
            from mailstead.control.hosting import services as hosting

            hosting.import_key(**company.who, domain=domain, selector=selector, private_key=text)


def test_filters_come_as_rules_and_what_cannot_is_kept_with_its_text(
    company: Company, moved: Move
) -> None:
    # The account's rule ran a program: no rule of the house can say that its mail stops there.
    script = RuleSet.objects.get(mailbox__local="info").script
    assert 'fileinto :create "Invoices"' in script
    assert "stop;" in script
    row = PlanRow.objects.get(move=moved, kind="domain-filter")
    assert row.grade == "refused"
    texts = dict(KeptText.objects.filter(move=moved).values_list("row", "text"))
    assert "ticket.php" in texts["domain-filter:moved.example"]
    assert "invoice" in texts["filter:info@moved.example"]
