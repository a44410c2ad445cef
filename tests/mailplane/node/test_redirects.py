"""Old panels' names on a node: which get a certificate, and what ends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.directory.schema import connect
from mailstead.mailplane.directory.state import State
from mailstead.mailplane.node.certificates import wanted
from mailstead.wire.changes import DomainPut, HostNamePut, RedirectPut

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    made.directory_database.parent.mkdir(parents=True)
    yield made


def put(host: str, domain: str) -> RedirectPut:
    page = "https://panel.example/"
    return RedirectPut(host=host, domain=domain, panel=page, webmail=page, until=NOW)


def test_a_certificate_is_ordered_for_names_inside_their_domain_alone(home: Home) -> None:
    with closing(connect(home.directory_database)) as base:
        state = State(base)
        state.put(put("mail.moved.test.net", "moved.test.net"))
        state.put(put("cp1.old.test.net", ""))
        state.put(put("cp2.old.test.net", "moved.test.net"))
        # A customer's own wish of the same name is not lost.
        state.put(
            HostNamePut(
                name="mail.moved.test.net", domain="moved.test.net", purpose="mail", asked=NOW
            )
        )
        base.commit()
    found = wanted.of_customers(home)
    assert [(one.name, one.asked) for one in found] == [("mail.moved.test.net", NOW)]


def test_the_end_of_its_domain_does_not_end_it(home: Home) -> None:
    with closing(connect(home.directory_database)) as base:
        state = State(base)
        state.put(DomainPut(name="moved.example", customer=1, active=True))
        state.put(put("mail.moved.example", "moved.example"))
        state.remove_domain("moved.example")
        assert list(state.everything()) == [("redirect", "mail.moved.example")]
        state.remove("redirect", "mail.moved.example")
        assert list(state.everything()) == []
