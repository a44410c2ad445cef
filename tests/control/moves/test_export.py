"""What is exported comes back as it was, for whoever reads it again."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from pathlib import Path

import msgspec
import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mailstead.control.hosting import queries as hosting_queries
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import DkimKey, Domain
from mailstead.control.moves import queries, services
from mailstead.control.moves.models import PlanRow
from mailstead.control.people.models import AuditEntry
from mailstead.foreign import ours
from mailstead.foreign.inventory import Inventory
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import AnyChange, Route
from tests.control.company import GRACE, HASH, Company, snapshot_state
from tests.control.conftest import OPERATOR
from tests.control.moves.stocks import RULES, pem
from tests.control.moves.test_install import a_move, install
from tests.foreign.tars import tar

DOMAINS = ("a.example", "b.example", "c.example")
LOCALS = ("x", "y", "z")
FAR = "someone@far.example"
HASHES = (
    HASH,
    "$1$saltsalt$" + "b" * 22,
    "$2y$05$" + "c" * 53,
    "$y$j9T$" + "d" * 60,
    "ab01FAX.bQRSU",
)
KEY = pem()


def _route(dice: random.Random) -> Route:
    kind = dice.choice(["deliver", "deliver", "deliver", "fail", "blackhole"])
    if kind != "deliver":
        text = dice.choice(["", "Gone: ask (me)"]) if kind == "fail" else ""
        return Route(action="fail" if kind == "fail" else "blackhole", text=text)
    targets = [f"{local}@{domain}" for local in LOCALS for domain in DOMAINS] + [
        FAR,
        "A.b@Far.example",
    ]
    return Route(action="deliver", destinations=tuple(dice.sample(targets, dice.randint(1, 3))))


def _edit(made: Company, dice: random.Random) -> None:
    """One random edit; what is refused is not made."""
    domain = made.at(dice.choice(DOMAINS))
    address = f"{dice.choice(LOCALS)}@{domain.name}"
    act = dice.randrange(14)
    who = made.who
    if act <= 2:
        quota = dice.choice([0, 1, 5 * 2**30])
        made.mailbox(address, hashed=dice.choice(HASHES), quota=quota)
    elif act <= 4:
        keep = dice.random() < 0.5
        hosting.set_forwarder(
            **who, domain=domain, address=address, route=_route(dice), keep_copy=keep
        )
    elif act == 5:
        route = _route(dice) if dice.random() < 0.8 else None
        hosting.set_catch_all(**who, domain=domain, route=route)
    elif act == 6:
        target = dice.choice([*DOMAINS, "far.example", None])
        hosting.set_domain_forwarder(**who, domain=domain, target=target)
    elif act == 7:
        other = dice.choice([made.at(dice.choice(DOMAINS)), None])
        hosting.make_domain_alias(**who, domain=domain, target=other)
    elif act == 8:
        made.answer(
            address,
            subject=dice.choice(["Away", "Re: %subject% – ü"]),
            body="Line\n\nanother %from%",
            html=dice.random() < 0.3,
            interval=dice.choice([60, 86_400]),
            from_name=dice.choice(["", "Ann Ä"]),
            starts=dice.choice([None, made.now]),
        )
    elif act == 9 and dice.random() < 0.4:
        hosting.suspend_domain(**who, domain=domain, reason="Not paid.")
    else:
        box = hosting_queries.mailbox_named(made.actor, address)
        if act == 10:
            what = dice.choice(["login", "sending", "receiving"])
            hosting.suspend_mailbox(**who, mailbox=box, what=what, reason="Because.")
        elif act == 11:
            if dice.random() < 0.5:
                hosting.set_rules(
                    **who, mailbox=box, rules=hosting.parse_rules(msgspec.json.decode(RULES))
                )
            else:
                script = 'require "fileinto";\nif true { fileinto "A"; stop; }\n'
                hosting.set_script(**who, mailbox=box, text=script)
        elif act == 12:
            hosting.set_spam_settings(
                **who,
                mailbox=box,
                level=dice.choice(["off", "lenient", "normal", "strict"]),
                allow=["@good.example", "ann@fine.example"],
                deny=["@bad.example"],
            )
        elif act == 13:
            hosting.set_login_name(**who, mailbox=box, name=f"log{dice.randrange(3)}")


def a_company(seed: int) -> Company:
    """A random one."""
    dice = random.Random(seed)
    company = Company(OPERATOR, dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC))
    for name in DOMAINS:
        company.domain(name)
    for _ in range(dice.randint(5, 40)):
        with contextlib.suppress(Refusal), transaction.atomic():
            _edit(company, dice)
    return company


def exported(company: Company, folder: Path) -> Inventory:
    """What whoever reads the archive again has of it."""
    inventory = queries.outgoing(company.actor, company.customer)
    path = folder / "export.tar"
    path.write_bytes(tar([(ours.MANIFEST, ours.manifest(inventory, lambda _: False))]))
    return ours.read(path)


def removed(company: Company) -> None:
    """The domains go, aliases first."""
    for domain in Domain.objects.filter(removed_at=None).order_by("alias_of"):
        domain.refresh_from_db()
        if domain.alias_of_id is not None:
            hosting.make_domain_alias(**company.who, domain=domain, target=None)
    for domain in Domain.objects.filter(removed_at=None):
        hosting.remove_domain(**company.who, domain=company.at(f"x@{domain.name}"), grace=GRACE)


_OWN = ("customer", "store", "credential", "sending_words", "accounts")
"""What is another's who has made the same thing, and words of a suspension."""


def looked_up() -> dict[object, AnyChange]:
    """What every look-up of a node is made of, without what is nobody's business."""
    state: dict[object, AnyChange] = {}
    for key, change in snapshot_state().items():
        own = {name: None for name in _OWN if name in change.__struct_fields__}
        state[key] = msgspec.structs.replace(change, **own)
    return state


@settings(max_examples=20, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(seed=st.integers(0, 2**32))
def test_an_export_that_is_read_again_answers_every_question_alike(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    with transaction.atomic():
        company = a_company(seed)
        before = looked_up()
        inventory = exported(company, tmp_path_factory.mktemp("export"))
        removed(company)
        assert looked_up() == {}
        move = a_move(company, inventory, customer_name="Somebody else")
        bad = PlanRow.objects.filter(move=move, grade__in=("refused", "asks"))
        assert list(bad.values_list("key", "code")) == []
        install(company, move)
        failed = PlanRow.objects.filter(move=move, outcome="failed")
        assert list(failed.values_list("key", "outcome_words")) == []
        assert looked_up() == before
        transaction.set_rollback(True)


test_an_export_that_is_read_again_answers_every_question_alike = pytest.mark.django_db(
    test_an_export_that_is_read_again_answers_every_question_alike
)


def test_signing_keys_come_under_their_selectors(company: Company, tmp_path: Path) -> None:
    domain = company.domain("a.example", dkim=True)
    hosting.import_key(**company.who, domain=domain, selector="old", private_key=KEY)
    DkimKey.objects.filter(domain=domain, selector="ms1").update(state="signing")
    keys = dict(DkimKey.objects.values_list("selector", "private_key"))
    inventory = exported(company, tmp_path)
    removed(company)
    move = a_move(company, inventory)
    install(company, move)
    made = DkimKey.objects.filter(domain__removed_at=None)
    assert dict(made.values_list("selector", "private_key")) == keys
    assert set(made.values_list("state", flat=True)) == {"waiting"}
    # The second time the key that has come is not taken for one that nobody wants.
    trail = AuditEntry.objects.count()
    PlanRow.objects.filter(move=move).update(outcome="")
    install(company, move)
    assert AuditEntry.objects.count() == trail


def test_one_domain_is_exported_alone(company: Company) -> None:
    for name in ("a.example", "b.example"):
        company.domain(name)
    inventory = queries.outgoing(company.actor, company.customer, "b.example")
    assert [one.name for one in inventory.domains] == ["b.example"]
    with pytest.raises(Refusal) as refused:
        queries.outgoing(company.actor, company.customer, "other.example")
    assert refused.value.code == "domain-unknown"
    assert services.file_name(company.customer, "", company.now).startswith("mailstead-Ann-s-Bak")
