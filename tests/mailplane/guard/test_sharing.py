"""Guards that meet at a real Redis: what one has seen the others know; each does without."""

from __future__ import annotations

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from structlog.testing import capture_logs
from tests.mailplane.engines.harness import until
from tests.mailplane.guard.mailboxes import ANN, BOB, BOT, FAR, message, settled, strangers
from tests.support.ports import free_port

from mailstead.home import Home
from mailstead.mailplane.guard import meeting, reach, sharing
from mailstead.mailplane.guard.acts import Content
from mailstead.mailplane.guard.crowd import BURST, WINDOW, Crowd
from mailstead.mailplane.guard.logins.detector import Attempt, LoginDetector
from mailstead.mailplane.guard.logins.limits import ACCOUNTS
from mailstead.mailplane.guard.meeting import Meeting
from mailstead.mailplane.guard.profile import DAY
from mailstead.mailplane.guard.sharing import (
    BLOCKS,
    SEEN,
    THEFTS,
    Barred,
    Lifted,
    Sharing,
    Theft,
    Used,
    Wrote,
    read,
)

NOW = 1_790_000_000.0
TEXT = 0xB423EFAD7310812B
GOOD = {"type": "used", "node": "n2", "at": NOW, "mailbox": "00" * 8, "client": FAR}


def entry(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_entries_are_read() -> None:
    assert read(entry(), NOW) == Used("n2", NOW, "00" * 8, FAR)
    wrote = entry(type="text", owner="11" * 8, text="22" * 8)
    assert read(wrote, NOW) == Wrote("n2", NOW, "00" * 8, "11" * 8, "22" * 8)
    theft = entry(type="theft", texts=["22" * 8], clients=[FAR, "2001:db8::1"])
    assert read(theft, NOW) == Theft("n2", NOW, ("22" * 8,), (FAR, "2001:db8::1"))


def test_entries_about_log_ins_are_read() -> None:
    barred = entry(type="barred", until=NOW + 60)
    assert read(barred, NOW) == Barred("n2", NOW, NOW + 60, FAR)
    lifted = entry(type="lifted", client="2001:db8:1:2::/64")
    assert read(lifted, NOW) == Lifted("n2", NOW, "2001:db8:1:2::/64")
    assert read(lifted, NOW + DAY + 1) is None


def test_what_is_too_old_or_ahead_of_time_says_nothing() -> None:
    assert read(entry(at=NOW - WINDOW - 1), NOW) is None
    assert read(entry(at=NOW + 600), NOW) is None
    theft = {"type": "theft", "texts": [], "clients": []}
    assert read(entry(**theft, at=NOW - WINDOW - 1), NOW) is not None
    assert read(entry(**theft, at=NOW - BURST - 1), NOW) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        entry(type="other"),
        entry(node=""),
        entry(node="n" * 64),
        entry(mailbox="ann@cars.example"),
        entry(client="not an address"),
        entry(client="9" * 60),
        entry(at="now"),
        entry(type="theft", texts=["22" * 8] * 65, clients=[]),
        entry(type="theft", texts=[], clients=[FAR] * 501),
        entry(type="theft", texts=[], clients=["x.example"]),
        entry(padding="x" * sharing.LONGEST),
        entry(type="barred", until=NOW, client="2001:db8::1"),
        entry(type="barred", until=NOW, client="192.0.2.0/24"),
        entry(type="barred", client=FAR),
        entry(type="lifted", client="x.example"),
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read(raw, NOW)


@given(st.binary(max_size=300))
def test_no_octets_do_more_than_be_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read(raw, NOW)


def test_what_waits_for_a_redis_that_is_away_is_bounded() -> None:
    made = Sharing(Meeting("unix:///nonexistent", "n1"), b"k", Crowd(), lambda: NOW)
    for number in range(sharing.MOST_WAITING + 50):
        made.used(NOW, ANN, f"192.0.2.{number % 250}")
    made.stolen(NOW, [TEXT] * 100, [FAR] * 1000)
    made.barred(FAR, NOW, NOW + 60)
    assert {name: len(waiting) for name, waiting in made._waiting.items()} == {
        BLOCKS: 1,
        SEEN: sharing.MOST_WAITING,
        THEFTS: 1,
    }
    told = read(made._waiting[THEFTS][0], NOW)
    assert isinstance(told, Theft) and (len(told.texts), len(told.clients)) == (64, 500)


def test_only_the_guard_may_read_where_they_meet(tmp_path: Path) -> None:
    path = tmp_path / "sharing.json"
    other = tmp_path / "other"
    other.write_text("mine")
    path.symlink_to(other)
    place = Meeting("rediss://u:secret@r.example/0", "n1")
    meeting.write(path, place, "root")
    assert other.read_text() == "mine" and path.stat().st_mode & 0o777 == 0o400
    assert meeting.read(path) == place
    meeting.write(path, None, "root")
    assert not path.exists()


# With a real Redis


class Server:
    """A Redis of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        self._running = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", "",
             "--dir", str(self.folder), *words],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._answers, "redis answers")

    def _answers(self) -> bool:
        try:
            return bool(Redis(unix_socket_path=str(self.socket)).ping())
        except OSError:
            return False
        except Exception as error:  # noqa: BLE001 - it is loading, or asks who we are
            return "auth" in str(error).lower()

    def stop(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait(15)
            self._running = None
            self.socket.unlink(missing_ok=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ms-r", dir="/tmp") as folder:
        made = Server(Path(folder))
        made.start()
        yield made
        made.stop()


class Node:
    """One node's guard, as far as it is about others."""

    def __init__(self, url: str, name: str, crowd: Crowd | None = None) -> None:
        self.crowd = crowd or Crowd()
        self.logins = LoginDetector()
        self.sharing = Sharing(
            Meeting(url, name), name.encode(), self.crowd, time.time, self.logins
        )

    def keeps_out(self, client: str, account: str = BOB) -> bool:
        """Whether a client may not even try."""
        return self.logins.judge(Attempt(time.time(), account, client, 7)).reason == "accounts"

    def guessed(self, client: str) -> None:
        """Somebody tries wrong passwords at as many mailboxes as are too many."""
        for number in range(ACCOUNTS.count):
            one = Attempt(time.time(), f"m{number}@cars.example", client, number)
            self.logins.learn(one, right=False)


async def until_true(found: Callable[[], object], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.01)


def together(work: Callable[[], Awaitable[None]], *nodes: Node) -> None:
    """Do some work while these nodes share."""

    async def run() -> None:
        tasks = [asyncio.create_task(node.sharing.run()) for node in nodes]
        try:
            await work()
        finally:
            await reach.end(*tasks)

    asyncio.run(run())


@pytest.mark.engines
def test_what_one_guard_sees_the_others_know(server: Server) -> None:
    one, other = Node(server.url, "n1"), Node(server.url, "n2")
    now = time.time()

    async def work() -> None:
        one.crowd.confirm(ANN, now, [TEXT], [FAR])
        one.sharing.used(now, ANN, "192.0.2.99")
        one.sharing.wrote(now, ANN, "cars.example", TEXT ^ 1)
        await until_true(lambda: other.crowd.is_stolen_client(FAR, now), "a thief's client")
        await until_true(lambda: other.crowd.bands, "a text")

    together(work, one, other)
    assert other.crowd.is_stolen_text(TEXT ^ 3, now)
    assert other.crowd.met("192.0.2.99", BOB, now) == 1
    assert other.crowd.wrote(BOB, "pears.example", TEXT, now) == 1
    # A theft elsewhere makes nobody here suspect who has nothing in common with it.
    assert other.crowd.raised(BOB, now) == 0
    # What one has told itself does not come back as somebody else's.
    assert one.crowd.clients == {} and one.crowd.bands == {}


@pytest.mark.engines
def test_nothing_in_redis_names_anybody(server: Server) -> None:
    one = Node(server.url, "n1")
    redis = Redis(unix_socket_path=str(server.socket))

    async def work() -> None:
        one.sharing.used(time.time(), ANN, FAR)
        one.sharing.wrote(time.time(), ANN, "cars.example", TEXT)
        await until_true(lambda: redis.xlen(SEEN) == 2, "both are told")

    together(work, one)
    raw = str(redis.xrange(SEEN))
    assert FAR in raw and "cars" not in raw and "ann" not in raw


@pytest.mark.engines
def test_a_guard_that_starts_later_reads_what_was_told_before(server: Server) -> None:
    one, late = Node(server.url, "n1"), Node(server.url, "n3")
    now = time.time()
    redis = Redis(unix_socket_path=str(server.socket))
    one.crowd.confirm(ANN, now, [TEXT], [FAR])
    together(lambda: until_true(lambda: redis.xlen(THEFTS), "it is told"), one)
    redis.xadd(THEFTS, {"d": b"\xff nonsense"})
    redis.xadd(THEFTS, {"other": b"{}"})
    redis.xadd(THEFTS, {"d": entry(type="theft", at=now, texts=[], clients=["192.0.2.98"])})
    with capture_logs() as logs:
        together(
            lambda: until_true(lambda: late.crowd.is_stolen_client("192.0.2.98", now), "the last"),
            late,
        )
    assert late.crowd.is_stolen_client(FAR, now)
    assert [one["event"] for one in logs] == ["an entry of the fleet is not understood"]


@pytest.mark.engines
def test_what_happens_while_redis_is_away_is_told_when_it_is_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "PAUSES", (0.05, 0.2))
    one, other = Node(server.url, "n1"), Node(server.url, "n2")
    now = time.time()

    async def work() -> None:
        one.crowd.confirm(ANN, now, [], ["192.0.2.97"])
        await until_true(lambda: other.crowd.is_stolen_client("192.0.2.97", now), "the first")
        server.stop()
        one.crowd.confirm(ANN, now, [], [FAR])
        await until_true(lambda: len(logs) >= 2, "both say that it is away")
        server.start()
        await until_true(lambda: other.crowd.is_stolen_client(FAR, now), "the second")

    with capture_logs() as logs:
        together(work, one, other)
    assert sorted(one["event"] for one in logs) == ["fleet back"] * 2 + ["fleet out of reach"] * 2


@pytest.mark.engines
def test_by_tls_with_a_password(server: Server, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    server.stop()
    server.start(
        *("--tls-port", str(port), "--tls-cert-file", str(certificate)),
        *("--tls-key-file", str(key), "--tls-auth-clients", "no", "--requirepass", "pears"),
    )
    url = f"rediss://default:pears@localhost:{port}/0"
    trusting = f"{url}?ssl_ca_certs={certificate}"
    one, other, stranger = Node(trusting, "n1"), Node(trusting, "n2"), Node(url, "n3")
    now = time.time()

    async def work() -> None:
        one.crowd.confirm(ANN, now, [], [FAR])
        await until_true(lambda: other.crowd.is_stolen_client(FAR, now), "the client")
        await until_true(lambda: logs, "who does not know the authority says so")

    with capture_logs() as logs:
        together(work, one, other, stranger)
    assert "CERTIFICATE_VERIFY_FAILED" in logs[0]["words"]
    assert not stranger.crowd.is_stolen_client(FAR, now)


@pytest.mark.engines
def test_a_thief_known_on_one_node_is_known_at_the_first_message_on_another(
    server: Server,
) -> None:
    now = time.time()
    begin = now - 40 * DAY
    first, second = settled(ANN, begin=begin), settled(BOB, begin=begin)
    one, other = Node(server.url, "n1", first.crowd), Node(server.url, "n2", second.crowd)
    for number in range(4):
        to = strangers(3, f"v{number}")
        first.examine(message(now + number, *to, client=FAR, helo=BOT))
        first.note(Content(now + number, ANN, "q", ANN, 0, TEXT ^ number, 0.0, False))

    async def work() -> None:
        first.confirmed(ANN, now + 5)
        await until_true(lambda: other.crowd.is_stolen_client(FAR, now), "the thief's client")

    together(work, one, other)
    second.examine(message(now + 6, *strangers(1), mailbox=BOB, client=FAR, helo=BOT))
    assert "campaign" in {found.signal for found in second.why(BOB, now + 6)}


def test_a_node_has_its_own_key_and_keeps_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.guard_sharing.parent.mkdir()
    meeting.write(home.guard_sharing, Meeting("unix:///nonexistent", "n1"), "root")
    one, again = (Sharing.of(home, Crowd(), time.time) for _ in range(2))
    assert one._name(ANN) == again._name(ANN) != one._name(BOB)
    assert home.guard_sharing.with_suffix(".key").stat().st_mode & 0o777 == 0o600


# Clients that are kept out


@pytest.mark.engines
def test_a_client_that_one_node_keeps_out_is_kept_out_of_the_others(server: Server) -> None:
    one, other = Node(server.url, "n1"), Node(server.url, "n2")
    now = time.time()
    other.logins.learn(Attempt(now, ANN, FAR, 1), right=True)
    redis = Redis(unix_socket_path=str(server.socket))

    async def work() -> None:
        one.guessed(FAR)
        assert one.keeps_out(FAR)
        await until_true(lambda: other.keeps_out(FAR), "the other one knows")

    together(work, one, other)
    assert not other.keeps_out(FAR, ANN), "who has logged in there keeps its way"
    assert not other.keeps_out("192.0.2.99"), "a neighbour is another client"
    own, heard = (node.logins.clients[FAR].ban for node in (one, other))
    assert own is not None and heard is not None and own.until == heard.until
    assert FAR in other.logins.changed_clients, "it is written, and so told to the panel"
    raw = str(redis.xrange(BLOCKS))
    assert FAR in raw and "cars" not in raw
    assert redis.xlen(BLOCKS) == 1, "who hears of it does not tell it again"


@pytest.mark.engines
def test_who_is_let_in_on_one_node_is_let_in_everywhere(server: Server) -> None:
    one, other, late = (Node(server.url, f"n{n}") for n in range(1, 4))

    async def work() -> None:
        one.guessed(FAR)
        await until_true(lambda: other.keeps_out(FAR), "the other one knows")
        other.guessed(FAR)
        other.logins.lift(FAR, "", time.time())
        await until_true(lambda: not one.keeps_out(FAR), "the first one has heard of the end")
        one.guessed(FAR)
        await until_true(lambda: other.keeps_out(FAR), "a new block counts again")

    together(work, one, other)

    async def later() -> None:
        await until_true(lambda: late.keeps_out(FAR), "who starts later knows what holds")

    together(later, late)
    own, heard = (node.logins.clients[FAR].ban for node in (one, late))
    assert own is not None and heard is not None and own.until == heard.until


@pytest.mark.engines
def test_each_decides_alone_while_redis_is_away(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "PAUSES", (0.05, 0.2))
    one, other = Node(server.url, "n1"), Node(server.url, "n2")
    server.stop()

    async def work() -> None:
        await until_true(lambda: len(logs) >= 2, "both say that it is away")
        one.guessed(FAR)
        assert one.keeps_out(FAR) and not other.keeps_out(FAR)
        other.logins.hear_lift(FAR, time.time())
        server.start()
        one.guessed("192.0.2.99")
        await until_true(lambda: other.keeps_out("192.0.2.99"), "what came later")

    with capture_logs() as logs:
        together(work, one, other)
    assert not other.keeps_out(FAR), "it was let in there after it was blocked"


def test_no_entry_keeps_anybody_out_for_longer_than_a_block_may_last() -> None:
    made = Node("unix:///nonexistent", "n1")
    made.logins.hear_ban(FAR, NOW, NOW + 400 * DAY)
    ban = made.logins.clients[FAR].ban
    assert ban is not None and ban.until == NOW + ACCOUNTS.most
    made.logins.hear_ban(FAR, NOW, NOW + 60)
    assert made.logins.clients[FAR].ban is ban, "a shorter one changes nothing"
    made.logins.hear_lift(FAR, NOW)
    assert made.logins.clients[FAR].ban is None
    made.logins.hear_ban(FAR, NOW, NOW + 60)
    assert made.logins.clients[FAR].ban is None, "told late"
    made.logins.prune(NOW + 3 * DAY)
    assert made.logins.lifted == {}
