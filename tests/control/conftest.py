"""Django without an instance, a database that other threads and processes can open, a clock."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailstead.control.project.bootstrap import setup

setup(Path("/nonexistent"))

from django.conf import settings  # noqa: E402  (after setup)
from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402

from mailstead.control.people.actor import Actor  # noqa: E402
from tests.control.company import Company  # noqa: E402
from tests.control.copies import Copies  # noqa: E402
from tests.control.world import World, make_world  # noqa: E402

# As cheap as argon2 allows: what a hash costs an attacker is not what these tests are about.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 8
Argon2PasswordHasher.parallelism = 1

OPERATOR = Actor.operator("olga")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the second database no test of this folder runs that has nothing to do with one."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return
    here = Path(__file__).parent
    left = [item for item in items if here in item.path.parents and not _asks(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        gone = set(left)
        items[:] = [item for item in items if item not in gone]


def _asks(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    names = set(getattr(item, "fixturenames", ()))
    asking = names & {"db", "transactional_db", "django_db_setup"}
    return bool(asking) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """SQLite in a file: an in-memory database is not the one that an instance has."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("postgresql"):
        yield
        return
    directory = Path(tempfile.mkdtemp(prefix="ms-control-"))
    database["TEST"]["NAME"] = str(directory / "mailstead.db")
    yield
    shutil.rmtree(directory)


@pytest.fixture
def now() -> dt.datetime:
    """The moment of a test."""
    return dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def company(db: None, now: dt.datetime) -> Company:
    """A hosting company with one server and one customer."""
    return Company(OPERATOR, now)


@pytest.fixture
def world(db: None) -> World:
    """Everybody who may sign in, each with something of their own; the clock is the real one."""
    return _WORLDS.get()


# A world is a minute old at most, which it could be on a slow machine too.
_WORLDS = Copies(lambda: make_world(dt.datetime.now(dt.UTC)), lasts=60)
