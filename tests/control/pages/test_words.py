"""The panel's languages: every text is gathered and translated, and German pages are German."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest

from tests.control.addresses import all_pages, fill
from tests.control.world import World

ROOT = Path(__file__).resolve().parents[3]
CATALOGUES = sorted(ROOT.glob("src/mailstead/control/web/locale/*/LC_MESSAGES/django.po"))
MARKS = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?\w[^>]*>|&#?\w+;")
ENGLISH = re.compile(
    r"\b(the|of|is|are|and|to|this|that|with|for|from|has|have|you|your|yet|there)\b", re.I
)
"""Words that no German sentence has."""
TAG = re.compile(r"%[a-z]+%")
"""What stands in an automatic answer for something of the message, in every language."""
READER = {"language": "de", "time_zone": "Europe/Berlin", "theme": ""}
UNSPOKEN = ("api:", "people:style", "hosting:style")
"""Pages in English alone: the reference of the API is for programmers, made from its source."""


def test_the_catalogues_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "script" / "make_messages.py"), "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_text_is_translated(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    left = [entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy]
    assert not left


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_has_the_places_and_the_tags_of_its_text(path: Path) -> None:
    wrong = []
    for entry in polib.pofile(str(path)):
        many = entry.msgid_plural
        pairs = (
            [(entry.msgid, entry.msgstr_plural[0]), (many, entry.msgstr_plural[1])]
            if many
            else [(entry.msgid, entry.msgstr)]
        )
        for text, said in pairs:
            missing = set(MARKS.findall(text)) - set(MARKS.findall(said))
            unknown = set(MARKS.findall(said)) - set(MARKS.findall(text + many))
            edges = text.endswith("\n") != said.endswith("\n")
            if missing or unknown or edges:
                wrong.append((text, said))
    assert not wrong


def test_who_is_not_signed_in_is_answered_in_the_browsers_language(world: World) -> None:
    client = world.client(None)
    page = client.get("/account/login/", headers={"accept-language": "de-AT,de;q=0.9"})
    assert page.headers["Content-Language"] == "de"
    assert "Passwort vergessen?" in page.content.decode()
    assert "Password forgotten?" in client.get("/account/login/").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/account/2fa/",
        "/account/sessions/",
        "/account/password/change/",
        "/account/reauthenticate/",
    ],
)
def test_the_pages_of_the_log_in_are_german_too(world: World, path: str) -> None:
    client = world.client("customer")
    client.post("/profile/", READER)
    page = client.get(path)
    assert page.status_code == 200
    assert not english(page.content.decode())


@pytest.mark.one_database
@pytest.mark.parametrize("role", ["operator", "reseller", "customer", "mailbox"])
def test_a_german_page_says_nothing_in_english(world: World, role: str) -> None:
    client = world.client(role)
    client.post("/profile/", READER)
    found = []
    for page in all_pages():
        if page.library or page.name.startswith(UNSPOKEN):
            continue
        answer = client.get(fill(page, world, "customer")[0])
        if "text/html" in answer.headers.get("Content-Type", ""):
            found += [f"{page.route}: {text}" for text in english(answer.content.decode())]
    assert not found


def test_the_way_of_a_message_is_told_in_the_readers_language(world: World) -> None:
    client = world.client("customer")
    client.post("/profile/", READER)
    way = client.get("/explain/", {"address": "nobody.there@cars.example"}).content.decode()
    assert "niemand" in way and "abgewiesen: unbekannt" in way


def test_what_a_refusal_speaks_of_is_named_in_the_readers_language(world: World) -> None:
    client = world.client("customer")
    client.post("/profile/", READER)
    unknown = client.get("/domains/nowhere.example/answers/").content.decode()
    assert "Nicht vorhanden: Domain nowhere.example." in unknown


def english(html: str) -> list[str]:
    """Texts of a page with a word that is only English."""
    texts = _Texts()
    texts.feed(html)
    return [text for text in texts.found if ENGLISH.search(TAG.sub("", text))]


class _Texts(HTMLParser):
    """What a page says to who reads it, code and names of time zones left out."""

    SILENT = ("code", "pre", "script", "style", "textarea", "datalist")
    SPOKEN = ("title", "aria-label", "placeholder", "alt")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        self.found += [value for name, value in attrs if name in self.SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(" ".join(data.split()))
