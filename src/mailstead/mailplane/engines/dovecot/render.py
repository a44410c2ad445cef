"""Dovecot's files from the model; the only place that escapes for Dovecot.

Dovecot 2.3's configuration language; 2.4 will get a renderer beside this one. Every setting that is
not Dovecot's default carries its reason. The processes stand in `services`.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot import names, once_right, peers, policy, services
from mailstead.mailplane.engines.dovecot.model import FIRST_UID, MAIL_USER, DovecotModel
from mailstead.mailplane.engines.files import File
from mailstead.standards.password import OF_HOUSE, TOO_FEW_ROUNDS
from mailstead.standards.refusal import Refusal

_HEAD = "# Made by Mailstead from its settings; changes here are overwritten.\n"
_LOG_IN = (
    "user=<%u> method=%m rip=%r lip=%l mpid=%e %c session=<%{session}> "
    "credential=<%{passdb:credential}>"
)
# `%` and `$` would be expanded, `#`, quotes and braces would end the value.
_PLAIN = re.compile(r"[A-Za-z0-9._+=/:~-]*")

# The compiled form of the house's scripts is kept in the mailbox's home, which vmail may write.
_KEPT = "bindir=~/.sieve-compiled"


def config_file(home: Home) -> Path:
    """Where dovecot.conf of the instance is."""
    return home.dovecot / "dovecot.conf"


def instance_name(home: Home) -> str:
    """What tells this instance's processes from those of another home."""
    return "mailstead-" + hashlib.sha256(str(home.root).encode()).hexdigest()[:8]


def junk_script(home: Home) -> Path:
    """The script that runs last for every mailbox."""
    return home.dovecot / "sieve" / "junk.sieve"


def render(model: DovecotModel) -> list[File]:
    """All files of this Dovecot; raises `Refusal` when a value cannot stand in them."""
    home = model.home
    for name, value in (
        ("home", str(home.root)),
        ("hostname", model.hostname),
        ("recipient_delimiter", model.recipient_delimiter),
    ):
        if not _PLAIN.fullmatch(value):
            raise Refusal(
                "dovecot-value-invalid",
                f"The setting '{name}' has a character that cannot stand in Dovecot's files.",
                remedy="Use letters, digits and . _ + = / : ~ - only.",
            )
    return [
        File(config_file(home), _main(model)),
        File(home.dovecot / "directory.conf.ext", _directory(home)),
        File(home.dovecot / "app-passwords.conf.ext", _app_passwords(home)),
        File(junk_script(home), _JUNK),
        File(names.file(home), names.text(model)),
        *once_right.files(model),
        *policy.files(home, model.policy),
        *peers.files(home, model.peers),
    ]


def _main(model: DovecotModel) -> str:
    parts = (
        _base(model),
        _tls(model),
        _auth(model),
        _mail(model),
        _quota(model),
        services.text(model),
        _PROTOCOLS,
        _sieve(model),
        f"!include {peers.file(model.home)}\n" if model.peers else "",
    )
    return _HEAD + "\n".join(parts)


def _base(model: DovecotModel) -> str:
    home = model.home
    return f"""
base_dir = {home.dovecot_run}
state_dir = {home.dovecot}/state
# In every process's title, so that leftovers can be found: Dovecot wipes its environment.
instance_name = {instance_name(home)}
protocols = imap pop3 lmtp sieve
listen = {"*, ::" if model.ipv6 else "*"}
# Said to submission_host, in Message-IDs and to the operator.
hostname = {model.hostname}
postmaster_address = postmaster@{model.hostname}
# A file, rotated by `doveadm log reopen`; no syslog needed.
log_path = {home.log}/dovecot.log
log_timestamp = "%Y-%m-%dT%H:%M:%S "
# TZ with a value saves a look at /etc/localtime for every date that is formatted.
import_environment = TZ=:/etc/localtime LANG=C
# Nobody may name the client's address for us: no proxies in front of this node.
login_trusted_networks =
login_greeting = Mailstead ready.
# With the password that opened the session, by its number (docs/decisions/0001).
login_log_format_elements = {_LOG_IN}
# Households and offices share an address (default 10).
mail_max_userip_connections = 50
"""


def _tls(model: DovecotModel) -> str:
    home = model.home
    return f"""
# No password without TLS, from nowhere but this machine itself.
ssl = required
disable_plaintext_auth = yes
# An ECDSA key costs a fifteenth of RSA's per handshake.
ssl_cert = <{home.certificate}
ssl_key = <{home.certificate_key}
# RFC 8996 retired the older ones (2.3.19's default; said here because a test holds it).
ssl_min_protocol = TLSv1.2
ssl_prefer_server_ciphers = yes
# Host names with a certificate of their own.
!include {names.file(home)}
"""


def _auth(model: DovecotModel) -> str:
    sql = f"args = {model.home.dovecot}/directory.conf.ext"
    return f"""
# LOGIN for old mail programs; both only inside TLS.
auth_mechanisms = plain login
{_policy(model)}\
# auth_cache_size stays 0 (docs/decisions/0002) and auth_username_chars at its default: widening it
# has opened injection holes (CVE-2026-24031).
passdb {{
  driver = sql
  {sql}
{once_right.goes_on(model)}}}
# App passwords: asked only when the mailbox's own password was wrong.
passdb {{
  driver = sql
  args = {model.home.dovecot}/app-passwords.conf.ext
{once_right.not_after(model)}}}
{once_right.passdb(model)}\
# The passdb has answered this too: one look-up a log-in.
userdb {{
  driver = prefetch
}}
# LMTP, quota-status and doveadm have no passdb answer.
userdb {{
  driver = sql
  {sql}
}}
"""


def _policy(model: DovecotModel) -> str:
    if model.policy is None:
        return ""
    return f"# The guard is asked about each log-in.\n!include {policy.file(model.home)}\n"


def _mail(model: DovecotModel) -> str:
    made = ("Drafts", "Sent", "Junk", "Trash")
    folders = "".join(
        f"  mailbox {name} {{\n    special_use = \\{name}\n    auto = {auto}\n  }}\n"
        for name, auto in (*((name, "subscribe") for name in made), ("Archive", "subscribe"))
    )
    same = "".join(f"  mailbox {name} {{\n    auto = create\n  }}\n" for name in made)
    return f"""
# Not mdbox: 2.3.19 fsyncs the wrong directory of it (docs/decisions/0005).
mail_location = maildir:~/Maildir
mail_uid = {MAIL_USER}
mail_gid = {MAIL_USER}
# Debian's system users begin at 100; vmail is one.
first_valid_uid = {FIRST_UID}
mail_plugins = $mail_plugins quota
# The default, held by a test: saved mail is fsynced before it is acknowledged.
mail_fsync = optimized
# Nobody but Dovecot writes these Maildirs: no need to look at all of them again and again.
maildir_very_dirty_syncs = yes
recipient_delimiter = {model.recipient_delimiter}

namespace inbox {{
  inbox = yes
  # Fixed: a client sees the same separator whatever the store is.
  separator = /
{folders}}}
# Clients that come from cPanel ask for INBOX.Sent: the same folders under that name, not listed.
namespace cpanel {{
  prefix = INBOX.
  separator = .
  alias_for =
  hidden = yes
  list = no
{same}}}
"""


def _quota(model: DovecotModel) -> str:
    return """
plugin {
  # Sizes are kept in one small file, to which a delivery adds a line; `count` opens every folder
  # anew (docs/decisions/0016). The agent reads that file too.
  quota = maildir:User quota
  # The message that crosses the limit is taken, so that the limit is reached and seen.
  quota_grace = 10%%
  quota_exceeded_message = The mailbox is full.
  # Asked by Postfix at RCPT; addresses that are not a mailbox are not ours to judge.
  quota_status_success = DUNNO
  quota_status_nouser = DUNNO
  quota_status_overquota = "452 4.2.2 The mailbox is full; try again later"
  # Who removed or stored what, in the log: the answer to "my mail is gone". The agent learns from
  # it which mailboxes have changed.
  mail_log_events = delete undelete expunge save copy mailbox_create mailbox_delete mailbox_rename
  mail_log_fields = uid box msgid size
}
# A full mailbox may be empty tomorrow: keep the message in the queue (docs/decisions/0013).
quota_full_tempfail = yes
"""


_PROTOCOLS = """
protocol imap {
  mail_plugins = $mail_plugins imap_quota notify mail_log
  # Outlook and Thunderbird lose their way without these.
  imap_client_workarounds = delay-newmail tb-extra-mailbox-sep tb-lsub-flags
}
protocol lmtp {
  mail_plugins = $mail_plugins sieve
}
protocol pop3 {
  mail_plugins = $mail_plugins notify mail_log
  # The UIDL that cPanel and DirectAdmin give, so that moved mail is not fetched twice (held by a
  # test; it is the default).
  pop3_uidl_format = %08Xu%08Xv
  # Outlook fetches messages with NUL octets and without an empty line after the header wrongly.
  pop3_client_workarounds = outlook-no-nuls oe-ns-eoh
}
protocol sieve {
  managesieve_implementation_string = Mailstead
}
"""


def _sieve(model: DovecotModel) -> str:
    home = model.home
    return f"""
# Redirected mail and answers go back into the queue by SMTP: sendmail(1) would need a setgid
# program that knows this instance.
submission_host = 127.0.0.1:{model.reinject}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_before = file:{home.sieve}/%d/%n/deny.sieve;{_KEPT}
  sieve_before2 = file:{home.sieve}/%d/%n/autoresponder.sieve;{_KEPT}
  sieve_before3 = file:{home.sieve}/%d/%n/rules.sieve;{_KEPT}
  # Of a mailbox with a say of its own the directory names another script (user_query).
  sieve_after = {junk_script(home)}
  # Intervals under a day. editheader stays off: nobody may rewrite what was received.
  sieve_extensions = +vacation-seconds
  # An answer to every message would let two autoresponders talk for ever.
  sieve_vacation_min_period = 60s
  # A mailbox's rules may redirect to several addresses (default 4).
  sieve_max_redirects = 20
  # One user's scripts cannot fill the disk.
  sieve_max_script_size = 1M
  sieve_quota_max_scripts = 32
  sieve_quota_max_storage = 4M
}}
"""


_ASKED = "COALESCE((SELECT n.address FROM login_name n WHERE n.name = '{0}'), '{0}')"
"""The mailbox that is meant: its address, or another name by which it logs in."""


_FOUND_HASH = (
    f"CASE WHEN secret GLOB '{OF_HOUSE}'"
    + "".join(f" AND secret NOT GLOB '{form}'" for form in TOO_FEW_ROUNDS)
    + " THEN NULL ELSE 'Y' END"
)
"""Whether the hash is not of the house's scheme, for the last passdb (`standards.password`)."""


def _place(home: Home, address: str) -> str:
    """Where its mail lies, from the address and not from what the client has called it."""
    local = f"substr({address}, 1, instr({address}, '@') - 1)"
    return f"'{home.mail}/' || substr({address}, instr({address}, '@') + 1) || '/' || {local}"


def _directory(home: Home) -> str:
    mail = _place(home, "address")
    own = f"'file:{home.sieve}/%d/%n/spam.sieve;{_KEPT}'"
    quota = "CASE WHEN quota > 0 THEN '*:bytes=' || quota ELSE NULL END"
    return f"""{_HEAD}# The node's directory: docs/develop/contracts.md.
driver = sqlite
connect = {home.directory_database}
# To Postfix the user is the SMTP log-in, which names the credential (docs/decisions/0001).
password_query = \\
  SELECT CASE '%s' WHEN 'smtp' THEN smtp_user ELSE address END AS user, \\
    smtp_user AS credential, {_FOUND_HASH} AS found_hash, \\
    secret AS password, {mail} AS userdb_home, {quota} AS userdb_quota_rule \\
  FROM login WHERE address = {_ASKED.format("%Lu")} AND may_login = 1
user_query = \\
  SELECT {mail} AS home, {quota} AS quota_rule, \\
    CASE WHEN EXISTS (SELECT 1 FROM own_spam o WHERE o.address = login.address) \\
      THEN {own} ELSE NULL END AS sieve_after \\
  FROM login WHERE address = '%Lu' AND (deliverable = 1 OR may_login = 1)
iterate_query = SELECT address AS user FROM login WHERE responder = 0
"""


def _app_passwords(home: Home) -> str:
    mail = _place(home, "a.address")
    quota = "CASE WHEN quota > 0 THEN '*:bytes=' || quota ELSE NULL END"
    return f"""{_HEAD}\
# Found by their SHA-256: they are random, and too long to be guessed. The name is the one that
# the client gave: the first passdb has made it the SMTP log-in before it saw the wrong password.
driver = sqlite
connect = {home.directory_database}
password_query = \\
  SELECT CASE '%s' WHEN 'smtp' THEN a.smtp_user ELSE a.address END AS user, \\
    a.smtp_user AS credential, NULL AS password, 'Y' AS nopassword, \\
    {mail} AS userdb_home, {quota} AS userdb_quota_rule \\
  FROM app_login a JOIN login l ON l.address = a.address \\
  WHERE a.digest = '%{{sha256:password}}' AND a.address = {_ASKED.format("%L{orig_user}")} \\
    AND l.may_login = 1 \\
    AND (a.protocols = '' OR instr(a.protocols, ' %s ') > 0)
"""


_JUNK = """\
# Files what the spam filter has marked, when nothing before has decided.
require ["fileinto", "mailbox"];
if header :is "X-Spam" "Yes" {
  fileinto :create "Junk";
  stop;
}
"""
