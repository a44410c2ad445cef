"""The door of the API: tokens, whence and until when, how often, what is sent, in whose place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from mailstead.control.people import services as people
from mailstead.control.people.api import limits
from mailstead.control.people.models import ApiToken, AuditEntry
from mailstead.control.people.problems import CONTENT_TYPE
from tests.control.api.caller import Caller, caller
from tests.control.world import HOST, World


def test_a_token_says_who_it_is(world: World) -> None:
    me = caller(world, "customer", ["read", "mailboxes"]).get("/me").body
    assert (me["name"], me["role"]) == ("carl@outside.example", "customer")
    assert me["customer"] == world.customers["customer"].pk
    assert me["scopes"] == ["mailboxes", "read"]


def test_a_token_is_good_from_its_addresses_only(world: World) -> None:
    program = caller(world, "customer", addresses=["192.0.2.0/28", "2001:db8::/32"])
    assert program.get("/me").status == 200
    assert program.get("/me", address="2001:db8::7").status == 200
    assert program.get("/me", address="198.51.100.1").status == 401
    assert program.get("/me", address="").status == 401


def test_a_token_ends_on_its_day_and_when_it_is_revoked(world: World) -> None:
    program = caller(world, "customer", expires_at=world.now + dt.timedelta(hours=1))
    assert program.get("/me").status == 200
    ApiToken.objects.filter(pk=program.token.pk).update(
        expires_at=world.now - dt.timedelta(seconds=1)
    )
    answer = program.get("/me")
    assert (answer.status, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    other = caller(world, "customer")
    people.revoke_token(actor=world.actor("customer"), now=world.now, token=other.token)
    assert other.get("/me").code == "token-wrong"


def test_a_token_ends_with_its_person(world: World) -> None:
    program = caller(world, "domain_admin")
    assert program.get("/me").status == 200
    people.remove_member(
        actor=world.actor("customer"), now=world.now, membership=program.token.membership
    )
    assert program.get("/me").status == 401


def test_its_last_use_is_noted(world: World) -> None:
    program = caller(world, "customer")
    program.get("/me")
    token = ApiToken.objects.get(pk=program.token.pk)
    assert token.last_used_from == "192.0.2.9"
    assert token.last_used_at is not None


def test_too_many_wrong_tokens_are_stopped_and_a_right_one_still_passes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRONG", 3)
    guesser = Caller("mst_guess")
    said = [guesser.get("/me", address="198.51.100.9").status for _ in range(5)]
    assert said == [401, 401, 401, 429, 429]
    assert caller(world, "customer").get("/me", address="198.51.100.9").status == 200


def test_a_program_that_runs_wild_is_told_to_wait(world: World, settings: Any) -> None:
    import msgspec

    web = msgspec.structs.replace(settings.MAILSTEAD.web, api_requests=3)
    settings.MAILSTEAD = msgspec.structs.replace(settings.MAILSTEAD, web=web)
    program = caller(world, "customer")
    answers = [program.get("/me") for _ in range(8)]
    # A new minute may begin in between.
    assert 429 in [answer.status for answer in answers]
    first, refused = answers[0], next(a for a in answers if a.status == 429)
    assert first.headers["RateLimit"].startswith('"token";r=2;t=')
    assert first.headers["RateLimit-Policy"] == '"token";q=3;w=60'
    assert int(refused.headers["Retry-After"]) > 0
    assert caller(world, "customer").get("/me").status == 200


def test_what_is_not_json_and_not_there_is_a_problem_too(world: World) -> None:
    program = caller(world, "customer")
    client, sent = program.client, {"Authorization": f"Bearer {program.text}"}

    def status(method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Any:
        answer = client.generic(
            method, f"/api/v1{path}", body, content_type=kind, secure=True, headers=sent
        )
        assert answer.headers["Content-Type"] == CONTENT_TYPE, answer.content
        return answer

    for body in (b"{", b"\xff", b'{"name": NaN}', b'{"address": "a\\u0000b"}', b"[" * 100_000):
        assert status("POST", "/mailboxes", body).json()["code"] == "json-invalid"
    assert status("POST", "/mailboxes", b'"\\ud800"').status_code == 400
    assert status("POST", "/mailboxes", b"a=1", "text/plain").status_code == 415
    assert status("POST", "/mailboxes", b'"' + b"x" * 5_000_000 + b'"').status_code == 413
    assert status("POST", "/mailboxes", b'"' + b"x" * 17_000_000 + b'"').status_code == 413
    assert status("GET", "/nothing").status_code == 404
    assert status("GET", "/mailboxes?q=%00").status_code == 400
    wrong = status("DELETE", "/mailboxes")
    assert wrong.status_code == 405
    assert sorted(wrong.headers["Allow"].split(", ")) == ["GET", "POST"]


def test_every_wrong_field_is_named_with_a_sentence(world: World) -> None:
    answer = caller(world, "customer").post("/mailboxes", {"quota": -1, "colour": "red"})
    assert (answer.status, answer.code) == (422, "fields-invalid")
    fields = {error["field"]: error["words"] for error in answer.body["errors"]}
    assert set(fields) == {"address", "quota", "colour"}
    assert all(words.endswith(".") for words in fields.values())


def test_a_refusal_says_what_to_do_in_the_language_of_the_reader(world: World) -> None:
    program = caller(world, "customer")
    answer = program.post("/mailboxes", {"address": "mia@cars.example"})
    assert (answer.status, answer.code) == (422, "mailbox-exists")
    assert answer.body["title"] == "The mailbox mia@cars.example exists already."
    assert answer.body["remedy"] == "Choose another name."


def test_a_defect_is_one_sentence_and_a_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("mailstead.control.hosting.queries.mailboxes", broken)
    answer = caller(world, "customer").get("/mailboxes")
    assert (answer.status, answer.code) == (500, "defect")
    assert "secret" not in str(answer.body)


def test_a_forged_host_is_refused(world: World) -> None:
    client = Client(headers={"host": "evil.example", "x-forwarded-proto": "https"})
    assert client.get("/api/v1/me").status_code == 400
    assert HOST in settings.ALLOWED_HOSTS


# Acting in another's place


def _as(world: World, whose: str, reason: str = "asked on the phone") -> dict[str, str]:
    return {"Mailstead_Act_As": str(world.customers[whose].pk), "Mailstead_Reason": reason}


def test_a_reseller_acts_for_the_own_customer_who_reads_why(world: World) -> None:
    program, carl = caller(world, "reseller"), world.customers["customer"]
    made = program.post(
        "/mailboxes", {"address": "new@cars.example"}, **_as(world, "customer", "Carl%20asked")
    )
    assert made.status == 201, made.body
    me = program.get("/me", **_as(world, "customer")).body
    assert (me["role"], me["name"], me["really"]) == (
        "customer",
        "Carl's Cars",
        "rita@outside.example",
    )
    trail = AuditEntry.objects.filter(customer=carl.pk)
    entry = trail.get(verb="mailbox.create", label="new@cars.example")
    assert entry.actor == "reseller:rita@outside.example"
    assert (entry.acting_as, entry.reason) == ("customer:Carl's Cars", "Carl asked")
    assert [e.reason for e in trail.filter(verb="customer.act-as").order_by("pk")] == [
        "Carl asked",
        "asked on the phone",
    ]
    program.get("/domains", **_as(world, "customer"))
    assert trail.filter(verb="customer.act-as").count() == 2


def test_nobody_acts_upward_or_sideways_or_without_a_reason_or_the_scope(world: World) -> None:
    rita = caller(world, "reseller")
    assert rita.get("/domains", **_as(world, "stranger")).code == "customer-unknown"
    assert rita.get("/domains", **_as(world, "reseller")).code == "customer-unknown"
    assert rita.get("/domains", **_as(world, "customer", " ")).code == "reason-missing"
    for wrong in ("0", "-1", "x", "1e9", "9" * 40, ""):
        answer = rita.get("/domains", Mailstead_Act_As=wrong, Mailstead_Reason="because")
        assert answer.code == "customer-unknown"
    narrow = caller(world, "reseller", ["read", "mailboxes"])
    assert narrow.get("/domains", **_as(world, "customer")).code == "scope-missing"
    carl = caller(world, "customer")
    assert carl.get("/domains", **_as(world, "customer")).status == 403


def test_acting_neither_widens_the_scopes_nor_shows_secrets(world: World) -> None:
    program = caller(world, "operator", ["account"])
    answer = program.post("/mailboxes", {"address": "x@cars.example"}, **_as(world, "customer"))
    assert answer.code == "scope-missing"
    whole = caller(world, "operator")
    for path, body in (
        ("/mailboxes/mia@cars.example/password", {"password": "a long enough password"}),
        ("/mailboxes/mia@cars.example/app-passwords", {"name": "phone"}),
        ("/webhooks", {"url": "https://example.com/"}),
        ("/tokens", {"name": "x", "scopes": ["read"]}),
    ):
        answer = whole.post(path, body, **_as(world, "customer"))
        assert answer.code == "forbidden-for-another", path
