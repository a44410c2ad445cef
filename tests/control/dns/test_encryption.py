"""What a domain asks of others about encryption: the policy, its records, and who may set it."""

from __future__ import annotations

import pytest

from mailstead.control.dns import encryption, queries, services
from mailstead.control.dns.compare import Expected, compare, state_of
from mailstead.control.people.models import AuditEntry
from mailstead.standards import mtasts
from mailstead.standards.mtasts import Mode
from tests.control.api.caller import caller
from tests.control.dns.pretend import dns_of
from tests.control.dns.test_compare import DMARC, MX, NAME, first, seen
from tests.control.world import World

BOX = "mailto:tls-reports@node1.example"
OURS = f"v=TLSRPTv1; rua={BOX}"
TLS = Expected(f"_smtp._tls.{NAME}", "TXT", OURS)
HOST = Expected(f"mta-sts.{NAME}", "CNAME", "node1.example.")
STS = Expected(f"_mta-sts.{NAME}", "TXT", "v=STSv1; id=abc;")


@pytest.mark.parametrize(
    ("expected", "values", "verdict", "code"),
    [
        (TLS, [], "missing", "tlsrpt-missing"),
        (TLS, ["v=TLSRPTv1;rua=mailto:TLS-reports@node1.example"], "good", "tlsrpt-good"),
        (TLS, [OURS], "good", "tlsrpt-good"),
        (TLS, ["v=TLSRPTv1; rua=mailto:x@far.example"], "good", "tlsrpt-elsewhere"),
        (TLS, ["v=TLSRPTv1; rua=nowhere"], "wrong", "tlsrpt-unreadable"),
        (TLS, [OURS, "v=TLSRPTv1; rua=mailto:x@far.example"], "wrong", "tlsrpt-unreadable"),
        (HOST, [], "missing", "policy-host-missing"),
        (HOST, ["NODE1.example."], "good", "policy-host-good"),
        (HOST, ["other.example."], "wrong", "policy-host-elsewhere"),
        (STS, [], "missing", "mtasts-missing"),
        (STS, ["v=STSv1; id=abc"], "good", "mtasts-good"),
        (STS, ["v=STSv1; id=old"], "wrong", "mtasts-old"),
        (STS, ["v=STSv1; id=a b"], "wrong", "mtasts-unreadable"),
    ],
)
def test_each_record_has_its_verdict(
    expected: Expected, values: list[str], verdict: str, code: str
) -> None:
    finding = first(expected, *values)
    assert (finding.verdict, finding.code) == (verdict, code)


def test_reports_that_go_elsewhere_are_joined_and_not_taken_away() -> None:
    tls = first(TLS, "v=TLSRPTv1; rua=mailto:x@far.example")
    assert tls.publish == f"v=TLSRPTv1; rua=mailto:x@far.example,{BOX}"
    wanted = Expected(DMARC.name, "TXT", "v=DMARC1; p=none; rua=mailto:d@node1.example")
    dmarc = first(wanted, "v=DMARC1; p=reject; rua=mailto:x@far.example; pct=50")
    assert (dmarc.verdict, dmarc.code) == ("good", "dmarc-elsewhere")
    joined = "v=DMARC1; p=reject; rua=mailto:x@far.example,mailto:d@node1.example; pct=50"
    assert dmarc.publish == joined
    assert first(wanted, "v=DMARC1; p=reject").publish.endswith("; rua=mailto:d@node1.example")
    assert first(wanted, joined).code == "dmarc-good"


def test_a_domain_without_tls_reports_is_no_worse_for_it() -> None:
    findings = [*compare([MX], seen(MX, MX.value)), first(TLS)]
    assert state_of(findings) == "good"
    assert state_of([*findings, first(STS)]) == "warn"


def test_the_number_changes_with_the_policy_and_only_then() -> None:
    def number(mode: Mode, host: str = "node1.example") -> str:
        records = encryption.records_of(NAME, host, mode, "t@node1.example")
        return next(value for name, _, value in records if name.startswith("_mta-sts."))

    assert number(Mode.TESTING) == number(Mode.TESTING)
    made = [number(Mode.TESTING), number(Mode.ENFORCE), number(Mode.ENFORCE, "node2.example")]
    assert len(set(made)) == 3


@pytest.mark.django_db
def test_an_owner_sets_the_policy_and_the_records_follow(world: World) -> None:
    carl = world.client("customer")
    names = [one.name for one in queries.expected_of(world.domains["main"])]
    assert f"_smtp._tls.{NAME}" in names and f"_mta-sts.{NAME}" not in names
    answer = carl.post(f"/domains/{NAME}/dns/mta-sts/", {"mode": "testing"}, follow=True)
    page = answer.content.decode()
    assert f"_mta-sts.{NAME}" in page or 'data-copy="_mta-sts"' in page
    entry = AuditEntry.objects.get(verb="domain.set-mta-sts")
    assert (entry.before, entry.after) == ({"mta-sts": "none"}, {"mta-sts": "testing"})
    assert world.client("stranger").get(f"/domains/{NAME}/dns/mta-sts/").status_code == 404


@pytest.mark.django_db
def test_everybody_may_fetch_the_policy_of_a_hosted_domain(world: World) -> None:
    nobody = world.client(None)
    path = f"/policies/mta-sts/{NAME}/"
    assert mtasts.parse_policy(nobody.get(path).content).mode is Mode.NONE
    services.set_mta_sts(
        actor=world.actor("customer"),
        now=world.now,
        domain=world.domains["main"],
        mode=Mode.ENFORCE,
    )
    answer = nobody.get(path)
    found = mtasts.parse_policy(answer.content)
    assert (found.mode, found.hosts) == (Mode.ENFORCE, ("node1.example",))
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert nobody.get("/policies/mta-sts/elsewhere.example/").status_code == 404


@pytest.mark.django_db
def test_the_api_sets_and_shows_it(world: World) -> None:
    carl = caller(world, "customer")
    assert carl.get(f"/domains/{NAME}/mta-sts").body["mode"] == "none"
    assert carl.put(f"/domains/{NAME}/mta-sts", {"mode": "enforce"}).body["mode"] == "enforce"
    assert "mode: enforce" in carl.get(f"/domains/{NAME}/mta-sts").body["policy"]
    assert carl.put(f"/domains/{NAME}/mta-sts", {"mode": "always"}).status == 422
    assert caller(world, "stranger").put(f"/domains/{NAME}/mta-sts", {"mode": "none"}).status == 404


@pytest.mark.django_db
def test_the_doctor_says_what_to_do_about_them(world: World) -> None:
    services.set_mta_sts(
        actor=world.actor("customer"),
        now=world.now,
        domain=world.domains["main"],
        mode=Mode.TESTING,
    )
    services.check_domain(
        actor=world.actor("customer"), now=world.now, domain=world.domains["main"], look=dns_of({})
    )
    page = world.client("customer").get(f"/domains/{NAME}/dns/").content.decode()
    assert "TLS-RPT" in page and "Publish the record, after the one for the policy" in page
