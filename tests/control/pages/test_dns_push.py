"""The pages on which records are pushed to a DNS host."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailstead.control.dns.models import Push
from tests.control.api.caller import caller
from tests.control.dns.authority import KEY, knot, transferred
from tests.control.dns.test_push import ZONE
from tests.control.world import World

pytestmark = pytest.mark.engines
PATH = "/domains/cars.example/dns/"
OURS = "cars.example. 7200 MX 10 node1.example."
THEIRS = "cars.example. 7200 MX 10 mx.before.example."


@pytest.fixture
def host(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A DNS host; yields what its form asks for."""
    with knot(tmp_path, "cars.example", ZONE) as credentials:
        yield {**credentials, "zone": "cars.example"}


def sealed_in(page: str) -> str:
    """What the form of a plan carries along."""
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found, page
    return html.unescape(found.group(1))


def test_from_the_token_to_the_zone_and_back(world: World, host: dict[str, str]) -> None:
    olga = world.client("operator")
    page = olga.get(PATH + "push/", {"host": "rfc2136"}).content.decode()
    assert "A TSIG key of its own" in page and 'type="password"' in page
    plan = olga.post(PATH + "push/?host=rfc2136", host)
    page = plan.content.decode()
    assert "MX · changed" in page and "Yes, I have read this" in page
    assert "mailboxes there get nothing any more" in page
    assert KEY not in page and plan.headers["Cache-Control"] == "no-store"
    push = Push.objects.get()
    path = f"{PATH}pushes/{push.pk}/"
    # Nothing is chosen: the plan stands there again, and nothing was done.
    again = olga.post(path + "apply/", {"sealed": sealed_in(page)}).content.decode()
    assert "Choose what shall be changed." in again
    port = int(host["port"])
    assert THEIRS in transferred(port, "cars.example")
    form = {"sealed": sealed_in(again), "chosen": ["cars.example MX", "cars.example TXT"]}
    done = olga.post(path + "apply/", form, follow=True).content.decode()
    assert "The records were changed." in done and "not yet in the DNS" in done
    assert OURS in transferred(port, "cars.example")
    back = olga.post(path + "undo/", host).content.decode()
    assert "bring back" in back
    undo = Push.objects.latest("pk")
    form = {"sealed": sealed_in(back), "chosen": ["cars.example MX"]}
    olga.post(f"{PATH}pushes/{undo.pk}/apply/", form, follow=True)
    assert THEIRS in transferred(port, "cars.example")
    assert "Pushed to the DNS host" in olga.get(PATH).content.decode()


def test_what_is_sealed_is_for_its_plan_and_person_only(world: World, host: dict[str, str]) -> None:
    olga, stan = world.client("operator"), world.client("staff")
    sealed = sealed_in(olga.post(PATH + "push/?host=rfc2136", host).content.decode())
    first = Push.objects.get()
    olga.post(PATH + "push/?host=rfc2136", host)
    second = Push.objects.latest("pk")
    for client, push in ((stan, first), (olga, second)):
        form = {"sealed": sealed, "chosen": ["cars.example TXT"]}
        page = client.post(f"{PATH}pushes/{push.pk}/apply/", form).content.decode()
        assert "quarter of an hour only" in page
    form = {"sealed": sealed[:-4], "chosen": ["cars.example TXT"]}
    page = olga.post(f"{PATH}pushes/{first.pk}/apply/", form).content.decode()
    assert "quarter of an hour only" in page
    assert set(Push.objects.values_list("state", flat=True)) == {"planned"}


def test_a_wrong_key_is_said_in_the_form_and_not_shown_again(
    world: World, host: dict[str, str]
) -> None:
    wrong = {**host, "key_secret": "d3Jvbmcga2V5IG9mIG5vYm9keQ=="}
    page = world.client("operator").post(PATH + "push/?host=rfc2136", wrong).content.decode()
    assert "does not accept this for the zone cars.example" in page
    assert wrong["key_secret"] not in page


def test_others_plans_are_not_there(world: World, host: dict[str, str]) -> None:
    world.client("operator").post(PATH + "push/?host=rfc2136", host)
    push = Push.objects.get()
    eve = world.client("stranger")
    assert eve.get(f"{PATH}pushes/{push.pk}/").status_code == 404
    assert eve.get(f"/domains/shop.example/dns/pushes/{push.pk}/").status_code == 404
    form = {"sealed": "x", "chosen": ["cars.example TXT"]}
    answer = eve.post(f"/domains/shop.example/dns/pushes/{push.pk}/apply/", form)
    assert answer.status_code == 404


def test_a_program_plans_carries_out_and_undoes(world: World, host: dict[str, str]) -> None:
    olga = caller(world, "operator")
    credentials = {key: value for key, value in host.items() if key != "zone"}
    hosts = olga.get("/dns-hosts").body["hosts"]
    assert "key_secret" in next(one for one in hosts if one["key"] == "rfc2136")["credentials"]
    path = "/domains/cars.example/dns/pushes"
    plan = olga.post(path, {"host": "rfc2136", "credentials": credentials}).body
    assert {one["key"] for one in plan["changes"] if one["loud"]} == {"cars.example MX"}
    number = plan["number"]
    body = {"credentials": credentials, "changes": ["cars.example MX"]}
    done = olga.post(f"{path}/{number}/apply", body).body
    assert (done["state"], done["verified_at"]) == ("applied", None)
    assert OURS in transferred(int(host["port"]), "cars.example")
    back = olga.post(f"{path}/{number}/undo", {"credentials": credentials}).body
    assert back["undoes"] == number
    olga.post(f"{path}/{back['number']}/apply", body)
    assert THEIRS in transferred(int(host["port"]), "cars.example")
    assert olga.post(f"{path}/{number}/apply", body).code == "plan-used"
    assert len(olga.get(path).body["pushes"]) == 2
    assert caller(world, "stranger").get(f"{path}/{number}").status == 404
    wrong = olga.post(path, {"host": "nowhere", "credentials": {}})
    assert wrong.code == "dns-host-unknown"
