"""Commands over the API of another server: the same words and rows as on the machine itself."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.cli.commands import ok, run
from tests.cli.test_commands import HASH
from tests.support.command import mailstead

from mailstead.cli.remote import services
from mailstead.cli.remote.client import Client
from mailstead.cli.session import SESSION
from mailstead.control.hosting.rows import MailboxRow

# The panel and the API of an instance behind TLS, as nginx stands in front of them.
SERVER = """
import datetime as dt, ssl, sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from mailstead.control.project.bootstrap import setup
home = Path(sys.argv[1])
setup(home)
from django.core.handlers.wsgi import WSGIHandler
from mailstead.control.people import services
from mailstead.control.people.actor import Actor
olga, now = Actor.operator("olga"), dt.datetime.now(dt.UTC)
who = {"actor": olga, "now": now}
member = services.create_member(**who, email="olga@far.example", password="long enough for olga",
                                role="operator", customer=None)
scopes = ["read", "mailboxes", "domains", "account", "node", "moves"]
for name, wanted in (("token", scopes), ("reading", ["read"])):
    _, text = services.create_token(**who, membership=member, name=name, scopes=wanted)
    (home / name).write_text(text + "\\n")
inner = WSGIHandler()
def application(environ, start):
    environ |= {"HTTP_HOST": "mx.example.net", "HTTP_X_FORWARDED_PROTO": "https",
                "HTTP_X_REAL_IP": "192.0.2.1"}
    return inner(environ, start)
class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass
server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(home / "cert.pem", home / "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@dataclass
class Far:
    """A server elsewhere and how to reach it."""

    home: Path
    url: str

    @property
    def options(self) -> list[str]:
        ca = ["--ca", str(self.home / "cert.pem")]
        return ["--server", self.url, "--token-file", str(self.home / "token"), *ca]

    def ok(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """What a command prints; it must end with the code, and knows of no instance here."""
        done = mailstead(*words, *self.options, "--home", "/nonexistent", stdin=stdin)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done.stdout + (done.stderr if code else "")

    def row(self, *words: str, stdin: str = "") -> dict[str, object]:
        """The same, as data."""
        return dict(json.loads(self.ok(*words, "--json", stdin=stdin)))

    def same(self, *words: str, text: bool = False) -> None:
        """The command says here what it says on the machine itself."""
        for more in ([], ["--json"]) if text else (["--json"],):
            there, here = self.ok(*words, *more), ok(self.home, *words, *more)
            # The API tells times to the millisecond.
            assert re.sub(r"(\.\d{3})\d+", r"\1", there) == re.sub(r"(\.\d{3})\d+", r"\1", here)


def _certificate(home: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "panel")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (home / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (home / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture
def far(home: Path) -> Iterator[Far]:
    """The instance of `home`, reached by its API only."""
    _certificate(home)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        yield Far(home, f"https://127.0.0.1:{int(server.stdout.readline())}")
    finally:
        server.terminate()
        server.wait(timeout=20)
        server.stdout.close()


def test_a_mailbox_from_its_birth_to_its_restoration(far: Far) -> None:
    far.ok("mailbox", "add", "ann@a.example", "--password-stdin", stdin="a long password\n")
    made = far.row("mailbox", "add", "bob@a.example", "--generate", "--quota", "1G")
    assert len(str(made["password"])) == 20
    assert made["quota"] == 2**30
    for words in (
        ["mailbox", "list"],
        ["mailbox", "list", "--search", "ann", "--domain", "a.example"],
        ["mailbox", "show", "ann@a.example"],
        ["domain", "list"],
        ["domain", "show", "a.example"],
        ["customer", "list"],
        ["customer", "show", "Ann"],
        ["server", "list"],
        ["server", "show", "node1"],
        ["address", "explain", "ann@a.example"],
    ):
        far.same(*words, text=words[1] != "list")
    far.ok("mailbox", "set", "ann@a.example", "--quota", "5G")
    far.ok("mailbox", "suspend", "ann@a.example", "--sending", "--login", "--reason", "spam")
    far.same("mailbox", "show", "ann@a.example")
    far.ok("mailbox", "resume", "ann@a.example", "--login")
    far.ok("mailbox", "password", "ann@a.example", "--hash-stdin", stdin=f"{HASH}\n")
    assert "is kept for 30 days" in far.ok("mailbox", "remove", "ann@a.example")
    said = far.ok("mailbox", "show", "ann@a.example", code=2)
    assert said == run("--home", str(far.home), "mailbox", "show", "ann@a.example").stderr
    far.same("mailbox", "list", "--removed")
    far.ok("mailbox", "restore", "ann@a.example")
    far.ok("app-password", "add", "ann@a.example", "Phone", "--protocol", "imap")
    far.same("app-password", "list", "ann@a.example")
    far.ok("app-password", "remove", "ann@a.example", "Phone")
    far.ok("spam", "set", "ann@a.example", "--level", "strict", "--deny", "evil.example")
    far.same("spam", "show", "ann@a.example")


def test_pages_follow_each_other(far: Far) -> None:
    for name in ("a", "b", "c"):
        far.ok("mailbox", "add", f"{name}@a.example", "--generate")
    first = far.row("mailbox", "list", "--limit", "2")
    second = far.row("mailbox", "list", "--limit", "2", "--after", str(first["next"]))
    found = [*first["items"], *second["items"]]  # type: ignore[misc]
    assert [row["address"][0] for row in found] == ["a", "b", "c"]
    assert second["next"] is None
    trail = far.row("audit", "list", "--limit", "1")
    older = far.row("audit", "list", "--limit", "1", "--before", str(trail["next"]))
    assert trail["items"] != older["items"]
    assert trail["items"][0]["verb"] == "mailbox.create"  # type: ignore[index]


def test_everything_else_of_a_company(far: Far) -> None:
    far.ok("server", "add", "node2", "--hostname", "mx2.example.net")
    far.ok("server", "set", "node2", "--hostname", "mx3.example.net")
    far.ok("server", "remove", "node2")
    far.ok(
        "customer", "add", "Bob", "--quota", "20G", "--mailboxes", "7", "--email", "b@far.example"
    )
    far.ok("customer", "set", "Bob", "--name", "Bert", "--mailboxes", "none")
    far.ok("customer", "suspend", "Bert", "--reason", "unpaid")
    far.same("customer", "show", "Bert")
    far.ok("customer", "resume", "Bert")
    far.ok("domain", "add", "b.example", "--customer", "Bert", "--no-dkim")
    far.ok("domain", "add", "c.example", "--customer", "Bert", "--no-dkim", "--server", "node1")
    far.ok("domain", "set", "c.example", "--forward-to", "b.example")
    far.same("domain", "show", "c.example")
    far.ok("domain", "set", "c.example", "--forward-to", "none", "--alias-of", "b.example")
    far.ok("domain", "set", "c.example", "--mta-sts", "testing")
    far.same("domain", "show", "c.example")
    far.same("domain", "list", "--customer", "Bert")
    far.ok("domain", "remove", "c.example")
    far.ok("domain", "restore", "c.example")
    assert "Made the key ms1" in far.ok("domain", "dkim", "rotate", "b.example")
    far.same("domain", "dkim", "list", "b.example")
    revoked = far.ok("domain", "dkim", "revoke", "b.example", "ms1", "--reason", "leaked")
    assert "unsigned until ms2 is seen" in revoked
    far.same("domain", "dkim", "list", "b.example")
    far.ok("domain", "check", "b.example")
    assert "is active" in far.ok("domain", "accept", "b.example", "--reason", "known")
    assert "There is no zone for keys" in far.ok("dns", "operator-zone", code=2)
    assert "There is no zone for keys" in far.ok("dns", "operator-zone", "--push", code=2)
    far.ok("domain", "suspend", "b.example", "--reason", "abuse")
    far.ok("domain", "resume", "b.example")
    far.ok("catchall", "set", "b.example", "--to", "x@far.example")
    far.same("catchall", "list")
    far.same("catchall", "show", "b.example")
    far.ok("catchall", "remove", "b.example")
    far.ok("forwarder", "add", "info@b.example", "--to", "x@far.example", "--to", "y@far.example")
    far.ok("forwarder", "set", "info@b.example", "--keep-copy")
    far.same("forwarder", "list")
    far.same("forwarder", "show", "info@b.example")
    far.ok("forwarder", "remove", "info@b.example")
    body = ["--subject", "Away", "--until", "2030-01-01", "--interval", "7d"]
    far.ok("autoresponder", "add", "x@b.example", *body, stdin="Back soon.")
    far.ok("autoresponder", "set", "x@b.example", "--until", "none")
    far.same("autoresponder", "show", "x@b.example")
    far.same("autoresponder", "list")
    far.ok("autoresponder", "remove", "x@b.example")
    assert "server does not answer" in far.ok("queue", "list", code=2)


def test_rules_travel(far: Far) -> None:
    far.ok("mailbox", "add", "ann@a.example", "--generate")
    rules = [
        {
            "name": "Bills",
            "enabled": True,
            "any_of": False,
            "conditions": [{"field": "subject", "match": "contains", "value": "bill"}],
            "actions": [{"do": "file", "value": "Bills"}],
        }
    ]
    assert "1 rules" in far.ok("rules", "set", "ann@a.example", "-", stdin=json.dumps(rules))
    assert far.ok("rules", "show", "ann@a.example", "--sieve") == ok(
        far.home, "rules", "show", "ann@a.example", "--sieve"
    )
    far.ok("rules", "remove", "ann@a.example")
    assert json.loads(far.ok("rules", "show", "ann@a.example")) == []


def test_rows_are_imported_in_batches(far: Far, tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    rows = [f"m{n:04}@a.example,{HASH}" for n in range(600)]
    table.write_text("\n".join(["address,hash", *rows, f"x@none.example,{HASH}"]))
    assert "600 made, 0 present already, 1 refused" in far.ok(
        "mailbox", "import", str(table), code=3
    )
    assert "0 made, 600 present already" in far.ok("mailbox", "import", str(table), code=3)
    assert len(far.row("mailbox", "list", "--limit", "1000")["items"]) == 600  # type: ignore[arg-type]
    table.write_text("name,customer\nz.example,Ann\n")
    assert "1 made" in far.ok("domain", "import", str(table), "--no-dkim")
    table.write_text("address,to\ninfo@a.example,x@far.example\n")
    assert "1 made" in far.ok("forwarder", "import", str(table))
    table.write_text("domain,to\na.example,:blackhole:\n")
    assert "1 made" in far.ok("catchall", "import", str(table))


def test_whose_an_imported_mailbox_is_travels_too(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(far.url, (far.home / "token").read_text().strip(), far.home / "cert.pem")
    monkeypatch.setattr(SESSION, "client", client)
    rows = [MailboxRow("ann@a.example", hashed=HASH, name="Ann Baker")]
    assert services.import_mailboxes(actor=None, now=None, rows=rows) == ["made"]
    assert client.get("/mailboxes/ann@a.example")["name"] == "Ann Baker"


def test_what_the_token_may_not_is_said_in_one_sentence(far: Far) -> None:
    reading = ["--token-file", str(far.home / "reading")]
    done = run("mailbox", "add", "x@a.example", "--generate", *far.options, *reading)
    assert done.returncode == 2
    assert "This token is not for mailbox.create." in done.stderr
    wrong = run("mailbox", "list", *far.options, "--token", "mst_wrong", "--token-file", "/none")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    without = [*far.options[:2], *far.options[4:]]
    by_stdin = run("mailbox", "list", *without, "--token", "-", stdin="mst_wrong\n")
    assert "This token is not good here." in by_stdin.stderr
    assert run("mailbox", "list", *without).stderr.startswith("mailstead: The server wants a token")


def test_a_certificate_that_is_not_known_stops_everything(far: Far) -> None:
    done = run("mailbox", "list", *far.options[:4])
    assert done.returncode == 4
    assert "certificate" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["mailbox", "list", "--server", "http://far.example", "--token", "x"], 2, "https://"),
        (["up", "--server", "https://127.0.0.1:1", "--token", "x"], 2, "Run it there."),
        (["directory", "check", "--server=https://127.0.0.1:1", "--token", "x"], 2, "Run it there"),
        (["mailbox", "list", "--token", "x"], 2, "--token goes with --server."),
        (["mailbox", "list", "--server", "https://127.0.0.1:1", "--token", "x"], 4, "answer"),
        (
            ["mailbox", "list", "--server", "https://127.0.0.1:1", "--token-file", "/none"],
            2,
            "/none",
        ),
        (["queue", "flush", "--server", "https://127.0.0.1:1", "--token", "x"], 2, "Run it there."),
    ],
)
def test_what_cannot_be_asked_of_a_server_is_refused(
    words: list[str], code: int, said: str
) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (code, ""), done
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
