"""The baseline whose Postfix and Dovecot ask PostgreSQL: the same questions that ours answers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.baseline import (
    TEMPLATES,
    Baseline,
    call,
    fill,
    prepare,
    running,
    sweep,
    values_of,
)
from bench.host import HostFailed
from bench.load.run import ROOT
from bench.population import SECRET, Population

SOURCE = TEMPLATES / "pgsql"
QUERIES = {
    "domains": "SELECT 'ok' FROM domain WHERE name = '%s'",
    "recipients": "SELECT 'ok' FROM mailbox WHERE address = '%s'",
    "access": (
        "SELECT CASE WHEN receiving THEN 'DUNNO' ELSE '550 5.2.1 suspended' END"
        " FROM mailbox WHERE address = '%s'"
    ),
    "aliases": "SELECT destination FROM alias WHERE address = '%s'",
    "transport": "SELECT nexthop FROM transport WHERE address = '%s'",
    "senders": "SELECT address FROM mailbox WHERE address = '%s'",
    "credentials": (
        "SELECT 'submission_permitted' FROM mailbox WHERE address = '%s' AND login AND sending"
    ),
}
SUBMISSION = """-o smtpd_sender_restrictions=reject_sender_login_mismatch
  -o smtpd_relay_restrictions=check_sasl_access,${sql}credentials.cf,reject
  -o smtpd_recipient_restrictions=check_recipient_access,${sql}access.cf"""


@contextmanager
def database_server(work: Path, *settings: str) -> Iterator[str]:
    """An empty PostgreSQL for our control plane, with settings `NAME=VALUE`; gives its URL."""
    folder, script = work / "ms-gq", str(ROOT / "script" / "postgres-for-tests.sh")
    url = call(script, "start", str(folder), *settings).strip().splitlines()[-1]
    try:
        yield url
    finally:
        call(script, "stop", str(folder))


@contextmanager
def pgsql(work: Path, population: Population) -> Iterator[Baseline]:
    """The baseline with a database of its own, filled with the population."""
    baseline = Baseline("pgsql", work / "ms-gp", 51000)
    values = values_of(baseline, SUBMISSION)
    try:
        prepare(baseline, values)
        _write_look_ups(baseline, values)
        _start_database(baseline)
        _fill(baseline, population)
        with running(baseline) as host:
            yield host
    finally:
        sweep(baseline.home)


def _write_look_ups(baseline: Baseline, values: dict[str, str]) -> None:
    home = baseline.home
    for name, query in QUERIES.items():
        text = fill(SOURCE / "map.cf", {**values, "QUERY": query})
        (home / "postfix" / f"{name}.cf").write_text(text, encoding="utf-8")
    text = fill(SOURCE / "dovecot-sql.conf", values)
    (home / "dovecot" / "sql.conf").write_text(text, encoding="utf-8")
    (home / "sieve").mkdir()
    shutil.copy(TEMPLATES / "junk.sieve", home / "dovecot" / "junk.sieve")
    call("sievec", str(home / "dovecot" / "junk.sieve"))


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise HostFailed("PostgreSQL is not installed: 'apt-get install postgresql'.")
    return found[-1].parent


def _start_database(baseline: Baseline) -> None:
    """A cluster of its own on a unix socket only, with the distribution's default settings."""
    folder = baseline.home / "pg"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, "postgres", "postgres")
    programs = _programs()
    call(
        *(str(programs / "initdb"), "-D", str(folder), "-A", "trust", "-U", "mailbench"),
        *("--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"),
        user="postgres",
    )
    options = f"-c listen_addresses= -k {folder} -c max_connections=300"
    call(
        *(str(programs / "pg_ctl"), "-D", str(folder), "-w", "-o", options),
        *("-l", str(folder / "log"), "start"),
        user="postgres",
    )
    # Postfix's proxymap and Dovecot reach the socket as other users; PostgreSQL looks at the
    # folder's mode at its start only.
    folder.chmod(0o711)


def _fill(baseline: Baseline, population: Population) -> None:
    folder = str(baseline.home / "pg")
    psql = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "mailbench"]
    call(*psql, "-d", "postgres", "-c", "CREATE DATABASE mailbench")
    script = [(SOURCE / "schema.sql").read_text(encoding="utf-8"), "COPY domain FROM stdin;\n"]
    script += [f"{name}\n" for name in population.all_domains()]
    script += ["\\.\n", "COPY mailbox (address, domain, secret) FROM stdin;\n"]
    secret = SECRET.replace("\\", "\\\\")
    script += [f"{a}\t{a.partition('@')[2]}\t{secret}\n" for a in population.all_addresses()]
    script += ["\\.\n", "ANALYZE;\n"]
    done = subprocess.run(
        [*psql, "-d", "mailbench"],
        input="".join(script),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise HostFailed(f"PostgreSQL could not be filled: {done.stderr.strip()[-400:]}")
