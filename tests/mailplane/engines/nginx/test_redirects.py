"""Old panels' addresses: where each leads, that visits are counted, and what a taken port does."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import until
from tests.mailplane.engines.nginx.front import NAME, Answer, Front, running_front

from mailstead.home import Home
from mailstead.mailplane.directory.schema import connect
from mailstead.mailplane.directory.state import State
from mailstead.mailplane.engines import files, served
from mailstead.mailplane.engines.nginx import control, model, names, redirects, render
from mailstead.mailplane.engines.nginx.model import NginxModel
from mailstead.mailplane.engines.nginx.redirects import OldHost
from mailstead.mailplane.node import tls
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.redirects import Redirects
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import RedirectPut
from mailstead.wire.events import OldPortSeen, RedirectUsed

PANEL, WEBMAIL = "https://panel.example/", "https://panel.example/webmail/"
NOW = dt.datetime.now(dt.UTC)
HOSTS = ("mail.moved.example", "webmail.moved.example", "cpanel.moved.example")


def a_model() -> NginxModel:
    return NginxModel(home=Home(Path("/srv/ms")), https=443, http=80, hostnames=(NAME,), ipv6=False)


def test_the_file_asks_for_the_ports_that_can_be_had_and_no_others() -> None:
    made = redirects.file(a_model(), [OldHost("mail.a.example", PANEL, WEBMAIL)], [2083, 2082])
    assert redirects.ports_in(made.text) == [2082, 2083]
    assert "listen 2083 ssl;" in made.text and "listen 2082;" in made.text
    assert "2222" not in made.text and "2096" not in made.text
    alone = redirects.file(a_model(), [OldHost("mail.a.example", PANEL, WEBMAIL)], [])
    assert redirects.ports_in(alone.text) == [] and "default_server" not in alone.text


@pytest.mark.parametrize(
    "values",
    [
        ("mail.a.example; }", PANEL, WEBMAIL),
        ("mail.a.example\n", PANEL, WEBMAIL),
        ("~.*", PANEL, WEBMAIL),
        ("mail.a.example", "http://panel.example/", WEBMAIL),
        ("mail.a.example", PANEL, "https://panel.example/;$host"),
        ("mail.a.example", "https://panel.example", WEBMAIL),
    ],
)
def test_what_could_say_something_else_to_nginx_is_refused(values: tuple[str, str, str]) -> None:
    with pytest.raises(Refusal, match="cannot stand"):
        redirects.file(a_model(), [OldHost(*values)], [2083])


class Node:
    """A running nginx and the part of the agent that looks after its redirects."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.home = front.home
        self.book = Redirects(front.settings, front.home)
        self.home.directory_database.parent.mkdir(parents=True, exist_ok=True)
        self.database = connect(self.home.directory_database)
        self.state = State(self.database)
        self.spool = EventSpool(self.home.event_spool)

    def want(self, *hosts: str, until: dt.datetime = NOW + dt.timedelta(days=1)) -> None:
        for host in hosts:
            self.state.put(
                RedirectPut(
                    host=host, domain="moved.example", panel=PANEL, webmail=WEBMAIL, until=until
                )
            )
        self.database.commit()

    def events(self) -> list[object]:
        self.book.tell(self.spool)
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return list(events)

    def port(self, number: int) -> int:
        return number + self.front.settings.ports.offset

    def listens(self, number: int) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port(number))) == 0

    def certify(self, hosts: Sequence[str]) -> None:
        """A certificate of its own for the first, the node's own for the others."""
        for one in (self.home.certificate, self.home.certificate_key):
            one.unlink()
        tls.ensure(self.home, (self.front.settings.hostname, NAME, *hosts[1:]))
        own = served.of(self.home, hosts[0])
        own.key.parent.mkdir(parents=True)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-noenc", "-subj", "/CN=old", "-addext", f"subjectAltName=DNS:{hosts[0]}",
             "-keyout", str(own.key), "-out", str(own.chain)],
            check=True, capture_output=True,
        )  # fmt: skip
        shown = model.from_settings(self.front.settings, self.home)
        files.write([names.file(shown)])

    def ask(self, host: str, port: int, path: str, scheme: str = "https") -> Answer:
        """An answer, the certificate verified for the old name."""
        own = served.of(self.home, host).chain
        options = ("--cacert", str(own)) if own.exists() else ()
        return self.front.fetch(f"{scheme}://{host}:{port}{path}", host, port, *options)


@pytest.fixture
def node() -> Iterator[Node]:
    with running_front() as front:
        made = Node(front)
        yield made
        made.spool.close()
        made.database.close()


@pytest.mark.engines
def test_each_old_address_leads_to_the_right_page_and_is_counted(node: Node) -> None:
    assert not node.listens(2083)
    node.certify(HOSTS)
    node.want(*HOSTS)
    node.book.follow(NOW)
    until(lambda: node.listens(2222) and node.front.one_worker(), "the old ports are answered")
    mail, webmail, cpanel = HOSTS
    https, http = node.front.model.https, node.front.model.http
    asked = [
        (mail, node.port(2083), "/cpsess123/frontend/", "https", PANEL, "2083"),
        (mail, node.port(2087), "/", "https", PANEL, "2087"),
        (mail, node.port(2096), "/", "https", WEBMAIL, "2096"),
        (mail, node.port(2222), "/", "https", PANEL, "2222"),
        (mail, node.port(2222), "/roundcube/", "https", WEBMAIL, "2222/roundcube"),
        (mail, node.port(2082), "/", "http", PANEL, "2082"),
        (mail, node.port(2086), "/", "http", PANEL, "2086"),
        (mail, node.port(2095), "/", "http", WEBMAIL, "2095"),
        # Plain HTTP where TLS is spoken.
        (mail, node.port(2222), "/", "http", PANEL, "2222"),
        (mail, https, "/webmail", "https", WEBMAIL, "/webmail"),
        (mail, https, "/roundcube/?_task=mail", "https", WEBMAIL, "/roundcube"),
        (mail, https, "/cpanel", "https", PANEL, "/cpanel"),
        (mail, https, "/webmailer", "https", PANEL, "/"),
        (webmail, https, "/", "https", WEBMAIL, "/"),
        (webmail, https, "/cpanel", "https", PANEL, "/cpanel"),
        (cpanel, http, "/", "http", PANEL, "/"),
        (cpanel, http, "/webmail/", "http", WEBMAIL, "/webmail"),
    ]
    want: dict[tuple[str, str], int] = {}
    for host, port, path, scheme, page, via in asked:
        answer = node.ask(host, port, path, scheme)
        assert (answer.status, answer.one("location")) == (302, page), (host, port, path)
        assert answer.one("referrer-policy") == "no-referrer"
        want[host, via] = want.get((host, via), 0) + 1
    # These are asked for by programs, and by nobody who looks for the old page.
    node.ask(mail, https, "/favicon.ico")
    assert node.ask(mail, http, "/.well-known/acme-challenge/none", "http").status == 404
    until(
        lambda: redirects.log(node.home).read_text().count("\n") >= len(asked),
        "the visits are in the log",
    )
    told = [event for event in node.events() if isinstance(event, RedirectUsed)]
    assert {(one.host, one.via): one.count for one in told} == want
    assert all(abs((one.last - dt.datetime.now(dt.UTC)).total_seconds()) < 60 for one in told)
    assert node.events() == []
    # Other names are strangers there too.
    stranger = node.front.fetch(
        f"http://127.0.0.1:{node.port(2082)}/", "127.0.0.1", node.port(2082)
    )
    assert stranger.status == 421 and "location" not in stranger.headers


@pytest.mark.engines
def test_a_taken_port_is_told_and_the_others_are_served(node: Node) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", node.port(2083)))
        other.listen()
        node.want("mail.moved.example")
        node.book.follow(NOW)
        until(lambda: node.listens(2222), "the free port is answered")
        assert control.answers(node.front.model)
        (told,) = [event for event in node.events() if isinstance(event, OldPortSeen)]
        assert told.port == node.port(2083) and "pid" in told.holder
        assert node.events() == []
    node.book.follow(NOW)
    until(lambda: node.listens(2083), "the port that became free is answered")
    (told,) = [event for event in node.events() if isinstance(event, OldPortSeen)]
    assert (told.port, told.holder) == (node.port(2083), "")
    # An agent that starts anew does not take nginx for a stranger.
    again = Redirects(node.front.settings, node.home)
    again.follow(NOW)
    again.tell(node.spool)
    assert node.spool.waiting()[1] == []
    assert node.listens(2083)


@pytest.mark.engines
def test_they_end_with_their_time_and_the_ports_are_given_back(node: Node) -> None:
    node.want("mail.moved.example")
    node.book.follow(NOW)
    until(lambda: node.listens(2083), "the old port is answered")
    node.book.follow(NOW + dt.timedelta(days=2))
    assert not redirects.path(node.home).exists()
    until(lambda: not node.listens(2083), "the old port is free")
    assert control.answers(node.front.model)


@pytest.mark.engines
def test_a_change_of_the_directory_is_followed_at_once(node: Node) -> None:
    stopping = threading.Event()
    thread = threading.Thread(target=node.book.run, args=(stopping,))
    thread.start()
    try:
        first = node.book._mark()
        node.want("mail.moved.example")
        node.database.execute("UPDATE meta SET value = 7 WHERE name = 'revision'")
        node.database.commit()
        assert node.book._mark() != first
        until(lambda: node.listens(2083), "the old port is answered")
        redirects.path(node.home).unlink()
        until(redirects.path(node.home).exists, "the file is there again")
    finally:
        stopping.set()
        thread.join(15)
    assert not thread.is_alive()


@pytest.mark.engines
def test_the_panels_own_name_is_never_taken_over(node: Node) -> None:
    node.want(NAME, node.front.settings.hostname)
    node.book.follow(NOW)
    assert not redirects.path(node.home).exists()
    assert node.front.get("/").seen()


@pytest.mark.engines
def test_nginx_starts_whatever_was_there_before(node: Node) -> None:
    node.want("mail.moved.example")
    node.book.follow(NOW)
    control.prepare(node.front.model)
    # A node that is told to come up while it runs goes on with what it has.
    assert redirects.path(node.home).exists()
    node.front.stop()
    control.prepare(node.front.model)
    assert not redirects.path(node.home).exists()
    assert "redirects*.conf" in render.render(node.front.model)[0].text
