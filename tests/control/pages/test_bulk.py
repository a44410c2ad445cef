"""Many mailboxes at once: typed names and CSV files, each row for itself."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from mailstead.control.hosting import jobs as work
from mailstead.control.hosting import services
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.views import bulk
from mailstead.control.jobs.models import Job
from mailstead.control.people.models import AuditEntry
from mailstead.standards import password as passwords
from tests.control.world import World

HASH = "$6$abcdefgh$" + "x" * 86
LOCKED = "!" + HASH


def test_names_become_mailboxes_with_passwords_shown_once(world: World) -> None:
    asked = {
        "domain": "cars.example",
        "names": "ann, Ann Bell\nmia\n\nbad name\nbob",
        "quota": "1G",
    }
    page = world.client("customer").post("/mailboxes/bulk/", asked).content.decode()
    ann = Mailbox.objects.get(local="ann")
    assert (ann.name, ann.quota) == ("Ann Bell", 2**30)
    assert "There is such a mailbox already" in page and "cannot be used here" in page
    href = re.search(r'href="data:text/csv;charset=utf-8,([^"]+)"', page)
    assert href
    rows = list(csv.DictReader(io.StringIO(unquote(href[1]))))
    assert [row["address"] for row in rows] == ["ann@cars.example", "bob@cars.example"]
    assert passwords.verify(rows[0]["password"], ann.secret)
    assert rows[0]["password"] not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"names": ""}, "This field is required."),
        ({"names": "\n".join(f"a{n}" for n in range(201))}, "between 1 and 200"),
        ({"domain": "shop.example"}, "Select a valid choice"),
    ],
)
def test_names_that_cannot_be_say_why(world: World, asked: dict[str, str], words: str) -> None:
    data = {"domain": "cars.example", "names": "ann", **asked}
    assert words in world.client("customer").post("/mailboxes/bulk/", data).content.decode()
    assert not Mailbox.objects.filter(local="ann").exists()


def read(client: Client, text: str, *, sure: bool = False) -> str:
    file = SimpleUploadedFile("m.csv", text.encode(), content_type="text/csv")
    asked = {"file": file, **({"sure": "on"} if sure else {})}
    body: str = client.post("/mailboxes/import/", asked, follow=True).content.decode()
    return body


FILE = f"""address,password,hash,quota,name
ann@cars.example,a long enough one,,5G,Ann Bell
bob@trucks.example,,{HASH},,Bob
cid@trucks.example,,{LOCKED},,Cid
mia@cars.example,a long enough one,,,
eva@shop.example,a long enough one,,,
dan@cars.example,short,,,
"""


def test_a_file_is_looked_at_before_anything_is_made(world: World) -> None:
    client, before = world.client("customer"), Mailbox.objects.count()
    page = read(client, FILE)
    assert "3 mailboxes would be made; nothing is changed yet." in page
    for words in ("such a mailbox already", "is not hosted here", "fewer than 10 characters"):
        assert words in page
    assert Mailbox.objects.count() == before
    page = read(client, FILE, sure=True)
    assert "3 mailboxes were made." in page
    made = {row.local: row for row in Mailbox.objects.all()}
    assert passwords.verify("a long enough one", made["ann"].secret)
    assert (made["ann"].quota, made["ann"].name) == (5 * 2**30, "Ann Bell")
    assert made["bob"].secret.endswith(HASH) and not made["bob"].login_suspended
    assert made["cid"].login_suspended


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,mail\nann,ann@cars.example\n", "The first line must name the columns"),
        ("address,quota\nann@cars.example,1G\nbob@cars.example,much\n", "Line 3: "),
        ("address,quota\nann@cars.example,1G,more\n", "Line 2: There are more values"),
        ("", "is empty"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_line(world: World, text: str, words: str) -> None:
    assert words in read(world.client("customer"), text)


def test_looking_at_a_file_hashes_no_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(password: str) -> str:
        raise AssertionError("hashing takes 2 ms a row, in which SQLite lets nobody write")

    # Signing in hashes something, once in a process.
    client = world.client("customer")
    monkeypatch.setattr(passwords, "hashed", never)
    rows = "".join(f"p{n}@cars.example,a long enough one\n" for n in range(500))
    page = read(client, "address,password\n" + rows)
    assert "500 mailboxes would be made" in page


def test_a_file_has_a_bounded_number_of_passwords(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_PASSWORDS", 3)
    rows = "".join(f"p{n}@cars.example,a long enough one\n" for n in range(4))
    page = read(world.client("customer"), "address,password\n" + rows, sure=True)
    assert "A file may have 3 rows with a password." in page
    hashes = "".join(f"p{n}@cars.example,{HASH}\n" for n in range(4))
    assert "4 mailboxes were made." in read(
        world.client("customer"), "address,hash\n" + hashes, sure=True
    )


def test_a_long_file_becomes_a_job_that_holds_no_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    client = world.client("customer")
    refused = read(client, FILE, sure=True)
    assert "Line 7: " in refused and "fewer than 10 characters" in refused
    assert not Job.objects.exists()
    page = read(
        client, FILE.replace("dan@cars.example,short", "dan@cars.example,long enough"), sure=True
    )
    assert "The mailboxes are being made." in page
    job = Job.objects.get()
    assert "long enough" not in str(job.payload) and job.customer == world.customers["customer"].pk
    done = work.import_mailboxes(job, world.actor("customer"), timezone.now())
    assert done.finished and done.result["made"] == 4
    assert [row["address"] for row in done.result["refused"]] == ["eva@shop.example"]
    # A locked hash stays locked on this way too.
    assert Mailbox.objects.get(local="cid").login_suspended
    assert "All of these mailboxes are there already." in read(
        client,
        "address,hash\n" + "".join(f"{n}@cars.example,{HASH}\n" for n in ("ann", "dan", "mia")),
        sure=True,
    )


def test_a_limit_holds_for_a_file_too(world: World) -> None:
    services.update_customer(
        actor=world.actor("reseller"),
        now=world.now,
        customer=world.customers["customer"],
        quota=0,
        mailbox_limit=3,
        domain_limit=None,
    )
    page = read(world.client("customer"), FILE)
    assert "1 mailbox would be made" in page and "may have 3 mailboxes" in page


def test_the_template_is_a_file_that_can_be_read(world: World) -> None:
    client = world.client("customer")
    text = client.get("/mailboxes/import/template/").content.decode()
    assert text.startswith("address,password,hash,quota,name")
    assert "This could not be done" not in read(client, text)
