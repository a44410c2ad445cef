"""The page of a domain's DNS: what is there, what is missing, and how to enter it."""

from __future__ import annotations

import datetime as dt

from mailstead.control.dns import services
from mailstead.control.hosting import services as hosting
from tests.control.api.caller import caller
from tests.control.dns.pretend import dns_of
from tests.control.world import World

PATH = "/domains/cars.example/dns/"
MX = ("cars.example", "MX")
TXT = ("cars.example", "TXT")
DMARC = ("_dmarc.cars.example", "TXT")
LEFT = {
    MX: ["10 node1.example.", "20 old.example."],
    TXT: ["v=spf1 include:_spf.letters.example -all"],
    DMARC: ["v=DMARC1; p=reject"],
}
MERGED = "v=spf1 include:_spf.letters.example a:node1.example -all"


def check(world: World, look: services.Look) -> None:
    """Look at Carl's domain."""
    services.check_domain(
        actor=world.actor("customer"), now=world.now, domain=world.domains["main"], look=look
    )


def test_before_the_first_look_the_records_stand_there(world: World) -> None:
    page = world.client("customer").get(PATH).content.decode()
    assert "not checked yet" in page and "Nobody has looked at it yet." in page
    assert "node1.example" in page and "v=spf1 mx a:node1.example ~all" in page
    assert "DNS not checked yet" in world.client("customer").get("/domains/").content.decode()


def test_each_record_says_what_was_found_and_what_to_do(world: World) -> None:
    check(world, dns_of(LEFT))
    page = world.client("customer").get(PATH).content.decode()
    assert "DNS incomplete" in page
    assert "20 old.example." in page and "Remove it: when our server is busy" in page
    assert f'data-copy="{MERGED}"' in page and "A second record beside it" in page
    assert "2 of 10" in page
    assert "v=DMARC1; p=reject" in page
    assert 'data-copy="_dmarc"' in page and 'data-copy="@"' in page
    zone = world.client("customer").get(PATH + "zone/").content.decode()
    assert f'"{MERGED}"' in zone and zone.count("v=spf1") == 1


def test_the_hints_are_those_of_the_dns_host(world: World) -> None:
    check(world, dns_of(LEFT, servers=("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")))
    page = world.client("customer").get(PATH).content.decode()
    assert "The DNS is kept at Cloudflare" in page and "grey cloud" in page


def test_old_values_elsewhere_are_shown(world: World) -> None:
    check(world, dns_of(LEFT, public={**LEFT, MX: ["10 mx.before.example."]}))
    page = world.client("customer").get(PATH).content.decode()
    assert "Still seen elsewhere" in page and "10 mx.before.example." in page


def test_what_was_found_is_text_and_nothing_else(world: World) -> None:
    check(world, dns_of({**LEFT, DMARC: ["v=DMARC1; p=<script>alert(1)</script>"]}))
    page = world.client("customer").get(PATH).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_the_button_looks_now_and_says_when_nothing_could_be_learnt(world: World) -> None:
    client = world.client("customer")
    page = client.post(PATH + "check/", follow=True).content.decode()
    assert "The DNS of cars.example was looked at." in page
    # Here no resolver runs.
    assert "Our own resolver had no answer in time" in page
    assert world.client("stranger").post(PATH + "check/").status_code == 404
    assert world.client("mailbox").post(PATH + "check/").status_code == 403


def test_the_overview_and_the_list_say_how_the_dns_stands(world: World) -> None:
    client = world.client("customer")
    check(world, dns_of({**LEFT, MX: ["10 mx.before.example."]}))
    page = client.get("/").content.decode()
    assert "Mail for cars.example does not come here" in page
    assert "mail does not come here" in client.get("/domains/").content.decode()
    file = client.get("/domains/", {"export": "csv"})
    assert b"cars.example,Carl's Cars,node1,active,,,bad" in b"".join(
        file.streaming_content  # type: ignore[attr-defined]
    )


def test_a_change_is_read_in_the_trail(world: World) -> None:
    check(world, dns_of(LEFT))
    later, without = world.now + dt.timedelta(hours=26), dns_of({**LEFT, MX: []})
    while services.check_due(later, without):
        continue
    page = world.client("customer").get("/audit/", {"label": "cars.example"}).content.decode()
    assert "domain.dns-changed" in page and "MX cars.example" in page


def test_a_program_reads_the_same(world: World) -> None:
    check(world, dns_of(LEFT))
    carl = caller(world, "customer")
    found = carl.get("/domains/cars.example/dns").body
    assert (found["state"], found["domain"]) == ("warn", "cars.example")
    mx, spf, dmarc, tls = found["records"]
    assert (tls["purpose"], tls["verdict"], tls["required"]) == ("tls-reports", "missing", False)
    assert (mx["verdict"], mx["required"], dmarc["verdict"]) == ("good", True, "good")
    assert (spf["code"], spf["publish"], spf["lookups"]) == ("spf-without-us", MERGED, 2)
    assert [one["value"] for one in found["others"]] == ["20 old.example."]
    assert carl.get("/domains/cars.example").body["dns_state"] == "warn"
    again = carl.post("/domains/trucks.example/dns/check").body
    assert (again["trouble"], again["state"]) == ("resolver-silent", "unknown")
    assert carl.post("/domains/shop.example/dns/check").status == 404


def test_a_domain_whose_customer_is_suspended_is_still_watched(world: World) -> None:
    hosting.suspend_customer(
        actor=world.actor("operator"),
        now=world.now,
        customer=world.customers["customer"],
        reason="unpaid",
    )
    assert services.check_due(world.now, dns_of(LEFT)) == len(world.domains)
