"""`mailstead dns` with a real DNS server, on the machine itself and over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.commands import ok, run
from tests.cli.test_remote import Far
from tests.cli.test_remote import far as far
from tests.control.dns.authority import KEY, ZONE, knot, transferred

pytestmark = pytest.mark.engines
OURS = "MX 10 mx.example.net."


@pytest.fixture
def host(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A DNS host with the zone cars.example."""
    folder = tmp_path / "knot"
    folder.mkdir()
    with knot(folder, "cars.example", ZONE) as credentials:
        yield credentials


def words(host: dict[str, str]) -> list[str]:
    """The options that name the host."""
    given = [f"--with={key}={host[key]}" for key in ("host", "port", "key_name")]
    return [*given, "--secrets-stdin"]


def test_a_plan_is_shown_and_carried_out_when_that_is_said(
    home: Path, host: dict[str, str]
) -> None:
    ok(home, "customer", "add", "Carl")
    ok(home, "domain", "add", "cars.example", "--customer", "Carl", "--no-dkim")
    push = ["dns", "push", "cars.example", "--host", "rfc2136", *words(host)]
    shown = ok(home, *push, stdin=f"{KEY}\n")
    assert "update  cars.example MX" in shown and "Add --yes" in shown
    assert "--change 'cars.example MX' only" in shown
    port = int(host["port"])
    assert not any(OURS in record for record in transferred(port, "cars.example"))
    done = ok(home, *push, "--yes", "--change", "cars.example MX", stdin=f"{KEY}\n")
    assert "The zone cars.example was changed" in done
    assert any(OURS in record for record in transferred(port, "cars.example"))
    rows = json.loads(ok(home, "dns", "pushes", "cars.example", "--json"))["items"]
    assert [row["state"] for row in rows] == ["applied", "planned"]
    number = str(rows[0]["number"])
    undo = ["dns", "undo", "cars.example", number, *words(host), "--yes"]
    ok(home, *undo, stdin=f"{KEY}\n")
    assert not any(OURS in record for record in transferred(port, "cars.example"))


def test_what_is_asked_for_and_missing_is_said(home: Path, host: dict[str, str]) -> None:
    ok(home, "customer", "add", "Carl")
    ok(home, "domain", "add", "cars.example", "--customer", "Carl", "--no-dkim")
    push = ["dns", "push", "cars.example", "--home", str(home), "--host"]
    for rest, said in (
        (["nowhere"], "dns hosts"),
        (["rfc2136"], "--secrets-stdin"),
        (["cloudflare", "--with=colour=red"], "does not ask for 'colour'"),
    ):
        done = run(*push, *rest)
        assert done.returncode == 2 and said in done.stderr, done


def test_another_server_does_the_same(far: Far, host: dict[str, str]) -> None:
    far.ok("customer", "add", "Carl")
    far.ok("domain", "add", "cars.example", "--customer", "Carl", "--no-dkim")
    push = ["dns", "push", "cars.example", "--host", "rfc2136", *words(host), "--yes"]
    far.ok(*push, "--change", "cars.example MX", stdin=f"{KEY}\n")
    assert any(OURS in record for record in transferred(int(host["port"]), "cars.example"))
    rows = json.loads(far.ok("dns", "pushes", "cars.example", "--json"))["items"]
    assert rows[0]["state"] == "applied"
