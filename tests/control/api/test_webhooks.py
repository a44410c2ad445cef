"""Webhooks: who is told what, signed and until it is taken, and where nothing is ever sent."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from mailstead.control.hosting import services
from mailstead.control.people import services as people
from mailstead.control.people.models import AuditEntry, Delivery, Webhook
from mailstead.control.people.services import sending, webhooks
from mailstead.standards.internet import is_public
from mailstead.standards.refusal import Refusal
from tests.control.api.caller import Caller, caller
from tests.control.world import World

LATER = dt.timedelta(minutes=2)


class Listener:
    """A customer's program: keeps what it hears and answers as it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status, self.answer, self.location = 200, b"thanks", ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.heard.append((dict(self.headers), body))
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://localhost:{self.port}/hook?a=1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def private(settings: Any) -> None:
    """Deliveries may go to this machine."""
    web = msgspec.structs.replace(settings.MAILSTEAD.web, webhooks_to_private=True)
    settings.MAILSTEAD = msgspec.structs.replace(settings.MAILSTEAD, web=web)


def _hook(program: Caller, url: str, *events: str) -> dict[str, Any]:
    made = program.post("/webhooks", {"url": url, "events": list(events)})
    assert made.status == 201, made.body
    return made.body  # type: ignore[no-any-return]


def _round(now: dt.datetime | None = None) -> int:
    moment = now or timezone.now()
    services.enqueue_webhooks(moment)
    return people.deliver_due(moment)


def test_what_is_done_is_told_signed_and_logged(
    world: World, listener: Listener, private: None
) -> None:
    carl = caller(world, "customer")
    hook = _hook(carl, listener.url, "mailbox.*")
    carl.post("/domains", {"name": "unheard.example", "dkim": False})
    carl.post("/mailboxes", {"address": "new@cars.example"})
    assert _round() == 1
    headers, body = listener.heard[0]
    told = json.loads(body)
    assert (told["type"], told["data"]["label"]) == ("mailbox.create", "new@cars.example")
    assert told["data"]["after"]["secret"] == "(hidden)"
    assert headers["Host"] == f"localhost:{listener.port}"
    assert headers["Mailstead-Event"] == "mailbox.create"
    at, mac = (part.partition("=")[2] for part in headers["Mailstead-Signature"].split(","))
    wanted = hmac.new(hook["secret"].encode(), at.encode() + b"." + body, hashlib.sha256)
    assert mac == wanted.hexdigest()
    log = carl.all(f"/webhooks/{hook['id']}/deliveries")
    assert len(log) == 1
    assert (log[0]["status"], log[0]["words"], log[0]["next_try_at"]) == (200, "thanks", None)
    assert str(log[0]["id"]) == headers["Mailstead-Delivery"]
    assert _round() == 0
    assert "secret" not in carl.get(f"/webhooks/{hook['id']}").body


def test_each_hears_what_it_may(world: World, listener: Listener, private: None) -> None:
    for role in ("operator", "reseller", "customer", "stranger"):
        _hook(caller(world, role), listener.url + f"&who={role}", "mailbox.create")
    olga = caller(world, "operator")
    olga.post("/mailboxes", {"address": "new@cars.example"})
    olga.post("/mailboxes", {"address": "new@shop.example"})
    while _round():
        pass
    told = {
        (row.webhook.url.rpartition("=")[2], row.payload["data"]["label"])
        for row in Delivery.objects.select_related("webhook")
    }
    assert told == {
        ("operator", "new@cars.example"),
        ("operator", "new@shop.example"),
        ("reseller", "new@cars.example"),
        ("customer", "new@cars.example"),
        ("stranger", "new@shop.example"),
    }


def test_a_late_entry_is_told_and_none_twice(
    world: World, listener: Listener, private: None
) -> None:
    carl = caller(world, "customer")
    _hook(carl, listener.url, "mailbox.create")
    carl.post("/mailboxes", {"address": "one@cars.example"})
    entry = AuditEntry.objects.get(label="one@cars.example")
    late = AuditEntry.objects.get(pk=entry.pk)
    # Another transaction had taken a lower number and is committed only now.
    late.pk = entry.pk + 1000
    late.label = "two@cars.example"
    late.save(force_insert=True)
    assert services.enqueue_webhooks(timezone.now()) == 2
    early = AuditEntry.objects.get(pk=entry.pk)
    early.pk, early.label = entry.pk + 500, "three@cars.example"
    early.save(force_insert=True)
    assert services.enqueue_webhooks(timezone.now()) == 1
    assert services.enqueue_webhooks(timezone.now() + LATER) == 0
    assert Webhook.objects.get(url=listener.url).cursor == late.pk
    assert services.enqueue_webhooks(timezone.now() + LATER) == 0


def test_what_is_not_taken_comes_again_with_growing_pauses_for_a_day(
    world: World, listener: Listener, private: None
) -> None:
    carl = caller(world, "customer")
    hook = _hook(carl, listener.url, "mailbox.create")
    carl.post("/mailboxes", {"address": "new@cars.example"})
    listener.status, listener.answer = 503, b"not\x1b[2Jnow"
    now = timezone.now()
    services.enqueue_webhooks(now)
    pauses = []
    while True:
        people.deliver_due(now)
        row = Delivery.objects.get()
        if row.next_try_at is None:
            break
        pauses.append(row.next_try_at - now)
        assert people.deliver_due(row.next_try_at - dt.timedelta(seconds=1)) == 0
        now = row.next_try_at
    assert pauses == sorted(pauses)
    assert dt.timedelta(hours=20) < sum(pauses, dt.timedelta()) < dt.timedelta(hours=26)
    assert len(listener.heard) == len(pauses) + 1
    assert (row.status, row.words) == (503, "not[2Jnow")
    listener.status = 200
    path = f"/webhooks/{hook['id']}/deliveries/{row.pk}/redeliver"
    assert carl.post(path).status == 202
    assert people.deliver_due(timezone.now()) == 1


def test_a_webhook_that_is_dead_for_three_days_is_stopped_and_says_so(
    world: World, listener: Listener, private: None
) -> None:
    carl = caller(world, "customer")
    hook = _hook(carl, listener.url, "mailbox.create")
    listener.status = 500
    for n in range(2):
        carl.post("/mailboxes", {"address": f"n{n}@cars.example"})
    services.enqueue_webhooks(timezone.now())
    past = timezone.now() - webhooks.STOPPED_AFTER * 2
    Delivery.objects.update(tries=len(webhooks.PAUSES), created_at=past)
    people.deliver_due(timezone.now())
    shown = carl.get(f"/webhooks/{hook['id']}").body
    assert shown["active"] is False
    assert shown["stopped_words"]
    carl.post("/mailboxes", {"address": "meanwhile@cars.example"})
    assert services.enqueue_webhooks(timezone.now()) == 0
    again = carl.patch(f"/webhooks/{hook['id']}", {"active": True}).body
    assert (again["active"], again["stopped_words"]) == (True, "")
    carl.post("/mailboxes", {"address": "after@cars.example"})
    services.enqueue_webhooks(timezone.now())
    labels = [row.payload["data"]["label"] for row in Delivery.objects.order_by("pk")]
    assert labels[-1] == "after@cars.example"
    assert "meanwhile@cars.example" not in labels


def test_a_redirect_is_not_followed_and_a_long_answer_not_read_out(
    world: World, listener: Listener, private: None
) -> None:
    listener.status, listener.location = 302, f"{listener.url}/elsewhere"
    answers = sending.send([sending.Post(listener.url, b"{}")], private=True)
    assert (answers[0].status, len(listener.heard)) == (302, 1)
    assert not answers[0].good
    listener.status, listener.location, listener.answer = 200, "", b"x" * 1_000_000
    assert sending.send([sending.Post(listener.url, b"{}")], private=True)[0].words == "x" * 300


def test_an_address_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        answer = sending.send([sending.Post(url, b"{}")], private=True)[0]
    assert answer.status is None
    assert "seconds" in answer.words


PRIVATE = [
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.1.2.3/",
    "https://192.168.0.1:8443/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[ff02::1]/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://192.0.2.7/",
]
NO_URLS = [
    "http://example.com/",
    "ftp://example.com/",
    "https:///x",
    "https://user:pass@example.com/",
    "https://example.com:25/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://exa mple.com/",
    "https://example.com/#x",
    "file:///etc/passwd",
    "example.com",
]


@pytest.mark.parametrize("url", PRIVATE + NO_URLS)
def test_no_webhook_is_made_for_what_is_private_or_no_address(world: World, url: str) -> None:
    assert caller(world, "customer").post("/webhooks", {"url": url}).code == "url-invalid"


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("evil.example", ["127.0.0.1"]),
        ("10.0.0.1.nip.example", ["10.0.0.1"]),
        ("both.example", ["8.8.8.8", "169.254.169.254"]),
        ("six.example", ["::ffff:192.168.1.1"]),
        ("nat.example", ["64:ff9b::a00:1"]),
    ],
)
def test_a_name_that_leads_inside_is_not_called(
    monkeypatch: pytest.MonkeyPatch, name: str, addresses: list[str]
) -> None:
    _names(monkeypatch, {name: addresses})
    answer = sending.send([sending.Post(f"https://{name}/", b"{}")], private=False)[0]
    assert answer.status is None
    assert "not a public one" in answer.words


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"])
def test_no_spelling_of_this_machine_is_called(host: str) -> None:
    answer = sending.send([sending.Post(f"https://{host}/", b"{}")], private=False)[0]
    assert answer.status is None
    assert any(word in answer.words for word in ("public", "not a web address", "gaierror"))


def test_the_name_is_asked_once_so_that_it_cannot_lead_elsewhere_later(
    monkeypatch: pytest.MonkeyPatch, listener: Listener
) -> None:
    asked = _names(monkeypatch, {"rebind.example": ["127.0.0.1"]})
    url = f"http://rebind.example:{listener.port}/"
    answer = sending.send([sending.Post(url, b"{}")], private=True)[0]
    assert answer.good, answer
    assert asked == ["rebind.example"]
    assert listener.heard[0][0]["Host"] == f"rebind.example:{listener.port}"


def _names(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """A DNS in which these names lead there; returns who was asked for, addresses aside."""
    real, asked = socket.getaddrinfo, []

    def look_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else host
        if text not in names:
            try:
                ipaddress.ip_address(text)
            except ValueError:
                asked.append(text)
            return real(host, port, *more, **named)
        asked.append(text)
        found = []
        for address in names[text]:
            found += real(address, port, type=socket.SOCK_STREAM)
        return found

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("event", ["mailbox", "*", "mailbox.create.x", "Mailbox.create", ""])
def test_what_is_no_event_is_refused(world: World, event: str) -> None:
    body = {"url": "https://example.com/", "events": [event]}
    assert caller(world, "customer").post("/webhooks", body).code == "event-invalid"


def test_a_webhook_of_another_is_not_there(world: World) -> None:
    hook = _hook(caller(world, "customer"), "https://example.com/")
    eve = caller(world, "stranger")
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries")):
        assert eve.call(method, f"/webhooks/{hook['id']}{path}").code == "webhook-unknown"
    assert eve.patch(f"/webhooks/{hook['id']}", {"active": False}).code == "webhook-unknown"


def test_old_deliveries_are_dropped(world: World, listener: Listener, private: None) -> None:
    carl = caller(world, "customer")
    _hook(carl, listener.url)
    carl.post("/mailboxes", {"address": "new@cars.example"})
    _round()
    assert people.drop_deliveries(timezone.now()) == 0
    assert people.drop_deliveries(timezone.now() + dt.timedelta(days=31)) == 1


def test_what_is_public() -> None:
    for text in ("8.8.8.8", "2606:4700::1111"):
        assert is_public(ipaddress.ip_address(text))
    with pytest.raises(Refusal):
        sending.checked_url("https://127.0.0.1/", private=False)
    assert sending.checked_url(" https://bücher.example/x ", private=False)
