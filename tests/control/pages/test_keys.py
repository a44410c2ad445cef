"""Pages of keys and claims: what a customer does until a domain is live, and the company's part."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.dns import services as dns
from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import DkimKey, Domain
from tests.control.dkim.test_rotation import with_dkim
from tests.control.dns.pretend import dns_of
from tests.control.world import World


def claimed(world: World, name: str = "bikes.example") -> Domain:
    """Carl adds a domain in the panel."""
    client = world.client("customer")
    answer = client.post("/domains/add/", {"name": name}, follow=True)
    assert "is added. Show that it is yours" in answer.content.decode()
    return Domain.objects.get(name=name, customer=world.customers["customer"], removed_at=None)


def looked(world: World, domain: Domain, *records: tuple[str, str, str]) -> None:
    fresh = Domain.objects.select_related("customer__reseller", "server").get(pk=domain.pk)
    known = {(name, kind): [value] for name, kind, value in records}
    dns.check_domain(actor=world.actor("customer"), now=world.now, domain=fresh, look=dns_of(known))


def test_the_record_that_shows_whose_a_domain_is_stands_first(world: World) -> None:
    domain = claimed(world)
    client = world.client("customer")
    page = client.get(f"/domains/{domain.pk}/dns/").content.decode()
    value = f"mailstead-domain={domain.proof_token}"
    assert f'data-copy="{value}"' in page and "_mailstead.bikes.example" in page
    assert page.index(value) < page.index("v=spf1")
    # By its name too: it is Carl's only one of that name.
    assert client.get("/domains/bikes.example/dns/").status_code == 200
    assert "not active: waits for the proof" in client.get("/domains/").content.decode()
    assert "bikes.example is not active yet" in client.get("/").content.decode()


def test_mailboxes_are_prepared_and_say_what_they_wait_for(world: World) -> None:
    domain = claimed(world)
    services.create_mailbox(
        actor=world.actor("customer"),
        now=world.now,
        domain=domain,
        address="ann@bikes.example",
        password="correct horse battery",
    )
    client = world.client("customer")
    assert "waits for its domain" in client.get(f"/domains/{domain.pk}/").content.decode()
    looked(world, domain, *queries.proof_records(domain))
    page = client.get("/domains/bikes.example/").content.decode()
    assert "waits for its domain" not in page and "is not active yet" not in page


def test_another_customers_claim_of_the_same_name_is_not_there(world: World) -> None:
    mine = claimed(world, "bikes.example")
    eve = world.client("stranger")
    eve.post("/domains/add/", {"name": "bikes.example"})
    hers = Domain.objects.get(name="bikes.example", customer=world.customers["stranger"])
    for path in ("", "dns/", "dns/keys/", "settings/"):
        assert eve.get(f"/domains/{mine.pk}/{path}").status_code == 404
        assert eve.get(f"/domains/{hers.pk}/{path}").status_code == 200
    # Who sells to Carl finds Carl's, the company both.
    assert world.client("reseller").get(f"/domains/{mine.pk}/dns/").status_code == 200
    assert world.client("reseller").get(f"/domains/{hers.pk}/dns/").status_code == 404
    olga = world.client("operator").get("/domains/").content.decode()
    assert f"/domains/{mine.pk}/" in olga and f"/domains/{hers.pk}/" in olga


def test_the_company_accepts_a_claim_with_a_reason(world: World) -> None:
    domain = claimed(world)
    path = f"/domains/{domain.pk}/accept/"
    assert world.client("customer").post(path, {"reason": "mine"}).status_code == 403
    olga = world.client("operator")
    assert path in olga.get(f"/domains/{domain.pk}/dns/").content.decode()
    olga.post(path, {"reason": ""})
    assert not Domain.objects.get(pk=domain.pk).proven
    olga.post(path, {"reason": "contract of May"})
    assert Domain.objects.get(pk=domain.pk).proven


def test_keys_are_listed_changed_and_revoked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_dkim(monkeypatch, zone="dkim.host.example")
    carl = {"actor": world.actor("customer"), "now": world.now}
    domain = world.domains["main"]
    client = world.client("customer")
    path = "/domains/cars.example/dns/keys/"
    assert "This domain has no key" in client.get(path).content.decode()
    client.post(path + "rotate/")
    assert "waits to be seen in the DNS" in client.get(path).content.decode()
    services.note_seen(now=world.now, key=DkimKey.objects.get(domain=domain), seen=True)
    page = client.get(path).content.decode()
    assert "signs" in page and path + "ms1/revoke/" in page
    records = client.get("/domains/cars.example/dns/").content.decode()
    assert records.count(f".{domain.pk}.dkim.host.example.") >= 2
    assert "CNAME" in records
    client.post(path + "ms1/revoke/", {"reason": "found on the web"})
    page = client.get(path).content.decode()
    assert "revoked" in page and "ms2._domainkey.cars.example" in page
    later = world.now + dt.timedelta(days=1)
    services.note_seen(now=later, key=DkimKey.objects.get(selector="ms2"), seen=True)
    assert "PRIVATE" not in client.get(path).content.decode()
    assert carl["actor"].customer == domain.customer_id


def test_the_zone_of_keys_is_shown_to_the_company_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = world.client("operator")
    assert "There is none" in olga.get("/zone-of-keys/").content.decode()
    with_dkim(monkeypatch, zone="dkim.host.example")
    services.rotate_keys(actor=world.actor("customer"), now=world.now, domain=world.domains["main"])
    assert "dkim.host.example" in olga.get("/zone-of-keys/").content.decode()
    text = olga.get("/zone-of-keys/zone/").content.decode()
    assert f"ms1.{world.domains['main'].pk}.dkim.host.example. IN TXT" in text
    assert world.client("customer").get("/zone-of-keys/").status_code == 403
    answer = olga.post("/zone-of-keys/push/", follow=True).content.decode()
    assert "No server takes changes of the zone." in answer
