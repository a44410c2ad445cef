"""Dovecot's processes: how many, as whom, and where they listen.

Rules of size: whoever serves many clients in one process must be allowed as many as all the
processes that ask it may be, or Dovecot warns at its start and drops log-ins under load.
"""

from __future__ import annotations

from mailstead.mailplane.engines.dovecot.model import MAIL_USER, DovecotModel

_LOGIN_PROCESSES = 4


def text(model: DovecotModel) -> str:
    """The `service` blocks."""
    return "\n".join((_limits(model), _logins(model), _sessions(model), _helpers(model)))


def _limits(model: DovecotModel) -> str:
    sessions = model.imap_processes + model.pop3_processes + model.sieve_processes
    logins = 3 * _LOGIN_PROCESSES
    clients = sessions + logins + model.smtp_processes + model.lmtp_processes
    return f"""
# auth and anvil serve everybody: the sum of all sessions, log-in processes and Postfix's
# processes (the default of 1000 ends in dropped log-ins).
default_client_limit = {clients}
# For the services that do not say it themselves (default 100).
default_process_limit = 200
"""


def _listener(name: str, port: int, *, tls: bool = False) -> str:
    extra = "    ssl = yes\n" if tls else ""
    return f"  inet_listener {name} {{\n    port = {port}\n{extra}  }}\n"


def _login(sessions: int) -> str:
    # TLS of a session stays in its log-in process until it ends; room for some that try.
    clients = 2 * sessions // _LOGIN_PROCESSES
    return (
        f"  service_count = 0\n  process_limit = {_LOGIN_PROCESSES}\n"
        f"  client_limit = {clients}\n  vsz_limit = 1G\n"
    )


def _logins(model: DovecotModel) -> str:
    return f"""
# Few processes serve all connections: with one process a connection (the default) thousands of
# clients cannot log in after a restart. Several, so that a crash does not end every session; room
# in memory for the TLS of all of them.
service imap-login {{
  process_min_avail = 2
{_login(model.imap_processes)}{_listener("imap", model.imap)}\
{_listener("imaps", model.imaps, tls=True)}}}
service pop3-login {{
{_login(model.pop3_processes)}{_listener("pop3", model.pop3)}\
{_listener("pop3s", model.pop3s, tls=True)}}}
service managesieve-login {{
{_login(model.sieve_processes)}{_listener("sieve", model.managesieve)}}}
"""


def _sessions(model: DovecotModel) -> str:
    return f"""
# One session a process, so that a session can be ended alone (docs/decisions/0011); then the next,
# which saves a start: all sessions have the same user.
service imap {{
  client_limit = 1
  service_count = 100
  process_limit = {model.imap_processes}
}}
service pop3 {{
  client_limit = 1
  service_count = 100
  process_limit = {model.pop3_processes}
}}
service managesieve {{
  client_limit = 1
  process_limit = {model.sieve_processes}
}}
service lmtp {{
  user = {MAIL_USER}
  process_limit = {model.lmtp_processes}
  unix_listener lmtp {{
    user = postfix
    mode = 0600
  }}
}}
# A full mailbox is refused at RCPT.
service quota-status {{
  executable = quota-status -p postfix
  client_limit = 1
  process_limit = 600
  unix_listener quota-status {{
    user = postfix
    mode = 0600
  }}
}}
"""


def _penalty(model: DovecotModel) -> str:
    if model.policy is None:
        return ""
    return """
# Dovecot's own delay (up to 15 seconds) holds for everybody behind an address, so that one old
# password slows an office down. The guard's looks at who it is.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""


def _helpers(model: DovecotModel) -> str:
    return f"""{_penalty(model)}
service auth {{
  unix_listener postfix-auth {{
    user = postfix
    mode = 0600
  }}
  # LMTP runs as vmail and asks for every mailbox; with the default mode it would only be told about
  # users whose uid the directory names.
  unix_listener auth-userdb {{
    user = {MAIL_USER}
    mode = 0600
  }}
}}
# Reads the node's directory as group dovecot; root is needed for /etc/shadow only.
service auth-worker {{
  user = $default_internal_user
}}
# Sessions and deliveries run as vmail and report what they did.
service stats {{
  unix_listener stats-writer {{
    user = {MAIL_USER}
    mode = 0660
  }}
}}
"""
