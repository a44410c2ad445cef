"""Accounts as they are found elsewhere: one with everything in it, and generated ones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import strategies as st

from mailstead.foreign import inventory as found
from mailstead.foreign.inventory import Alias, Target

SHA512 = "$6$saltsalt$" + "a" * 86
MD5 = "$1$saltsalt$" + "b" * 22

RULES = """[{"name":"Bills","enabled":true,"any_of":false,
"conditions":[{"field":"subject","match":"contains","value":"bill"}],
"actions":[{"do":"file","value":"Bills"}]}]"""
FILTER = """# Exim filter

#invoices
if $header_subject: contains "invoice"
then
 save "$home/mail/moved.example/info/.Invoices/" 660
endif
"""
PIPED = """# Exim filter

#program
if $header_subject: contains "ticket"
then
 pipe "/home/acct/ticket.php"
endif
"""


def pem() -> str:
    """A signing key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def to(*addresses: str) -> tuple[Target, ...]:
    """Targets that are addresses."""
    return tuple(Target(kind="address", value=one) for one in addresses)


def mailbox(address: str, **more: object) -> found.Mailbox:
    """A mailbox with a little mail."""
    local, _, name = address.rpartition("@")
    store = found.Store(
        kind="maildir",
        path=Path("mail") / name / local,
        messages=3,
        octets=3000,
        folders=("Sent",),
    )
    values: dict[str, object] = {"secret": SHA512, "stores": (store,), "quota": 250 * 2**20}
    return found.Mailbox(address=address, **{**values, **more})  # type: ignore[arg-type]


def everything(key: str = "") -> found.Inventory:
    """One thing of every kind, and the odd cases of the importers that lose things."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    main = found.Domain(
        name="moved.example",
        kind="main",
        routing="local",
        mailboxes=(
            mailbox(
                "info@moved.example",
                filter=found.EximFilter(text=FILTER, place="etc/filter"),
                sieve=(found.SieveScript(name="mine", text="keep;", active=True, place="sieve"),),
                spam=found.SpamWishes(enabled=True, score=4.0, allow=("*@good.example",)),
                webmail=found.Webmail(
                    contacts=(found.Contact(name="Ann", emails=("ann@x.example",)),),
                    groups=("Team",),
                    identities=(found.Identity(email="info@moved.example", signature="Bye"),),
                    responses=(found.CannedResponse(name="Thanks", text="Thank you"),),
                    trusted=(found.Contact(name="", emails=("news@x.example",)),),
                ),
            ),
            mailbox("old@moved.example", secret=MD5, login_suspended=True, quota=0, rules=RULES),
            mailbox("lost@moved.example", secret="", receiving_suspended=True),
            mailbox("acct@moved.example", login="acct", sending_suspended=True),
        ),
        aliases=(
            Alias(
                address="sales@moved.example",
                targets=to("info@moved.example", "partner@other.example"),
                place="va/moved.example:1",
            ),
            Alias(address="info@moved.example", targets=to("boss@other.example"), place="va:2"),
            Alias(address="web@moved.example", targets=(Target(kind="account"),), place="va:3"),
            Alias(address="drop@moved.example", targets=(Target(kind="blackhole"),), place="va:4"),
            Alias(
                address="closed@moved.example",
                targets=(Target(kind="fail", value="This address was closed"),),
                place="va:5",
            ),
            Alias(
                address="hook@moved.example",
                targets=(Target(kind="pipe", value="/home/acct/t.php"),),
                place="va:6",
            ),
        ),
        default=Alias(
            address="@moved.example",
            targets=(Target(kind="fail", value="No Such User Here"),),
            place="va:9",
        ),
        autoresponders=(
            found.Autoresponder(
                address="away@moved.example",
                subject="Re: your mail",
                body="We are closed.",
                starts=start,
                ends=start + dt.timedelta(days=14),
                interval=8 * 3600,
                copy_to="copy@other.example",
                place=".autorespond/away",
            ),
            found.Autoresponder(
                address="info@moved.example",
                body="Hello %from%",
                interval=0,
                place=".autorespond/i",
            ),
        ),
        lists=(
            found.MailingList(
                address="news@moved.example",
                software="mailman",
                members=("a@x.example", "b@x.example"),
                place="mm/news",
            ),
        ),
        filter=found.EximFilter(text=PIPED, place="vf/moved.example"),
        spam=found.SpamWishes(enabled=True, delete_above=10.0),
        boxtrapper=("info@moved.example",),
        dkim=(found.DkimKey(selector="default", private_key=key or pem(), place="domainkeys"),),
        zone="$ORIGIN moved.example.\n",
        certificate=True,
    )
    alias = found.Domain(name="alias.example", kind="parked", mirror_of="moved.example")
    forward = found.Domain(name="forward.example", kind="addon", forward_to="moved.example")
    pointer = found.Domain(name="pointer.example", kind="pointer")
    remote = found.Domain(
        name="remote.example",
        kind="addon",
        routing="remote",
        mailboxes=(mailbox("ceo@remote.example"),),
    )
    return found.Inventory(
        panel="cpanel",
        account="acct",
        home="/home/acct",
        contacts=("owner@outside.example",),
        limits=found.Limits(octets=5 * 2**30, mailboxes=50),
        domains=(main, alias, forward, pointer, remote),
        remarks=(
            found.Remark(
                grade="unknown", code="unknown-file", place="odd.bin", words="Not understood."
            ),
        ),
    )


_LOCALS = st.sampled_from(["info", "sales", "a.b", "x-y", "web", "acct", "no one", "Ä"])
_TEXTS = st.text("aé\n%:\x07 ", max_size=20)
_NAMES = st.sampled_from(["one.example", "two.example", "three.example"])
_HASHES = st.sampled_from([SHA512, MD5, "", "!nonsense", "$2y$05$" + "c" * 53])


@st.composite
def _targets(draw: st.DrawFn) -> tuple[Target, ...]:
    kinds = ["address", "account", "fail", "defer", "blackhole", "pipe", "include"]
    found_ = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3)):
        value = "" if kind in ("account", "blackhole") else draw(_TEXTS)
        if kind == "address":
            value = f"{draw(_LOCALS)}@{draw(_NAMES)}"
        found_.append(Target(kind=kind, value=value))  # type: ignore[arg-type]
    return tuple(found_)


@st.composite
def _domains(draw: st.DrawFn, name: str) -> found.Domain:
    locals_ = draw(st.lists(_LOCALS, unique=True, max_size=3))
    boxes = tuple(
        mailbox(
            f"{local}@{name}",
            secret=draw(_HASHES),
            login="acct" if local == "acct" else "",
            rules=draw(st.sampled_from(["", "", "[]", RULES, "[1]", "{"])),
            login_suspended=draw(st.booleans()),
            sending_suspended=draw(st.booleans()),
            quota=draw(st.sampled_from([0, 1, 2**30])),
        )
        for local in locals_
    )
    aliases = tuple(
        Alias(address=f"{local}@{name}", targets=draw(_targets()), place=f"va/{name}")
        for local in draw(st.lists(_LOCALS, max_size=4))
    )
    default = Alias(address=f"@{name}", targets=draw(_targets()), place="va")
    answers = tuple(
        found.Autoresponder(
            address=f"{local}@{name}",
            subject=draw(st.text("aé\n%:\x07 ", max_size=10)),
            body=draw(st.text("aé\n%:\x07 ", max_size=30)),
            interval=draw(st.sampled_from([0, 60, 7200, 10**8])),
            place="x",
        )
        for local in draw(st.lists(_LOCALS, unique=True, max_size=2))
    )
    kinds = ["main", "addon", "sub", "parked", "pointer", "other"]
    routings = ["auto", "local", "remote", "secondary", "unknown"]
    return found.Domain(
        name=name,
        kind=draw(st.sampled_from(kinds)),
        routing=draw(st.sampled_from(routings)),
        suspended=draw(st.booleans()),
        mirror_of=draw(st.sampled_from(["", "", "one.example", "gone.example"])),
        forward_to=draw(st.sampled_from(["", "", "two.example", "bad domain"])),
        default=draw(st.sampled_from([None, default])),
        mailboxes=boxes,
        aliases=aliases,
        autoresponders=answers,
        spam=draw(st.sampled_from([None, found.SpamWishes(enabled=True, score=9.0)])),
        boxtrapper=(f"info@{name}",) if draw(st.booleans()) else (),
    )


@st.composite
def inventories(draw: st.DrawFn) -> found.Inventory:
    """Accounts with anything in them, the wrong things too."""
    names = draw(st.lists(_NAMES, unique=True, max_size=3))
    return found.Inventory(
        panel="cpanel",
        account="acct",
        contacts=tuple(draw(st.lists(st.sampled_from(["a@x.example", "info@one.example", "?"])))),
        domains=tuple(draw(_domains(name)) for name in names),
        remarks=tuple(
            found.Remark(
                grade=draw(st.sampled_from(["unknown", "differs", "dropped", "refused", "asks"])),
                code="odd",
                place=draw(st.sampled_from(["", "a", "b"])),
                words="Odd.",
            )
            for _ in range(draw(st.integers(0, 3)))
        ),
    )
