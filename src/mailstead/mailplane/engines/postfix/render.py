"""Postfix's files from the model: main.cf and master.cf; the only place that escapes for Postfix.

What the settings are and why stands in `main_cf` and `master_cf`.
"""

from __future__ import annotations

import re

from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.postfix import main_cf, master_cf, sending
from mailstead.mailplane.engines.postfix.model import PostfixModel, facts_file, srs_file
from mailstead.standards.refusal import Refusal

_HEAD = "# Made by Mailstead from its settings; changes here are overwritten.\n"
# What reaches main.cf from outside: names of hosts, addresses, paths. A `$` would be expanded, a
# brace or a comma would end the list that the value stands in.
_PLAIN = re.compile(r"[A-Za-z0-9._@+=/:~-]*")


def render(model: PostfixModel) -> list[File]:
    """All files of this Postfix; raises `Refusal` when a value cannot stand in main.cf."""
    _check(model)
    config = model.home.postfix
    return [
        File(config / "main.cf", _main(model)),
        File(config / "master.cf", _master(model)),
        File(srs_file(model), _srs(model)),
        File(facts_file(model), _HEAD + _FACTS),
        *(sending.files(model) if model.sending.addresses else ()),
    ]


def _srs(model: PostfixModel) -> str:
    """The address itself, for those that PostSRSd may have made (regexp_table(5))."""
    name = re.escape(model.hostname)
    return f"{_HEAD}/^(SRS[01][-+=][^@]+@{name})$/ ${{1}}\n"


# The text after STRIP is logged whole; of the header itself only the beginning is.
_FACTS = """\
~^X-Mailstead-Subject: ([0-9a-f]{16})$~ STRIP subject=${1}
~^X-Mailstead-Report: ([A-Za-z0-9+/]+=*)$~ STRIP report=${1}
"""


def _check(model: PostfixModel) -> None:
    for name, value in (
        ("hostname", model.hostname),
        ("operator", model.operator),
        ("recipient_delimiter", model.recipient_delimiter),
        ("home", str(model.home.root)),
        ("milter", model.milter or ""),
        ("transport.authorities", model.authorities),
        *(
            ("sending address", value)
            for one in model.sending.addresses
            for value in (one.ipv4, one.ipv6, one.helo)
        ),
        ("relay", model.sending.relay.host if model.sending.relay else ""),
    ):
        if not _PLAIN.fullmatch(value):
            raise Refusal(
                "postfix-value-invalid",
                f"The setting '{name}' has a character that cannot stand in Postfix's files.",
                remedy="Use letters, digits and . _ @ + = / : ~ - only.",
            )


def _main(model: PostfixModel) -> str:
    lines = [_HEAD]
    for name, value, reason in main_cf.entries(model):
        lines += [f"# {line}" for line in reason.splitlines()]
        lines += [f"{name} = {value}".rstrip(), ""]
    return "\n".join(lines)


def _master(model: PostfixModel) -> str:
    lines = [
        _HEAD + "# Nothing is chrooted: the maps and sockets of the instance lie under its home."
    ]
    for service in master_cf.services(model):
        lines += [f"# {line}" for line in service.reason.splitlines()]
        lines.append(
            f"{service.name} {service.kind} {service.private} {service.unpriv} n "
            f"{service.wakeup} {service.processes} {service.program}"
        )
        lines += [f"  -o {{ {name} = {value} }}" for name, value in service.options]
    return "\n".join(lines) + "\n"
