"""Dovecot's questions about log-ins (its authentication policy client), as its settings.

In a file of root's alone: two secrets stand in it.
"""

from __future__ import annotations

from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import LoginPolicy
from mailstead.mailplane.engines.files import File

ATTRIBUTES = (
    "login=%{orig_user}",
    "password=%{hashed_password}",
    "client=%{rip}",
    "service=%s",
    "session=%{session}",
    "device=%{client_id}",
)
"""What is told; the guard reads it (guard/logins/policy.py). `orig_user`: to Postfix the directory
gives a log-in another name."""
HASH_BITS = 16
"""Tell two wrong passwords apart, and are of no use to who looks for the right one."""
TIMEOUT = 200
"""Milliseconds that a log-in waits for the guard at most. Then it goes on.

Each log-in waits for so long while the guard is away, and for about as long again afterwards (a
minute at most): Dovecot's HTTP client tries to connect less and less often and lets requests wait.
"""


def file(home: Home) -> Path:
    """Where the settings are."""
    return home.dovecot / "login-policy.conf"


def files(home: Home, policy: LoginPolicy | None) -> list[File]:
    """The file; without a policy there is none."""
    return [File(file(home), _text(policy), 0o600)] if policy else []


def _text(policy: LoginPolicy) -> str:
    return f"""\
# Made by Mailstead from its settings; changes here are overwritten.
auth_policy_server_url = http://127.0.0.1:{policy.port}/
auth_policy_server_api_header = Authorization: Bearer {policy.key}
auth_policy_server_timeout_msecs = {TIMEOUT}
auth_policy_hash_mech = sha256
auth_policy_hash_nonce = {policy.nonce}
auth_policy_hash_truncate = {HASH_BITS}
auth_policy_request_attributes = {" ".join(ATTRIBUTES)}
# Asked once, before the password costs a hash; a guard that is away keeps nobody out.
auth_policy_check_before_auth = yes
auth_policy_check_after_auth = no
auth_policy_report_after_auth = yes
auth_policy_reject_on_fail = no
# The mail program's name, as it says it before it logs in (RFC 2971).
imap_id_retain = yes
"""
