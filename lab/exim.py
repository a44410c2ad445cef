"""Exim from Debian, unpacked beside the system: its package cannot be installed next to Postfix."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Sequence
from pathlib import Path

from lab.commands import LabError, run
from lab.state import CACHE

PACKAGES = ("exim4-base", "exim4-daemon-light")
USER = "Debian-exim"
"""The user that Debian's Exim is compiled for; it exists only inside the lab's host."""
UID = 8725

# What an address of the foreign host does with mail, by the beginning of its local part.
REFUSED, BUSY = "refuse", "busy"
GREY, FULL, SLOW = "grey", "full", "slow"


def binary() -> Path:
    """The unpacked program; fetched with apt-get on the first use and kept in the cache."""
    program = CACHE / "exim" / "usr" / "sbin" / "exim4"
    CACHE.mkdir(parents=True, exist_ok=True)
    # Two labs that start at the same moment must not unpack over each other.
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _fetch(program)
    return program


def _fetch(program: Path) -> None:
    part = CACHE / "exim.part"
    shutil.rmtree(part, ignore_errors=True)
    (part / "debs").mkdir(parents=True)
    # apt fetches as its own user where it can; the folder may be its, what is in it is checked.
    shutil.chown(part / "debs", user="_apt")
    try:
        run("apt-get", "download", "-qq", *PACKAGES, cwd=part / "debs", timeout=120)
    except LabError:
        # A machine whose package lists are missing or stale: bring them up to date once.
        run("apt-get", "update", "-qq", timeout=300)
        run("apt-get", "download", "-qq", *PACKAGES, cwd=part / "debs", timeout=120)
    for package in sorted((part / "debs").glob("*.deb")):
        run("dpkg", "-x", package, part / "root")
    final = program.parents[2]
    shutil.rmtree(final, ignore_errors=True)
    (part / "root").rename(final)
    shutil.rmtree(part)


def passwd() -> tuple[str, str]:
    """/etc/passwd and /etc/group for the foreign host: the machine's, and Exim's user."""
    users = Path("/etc/passwd").read_text(encoding="utf-8")
    groups = Path("/etc/group").read_text(encoding="utf-8")
    return (
        f"{users}{USER}:x:{UID}:{UID}::/nonexistent:/usr/sbin/nologin\n",
        f"{groups}{USER}:x:{UID}:\n",
    )


def configuration(
    folder: Path, hostname: str, domains: Sequence[str], listen: Sequence[str], relay: Sequence[str]
) -> str:
    """Exim's configuration file.

    Mail for `domains`, and those in the file `more-domains`, goes into one Maildir a domain, with
    the envelope's recipient in `Envelope-to:`; mail from `relay` addresses goes anywhere, signed
    with DKIM. The file `closed` in the folder makes the host answer 451 to every recipient while
    it exists.
    """
    # What a look-up finds is the domain itself, so that it can be a part of a path.
    everyone = " : ".join([*domains, f"lsearch;{folder}/more-domains"])
    return f"""\
primary_hostname = {hostname}
exim_path = {binary()}
domainlist local_domains = {everyone}
hostlist relay_hosts = <; {" ; ".join(relay)}
local_interfaces = <; {" ; ".join(listen)}
daemon_smtp_ports = 25
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
log_selector = +received_recipients +delivery_size +queue_time_overall +smtp_confirmation
never_users = root
# Exim started with its own configuration file is not root when it delivers: it need not be.
deliver_drop_privilege = true
queue_only = false
queue_run_max = 4
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
message_size_limit = 60M
rfc1413_query_timeout = 0s
host_lookup =
ignore_bounce_errors_after = 1h
timeout_frozen_after = 1h
tls_advertise_hosts = *
tls_certificate = {folder}/host.pem
tls_privatekey = {folder}/host.key
acl_smtp_rcpt = rcpt
acl_smtp_data = data
acl_smtp_dkim = accept
dkim_verify_signers = $dkim_signers
keep_environment =

begin acl
rcpt:
  accept hosts = +relay_hosts
  require message = relay not permitted
          domains = +local_domains
  defer message = closed for a moment
        condition = ${{if exists{{{folder}/closed}}}}
  deny message = 5.7.1 Your IP has a poor reputation, see https://far.example/block
       condition = ${{lookup{{$sender_host_address}}lsearch{{{folder}/refused-hosts}}{{1}}{{0}}}}
  defer message = 421 4.7.0 Too many messages from your address, slow down
       condition = ${{lookup{{$sender_host_address}}lsearch{{{folder}/slowed-hosts}}{{1}}{{0}}}}
  defer message = 4.7.1 Greylisted, come back in a minute
        local_parts = ^{GREY}.*
        condition = ${{if exists{{{folder}/greylisting}}}}
  defer message = 4.2.2 mailbox full
        local_parts = ^{FULL}.*
  warn local_parts = ^{SLOW}.*
       delay = 3s
  deny message = 5.1.1 no such person here
       local_parts = ^{REFUSED}.*
  defer message = 4.2.1 come back later
        local_parts = ^{BUSY}.*
  accept
data:
  warn !hosts = +relay_hosts
       add_header = :at_start:${{authresults {{{hostname}}}}}
  accept

begin routers
hosted:
  driver = accept
  domains = +local_domains
  transport = maildir
elsewhere:
  driver = dnslookup
  domains = ! +local_domains
  transport = smtp_out
  no_more

begin transports
maildir:
  driver = appendfile
  # Exim 4.96 refuses a path made of what a stranger wrote; the matched list item is its own.
  directory = {folder}/mail/$domain_data
  maildir_format
  create_directory
  delivery_date_add
  envelope_to_add
  return_path_add
  user = {USER}
smtp_out:
  driver = smtp
  dkim_domain = ${{lookup{{$sender_address_domain}}lsearch{{{folder}/dkim-domains}}\
{{$value}}{{{domains[0]}}}}}
  dkim_selector = far
  dkim_private_key = {folder}/dkim.key
  hosts_try_fastopen =

begin retry
* * F,1h,2s

begin rewrite
begin authenticators
"""
