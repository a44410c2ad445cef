"""The API keeps its own description: whatever is sent, no defect, and answers that fit.

The description is read by schemathesis, which makes up what to send. The run is small and always
the same; `EXAMPLES` makes it longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mailstead.control.project.api import openapi, rules_of_api
from tests.control.api.caller import Caller, caller
from tests.control.world import HOST, World

EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    found.ok() for found in schemathesis.openapi.from_dict(openapi()).get_all_operations()
]
RESOURCES = sorted({operation.definition.raw["tags"][0] for operation in OPERATIONS})
_OURS = ("mailstead-", "idempotency-", "authorization")


@pytest.fixture
def program(world: World) -> Iterator[Caller]:
    """The operator's program: nothing stops at the door. The test keeps its connection."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield caller(world, "operator")
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def test_every_operation_is_in_the_description() -> None:
    assert len(OPERATIONS) == len(rules_of_api())


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_defect_and_answers_that_fit(resource: str, program: Caller) -> None:
    application = WSGIHandler()
    for operation in OPERATIONS:
        if operation.definition.raw["tags"][0] == resource:
            _try(operation, application, program.text)


def _try(operation: Any, application: WSGIHandler, token: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        kept = {k: v for k, v in (case.headers or {}).items() if not k.lower().startswith(_OURS)}
        case.headers = kept | {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "Authorization": f"Bearer {token}",
        }
        # What one case changes, the next one does not find.
        with transaction.atomic():
            case.call_and_validate(base_url=f"http://{HOST}", app=application, checks=CHECKS)
            transaction.set_rollback(True)

    ask()
