"""Certificates ordered from a real authority (pebble), proved through a real nginx."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from tests.mailplane.engines.harness import until
from tests.mailplane.engines.nginx.front import NAME, OTHER, Front, running_front
from tests.support.authority import Authority, running_authority

from mailstead.config import Certificates, Web
from mailstead.home import Home
from mailstead.mailplane.directory import schema
from mailstead.mailplane.directory.state import State
from mailstead.mailplane.node.certificates import authority as ca
from mailstead.mailplane.node.certificates import pointing, schedule, store
from mailstead.mailplane.node.certificates.book import Book, Note
from mailstead.mailplane.node.certificates.keeper import Keeper
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.wire.changes import HostNamePut
from mailstead.wire.events import CertificateSeen

pytestmark = pytest.mark.engines

HOST = "mail.node.example"
ONE = "mail.one.example"
ELSEWHERE = "192.0.2.77"
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """nginx of these tests' own."""
    with running_front() as made:
        # Postfix and Dovecot have tests of their own (engines/test_names.py).
        made.home.maps.mkdir(parents=True)
        made.home.dovecot.mkdir()
        made.home.secrets.mkdir(mode=0o711)
        (made.home.postfix / "main.cf").write_text("compatibility_level = 3.6\n")
        yield made


@pytest.fixture(scope="module")
def authority(front: Front) -> Iterator[Authority]:
    with running_authority(front.model.http) as made:
        yield made


class Node:
    """The certificates of one node, its clock in the test's hand."""

    def __init__(
        self, front: Front, authority: Authority, names: tuple[str, ...] = (), **given: str
    ) -> None:
        self.names = names
        self.front, self.home, self.authority = front, front.home, authority
        self.now = dt.datetime.now(dt.UTC)
        self.given = Certificates(
            directory=authority.directory, agree=True, ca_file=str(authority.ca_file), **given
        )
        self.restart()

    def restart(self) -> None:
        """What a restart of the agent leaves: what is on the disk."""
        settings = msgspec.structs.replace(
            self.front.settings,
            hostname=HOST,
            web=Web(hostnames=self.names),
            certificates=self.given,
        )
        self.keeper = Keeper(settings, self.home)
        self.keeper._resolver = pointing.Resolver(self.authority.dns)

    def later(self, by: dt.timedelta = dt.timedelta(0)) -> None:
        """Let time pass, then let it look."""
        self.now += by
        self.keeper.once(self.now)

    def want(self, name: str, domain: str, asked: dt.datetime | None = None) -> None:
        """A customer's name, as the feed brings it."""
        put = HostNamePut(name=name, domain=domain, purpose="mail", asked=asked)
        with contextlib.closing(schema.connect(self.home.directory_database)) as base:
            State(base).put(put)

    def unwant(self, name: str) -> None:
        """The customer's name is gone."""
        with contextlib.closing(schema.connect(self.home.directory_database)) as base:
            State(base).remove("hostname", name)

    def note(self, name: str) -> Note:
        """What is on the disk about a name."""
        return Book(self.home).note(name)

    def shown(self, name: str | None) -> x509.Certificate:
        """What a browser is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.front.model.https), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=name) as client,
        ):
            data = client.getpeercert(True)
        assert data is not None
        return x509.load_der_x509_certificate(data)

    def shows(self, name: str | None, by: str) -> None:
        """Wait until a name is shown by the certificate of another or its own, for good."""

        def is_so() -> bool:
            try:
                return name_in(self.shown(name)) == by
            except ssl.SSLError:
                # Its file is gone, and nginx has not read its list anew yet.
                return False

        until(is_so, f"{name} is shown by the one of {by}")
        # The worker from before a reload takes connections beside the new one for a moment.
        until(self.front.one_worker, "only the new worker is left")

    def orders(self) -> int:
        """How many orders the authority has had."""
        return (self.authority.folder / "pebble.log").read_text().count("order-plz")


@pytest.fixture
def node(front: Front, authority: Authority) -> Iterator[Node]:
    yield Node(front, authority)
    _forget(front)


def _forget(front: Front) -> None:
    """Begin the next test with the host's own certificate alone, and without what was noted."""
    with contextlib.closing(schema.connect(front.home.directory_database)) as base:
        base.execute("DELETE FROM thing")
    for name in Book(front.home).names():
        if name != HOST:
            store.drop(front.home, name)
    (front.home.tls / "book.json").unlink(missing_ok=True)


def name_in(certificate: x509.Certificate) -> str:
    """The one name of a certificate."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (name,) = found.get_values_for_type(x509.DNSName)
    return name


def test_the_nodes_names_get_certificates_that_browsers_trust(
    front: Front, authority: Authority
) -> None:
    store.drop(front.home, HOST)
    node = Node(front, authority, (NAME, OTHER))
    node.later()
    context = ssl.create_default_context(cadata=node.authority.roots())
    for name in (HOST, NAME, OTHER):
        node.shows(name, name)
        with (
            socket.create_connection(("127.0.0.1", node.front.model.https), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            pass
        assert node.note(name).state == "valid"
    # The host's own is shown to whoever asks for no name, or for a strange one.
    assert name_in(node.shown(None)) == HOST
    assert name_in(node.shown("strange.example")) == HOST
    orders = node.orders()
    node.later(DAY)
    assert node.orders() == orders
    _forget(front)


def test_a_customers_name_gets_one_when_it_points_here(node: Node) -> None:
    node.want(ONE, "one.example")
    node.authority.point(ONE, ELSEWHERE)
    node.later()
    before = node.orders()
    note = node.note(ONE)
    assert note.state == "elsewhere"
    assert ELSEWHERE in note.words
    # nginx may still be reading its list without the name that a test before has had.
    node.shows(ONE, HOST)
    node.authority.point(ONE, "127.0.0.1")
    # It is not looked at all the time, and soon enough.
    node.later(dt.timedelta(seconds=10))
    assert node.note(ONE).state == "elsewhere"
    assert node.orders() == before
    node.later(schedule.ELSEWHERE)
    assert node.note(ONE).state == "valid"
    node.shows(ONE, ONE)


def test_a_name_that_is_gone_loses_its_certificate(node: Node) -> None:
    node.want(ONE, "one.example")
    node.later()
    node.shows(ONE, ONE)
    node.unwant(ONE)
    node.later(dt.timedelta(seconds=10))
    node.shows(ONE, HOST)
    assert not (node.home.names / ONE).exists()


@pytest.mark.parametrize(
    ("name", "domain"),
    [("mail.bank.example", "one.example"), ("one.example", "one.example"),
     ("evilone.example", "one.example"), ("mail.one.invalid", "one.invalid")],
)  # fmt: skip
def test_a_name_outside_its_domain_is_never_ordered(node: Node, name: str, domain: str) -> None:
    node.want(name, domain)
    node.later()
    assert not (node.home.names / name).exists()
    assert f'"{name}"' not in (node.authority.folder / "pebble.log").read_text()


def test_a_name_that_fails_holds_up_no_other_and_is_tried_ever_more_rarely(node: Node) -> None:
    node.want("a.blocked.example", "blocked.example")
    node.want("mail.zebra.example", "zebra.example")
    node.later()
    assert node.note("mail.zebra.example").state == "valid"
    note = node.note("a.blocked.example")
    assert (note.state, note.failures) == ("failed", 1)
    assert "forbidden" in note.words
    tried = []
    for _ in range(30 * 24):
        node.later(HOUR)
        failures = node.note("a.blocked.example").failures
        if not tried or failures != tried[-1][1]:
            tried.append((node.now, failures))
    gaps = [after - before for (before, _), (after, _) in itertools.pairwise(tried)]
    assert max(gaps) <= DAY + HOUR
    assert sorted(gaps) == gaps
    assert len(tried) < 40


def test_a_person_may_have_it_tried_at_once_but_not_all_the_time(node: Node) -> None:
    node.want("a.blocked.example", "blocked.example")
    node.later()
    assert node.note("a.blocked.example").failures == 1
    node.want("a.blocked.example", "blocked.example", asked=node.now + dt.timedelta(seconds=1))
    node.later(dt.timedelta(seconds=30))
    assert node.note("a.blocked.example").failures == 1
    node.later(schedule.ASKED_AGAIN)
    assert node.note("a.blocked.example").failures == 2


def test_the_authority_sees_another_server_and_says_so(node: Node) -> None:
    node.want(ONE, "one.example")
    served = node.home.challenges / ".well-known" / "acme-challenge"
    served.mkdir(parents=True, exist_ok=True)
    probe = served / "probe"
    probe.write_text("here")
    text = node.front.home.nginx / "nginx.conf"
    kept = text.read_text()
    text.write_text(kept.replace(str(node.home.challenges), "/nowhere"))
    try:
        _reload(node.front, probe, found=False)
        node.later()
        note = node.note(ONE)
        assert note.state == "failed"
        assert "404" in note.words
        assert list(served.iterdir()) == [probe]
    finally:
        text.write_text(kept)
        _reload(node.front, probe, found=True)
        probe.unlink()
    node.later(schedule.pause(1))
    assert node.note(ONE).state == "valid"


def _reload(front: Front, probe: Path, *, found: bool) -> None:
    """Let nginx read its files anew; the old worker may answer as long as it is there."""
    from mailstead.mailplane.engines.nginx import control

    control.reload(front.home)
    path = f"/.well-known/acme-challenge/{probe.name}"
    wanted = 200 if found else 404
    until(lambda: front.plain(path).status == wanted, f"nginx answers {wanted}")
    until(front.one_worker, "only the new worker is left")


def test_while_the_authority_is_away_nothing_is_counted_against_a_name(node: Node) -> None:
    node.want(ONE, "one.example")
    node.authority.down()
    try:
        node.later()
        note = node.note(ONE)
        assert note.failures == 0
        assert "does not answer" in note.words
    finally:
        node.authority.up()
    node.restart()
    node.later(dt.timedelta(minutes=10))
    assert node.note(ONE).state == "valid"


def test_renewal_comes_after_two_thirds_of_its_life_with_the_same_key(
    front: Front, node: Node
) -> None:
    node.want(ONE, "one.example")
    node.later()
    node.shows(ONE, ONE)
    first = node.shown(ONE)
    key = (node.home.names / ONE / "key.pem").read_bytes()
    life = first.not_valid_after_utc - first.not_valid_before_utc
    node.later(life * (schedule.SPENT - schedule.JITTER - 0.01))
    assert node.shown(ONE).serial_number == first.serial_number
    node.later(life * (schedule.JITTER + 0.02))
    second = node.shown(ONE)
    assert second.serial_number != first.serial_number
    assert second.public_key() == first.public_key()
    assert (node.home.names / ONE / "key.pem").read_bytes() == key


def test_certificates_of_six_days_are_renewed_in_time(front: Front) -> None:
    with running_authority(front.model.http, life=6 * 86400) as short:
        node = Node(front, short)
        node.want(ONE, "one.example")
        node.later()
        node.shows(ONE, ONE)
        first = node.shown(ONE).serial_number
        node.later(3 * DAY)
        assert node.shown(ONE).serial_number == first
        node.later(DAY)
        assert node.shown(ONE).serial_number != first
        assert node.note(ONE).alarm == 0
        _forget(front)


def test_a_node_killed_in_the_midst_of_an_order_does_not_order_in_a_circle(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.want(ONE, "one.example")
    node.later()
    node.shows(ONE, ONE)
    old = node.shown(ONE).serial_number

    class Killed(BaseException):
        """What a kill is to the code: nothing behind it runs."""

    def killed(*_: object) -> bytes:
        raise Killed

    node.want(ONE, "one.example", asked=node.now + HOUR)
    node.now += 2 * HOUR
    with monkeypatch.context() as patch:
        patch.setattr(ca.Authority, "order", killed)
        with pytest.raises(Killed):
            node.later()
    orders = node.orders()
    node.restart()
    node.later(dt.timedelta(seconds=30))
    assert node.shown(ONE).serial_number == old
    assert node.orders() == orders
    node.later(schedule.WHILE_TRYING)
    node.later(life_left(node))
    assert node.shown(ONE).serial_number != old


def life_left(node: Node) -> dt.timedelta:
    """Until the certificate in service is due."""
    found = store.leaf(node.home, ONE)
    assert found is not None
    return max(schedule.renew_at(found, ONE) - node.now, dt.timedelta(0)) + HOUR


def test_a_half_written_chain_is_never_seen(node: Node) -> None:
    node.want(ONE, "one.example")
    node.later()
    part = node.home.names / ONE / "chain.pem.part"
    part.write_text("-----BEGIN CERT")
    node.restart()
    node.later(dt.timedelta(seconds=10))
    node.shows(ONE, ONE)
    node.later(life_left(node))
    assert not part.exists()


def test_alarms_are_given_once_at_21_7_and_1_days(node: Node) -> None:
    node.want(ONE, "one.example")
    node.later()
    found = store.leaf(node.home, ONE)
    assert found is not None
    node.authority.point(ONE, ELSEWHERE)
    try:
        given = []
        for days in (40, 20, 19, 6, 5, 0.5, 0.4):
            node.now = found.not_valid_after_utc - dt.timedelta(days=days)
            node.later()
            given.append(node.note(ONE).alarm)
    finally:
        node.authority.point(ONE, "127.0.0.1")
    # Renewal is due from the 30th day on; half of the time that is left is 15 days.
    assert given == [0, 0, 0, 7, 7, 1, 1] or given == [0, 21, 21, 7, 7, 1, 1]
    assert node.note(ONE).state == "elsewhere"


def test_what_changes_is_told_once(node: Node) -> None:
    node.want(ONE, "one.example")
    spool = EventSpool(node.home.event_spool)
    try:
        node.later()
        node.keeper.tell(spool)
        number, events = spool.waiting()
        seen = {e.name: e for e in events if isinstance(e, CertificateSeen)}
        assert set(seen) == {HOST, ONE}
        assert seen[ONE].state == "valid"
        assert not seen[ONE].node
        assert seen[HOST].node
        found = store.leaf(node.home, ONE)
        assert found is not None
        assert seen[ONE].not_after == found.not_valid_after_utc
        spool.done(number, events)
        node.later(HOUR)
        node.keeper.tell(spool)
        assert not spool.waiting()[1]
    finally:
        spool.close()


def test_an_account_that_the_authority_binds_is_made_with_its_key(front: Front) -> None:
    with running_authority(front.model.http, binding=True) as binding:
        store.drop(front.home, HOST)
        (front.home.secrets / "acme-account.pem").unlink(missing_ok=True)
        refused = Node(front, binding)
        refused.later()
        assert refused.note(HOST).state == "failed"
        _forget(front)
        (front.home.secrets / "acme-account.pem").unlink(missing_ok=True)
        taken = Node(
            front, binding, key_id="key-1",
            key_secret="zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
        )  # fmt: skip
        taken.later()
        assert taken.note(HOST).state == "valid"
        _forget(front)
        (front.home.secrets / "acme-account.pem").unlink(missing_ok=True)


def test_without_an_authority_all_stays_self_signed(node: Node) -> None:
    node.given = Certificates()
    node.restart()
    node.want(ONE, "one.example")
    before = node.orders()
    node.later()
    assert node.note(ONE).state == "off"
    assert node.orders() == before


def test_a_caa_record_that_names_another_authority_is_seen_before_an_order(
    authority: Authority,
) -> None:
    authority.allow("caa.example", "other.example")
    authority.allow("both.example", "other.example", "ours.example; validationmethods=http-01")
    resolver = pointing.Resolver(authority.dns)
    ours = ("ours.example",)
    seen = pointing.look(resolver, "mail.caa.example", HOST, ours, node=False)
    assert seen.state == "refused"
    assert "other.example" in seen.words
    for name in ("mail.both.example", "mail.none.example"):
        assert pointing.look(resolver, name, HOST, ours, node=False).state == "here"


def test_a_resolver_that_is_away_is_not_taken_for_a_name_that_is_gone() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = pointing.Resolver(silent.getsockname()[1])
        resolver._asked.lifetime = 0.3
        assert pointing.look(resolver, ONE, HOST, (), node=False).state == "unknown"


def test_secrets_are_readable_by_root_alone(node: Node) -> None:
    node.want(ONE, "one.example")
    node.later()
    home: Home = node.home
    for path in (
        home.names / ONE / "key.pem",
        home.secrets / "acme-account.pem",
        home.nginx / "names.conf",
        home.tls / "book.json",
    ):
        assert path.stat().st_mode & 0o777 == 0o600
