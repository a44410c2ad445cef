"""Pages of jobs: how far they are, stopping and resuming, and what was refused."""

from __future__ import annotations

from typing import Any

from mailstead.control.jobs.models import Job
from tests.control.world import World

HTMX = {"hx-request": "true"}


def job(world: World, **more: Any) -> Job:
    values: dict[str, Any] = {
        "kind": "test",
        "title": "Import <b>many</b>",
        "customer": world.customers["customer"].pk,
        "actor": world.actor("customer").to_json(),
        "state": "running",
        "done": 30,
        "total": 120,
        "created_at": world.now,
    }
    return Job.objects.create(**{**values, **more})


def test_a_job_under_way_is_looked_at_again_with_and_without_scripts(world: World) -> None:
    one = job(world)
    client = world.client("customer")
    listed = client.get("/jobs/").content.decode()
    assert f'hx-get="/jobs/{one.pk}/row/"' in listed and 'value="25"' in listed
    assert "<b>many" not in listed
    page = client.get(f"/jobs/{one.pk}/").content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page and "30 of 120" in page
    part = client.get(f"/jobs/{one.pk}/", headers=HTMX)
    assert "<html" not in part.content.decode() and "HX-Refresh" not in part.headers
    Job.objects.update(state="done", done=120)
    assert client.get(f"/jobs/{one.pk}/", headers=HTMX).headers["HX-Refresh"] == "true"
    row = client.get(f"/jobs/{one.pk}/row/", headers=HTMX).content.decode()
    assert row.lstrip().startswith("<tr") and "hx-get" not in row


def test_a_job_is_stopped_and_goes_on(world: World) -> None:
    one = job(world, state="waiting")
    client = world.client("customer")
    client.post(f"/jobs/{one.pk}/stop/")
    one.refresh_from_db()
    assert one.state == "stopped"
    assert "Go on where it stopped" in client.get(f"/jobs/{one.pk}/").content.decode()
    client.post(f"/jobs/{one.pk}/resume/")
    one.refresh_from_db()
    assert one.state == "waiting"
    assert client.get(f"/jobs/{one.pk}/stop/").status_code == 405


def test_refused_rows_are_shown_with_their_reason_and_exported_harmless(world: World) -> None:
    one = job(
        world,
        state="done",
        result={
            "made": 3,
            "refused": [{"row": 7, "address": "=HYPERLINK()@x", "words": "Not an address."}],
        },
    )
    client = world.client("customer")
    page = client.get(f"/jobs/{one.pk}/").content.decode()
    assert "done, with refused rows" in page and "Not an address." in page
    answer = client.get(f"/jobs/{one.pk}/refused.csv")
    assert answer.content.decode().splitlines() == [
        "row,address,words",
        "7,'=HYPERLINK()@x,Not an address.",
    ]


def test_another_tenants_job_is_not_there(world: World) -> None:
    one = job(world)
    client = world.client("stranger")
    assert "many" not in client.get("/jobs/").content.decode()
    for part in ("", "row/", "refused.csv"):
        answer = client.get(f"/jobs/{one.pk}/{part}", headers=HTMX)
        assert answer.status_code == 404
    for part in ("stop/", "resume/"):
        assert client.post(f"/jobs/{one.pk}/{part}").status_code == 404


def test_a_reseller_sees_the_jobs_of_its_customers(world: World) -> None:
    one = job(world)
    client = world.client("reseller")
    assert "many" in client.get("/jobs/").content.decode()
    assert client.get(f"/jobs/{one.pk}/").status_code == 200


def test_the_list_is_empty_searched_and_exported(world: World) -> None:
    client = world.client("operator")
    assert "No job yet" in client.get("/jobs/").content.decode()
    job(world, customer=None)
    assert "Import" in client.get("/jobs/", {"q": "many"}).content.decode()
    answer = client.get("/jobs/", {"export": "csv"})
    assert b"Import" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
