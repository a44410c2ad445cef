"""Each resource from its birth to its end, as a program lives it."""

from __future__ import annotations

import datetime as dt

from mailstead.control.hosting.models import Mailbox
from mailstead.control.jobs import services as jobs
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.standards import password as passwords
from tests.control.api.caller import Caller, caller
from tests.control.world import World

ROUTE = {"action": "deliver", "destinations": ["a@elsewhere.example"]}


def test_a_customer(world: World) -> None:
    rita = caller(world, "reseller")
    made = rita.post("/customers", {"name": "Nora's Nuts", "quota": 10 * 2**30})
    assert made.status == 201
    number = made.body["id"]
    assert made.body["reseller"] == world.customers["reseller"].pk
    changed = rita.patch(f"/customers/{number}", {"mailbox_limit": 5, "email": "n@far.example"})
    assert (changed.body["mailbox_limit"], changed.body["quota"]) == (5, 10 * 2**30)
    assert rita.patch(f"/customers/{number}", {"mailbox_limit": None}).body["mailbox_limit"] is None
    assert rita.post(f"/customers/{number}/suspend", {"reason": "unpaid"}).body["suspended"] is True
    assert rita.post(f"/customers/{number}/resume").body["suspended"] is False
    usage = {"used": 0, "quota": 10 * 2**30, "domains": 0, "mailboxes": 0}
    assert rita.get(f"/customers/{number}/usage").body == usage
    assert [row["name"] for row in rita.all("/customers?name=nora's nuts")] == ["Nora's Nuts"]
    assert rita.delete(f"/customers/{number}").status == 204
    assert rita.get(f"/customers/{number}").code == "customer-unknown"
    carl = world.customers["customer"].pk
    assert rita.delete(f"/customers/{carl}").code == "customer-in-use"


def test_a_suspension_from_above_is_not_taken_over_and_ended(world: World) -> None:
    rita, olga = caller(world, "reseller"), caller(world, "operator")
    carl = world.customers["customer"].pk
    for path in (f"/customers/{carl}", "/domains/cars.example"):
        assert olga.post(f"{path}/suspend", {"reason": "abuse"}).status == 200
        assert rita.post(f"{path}/suspend", {"reason": "mine now"}).status == 422
        assert rita.post(f"{path}/resume").status == 422
        assert olga.post(f"{path}/resume").body["suspended"] is False
    assert rita.post(f"/customers/{carl}/suspend", {"reason": "unpaid"}).status == 200
    assert caller(world, "customer").post("/mailboxes", {"address": "x@cars.example"}).status == 422
    assert rita.post("/mailboxes", {"address": "x@cars.example"}).status == 201


def test_a_reseller_does_not_raise_the_own_limits(world: World) -> None:
    own = world.customers["reseller"].pk
    rita = caller(world, "reseller")
    assert rita.patch(f"/customers/{own}", {"quota": 0}).status in (403, 404)


def test_a_package_and_who_gets_it(world: World) -> None:
    rita, olga = caller(world, "reseller"), caller(world, "operator")
    made = rita.post("/packages", {"name": "Small", "quota": 2**30, "mailbox_limit": 3})
    number = made.body["id"]
    assert made.body["owner"] == world.customers["reseller"].pk
    new = rita.post("/customers", {"name": "Nora", "package": number}).body
    assert (new["quota"], new["mailbox_limit"], new["package"]) == (2**30, 3, number)
    body = {"name": "Small", "quota": 2**31, "mailbox_limit": 3}
    assert rita.put(f"/packages/{number}", body).body["quota"] == 2**31
    assert rita.get(f"/customers/{new['id']}").body["quota"] == 2**30
    assert rita.post(f"/packages/{number}/apply").body == {"changed": 1}
    assert rita.get(f"/customers/{new['id']}").body["quota"] == 2**31
    of_company = olga.post("/packages", {"name": "House"}).body["id"]
    assert rita.get(f"/packages/{of_company}").status == 404
    assert rita.post("/customers", {"name": "Otto", "package": of_company}).status == 404
    assert rita.delete(f"/packages/{number}").status == 204


def test_a_brand(world: World) -> None:
    number = world.customers["reseller"].pk
    rita = caller(world, "reseller")
    assert rita.get(f"/customers/{number}/brand").body["name"] == ""
    body = {"name": "Rita Mail", "accent": "#205080", "support_email": "help@far.example"}
    assert rita.put(f"/customers/{number}/brand", body).body["accent"] == "#205080"
    carl = world.customers["customer"].pk
    assert caller(world, "operator").put(f"/customers/{carl}/brand", body).status == 422


def test_a_domain(world: World) -> None:
    carl = caller(world, "customer")
    made = carl.post("/domains", {"name": "Bücher.example"})
    assert (made.status, made.body["name"]) == (201, "xn--bcher-kva.example")
    name = made.body["name"]
    kinds = [record["type"] for record in carl.get(f"/domains/{name}/dns").body["records"]]
    # The record that shows whose it is, SPF, DMARC, the key.
    assert kinds.count("TXT") == 5
    assert made.body["proven"] is False
    caught = carl.put(f"/domains/{name}/catch-all", ROUTE).body["catch_all"]
    assert caught == ROUTE | {"text": ""}
    assert carl.delete(f"/domains/{name}/catch-all").body["catch_all"] is None
    sent = carl.put(f"/domains/{name}/forward", {"target": "trucks.example"}).body
    assert sent["forward_to"] == "trucks.example"
    assert carl.delete(f"/domains/{name}/forward").body["forward_to"] is None
    alias = carl.put(f"/domains/{name}/alias", {"target": "cars.example"}).body
    assert alias["alias_of"] == "cars.example"
    assert carl.delete(f"/domains/{name}/alias").body["alias_of"] is None
    gone = carl.delete(f"/domains/{made.body['id']}").body
    assert gone["purge_after"] > gone["removed_at"]
    assert carl.get(f"/domains/{name}").code == "domain-unknown"
    assert [row["name"] for row in carl.all("/domains?removed=true")] == [name]
    assert carl.post(f"/domains/{name}/restore").body["removed_at"] is None


def test_a_claim_is_accepted_by_the_company_alone(world: World) -> None:
    carl, olga = caller(world, "customer"), caller(world, "operator")
    made = carl.post("/domains", {"name": "bikes.example"}).body
    path = f"/domains/{made['id']}/accept"
    assert carl.post(path, {"reason": "mine"}).status == 403
    assert olga.post(path, {"reason": ""}).status == 422
    assert olga.post(path, {"reason": "contract of May"}).body["proven"] is True
    assert carl.get("/domains/bikes.example").body["proven"] is True


def test_keys_of_a_domain(world: World) -> None:
    carl = caller(world, "customer")
    path = "/domains/cars.example/dkim"
    assert carl.get(path).body == {"domain": "cars.example", "zone": "", "keys": []}
    made = carl.post(f"{path}/rotate").body["keys"]
    assert [(key["selector"], key["state"]) for key in made] == [("ms1", "waiting")]
    assert made[0]["record"].startswith("v=DKIM1; k=rsa; p=MII")
    assert carl.post(f"{path}/rotate").code == "dkim-changing"
    assert carl.post(f"{path}/ms9/revoke", {"reason": "leaked"}).code == "dkim-unknown"
    keys = carl.post(f"{path}/ms1/revoke", {"reason": "leaked"}).body["keys"]
    assert [(key["selector"], key["state"], key["revoked"]) for key in keys] == [
        ("ms1", "withdrawn", True),
        ("ms2", "waiting", False),
    ]
    assert "PRIVATE" not in str(keys)
    olga = caller(world, "operator")
    assert olga.get("/operator-zone").code == "zone-missing"
    assert olga.post("/operator-zone/push").code == "zone-missing"
    assert carl.get("/operator-zone").status == 403


def test_a_domain_is_suspended_by_who_is_above(world: World) -> None:
    rita, carl = caller(world, "reseller"), caller(world, "customer")
    path = "/domains/cars.example"
    assert rita.post(f"{path}/suspend", {"reason": "abuse"}).body["suspended_reason"] == "abuse"
    assert carl.post(f"{path}/resume").status == 403
    assert rita.post(f"{path}/resume").body["suspended"] is False


def test_a_mailbox(world: World) -> None:
    carl = caller(world, "customer")
    made = carl.post("/mailboxes", {"address": "New@Cars.example", "quota": 2**30, "name": "Neo"})
    assert made.status == 201
    password = made.body["password"]
    row = Mailbox.objects.get(local="new")
    assert passwords.verify(password, row.secret)
    path = "/mailboxes/new@cars.example"
    shown = carl.get(path).body
    assert "password" not in shown
    assert "secret" not in str(shown)
    assert carl.patch(path, {"quota": 0, "name": "Nora"}).body["name"] == "Nora"
    changed = carl.post(f"{path}/password", {"password": "another long password"})
    assert changed.body["password"] is None
    row.refresh_from_db()
    assert passwords.verify("another long password", row.secret)
    suspended = carl.post(f"{path}/suspend", {"what": ["login", "sending"], "reason": "lost"}).body
    assert (suspended["login_suspended"], suspended["receiving_suspended"]) == ("lost", "")
    resumed = carl.post(f"{path}/resume", {"what": ["login"]}).body
    assert (resumed["login_suspended"], resumed["sending_suspended"]) == ("", "lost")
    gone = carl.delete(f"/mailboxes/{row.pk}").body
    assert gone["purge_after"]
    assert carl.get(path).code == "mailbox-unknown"
    assert carl.get(f"/mailboxes/{row.pk}").code == "mailbox-unknown"
    assert carl.post(f"{path}/restore").body["removed_at"] is None


def test_two_ways_to_the_password_are_one_too_many(world: World) -> None:
    both = {"address": "x@cars.example", "password": "long enough pass", "hash": "$6$a$b"}
    assert caller(world, "customer").post("/mailboxes", both).code == "password-ways"


def test_what_is_inside_a_mailbox(world: World) -> None:
    carl, path = caller(world, "customer"), "/mailboxes/mia@cars.example"
    made = carl.post(f"{path}/app-passwords", {"name": "Phone", "protocols": ["imap"]})
    assert made.status == 201
    assert len(made.body["password"]) > 20
    listed = carl.all(f"{path}/app-passwords")
    assert [row["name"] for row in listed] == ["Phone"]
    assert "password" not in listed[0]
    assert carl.delete(f"{path}/app-passwords/{made.body['id']}").status == 204
    assert carl.all(f"{path}/app-passwords") == []
    rule = {
        "name": "Bills",
        "conditions": [{"field": "subject", "match": "contains", "value": "bill"}],
        "actions": [{"do": "file", "value": "Bills"}],
    }
    carl.put(f"{path}/rules", {"rules": [rule]})
    kept = carl.get(f"{path}/rules").body["rules"]
    assert (kept[0]["name"], kept[0]["stop"], len(kept)) == ("Bills", True, 1)
    wrong = {"rules": [rule | {"actions": [{"do": "file", "value": "../x"}]}]}
    assert carl.put(f"{path}/rules", wrong).code == "rule-invalid"
    assert carl.get(f"{path}/spam").body["level"] == "normal"
    spam = {"level": "strict", "allow": ["Friend@Far.example", "far.example"], "deny": []}
    assert carl.put(f"{path}/spam", spam).body["allow"] == ["friend@far.example", "@far.example"]
    assert carl.all(f"{path}/sign-ins") == []


def test_sending_limits(world: World) -> None:
    olga, carl = caller(world, "operator"), caller(world, "customer")
    some = {"messages_hour": None, "messages_day": 50, "recipients_hour": None}
    some |= {"recipients_day": 100}
    none = dict.fromkeys(some)
    house = {"each": some, "together": none, "ramp": [{"days": 7, "together": some}]}
    assert olga.put("/sending-limits", house).body == house == olga.get("/sending-limits").body
    number = world.customers["reseller"].pk  # whose customer carl is
    more = some | {"messages_day": 80}
    made = olga.put(f"/customers/{number}/sending-limits", {"each": more, "together": none}).body
    assert (made["each_now"]["messages_day"], made["each_now"]["recipients_day"]) == (80, 100)
    path = "/mailboxes/mia@cars.example/sending-limits"
    assert carl.put(path, {"messages_day": 81}).code == "ceiling-above"
    told = carl.put(path, {"messages_day": 20}).body
    assert (told["own"]["messages_day"], told["now"]["recipients_day"]) == (20, 100)
    assert told["sent"] == dict.fromkeys(some, 0)
    assert carl.put("/sending-limits", house).code == "forbidden"
    assert carl.all("/sending") == []


def test_a_forwarder(world: World) -> None:
    carl = caller(world, "domain_admin")
    made = carl.post("/forwarders", ROUTE | {"address": "desk@cars.example"})
    assert (made.status, made.body["keep_copy"]) == (201, False)
    path = "/forwarders/desk@cars.example"
    assert carl.post("/forwarders", ROUTE | {"address": "desk@cars.example"}).status == 422
    body = {"action": "fail", "text": "Nobody here."}
    assert carl.put(path, body).body["destinations"] == []
    found = [row["address"] for row in carl.all("/forwarders?domain=cars.example")]
    assert "desk@cars.example" in found
    assert carl.delete(f"/forwarders/{made.body['id']}").status == 204
    assert carl.get(path).code == "forwarder-unknown"
    assert carl.post("/forwarders", ROUTE | {"address": "x@trucks.example"}).status == 404


def test_an_automatic_answer(world: World) -> None:
    carl, path = caller(world, "customer"), "/autoresponders/mia@cars.example"
    body = {"subject": "Away", "body": "Back soon.", "ends": "2027-01-01T00:00:00"}
    made = carl.post("/autoresponders", body | {"address": "mia@cars.example"})
    assert (made.status, made.body["ends"]) == (201, "2027-01-01T00:00:00Z")
    assert carl.put(path, body | {"interval": 7200}).body["interval"] == 7200
    assert carl.put(path, body | {"interval": 7}).body["errors"][0]["field"] == "interval"
    assert "mia@cars.example" in [row["address"] for row in carl.all("/autoresponders")]
    assert carl.delete(path).status == 204
    assert carl.get(path).code == "autoresponder-unknown"


def test_an_address_is_explained_as_far_as_one_sees(world: World) -> None:
    carl, olga = caller(world, "customer"), caller(world, "operator")
    olga.post("/forwarders", {"address": "hop@shop.example", "destinations": ["z@far.example"]})
    carl.post(
        "/forwarders",
        {"address": "all@cars.example", "destinations": ["mia@cars.example", "hop@shop.example"]},
    )
    told = carl.get("/addresses/all@cars.example").body
    assert told["stored"] == ["mia@cars.example"]
    assert told["sent"] == ["hop@shop.example"]
    whole = olga.get("/addresses/all@cars.example").body
    assert whole["sent"] == ["z@far.example"]
    assert "z@far.example" not in str(told)
    assert carl.get("/addresses/nobody@cars.example").body["refused"]
    assert carl.get("/addresses/hop@shop.example").code == "domain-unknown"
    assert carl.get("/addresses/x@far.example").code == "domain-unknown"


def test_rows_are_imported_each_for_itself(world: World) -> None:
    carl = caller(world, "customer")
    rows = [
        {"address": "a@cars.example", "password": "a long enough password", "name": "Abe"},
        {"address": "mia@cars.example", "password": "a long enough password"},
        {"address": "b@shop.example", "password": "a long enough password"},
        {"address": "c@cars.example", "password": "short"},
    ]
    tried = carl.post("/imports/mailboxes", {"rows": rows, "dry_run": True}).body["results"]
    done = carl.post("/imports/mailboxes", {"rows": rows}).body["results"]
    assert tried == done
    assert [row["result"] for row in done] == ["made", "present", "refused", "refused"]
    assert [row["code"] for row in done[2:]] == ["domain-unknown", "password-short"]
    assert carl.get("/mailboxes/a@cars.example").body["name"] == "Abe"
    many = [{"address": f"f{n}@cars.example"} | ROUTE for n in range(3)]
    assert len(carl.post("/imports/forwarders", {"rows": many}).body["results"]) == 3
    caught = [{"domain": "cars.example", "action": "blackhole"}]
    assert carl.post("/imports/catch-alls", {"rows": caught}).body["results"][0]["result"] == "made"
    away = [{"address": "mia@cars.example", "subject": "Away", "body": "Soon."}]
    answers = carl.post("/imports/autoresponders", {"rows": away}).body["results"]
    assert answers[0]["result"] == "made"
    olga = caller(world, "operator")
    new = [{"name": "Nora", "quota": 5}]
    assert olga.post("/imports/customers", {"rows": new}).body["results"][0]["result"] == "made"
    domains = {"rows": [{"name": "nuts.example", "customer": "Nora"}], "dkim": False}
    assert olga.post("/imports/domains", domains).body["results"][0]["result"] == "made"


def test_people_are_invited_and_given_rights(world: World) -> None:
    carl = caller(world, "customer")
    cars = world.domains["main"].pk
    body = {"email": "nina@far.example", "role": "domain_admin", "domains": [cars]}
    made = carl.post("/invitations", body)
    assert (made.status, made.body["domains"]) == (201, [cars])
    assert OutgoingMail.objects.filter(recipient="nina@far.example").count() == 1
    assert made.body["id"] in [row["id"] for row in carl.all("/invitations")]
    assert carl.delete(f"/invitations/{made.body['id']}").status == 204
    inside = carl.post("/invitations", body | {"email": "x@shop.example"})
    assert inside.status == 422
    foreign = world.domains["stranger"].pk
    assert carl.post("/invitations", body | {"domains": [foreign]}).code == "domain-unknown"
    assert carl.post("/invitations", body | {"role": "operator"}).code == "role-invalid"
    dora = next(row for row in carl.all("/members") if row["role"] == "domain_admin")
    path = f"/members/{dora['id']}"
    trucks = world.domains["other"].pk
    changed = carl.patch(path, {"role": "domain_admin", "domains": [trucks]}).body
    assert changed["domains"] == [trucks]
    assert carl.delete(path).status == 204
    assert carl.get(path).code == "person-unknown"
    assert carl.put("/policy", {"second_factor": True}).body == {"second_factor": True}
    assert carl.get("/policy").body == {"second_factor": True}
    assert caller(world, "operator").get("/policy").status in (200, 422)


def test_a_token_makes_none_that_may_more(world: World) -> None:
    ends = (world.now + dt.timedelta(days=1)).isoformat()
    carl = caller(
        world,
        "customer",
        ["account", "read"],
        addresses=["192.0.2.0/24"],
        expires_at=world.now + dt.timedelta(days=2),
    )
    good = {"name": "x", "scopes": ["read"], "addresses": ["192.0.2.8/30"], "expires_at": ends}
    made = carl.post("/tokens", good)
    assert made.status == 201
    assert Caller(made.body["token"]).get("/me").status == 200
    for wider in (
        {"scopes": ["mailboxes"]},
        {"addresses": []},
        {"addresses": ["192.0.0.0/16"]},
        {"addresses": ["::/0"]},
        {"expires_at": None},
        {"expires_at": "2999-01-01"},
    ):
        assert carl.post("/tokens", good | wider).code in ("token-wider", "fields-invalid")
    assert "token" not in carl.get(f"/tokens/{made.body['id']}").body
    assert carl.delete(f"/tokens/{made.body['id']}").status == 204
    assert Caller(made.body["token"]).get("/me").status == 401
    stranger = caller(world, "stranger")
    assert stranger.get(f"/tokens/{made.body['id']}").code == "token-unknown"


def test_the_trail_shows_what_was_done_by_which_request(world: World) -> None:
    carl = caller(world, "customer")
    made = carl.post("/mailboxes", {"address": "new@cars.example"})
    entry = carl.get("/audit?verb=mailbox.create&label=new@cars.example").body["items"][0]
    assert entry["request"] == made.headers["X-Request-ID"]
    assert entry["actor"] == "customer:carl@outside.example"
    assert entry["address"] == "192.0.2.9"
    assert entry["after"]["secret"] == "(hidden)"
    assert carl.get(f"/audit/{entry['id']}").body == entry
    strange = AuditEntry.objects.filter(customer=world.customers["stranger"].pk).first()
    assert carl.get(f"/audit/{strange.pk}").code == "entry-unknown"
    assert caller(world, "reseller").get(f"/audit/{entry['id']}").status == 200


def test_a_job(world: World) -> None:
    carl, rita = caller(world, "customer"), caller(world, "reseller")
    job = jobs.create_job(
        actor=world.actor("customer"),
        now=world.now,
        kind="import-mailboxes",
        title="Many mailboxes",
        customer=world.customers["customer"].pk,
        payload={"rows": "inner"},
        total=7,
    )
    path = f"/jobs/{job.pk}"
    assert carl.get(path).body["total"] == 7
    assert "inner" not in str(carl.get(path).body)
    assert [row["id"] for row in rita.all("/jobs?state=waiting")] == [job.pk]
    assert carl.post(f"{path}/stop").body["state"] == "stopped"
    assert carl.post(f"{path}/stop").code == "job-ended"
    assert carl.post(f"{path}/resume").body["state"] == "waiting"
    assert caller(world, "stranger").get(path).code == "job-unknown"


def test_a_server(world: World) -> None:
    olga, stan = caller(world, "operator"), caller(world, "staff")
    body = {"name": "node2", "hostname": "mx2.example.net"}
    assert olga.post("/servers", body).body["revision"] == 0
    assert stan.post("/servers", body).status == 403
    assert olga.patch("/servers/node2", {"hostname": "mx9.example.net"}).status == 200
    assert stan.get("/servers/node2").body["hostname"] == "mx9.example.net"
    assert [row["name"] for row in stan.all("/servers")] == ["node1", "node2"]
    assert olga.delete("/servers/node2").status == 204
    assert olga.delete("/servers/node1").code == "server-in-use"
    assert caller(world, "customer").get("/servers").status == 403


def test_a_host_name(world: World) -> None:
    carl, olga = caller(world, "customer"), caller(world, "operator")
    domain = world.domains["main"].name
    path = f"/domains/{domain}/host-names"
    made = carl.post(path, {"name": f"mail.{domain}"})
    assert (made.status, made.body["state"]) == (201, "waiting")
    assert made.body["target"] == world.server.hostname
    assert carl.post(path, {"name": "mail.bank.example"}).code == "host-name-outside"
    assert [row["name"] for row in carl.get(path).body] == [f"mail.{domain}"]
    assert carl.post(f"{path}/mail.{domain}/retry").status == 200
    assert carl.post(f"{path}/mail.{domain}/retry").code == "host-name-asked"
    assert carl.get("/certificates").status == 403
    assert olga.get("/certificates").body["items"] == []
    assert carl.delete(f"{path}/mail.{domain}").status == 204
    assert carl.post(f"{path}/mail.{domain}/retry").code == "host-name-unknown"


def test_a_sending_address(world: World) -> None:
    olga, rita = caller(world, "operator"), caller(world, "reseller")
    body = {"server": "node1", "name": "out1.example.net", "ipv4": "192.0.2.10"}
    assert rita.post("/sending-addresses", body).status == 403
    made = olga.post("/sending-addresses", body)
    assert made.status == 201, made.body
    assert (made.body["state"], made.body["classes"]) == ("warming", ["own"])
    place = f"/sending-addresses/{made.body['id']}"
    changed = olga.patch(place, {"state": "paused", "note": "listed"})
    assert (changed.body["state"], changed.body["note"]) == ("paused", "listed")
    assert changed.body["name"] == "out1.example.net"
    assert [one["id"] for one in olga.get("/sending-addresses").body["items"]] == [made.body["id"]]
    assert olga.get("/sending-rests").body["items"] == []
    assert olga.get("/sending-decisions").body["items"] == []
    assert olga.delete(place).status == 204
    assert olga.get(place).status == 404
