"""What the real Rspamd tells the guard of submitted mail, through the real Redis."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import smtplib
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, running_host, until

from lab import compiled
from mailstead.config import Spam
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.redis import control as redis_control
from mailstead.mailplane.engines.redis import model as redis_model
from mailstead.mailplane.engines.redis import render as redis_render
from mailstead.mailplane.engines.rspamd import control as rspamd_control
from mailstead.mailplane.engines.rspamd import model as rspamd_model
from mailstead.mailplane.engines.rspamd import render as rspamd_render
from mailstead.mailplane.engines.rspamd.senders import SenderFiles
from mailstead.mailplane.guard.acts import Content
from mailstead.mailplane.guard.content import Ear
from mailstead.mailplane.guard.crowd import ALIKE, alike
from mailstead.mailplane.guard.reach import end
from mailstead.mailplane.node import users
from mailstead.standards.subject import subject_hash

pytestmark = pytest.mark.engines

KEY = "a-key-of-this-test-alone"
CAMPAIGN = """\
Dear {name},

we are a young company of engineers from the north and we build garden houses of larch wood that
last for fifty years without any paint. This month only, our new customers get every model for half
of its usual price, with the floor, the windows and the transport to your garden included.
Please look at the pictures of our work before you decide: {link}

With kind regards from all of us in the workshop
"""
LETTER = """\
Hello Karin,

thank you for the notes of the meeting. I have read them on the train and agree with nearly all of
it, only the budget of the second quarter seems too small to me when the two trips to Lisbon and
Porto are in it already. Shall we talk about that on Thursday after lunch, or is the evening better
for you? The children are at their grandparents then and I have time.
"""


class Filter:
    """Rspamd and Redis beside a host's engines."""

    def __init__(self, host: Host) -> None:
        self.host, self.home = host, host.home
        self.rspamd = rspamd_model.from_settings(host.settings, host.home)
        self.redis = redis_model.from_settings(host.settings, host.home)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def make(self) -> None:
        users.ensure()
        home = self.home
        home.secrets.mkdir(exist_ok=True)
        home.secrets.chmod(0o711)
        home.subject_key.write_text(KEY)
        home.subject_key.chmod(0o644)
        for path in (home.run, home.log):
            path.chmod(0o755)
        compiled.lend(home)
        rspamd_control.prepare(self.rspamd)
        redis_control.prepare(self.redis)
        files.write([*rspamd_render.render(self.rspamd), *redis_render.render(self.redis)])
        SenderFiles(home).replace({})
        self.start_redis()
        with (home.log / "rspamd.said").open("wb") as out:
            self._running["rspamd"] = subprocess.Popen(
                rspamd_control.command(self.rspamd), stdout=out, stderr=out
            )
        until(lambda: rspamd_control.answers(home), "rspamd answers", seconds=120)
        compiled.keep(home)

    def start_redis(self) -> None:
        self._running["redis"] = subprocess.Popen(
            redis_control.command(self.redis), user="redis", group="redis", extra_groups=[]
        )
        until(lambda: redis_control.answers(self.home), "redis answers")

    def stop_redis(self) -> None:
        redis = self._running.pop("redis")
        redis.kill()
        redis.wait(15)

    def signal_redis(self, number: int) -> None:
        self._running["redis"].send_signal(number)

    def close(self) -> None:
        for running in self._running.values():
            running.terminate()
            running.wait(30)


class Guard:
    """The guard's ear in a thread of its own, and what it has heard."""

    def __init__(self, socket: Path) -> None:
        self.heard: list[Content] = []
        self._loop = asyncio.new_event_loop()
        self.ear = Ear(socket, self.heard.extend, time.time)
        self._task = self._loop.create_task(self.ear.run())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)

    def of(self, mailbox: str) -> list[Content]:
        return [act for act in self.heard if act.mailbox == mailbox]

    def one(self, mailbox: str) -> Content:
        until(lambda: self.of(mailbox), f"the guard hears of {mailbox}")
        (act,) = self.of(mailbox)
        return act

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(end(self._task), self._loop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Host, Filter]]:
    """Postfix and Dovecot with a filter; the module's tests share it."""
    with running_host(spam=Spam(greylist=False)) as host:
        made = Filter(host)
        try:
            made.make()
            yield host, made
        finally:
            made.close()


@pytest.fixture
def guard(site: tuple[Host, Filter]) -> Iterator[Guard]:
    made = Guard(site[1].home.redis_socket)
    subscribed(site[1])
    yield made
    made.close()


def subscribed(filter_: Filter, seconds: float = 40) -> None:
    """Wait until the guard listens."""

    def there() -> bool:
        done = subprocess.run(
            ["redis-cli", "-s", str(filter_.home.redis_socket), "pubsub", "numsub",
             rspamd_render.CONTENT_CHANNEL],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.split()[-1:] == ["1"]

    until(there, "the guard listens to the filter", seconds)


def mailbox(host: Host, *, names: tuple[str, ...] = ()) -> str:
    """A mailbox of its own, which may write under its address and these names."""
    address = host.add(f"m{uuid.uuid4().hex[:10]}")
    SenderFiles(host.home).update(dict.fromkeys((address, *names), f"{address}/1"), ())
    return address


def send(host: Host, sender: str, text: str, *, author: str = "", subject: str = "News") -> float:
    """Hand a message in; how long the reply to it took, seconds."""
    to = f"far{uuid.uuid4().hex[:6]}@{DOMAIN}"
    host.maps.update("recipients", {to: "DUNNO"}, ())
    head = (
        f"From: <{author or sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}\r\n"
        f"Message-ID: <{uuid.uuid4().hex}@client.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    with host.submission(sender) as session:
        session.mail(sender)
        session.rcpt(to)
        begun = time.monotonic()
        code, words = session.data((head + text.replace("\n", "\r\n")).encode())
        taken = time.monotonic() - begun
    if code != 250:
        raise smtplib.SMTPDataError(code, words)
    return taken


def test_a_submitted_message_is_told_with_its_numbers(
    site: tuple[Host, Filter], guard: Guard
) -> None:
    host, _ = site
    ann = mailbox(host)
    send(host, ann, LETTER, subject="Re: Garden  houses")
    act = guard.one(ann)
    assert f"{act.instance}: " in host.log("postfix")
    assert (act.author, act.foreign, act.spam) == (ann, False, False)
    assert act.subject == int(subject_hash("garden houses", KEY.encode()), 16)
    assert act.body
    assert abs(act.at - time.time()) < 60


def test_nothing_is_told_of_mail_from_elsewhere(site: tuple[Host, Filter], guard: Guard) -> None:
    host, _ = site
    ann, bob = mailbox(host), mailbox(host)
    host.deliver(bob, body=CAMPAIGN.format(name="Bob", link="https://x.example/1"))
    host.arrives(bob, b"garden houses of larch")
    send(host, ann, LETTER)
    guard.one(ann)
    assert [act.mailbox for act in guard.heard] == [ann]


def test_two_mailboxes_with_one_text_are_alike_and_a_letter_is_not(
    site: tuple[Host, Filter], guard: Guard
) -> None:
    host, _ = site
    ann, bob, mia = mailbox(host), mailbox(host), mailbox(host)
    send(host, ann, CAMPAIGN.format(name="Anna Bell", link="https://one.example/a1b2c3"))
    send(host, bob, CAMPAIGN.format(name="Robert", link="https://two.example/778899"))
    send(host, mia, LETTER)
    one, other, letter = guard.one(ann), guard.one(bob), guard.one(mia)
    assert alike(one.body, other.body)
    assert (one.body ^ letter.body).bit_count() > ALIKE


def test_a_few_words_have_no_number(site: tuple[Host, Filter], guard: Guard) -> None:
    host, _ = site
    ann = mailbox(host)
    send(host, ann, "Thank you, see you on Monday.\n", subject="")
    act = guard.one(ann)
    assert (act.body, act.subject) == (0, 0)


def test_a_name_of_ones_own_in_another_domain_is_not_foreign(
    site: tuple[Host, Filter], guard: Guard
) -> None:
    host, _ = site
    shop = f"shop{uuid.uuid4().hex[:8]}@pears.example"
    ann = mailbox(host, names=(shop,))
    send(host, ann, LETTER, author=shop)
    act = guard.one(ann)
    assert (act.author, act.foreign) == (shop, False)


def test_a_foreign_name_is_told_although_the_message_is_refused(
    site: tuple[Host, Filter], guard: Guard
) -> None:
    host, _ = site
    ann = mailbox(host)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(host, ann, LETTER, author="boss@bank.example")
    assert refused.value.smtp_code == 554
    act = guard.one(ann)
    assert (act.author, act.foreign, act.body, act.score) == ("boss@bank.example", True, 0, 0.0)


def test_mail_goes_on_without_redis_and_the_guard_comes_back(
    site: tuple[Host, Filter], guard: Guard
) -> None:
    host, filter_ = site
    ann, bob = mailbox(host), mailbox(host)
    filter_.stop_redis()
    try:
        assert send(host, ann, LETTER) < 4
    finally:
        filter_.start_redis()
    subscribed(filter_)
    send(host, bob, LETTER)
    guard.one(bob)
    assert not guard.of(ann)


def test_a_redis_that_hangs_delays_no_reply_for_long(
    site: tuple[Host, Filter], guard: Guard
) -> None:
    host, filter_ = site
    ann = mailbox(host)
    filter_.signal_redis(signal.SIGSTOP)
    try:
        assert send(host, ann, LETTER) < 6
    finally:
        filter_.signal_redis(signal.SIGCONT)


def as_user(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_guards_user_reaches_redis_and_no_signing_key(site: tuple[Host, Filter]) -> None:
    _, filter_ = site
    home = filter_.home
    ping = as_user(users.GUARD, "redis-cli", "-s", str(home.redis_socket), "ping")
    assert ping.stdout.strip() == "PONG", ping
    assert as_user(users.GUARD, "cat", str(home.seal_key)).returncode != 0
    stranger = as_user("nobody", "redis-cli", "-s", str(home.redis_socket), "ping")
    assert "PONG" not in stranger.stdout
