"""What it costs a log-in that Dovecot looks at its password once it was right.

Alone, as root: `python -m bench.breached_logins [HASHES] [--work FOLDER]`. Three real Dovecots run
and are asked by turns, so that what else the machine does meets all: one that does not look; one
that looks into the index of breached passwords, with a hash of the house's scheme; and one that
looks with a hash from elsewhere, which costs as much to verify and hands the password over each
time to somebody who listens. The password is one that no list has, as most are.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import imaplib
import random
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bench.breached import write_list
from bench.report import Figure
from mailstead.breached import lists
from mailstead.breached.build import build
from mailstead.config import Passwords, Ports, Settings
from mailstead.home import Home
from mailstead.mailplane.directory import schema
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.dovecot import control, render
from mailstead.mailplane.engines.dovecot import model as models
from mailstead.standards.password import hashed

ADDED_AT_MOST = 1.0
"""Milliseconds."""
FOLDER = "ms-look"
OFFSETS = {"off": 21_000, "warn": 23_000, "found": 19_000}
SAID = {"off": "without a look", "warn": "with a look", "found": "with a hash from elsewhere"}
FOUND = "$6$rounds=4999$saltsaltsaltsalt$"
"""A setting of crypt(5) that is not the house's and takes as long."""
ADDRESS, PASSWORD = "ann@here.example", "no list has this sentence"
AT_ONCE = 8
ROUNDS = 5
_PLAIN = base64.b64encode(f"\0{ADDRESS}\0{PASSWORD}".encode()).decode()


class Store:
    """A Dovecot with one mailbox, which looks (`warn`, `found`) or does not (`off`)."""

    def __init__(self, root: Path, word: str, index: Path) -> None:
        settings = Settings(
            hostname="mail.node.example",
            home=root,
            ports=Ports(offset=OFFSETS[word]),
            passwords=Passwords(breached="off" if word == "off" else "warn"),
        )
        self.home = Home(root)
        self.port = settings.ports.of("imaps")
        model = models.from_settings(settings, self.home)
        self._model = replace(model, rehash=word != "off")
        self._listener = _listen(self.home.rehash_socket) if word == "found" else None
        for folder in (self.home.tls, self.home.breached_index.parent, self.home.log):
            folder.mkdir(parents=True)
        shutil.copyfile(index, self.home.breached_index)
        self._certificate()
        with contextlib.closing(schema.connect(self.home.directory_database)) as base:
            row = (ADDRESS, _secret(word), f"{ADDRESS}/7")
            base.execute("INSERT INTO login VALUES (?, ?, ?, 1, 1, 0, 0)", row)
        files.write(render.render(self._model))
        control.prepare(self._model)
        self._running = subprocess.Popen(control.command(self._model))

    def _certificate(self) -> None:
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        names = ["-subj", "/CN=mail.node.example", "-keyout", str(self.home.certificate_key)]
        words = [*command.split(), *names, "-out", str(self.home.certificate)]
        subprocess.run(words, check=True, capture_output=True)

    def connect(self) -> Asker:
        """Another client of its authentication."""
        return Asker(self.home.dovecot_run / "postfix-auth")

    def ready(self) -> None:
        """Wait until it answers; raises `TimeoutError`."""
        end = time.monotonic() + 20
        while True:
            try:
                self.connect().close()
                self.imap()
                return
            except OSError as error:
                if time.monotonic() > end or self._running.poll() is not None:
                    raise TimeoutError(f"Dovecot does not answer: {error}") from error
                time.sleep(0.05)

    def imap(self) -> float:
        """Log in by IMAP; returns the milliseconds of the command alone."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        session = imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context, timeout=20)
        began = time.perf_counter()
        session.login(ADDRESS, PASSWORD)
        took = (time.perf_counter() - began) * 1000
        session.logout()
        return took

    def close(self) -> None:
        """End it."""
        self._running.terminate()
        self._running.wait(15)
        if self._listener is not None:
            self._listener.kill()
            self._listener.wait()


def _secret(word: str) -> str:
    if word != "found":
        return hashed(PASSWORD)
    made = subprocess.run(
        ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", PASSWORD, FOUND],
        check=True,
        capture_output=True,
        text=True,
    )
    return "{SHA512-CRYPT}" + made.stdout


def _listen(path: Path) -> subprocess.Popen[bytes]:
    """Take what is handed over, as the agent does with what it has seen."""
    path.parent.mkdir(parents=True)
    take = "import socket\ndoor = socket.socket(fileno=0)\nwhile True: door.recv(2048)"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(path))
        shutil.chown(path, "dovecot")
        return subprocess.Popen([sys.executable, "-c", take], stdin=door.fileno())


class Asker:
    """A client of Dovecot's authentication, as Postfix is one (auth-protocol, version 1.1)."""

    _clients = iter(range(1, 1 << 30))

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._number = 0
        # Each connection must be another process to Dovecot.
        self._socket.sendall(f"VERSION\t1\t1\nCPID\t{next(self._clients)}\n".encode())
        while self._lines.readline() not in (b"DONE\n", b""):
            pass

    def log_in(self) -> float:
        """One log-in; returns its milliseconds."""
        self._number += 1
        words = ("AUTH", self._number, "PLAIN", "service=smtp", "secured", f"resp={_PLAIN}")
        began = time.perf_counter()
        self._socket.sendall("\t".join(map(str, words)).encode() + b"\n")
        answer = self._lines.readline()
        if not answer.startswith(b"OK\t"):
            raise RuntimeError(f"Dovecot has refused a log-in: {answer!r}")
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


def _rate(store: Store, count: int) -> float:
    """Log-ins in a second, by several clients at once."""
    askers = [store.connect() for _ in range(AT_ONCE)]

    def work(asker: Asker) -> None:
        for _ in range(count // AT_ONCE):
            asker.log_in()

    threads = [threading.Thread(target=work, args=(asker,)) for asker in askers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    for asker in askers:
        asker.close()
    return count // AT_ONCE * AT_ONCE / took


@contextlib.contextmanager
def _stores(folder: Path, index: Path) -> Iterator[dict[str, Store]]:
    with contextlib.ExitStack() as stack:
        made = {}
        for word in OFFSETS:
            made[word] = Store(folder / word, word, index)
            stack.callback(made[word].close)
        for store in made.values():
            store.ready()
        yield made


def measure(
    work: Path, hashes: int, progress: Callable[[str], None], log_ins: int = 2_000
) -> list[Figure]:
    """Build an index of so many hashes, log in with and without a look at it."""
    folder = work / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        progress(f"building an index of {hashes:,} hashes")
        text, index = folder / "list.txt", folder / "index"
        write_list(text, hashes)
        build([lists.source(text)], index)
        text.unlink()
        progress("logging in, with a look at the index and without")
        single: dict[str, list[float]] = {word: [] for word in OFFSETS}
        imap: dict[str, list[float]] = {word: [] for word in OFFSETS}
        rates: dict[str, list[float]] = {word: [] for word in OFFSETS}
        with _stores(folder, index) as stores:
            askers = {word: store.connect() for word, store in stores.items()}
            turns = list(stores)
            for _ in range(log_ins):
                random.shuffle(turns)
                for word in turns:
                    single[word].append(askers[word].log_in())
            for _ in range(log_ins // 5):
                random.shuffle(turns)
                for word in turns:
                    imap[word].append(stores[word].imap())
            for _ in range(ROUNDS):
                for word, store in stores.items():
                    rates[word].append(_rate(store, log_ins // 2))
            for asker in askers.values():
                asker.close()
    finally:
        shutil.rmtree(folder)
    return _figures(hashes, single, imap, rates)


def _figures(
    hashes: int,
    single: dict[str, list[float]],
    imap: dict[str, list[float]],
    rates: dict[str, list[float]],
) -> list[Figure]:
    entry, found = "breached", []
    kinds = (("authentication", single), ("IMAP's LOGIN", imap))
    for what, times in kinds:
        middle = {word: statistics.median(values) for word, values in times.items()}
        detail: dict[str, object] = {"hashes": hashes, "log_ins": len(times["off"])}
        for word, said in SAID.items():
            name = f"{what}, median {said}"
            found.append(Figure(entry, name, middle[word], "ms", detail=detail))
        for word, name in (("warn", "a look"), ("found", "a look that hands it over")):
            added = middle[word] - middle["off"]
            name = f"{what}: what {name} adds"
            found.append(Figure(entry, name, added, "ms", at_most=ADDED_AT_MOST, detail=detail))
    for word, said in SAID.items():
        detail = {"rounds": rates[word], "clients": AT_ONCE}
        middle_rate = statistics.median(rates[word])
        name = f"log-ins in a second {said}"
        found.append(Figure(entry, name, middle_rate, "/s", detail=detail))
    return found


def main() -> None:
    """Measure at the size that is given, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.breached_logins", description=__doc__)
    parser.add_argument("hashes", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--log-ins", type=int, default=2_000)
    parser.add_argument("--work", type=Path, default=Path("/tmp"))
    given = parser.parse_args()
    for figure in measure(given.work, given.hashes, print, given.log_ins):
        print(f"{figure.what}: {figure.shown} ({figure.target or 'no target'}) {figure.verdict}")


if __name__ == "__main__":
    main()
