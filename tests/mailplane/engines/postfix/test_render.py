"""What is rendered for Postfix: traps of version 3.7.11 answered, hostile values refused."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.engines.postfix.model import PostfixModel
from mailstead.mailplane.engines.postfix.render import render
from mailstead.standards.refusal import Refusal

MODEL = PostfixModel(
    home=Home(Path("/var/lib/mailstead")),
    hostname="mail.node.example",
    operator="operator@far.example",
    recipient_delimiter="+",
    message_limit=52_428_800,
    smtp=25,
    submission=587,
    submissions=465,
    reinject=10026,
    forward=10027,
    srs=10001,
    srs_back=10002,
    ipv6=True,
    milter="unix:/var/lib/mailstead/run/rspamd/milter.sock",
    mail_owner=(999, 999),
)


def main_cf(model: PostfixModel = MODEL) -> dict[str, str]:
    """The settings of main.cf."""
    text = render(model)[0].text
    pairs = (line.split(" =", 1) for line in text.splitlines() if line and line[0] not in "# ")
    return {name: value.strip() for name, value in pairs}


def master_cf(model: PostfixModel = MODEL) -> dict[str, str]:
    """The entries of master.cf with their options, by name and type."""
    found: dict[str, str] = {}
    key = ""
    for line in render(model)[1].text.splitlines():
        if line.startswith("  "):
            found[key] += "\n" + line
        elif not line.startswith("#"):
            key = "/".join(line.split()[:2])
            found[key] = line
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # facts: smuggling is open by default on 3.7, and mynetworks is exempt.
        ("smtpd_forbid_bare_newline", "normalize"),
        ("smtpd_forbid_bare_newline_exclusions", ""),
        ("smtpd_forbid_unauth_pipelining", "yes"),
        # facts: a rejection at end of data leaves state behind; proxy filters smuggle.
        ("smtpd_end_of_data_restrictions", ""),
        ("smtpd_proxy_filter", ""),
        # facts: `shutdown` does not exist in 3.7.
        ("milter_default_action", "tempfail"),
        ("mynetworks", ""),
        ("smtpd_tls_auth_only", "yes"),
        ("smtpd_tls_session_cache_database", ""),
        ("smtputf8_enable", "no"),
        ("disable_vrfy_command", "yes"),
        ("enable_long_queue_ids", "yes"),
        ("parent_domain_matches_subdomains", ""),
        ("compatibility_level", "3.6"),
    ],
)
def test_a_trap_is_answered(name: str, value: str) -> None:
    assert main_cf()[name] == value


def test_bdat_is_not_offered() -> None:
    assert "chunking" in main_cf()["smtpd_discard_ehlo_keywords"]


def test_no_map_is_sqlite_or_pgsql() -> None:
    values = " ".join(main_cf().values()) + " ".join(master_cf().values())
    assert not re.search(r"\b(sqlite|pgsql|mysql|proxy):", values)


def test_every_setting_has_a_reason() -> None:
    lines = render(MODEL)[0].text.splitlines()
    for before, line in itertools.pairwise(lines):
        if line and not line.startswith("#"):
            assert before.startswith("# "), line


def test_no_setting_stands_twice() -> None:
    names = re.findall(r"^(\w+) =", render(MODEL)[0].text, re.MULTILINE)
    assert len(names) == len(set(names))


def test_auth_is_on_at_the_submission_ports_only() -> None:
    services = master_cf()
    assert "smtpd_sasl_auth_enable" not in main_cf()
    with_auth = {name for name, text in services.items() if "smtpd_sasl_auth_enable = yes" in text}
    assert with_auth == {"587/inet", "465/inet"}


def test_reinject_listens_on_loopback_alone() -> None:
    names = [name for name in master_cf() if "10026" in name]
    assert names == ["127.0.0.1:10026/inet"]


def test_nothing_is_chrooted() -> None:
    for name, line in master_cf().items():
        assert line.splitlines()[0].split()[4] == "n", name


def test_port_25_and_submission_have_limits_of_their_own() -> None:
    services = master_cf()
    limits = [services[name].split()[6] for name in ("25/inet", "587/inet", "465/inet")]
    assert limits == ["100", "500", "500"]


def test_without_a_scanner_there_is_no_milter() -> None:
    assert not [
        name for name in main_cf(dataclasses.replace(MODEL, milter=None)) if "milter" in name
    ]


def test_the_hosts_own_mail_goes_to_the_operator_or_is_kept() -> None:
    assert (
        "{postmaster@mail.node.example = operator@far.example}" in main_cf()["virtual_alias_maps"]
    )
    assert "postmaster/unix" not in master_cf()
    alone = dataclasses.replace(MODEL, operator="")
    assert main_cf(alone)["local_transport"] == "postmaster:"
    assert "static:postmaster/" in master_cf(alone)["postmaster/unix"]


@pytest.mark.parametrize(
    "hostile",
    ["a\nb", "a\0b", "a}b", "{a", "a,b", "a b", "$home", "a#b", 'a"b', "a;b", "ä", "a\x7fb"],
)
@pytest.mark.parametrize("field", ["hostname", "operator", "recipient_delimiter"])
def test_a_value_that_would_be_read_as_something_else_is_refused(field: str, hostile: str) -> None:
    with pytest.raises(Refusal, match=field):
        render(dataclasses.replace(MODEL, **{field: hostile}))


def test_a_hostile_home_is_refused() -> None:
    with pytest.raises(Refusal, match="home"):
        render(dataclasses.replace(MODEL, home=Home(Path("/tmp/a b"))))


def test_dane_is_believed_only_where_the_resolver_validates() -> None:
    validating = main_cf(dataclasses.replace(MODEL, dane=True))
    assert validating["smtp_tls_security_level"] == "dane"
    assert validating["smtp_dns_support_level"] == "dnssec"
    assert main_cf()["smtp_tls_security_level"] == "may"
    assert "smtp_dns_support_level" not in main_cf()


def test_each_box_for_reports_is_an_address_of_the_host_and_has_its_maildir() -> None:
    model = dataclasses.replace(MODEL, reports=(("dmarc-reports", "dmarc"), ("feedback", "arf")))
    assert "{dmarc-reports = ok}" in main_cf(model)["local_recipient_maps"]
    assert "{feedback@mail.node.example = reports:}" in main_cf(model)["transport_maps"]
    assert "{feedback@mail.node.example = arf/}" in master_cf(model)["reports/unix"]


def test_what_passes_by_once_more_on_this_machine_asks_for_no_policy() -> None:
    assert "{ smtp_tls_policy_maps =  }" in master_cf()["forward/unix"]
