"""Rules: a builder that needs no script, an order, and a trial by the real engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mailstead.control.hosting import services
from mailstead.control.hosting.models import RuleSet
from mailstead.control.hosting.queries.rule_words import STARTS, rules_of
from mailstead.mailplane.engines.dovecot.rehearsal import SIEVE_TEST, rehearse
from mailstead.wire.changes import Rule
from mailstead.wire.orders import AnyOrder, Happening, RulesTested, TestRules
from tests.control.hosting.test_node_orders import node
from tests.control.world import World

FILE: dict[str, Any] = {
    "name": "Letters",
    "enabled": True,
    "any_of": False,
    "conditions": [{"field": "subject", "match": "contains", "value": "letter"}],
    "actions": [{"do": "file", "value": "Letters"}],
}
ROW = {
    "conditions": "1",
    "actions": "1",
    "name": "Shop",
    "enabled": "on",
    "c0-field": "from",
    "c0-match": "ends",
    "c0-value": "@shop.example",
    "a0-do": "file",
    "a0-folder": "Shop",
}


def give(world: World, *rules: dict[str, Any]) -> None:
    services.set_rules(
        actor=world.actor("mailbox"),
        now=world.now,
        mailbox=world.mailboxes["main"],
        rules=services.parse_rules(list(rules)),
    )


def names(world: World) -> list[str]:
    return [rule.name for rule in rules_of(world.mailboxes["main"])]


def edition(client: Client, path: str) -> str:
    found = re.search(r'name="edition" value="(\w*)"', client.get(path).content.decode())
    if found is None:
        found = re.search(r'value="(\w{16})"', client.get(path).content.decode())
    assert found
    return found.group(1)


def test_who_has_no_rule_is_offered_common_ones(world: World) -> None:
    client = world.client("mailbox")
    page = client.get("/my/rules/").content.decode()
    assert "No rule yet" in page
    for start in STARTS:
        assert f"?start={start.name}" in page
    form = client.get("/my/rules/add/?start=newsletters").content.decode()
    assert "List-Unsubscribe" in form
    assert 'value="Newsletters"' in form


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
def test_a_common_rule_needs_no_more_than_what_is_the_readers_own(world: World, start: Any) -> None:
    client = world.client("mailbox")
    path = f"/my/rules/add/?start={start.name}"
    page = client.get(path).content.decode()
    rule: Rule = start.rule_named()
    assert page.count('class="rule condition"') == len(rule.conditions)
    assert page.count('class="rule action"') == len(rule.actions) == 1


def test_a_rule_is_made_without_a_script(world: World) -> None:
    client = world.client("mailbox")
    path = "/my/rules/add/"
    answer = client.post(path, {**ROW, "edition": edition(client, path)})
    assert answer.status_code == 302, answer.content.decode()
    page = client.get("/my/rules/").content.decode()
    assert "Sender ends with “@shop.example”" in page
    assert "Move to the folder Shop" in page
    assert "fileinto :create &quot;Shop&quot;" in page, "the Sieve script is shown"
    assert names(world) == ["Shop"]


def test_a_button_of_the_form_adds_a_row_and_keeps_what_was_typed(world: World) -> None:
    client = world.client("mailbox")
    sent = {**ROW, "edition": "x", "change": "add-condition", "name": "Half done"}
    page = client.post("/my/rules/add/", sent).content.decode()
    assert page.count('class="rule condition"') == 2
    assert 'value="Half done"' in page
    assert 'value="@shop.example"' in page
    assert "This could not be done" not in page
    page = client.post("/my/rules/add/", {**sent, "change": "drop-c0"}).content.decode()
    assert page.count('class="rule condition"') == 0
    assert not RuleSet.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"a0-folder": ""}, "A folder&#x27;s name is missing."),
        ({"a0-do": "redirect", "a0-address": "nobody"}, "nobody"),
        ({"c0-field": "size", "c0-match": "over", "c0-value": "much"}, "is not a size"),
        ({"actions": "0"}, "The rule does nothing."),
        ({"name": ""}, "Look at the marked fields."),
    ],
)
def test_a_refused_rule_comes_back_with_the_reason_and_all_that_was_typed(
    world: World, wrong: dict[str, str], words: str
) -> None:
    client = world.client("mailbox")
    sent = {**ROW, "edition": edition(client, "/my/rules/add/"), **wrong}
    answer = client.post("/my/rules/add/", sent)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert 'name="c0-value"' in answer.content.decode()
    assert not RuleSet.objects.exists()


def test_what_the_form_shows_of_a_rule_it_also_saves(world: World) -> None:
    rule = {
        **FILE,
        "any_of": True,
        "stop": False,
        "conditions": [
            {"field": "size", "match": "over", "value": "5242881"},
            {"field": "spam", "match": "is", "negate": True},
            {"field": "header", "header": "List-Id", "match": "exists", "negate": True},
            {"field": "subject", "match": "matches", "value": "a*b", "negate": True},
        ],
        "actions": [
            {"do": "flag", "value": "\\Flagged"},
            {"do": "flag", "value": "$label1"},
            {"do": "redirect_copy", "value": "mia@outside.example"},
            {"do": "keep"},
            {"do": "reject", "value": "Two\nlines."},
        ],
    }
    give(world, rule)
    before = rules_of(world.mailboxes["main"])
    client = world.client("mailbox")
    response = client.get("/my/rules/0/")
    editor = response.context["editor"]
    sent: dict[str, Any] = {
        "conditions": len(editor.conditions),
        "actions": len(editor.actions),
        "edition": response.context["edition"],
    }
    for form in (editor.head, *editor.conditions, *editor.actions):
        for name in form.fields:
            value = form[name].value()
            if value not in (None, False):
                sent[form.add_prefix(name)] = value
    assert client.post("/my/rules/0/", sent).status_code == 302
    assert rules_of(world.mailboxes["main"]) == before


def test_rules_are_moved_and_switched_by_plain_buttons(world: World) -> None:
    give(world, FILE, {**FILE, "name": "Second"}, {**FILE, "name": "Third"})
    client = world.client("mailbox")
    for act, expected in (
        ("down-0", ["Second", "Letters", "Third"]),
        ("up-2", ["Second", "Third", "Letters"]),
        ("up-0", ["Second", "Third", "Letters"]),
    ):
        client.post("/my/rules/", {"edition": edition(client, "/my/rules/"), "act": act})
        assert names(world) == expected
    client.post("/my/rules/", {"edition": edition(client, "/my/rules/"), "act": "off-1"})
    assert [rule.enabled for rule in rules_of(world.mailboxes["main"])] == [True, False, True]


def test_who_looks_at_older_rules_changes_nothing(world: World) -> None:
    give(world, FILE, {**FILE, "name": "Second"})
    client = world.client("mailbox")
    old = edition(client, "/my/rules/")
    give(world, {**FILE, "name": "New"}, FILE)
    page = client.post("/my/rules/", {"edition": old, "act": "down-0"}, follow=True)
    assert "The rules were changed in the meantime." in page.content.decode()
    assert names(world) == ["New", "Letters"]
    answer = client.post("/my/rules/0/remove/", {"edition": old})
    assert "changed in the meantime" in answer.content.decode()
    assert names(world) == ["New", "Letters"]


def test_a_rule_is_removed_after_a_question(world: World) -> None:
    give(world, FILE, {**FILE, "name": "Second"})
    client = world.client("mailbox")
    page = client.get("/my/rules/0/remove/").content.decode()
    assert "Remove the rule “Letters”" in page
    answer = client.post("/my/rules/0/remove/", {"edition": edition(client, "/my/rules/")})
    assert answer.status_code == 302
    assert names(world) == ["Second"]
    assert client.get("/my/rules/7/").status_code == 404


def test_an_administrator_sees_the_same_behind_a_trail_and_among_tabs(world: World) -> None:
    give(world, FILE)
    number = world.mailboxes["main"].pk
    for role in ("operator", "reseller", "customer", "domain_admin"):
        page = world.client(role).get(f"/mailboxes/{number}/rules/").content.decode()
        assert 'class="trail"' in page
        assert f"/mailboxes/{number}/vacation/" in page
        assert "Letters" in page
    other = world.mailboxes["stranger"].pk
    assert world.client("customer").get(f"/mailboxes/{other}/rules/").status_code == 404
    assert world.client("mailbox").get(f"/mailboxes/{other}/rules/").status_code == 404
    assert world.client("customer").get("/my/rules/").status_code == 404


def _engine(order: AnyOrder) -> RulesTested:
    assert isinstance(order, TestRules)
    outcome = rehearse(order.script, order.message, order.sender, order.recipient)
    return RulesTested(
        happenings=tuple(
            Happening(do=deed.do, value=deed.value, flags=deed.flags) for deed in outcome.deeds
        ),
        error=outcome.error,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not Path(SIEVE_TEST).exists(), reason="Pigeonhole is not installed")
def test_the_engine_says_which_rules_take_a_message_and_what_would_happen(world: World) -> None:
    give(
        world,
        {**FILE, "name": "Other", "conditions": [{**FILE["conditions"][0], "value": "bill"}]},
        {**FILE, "stop": False},
        {**FILE, "name": "Off", "enabled": False},
        {**FILE, "name": "Starred", "actions": [{"do": "flag", "value": "\\Flagged"}]},
        {**FILE, "name": "Never reached"},
    )
    client = world.client("mailbox")
    message = "From: ann@example.org\nTo: mia@cars.example\nSubject: A letter\n\nHello.\n"
    with node(_engine):
        answer = client.post("/my/rules/test/", {"message": message})
    page = answer.content.decode()
    assert "It comes into the folder Letters." in page
    assert [row.rule.name for row in answer.context["result"].matched] == ["Letters", "Starred"]


def test_while_the_node_is_away_the_trial_says_so(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("mailstead.control.hosting.views.my_rule_test.WAIT", 0.05)
    give(world, FILE)
    client = world.client("mailbox")
    page = client.post("/my/rules/test/", {"message": "Subject: x\n\nHello.\n"}).content.decode()
    assert "The server does not answer at the moment." in page
    assert "Hello." in page


def test_samples_are_there_to_begin_with(world: World) -> None:
    client = world.client("mailbox")
    page = client.get("/my/rules/test/?sample=newsletter").content.decode()
    assert "List-Unsubscribe" in page
    assert "To: mia@cars.example" in page
