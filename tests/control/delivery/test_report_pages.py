"""The page of a domain's reports: who sent in its name, why encryption failed, who says so."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.hosting.models import DkimKey
from tests.control.api.caller import caller
from tests.control.delivery.test_reports import receive
from tests.control.world import World
from tests.support.reports import dmarc_xml, mailed, tls_json

PATH = "/domains/cars.example/reports/"
BOX = "dmarc-reports@node1.example"


@pytest.fixture
def reported(world: World) -> World:
    """A world in which two have reported about Carl's domain."""
    begin = world.now.replace(hour=0, minute=0, second=0, microsecond=0) - dt.timedelta(days=1)
    domain = world.domains["main"]
    DkimKey.objects.filter(domain=domain).delete()
    DkimKey.objects.create(domain=domain, selector="ms1", private_key="x", public_key="x")
    ours = [("192.0.2.1", 90, "none", "pass", "pass"), ("198.51.100.1", 4, "none", "pass", "fail")]
    others = [
        ("198.51.100.7", 20, "none", "fail", "pass"),
        ("203.0.113.9", 5, "reject", "fail", "fail"),
    ]
    for rows, selector, number in ((ours, "ms1", "a"), (others, "", "b")):
        xml = dmarc_xml("cars.example", rows, number=number, selector=selector, begin=begin)
        receive(world, mailed(xml, BOX), now=world.now)
    proven = b"Authentication-Results: node1.example; dkim=pass header.d=big.example\r\n"
    tls = mailed(tls_json("cars.example", 70, 3, begin=begin), BOX, sender="tls@big.example")
    receive(world, proven + tls.as_bytes(), "tls", world.now)
    return world


def test_the_owner_sees_each_source_with_what_it_may_be(reported: World) -> None:
    page = reported.client("customer").get(PATH).content.decode()
    for words in (
        "Our servers: signed by us and permitted.",
        "Somebody passes your mail on",
        "Permitted by the SPF record, but not signed",
        "Neither permitted nor signed",
        "The certificate had expired.",
        "203.0.113.9",
        "Far Mail",
        "not proven",
    ):
        assert words in page, words
    assert page.count("<rect class=") > 4


def test_one_reporter_can_be_looked_at_alone(reported: World) -> None:
    page = reported.client("customer").get(f"{PATH}?reporter=big.example").content.decode()
    assert "203.0.113.9" not in page and "The certificate had expired." in page


def test_nobody_elses_reports_are_to_be_seen(reported: World) -> None:
    assert reported.client("stranger").get(PATH).status_code == 404
    assert caller(reported, "stranger").get("/domains/cars.example/reports").status == 404
    mine = reported.client("stranger").get("/domains/shop.example/reports/").content.decode()
    assert "No reports yet" in mine


def test_the_file_holds_every_row(reported: World) -> None:
    answer = reported.client("customer").get(f"{PATH}?export=csv")
    lines = b"".join(answer).decode().splitlines()  # type: ignore[call-overload]
    assert len(lines) == 5 and lines[0].lstrip("\ufeff").startswith("day,reporter,sender")
    assert any("203.0.113.9,5,reject,fail,fail" in line for line in lines)


def test_a_formula_in_a_report_is_only_text_in_the_file(world: World) -> None:
    begin = world.now - dt.timedelta(days=1)
    xml = dmarc_xml(
        "cars.example", [("192.0.2.1", 1, "none", "pass", "pass")], reporter="=1+1", begin=begin
    )
    receive(world, mailed(xml, BOX), now=world.now)
    answer = world.client("customer").get(f"{PATH}?export=csv")
    assert ",=1+1" not in b"".join(answer).decode()  # type: ignore[call-overload]


def test_the_api_says_the_same(reported: World) -> None:
    told = caller(reported, "customer").get("/domains/cars.example/reports?days=7").body
    assert [(one["good"], one["failed"]) for one in told["messages"]] == [(114, 5)]
    assert [(one["good"], one["failed"]) for one in told["sessions"]] == [(70, 3)]
    hints = {one["address"]: one["hint"] for one in told["sources"]}
    assert hints == {
        "192.0.2.1": "ours",
        "198.51.100.1": "forwarded",
        "198.51.100.7": "permitted",
        "203.0.113.9": "unknown",
    }
    assert {(one["sender"], one["proven"]) for one in told["reporters"]} == {
        ("far.example", False),
        ("big.example", True),
    }


def test_the_operator_sees_what_could_not_be_read(world: World) -> None:
    receive(world, mailed(b"noise", BOX, sender="who@far.example"))
    page = world.client("operator").get("/reports/unread/").content.decode()
    assert "who@far.example" in page
    assert world.client("customer").get("/reports/unread/").status_code in (403, 404)
