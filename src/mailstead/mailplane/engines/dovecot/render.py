"""Dovecot's files from the model. The only place that escapes for Dovecot.

Dovecot 2.3's configuration language; 2.4 will get a renderer beside this one. Every setting that is
not Dovecot's default carries its reason.
"""

from __future__ import annotations

from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import FIRST_UID, MAIL_USER, DovecotModel
from mailstead.mailplane.engines.files import File

_HEAD = "# Made by Mailstead from its settings; changes here are overwritten.\n"


def config_file(home: Home) -> Path:
    """Where dovecot.conf of the instance is."""
    return home.dovecot / "dovecot.conf"


def junk_script(home: Home) -> Path:
    """The script that runs last for every mailbox."""
    return home.dovecot / "sieve" / "junk.sieve"


def render(model: DovecotModel) -> list[File]:
    """All files of this Dovecot."""
    home = model.home
    return [
        File(config_file(home), _main(model)),
        File(home.dovecot / "directory.conf.ext", _directory(home)),
        File(home.dovecot / "usage.conf.ext", _usage(home)),
        File(junk_script(home), _JUNK),
    ]


def _main(model: DovecotModel) -> str:
    parts = (
        _base(model),
        _auth(model),
        _mail(model),
        _services(model),
        _protocols(),
        _sieve(model),
    )
    return _HEAD + "\n".join(parts)


def _base(model: DovecotModel) -> str:
    home = model.home
    listen = "*, ::" if model.ipv6 else "*"
    return f"""
base_dir = {home.dovecot_run}
state_dir = {home.dovecot}/state
protocols = imap pop3 lmtp sieve
listen = {listen}
# One file, rotated by the supervisor's own means; no syslog needed.
log_path = {home.log}/dovecot.log
log_timestamp = "%Y-%m-%dT%H:%M:%S "
# The instance's mark stays on every process, so that leftovers can be found.
import_environment = TZ MAILSTEAD_HOME LANG=C
# No password without TLS, from no address but the machine's own sockets.
ssl = required
disable_plaintext_auth = yes
ssl_cert = <{home.certificate}
ssl_key = <{home.certificate_key}
# RFC 8996 retired the older ones.
ssl_min_protocol = TLSv1.2
ssl_prefer_server_ciphers = yes
# Nobody may name the client's address for us: no proxies in front of this node.
login_trusted_networks =
login_greeting = Mailstead ready.
# Clients in one household or office share an address (default 10).
mail_max_userip_connections = 30
# Clients that one process may have to serve in all; 1000 (the default) drops log-ins.
default_client_limit = 20000
default_process_limit = 1000
"""


def _auth(model: DovecotModel) -> str:
    sql = f"args = {model.home.dovecot}/directory.conf.ext"
    return f"""
auth_mechanisms = plain login
# auth_cache_size stays 0 (docs/decisions/0002), auth_username_chars at its default: widening it
# has opened injection holes (CVE-2026-24031).
auth_worker_max_count = 30
passdb {{
  driver = sql
  {sql}
}}
# The passdb has answered this too: one look-up a log-in.
userdb {{
  driver = prefetch
}}
# LMTP and doveadm have no passdb answer.
userdb {{
  driver = sql
  {sql}
}}
"""


def _mail(model: DovecotModel) -> str:
    home = model.home
    return f"""
mail_location = maildir:~/Maildir
mail_uid = {MAIL_USER}
mail_gid = {MAIL_USER}
first_valid_uid = {FIRST_UID}
mail_plugins = $mail_plugins quota quota_clone
# Saved mail is fsynced before it is acknowledged; never `never`.
mail_fsync = optimized
# Nobody but Dovecot writes these Maildirs: no need to re-read directories.
maildir_very_dirty_syncs = yes
mailbox_list_index_very_dirty_syncs = yes
recipient_delimiter = {model.recipient_delimiter}

namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
  mailbox Archive {{
    special_use = \\Archive
    auto = create
  }}
}}
# Clients that come from cPanel ask for INBOX.Sent: the same folders under that name, not listed.
namespace cpanel {{
  prefix = INBOX.
  separator = .
  alias_for =
  hidden = yes
  list = no
  subscriptions = no
}}

plugin {{
  quota = count:User quota
  # Sizes as the client sees them; needed by count.
  quota_vsizes = yes
  # One message may go over the limit, so that a full mailbox is noticed.
  quota_grace = 10%%
  quota_status_success = DUNNO
  quota_status_nouser = DUNNO
  quota_status_overquota = "452 4.2.2 The mailbox is full; try again later"
  quota_exceeded_message = The mailbox is full.
  # Storage in use, for the control plane.
  quota_clone_dict = proxy:{home.dovecot_run}/dict:usage
}}
dict {{
  usage = sqlite:{home.dovecot}/usage.conf.ext
}}
# A full mailbox may be empty tomorrow: keep the message in the queue.
quota_full_tempfail = yes
"""


def _services(model: DovecotModel) -> str:
    def listener(name: str, port: int, ssl: bool = False) -> str:
        tls = "\n    ssl = yes" if ssl else ""
        return f"  inet_listener {name} {{\n    port = {port}{tls}\n  }}\n"

    # High-performance login: few processes serve all connections. With one process a connection
    # (the default) thousands of clients cannot log in after a restart.
    login = (
        "  service_count = 0\n  process_min_avail = 1\n  process_limit = 8\n"
        "  client_limit = 2000\n  vsz_limit = 1G\n"
    )
    return f"""
service imap-login {{
{login}{listener("imap", model.imap)}{listener("imaps", model.imaps, True)}}}
service pop3-login {{
{login}{listener("pop3", model.pop3)}{listener("pop3s", model.pop3s, True)}}}
service managesieve-login {{
  service_count = 0
  process_limit = 4
  client_limit = 1000
  vsz_limit = 512M
{listener("sieve", model.managesieve)}}}
# One process serves one session at a time, so that a session can be ended alone; then the next.
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
service lmtp {{
  process_limit = {model.lmtp_processes}
  unix_listener lmtp {{
    user = postfix
    mode = 0600
  }}
}}
service auth {{
  unix_listener postfix-auth {{
    user = postfix
    mode = 0600
  }}
}}
# Reads the node's directory as group dovecot; root is needed for /etc/shadow only.
service auth-worker {{
  user = $default_internal_user
}}
# A full mailbox is refused at RCPT.
service quota-status {{
  executable = quota-status -p postfix
  client_limit = 1
  process_limit = 500
  unix_listener quota-status {{
    user = postfix
    mode = 0600
  }}
}}
service dict {{
  unix_listener dict {{
    user = {MAIL_USER}
    mode = 0600
  }}
}}
service stats {{
  unix_listener stats-writer {{
    user = {MAIL_USER}
    mode = 0660
  }}
}}
"""


def _protocols() -> str:
    return """
protocol imap {
  mail_plugins = $mail_plugins imap_quota
}
protocol lmtp {
  mail_plugins = $mail_plugins sieve
}
protocol pop3 {
  # The same UIDL that cPanel and DirectAdmin give, so that moved mail is not fetched twice.
  pop3_uidl_format = %08Xu%08Xv
}
protocol sieve {
  managesieve_implementation_string = Mailstead
}
"""


def _sieve(model: DovecotModel) -> str:
    home = model.home
    return f"""
# Redirected mail and answers go back into the queue; the machine alone reaches that port.
submission_host = 127.0.0.1:{model.reinject}
lda_original_recipient_header = X-Original-To
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_before = {home.sieve}/%d/%n/autoresponder.sieve
  sieve_before2 = {home.sieve}/%d/%n/rules.sieve
  sieve_after = {junk_script(home)}
  # An interval under a day, and bounces with a reason.
  sieve_extensions = +vacation-seconds
  sieve_vacation_min_period = 1h
  sieve_vacation_send_from_recipient = yes
  sieve_max_redirects = 20
  sieve_max_script_size = 1M
  sieve_quota_max_scripts = 32
  # A redirected message keeps its sender, as a forwarder's does.
  sieve_redirect_envelope_from = sender
}}
"""


def _directory(home: Home) -> str:
    mail = f"'{home.mail}/%d/%n'"
    quota = "CASE WHEN quota > 0 THEN '*:bytes=' || quota ELSE NULL END"
    return f"""{_HEAD}# The node's directory: docs/develop/contracts.md.
driver = sqlite
connect = {home.directory_database}
# To Postfix the user is the SMTP log-in, which names the credential (docs/decisions/0001).
password_query = \\
  SELECT CASE '%s' WHEN 'smtp' THEN smtp_user ELSE address END AS user, \\
    secret AS password, {mail} AS userdb_home, {quota} AS userdb_quota_rule \\
  FROM login WHERE address = '%Lu' AND may_login = 1
user_query = \\
  SELECT {mail} AS home, {quota} AS quota_rule \\
  FROM login WHERE address = '%Lu' AND (deliverable = 1 OR may_login = 1)
iterate_query = SELECT address AS user FROM login WHERE responder = 0
"""


def _usage(home: Home) -> str:
    fields = "".join(
        f"""map {{
  pattern = priv/quota/{quota}
  table = usage
  username_field = username
  value_field = {column}
}}
"""
        for quota, column in (("storage", "bytes"), ("messages", "messages"))
    )
    return f"{_HEAD}connect = {home.usage_database}\n{fields}"


_JUNK = """\
# Files what the spam filter has marked, when nothing before has decided.
require ["fileinto", "mailbox"];
if header :is "X-Spam" "Yes" {
  fileinto :create "Junk";
  stop;
}
"""
