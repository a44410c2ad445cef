"""A plan has one row for each thing that was found, and each says how it comes and why."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import msgspec
import pytest
from hypothesis import given

from mailstead.control.moves.plan import stock
from mailstead.control.moves.plan.house import HostedDomain, House
from mailstead.control.moves.plan.items import KINDS, items
from mailstead.control.moves.plan.make import PLANNERS, plan, site_of, sizes
from mailstead.control.moves.plan.rows import Grade, Row, Verdict
from mailstead.control.moves.services.install.run import INSTALLERS
from mailstead.foreign import inventory as found
from tests.control.moves.stocks import everything, inventories, mailbox

# What stands in an inventory beside things that have a row of their own: parts of those.
PARTS = (found.Target, found.Contact, found.PanelRule, found.PanelTest, found.PanelAction)


def of_struct(value: object) -> Counter[str]:
    """How many things of each class there are, by walking the whole inventory."""
    counts: Counter[str] = Counter()
    if isinstance(value, msgspec.Struct):
        counts[type(value).__name__] += 1
        for name in value.__struct_fields__:
            counts += of_struct(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            counts += of_struct(one)
    return counts


def verdicts(inventory: found.Inventory, house: House, **answers: str) -> dict[str, Verdict]:
    """By the key of each row."""
    return {row.item.key: row.verdict for row in plan(inventory, house, answers)}


CLASSES = {
    "Domain": ("domain",),
    "Mailbox": ("mailbox",),
    "Alias": ("forwarder", "default"),
    "Autoresponder": ("autoresponder",),
    "MailingList": ("list",),
    "DkimKey": ("dkim",),
    "Store": ("mail",),
    "SpamWishes": ("spam", "domain-spam"),
    "EximFilter": ("filter", "domain-filter"),
    "SieveScript": ("sieve",),
    "Remark": ("remark",),
    "Limits": ("limits",),
    "Inventory": ("account",),
    "Identity": ("identity",),
    "CannedResponse": ("response",),
}


@given(inventories())
def test_everything_that_was_found_has_exactly_one_row(inventory: found.Inventory) -> None:
    rows = plan(inventory, House(), {})
    assert len({row.item.key for row in rows}) == len(rows)
    kinds = Counter(row.item.kind for row in rows)
    counts = of_struct(inventory)
    for name, held in CLASSES.items():
        assert sum(kinds[kind] for kind in held) == counts[name], name
    assert kinds["owner"] == len(inventory.contacts)
    boxes = inventory.mailboxes()
    assert kinds["password"] == kinds["quota"] == len(boxes)
    assert kinds["login-name"] == sum(1 for box in boxes if box.login)
    stopped = ("login_suspended", "sending_suspended", "receiving_suspended")
    assert kinds["suspended"] == sum(getattr(box, name) for box in boxes for name in stopped)
    assert kinds["domain-forwarder"] == sum(1 for one in inventory.domains if one.forward_to)
    assert kinds["boxtrapper"] == sum(len(one.boxtrapper) for one in inventory.domains)
    for row in rows:
        well_said(row)


def well_said(row: Row) -> None:
    assert row.verdict.grade in get_args(Grade)
    if row.verdict.grade != "carried":
        assert row.verdict.code
    if row.verdict.grade == "asks":
        assert row.verdict.choices


@given(inventories())
def test_what_is_kept_of_an_inventory_is_all_of_it(inventory: found.Inventory) -> None:
    assert stock.read(stock.written(inventory)) == inventory


def test_every_kind_is_planned_and_made() -> None:
    assert set(PLANNERS) == set(INSTALLERS) == set(KINDS)
    assert {item.kind for item in items(everything("x"))} == set(KINDS) - {"domain-suspended"}


def test_the_odd_cases_are_said_as_they_are() -> None:
    found_ = verdicts(everything("x"), House())
    assert found_["forwarder:hook@moved.example"] == Verdict(
        "refused", "pipe", {"lost": ":pipe: /home/acct/t.php"}
    )
    assert found_["default:@moved.example"].makes == "*: fail No Such User Here"
    assert found_["domain:pointer.example"].grade == "asks"
    assert found_["routing:remote.example"].choices == ("here", "elsewhere", "leave")
    assert found_["password:lost@moved.example"].code == "password-none"
    assert found_["password:old@moved.example"].facts == {"kind": "$1$"}
    assert found_["autoresponder:info@moved.example"].code == "answer-differs"
    assert found_["domain-spam:moved.example"].code == "spam-deleted"
    assert found_["remark:odd.bin"].grade == "refused"
    # The account's own address takes what the panel's log-in name stands for.
    assert found_["forwarder:web@moved.example"].makes == (
        "web@moved.example: deliver acct@moved.example"
    )


def test_a_domain_of_somebody_else_is_not_taken_and_nothing_of_it_comes() -> None:
    house = House(customer=1, domains={"moved.example": HostedDomain(customer=2, server="node1")})
    found_ = verdicts(everything("x"), house)
    assert found_["domain:moved.example"].code == "domain-taken"
    for key, verdict in found_.items():
        if "moved.example" in key and "domain:" not in key and "routing:" not in key:
            assert verdict.grade == "refused", key
    # Its alias has nothing to be an alias of.
    assert found_["domain:alias.example"].code == "alias-target"


@pytest.mark.parametrize(
    ("answer", "grade", "code"),
    [("here", "differs", "routing-here"), ("elsewhere", "carried", "routing-elsewhere")],
)
def test_where_mail_goes_is_what_was_answered(answer: str, grade: str, code: str) -> None:
    found_ = verdicts(everything("x"), House(), **{"routing:remote.example": answer})
    assert (found_["routing:remote.example"].grade, found_["routing:remote.example"].code) == (
        grade,
        code,
    )


def test_who_leaves_a_domain_out_leaves_its_mailboxes_out() -> None:
    found_ = verdicts(everything("x"), House(), **{"routing:remote.example": "leave"})
    assert found_["mailbox:ceo@remote.example"].grade == "refused"
    assert found_["domain:remote.example"].code == "left"


def test_a_mailbox_that_is_there_is_asked_about() -> None:
    house = House(
        customer=1,
        domains={"moved.example": HostedDomain(customer=1, server="")},
        mailboxes={"info@moved.example": False},
    )
    key = "mailbox:info@moved.example"
    assert verdicts(everything("x"), house)[key].grade == "asks"
    assert verdicts(everything("x"), house, **{key: "merge"})[key].code == "merged"
    left = verdicts(everything("x"), house, **{key: "leave"})
    assert left[key].code == "left"
    assert left["mail:info@moved.example"].grade == "refused"


def test_sizes_are_those_of_the_mail_that_comes() -> None:
    rows = plan(everything("x"), House(), {"routing:remote.example": "leave"})
    assert (sizes(rows).octets, sizes(rows).messages) == (4 * 3000, 4 * 3)


def directadmin(*domains: str) -> found.Inventory:
    """An account whose quotas, 50 and 3 in the file, were taken as MiB."""
    return found.Inventory(
        panel="directadmin",
        account="acct",
        domains=tuple(
            found.Domain(
                name=name,
                kind="main",
                mailboxes=(
                    mailbox(f"ann@{name}", quota=50 * 2**20),
                    mailbox(f"bob@{name}", quota=0),
                ),
            )
            for name in (*domains, "sure.example")
        ),
        remarks=tuple(
            found.Remark(
                grade="asks", code="quota-unit", place=f"backup/{name}/email/quota",
                words="They are small.", text="ann:50", domain=name,
            )
            for name in domains
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "size"),
    [("quota-mib", 50 * 2**20), ("quota-kib", 50 * 2**10), ("quota-bytes", 50), ("", 50 * 2**20)],
)
def test_the_unit_of_quotas_is_answered_once_for_the_account(answer: str, size: int) -> None:
    inventory = directadmin("one.example", "two.example")
    first, second = (f"remark:backup/{name}.example/email/quota" for name in ("one", "two"))
    found_ = verdicts(inventory, House(), **{first: answer})
    assert found_[first].grade == ("differs" if answer else "asks")
    assert "ann:50" in found_[first].facts["words"]
    assert found_[second].code == "quota-as-first" and not found_[second].choices
    for name in ("one", "two"):
        assert found_[f"quota:ann@{name}.example"].octets == size
        assert found_[f"quota:bob@{name}.example"].code == "quota-none"
    # Where nobody doubted, nothing changes.
    assert found_["quota:ann@sure.example"].octets == 50 * 2**20
    site = site_of(inventory, House(), {first: answer})
    assert site.domains["one.example"].mailboxes[0].quota == size


def test_addresses_that_the_filter_of_the_account_leaves_are_named() -> None:
    def alias(address: str, kind: str, value: str = "") -> found.Alias:
        target = found.Target(kind=kind, value=value)  # type: ignore[arg-type]
        return found.Alias(address=address, targets=(target,), place="va")

    domain = found.Domain(
        name="a.example",
        kind="main",
        filter=found.EximFilter(text="# Exim filter", place="vf"),
        mailboxes=(mailbox("ann@a.example"),),
        default=alias("@a.example", "address", "x@b.example"),
        aliases=(
            alias("sales@a.example", "address", "x@b.example"),
            alias("ann@a.example", "address", "x@b.example"),
            alias("gone@a.example", "fail", "No such user"),
            alias("hook@a.example", "pipe", "/bin/x"),
        ),
    )
    inventory = found.Inventory(panel="cpanel", account="acct", domains=(domain,))
    named = {key for key in verdicts(inventory, House()) if key.startswith("unfiltered:")}
    assert named == {
        "unfiltered:sales@a.example", "unfiltered:hook@a.example", "unfiltered:@a.example",
    }  # fmt: skip
    assert verdicts(inventory, House())["unfiltered:sales@a.example"].code == "filter-forward"
    without = msgspec.structs.replace(
        inventory, domains=(msgspec.structs.replace(domain, filter=None),)
    )
    assert not [key for key in verdicts(without, House()) if key.startswith("unfiltered:")]


def test_each_sender_text_and_trusted_address_of_the_webmail_has_a_row() -> None:
    web = found.Webmail(
        identities=(found.Identity(email="ann@a.example"), found.Identity(email="info@a.example")),
        responses=(found.CannedResponse(name="Thanks", text="Thank you"),),
        trusted=(found.Contact(name="", emails=("news@b.example",)),),
    )
    box = mailbox("ann@a.example", webmail=web)
    domain = found.Domain(name="a.example", kind="main", mailboxes=(box,))
    inventory = found.Inventory(panel="cpanel", account="acct", domains=(domain,))
    found_ = verdicts(inventory, House())
    for key in (
        "identity:ann@a.example: ann@a.example",
        "identity:ann@a.example: info@a.example",
        "response:ann@a.example: Thanks",
        "trusted:ann@a.example: news@b.example",
    ):
        assert found_[key].grade == "differs", key
    assert "contacts:ann@a.example" not in found_
