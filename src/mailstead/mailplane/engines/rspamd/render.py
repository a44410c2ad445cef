"""Rspamd's files from the model: the distribution's rules, with the instance's settings over them.

Rspamd reads `/etc/rspamd` (rules, scores) and, instead of the machine's own `local.d` and
`override.d`, those of this instance (`LOCAL_CONFDIR`).
"""

from __future__ import annotations

from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.rspamd import facts
from mailstead.mailplane.engines.rspamd.model import USER, RspamdModel

_HEAD = "# Made by Mailstead from its settings; changes here are overwritten.\n"


def render(model: RspamdModel) -> list[File]:
    """All files of this Rspamd."""
    override = model.home.rspamd / "override.d"
    local = model.home.rspamd / "local.d"
    parts = {
        override / "options.inc": _options(model),
        override / "logging.inc": _logging(model),
        override / "worker-normal.inc": "# The proxy scans by itself.\nenabled = false;\n",
        override / "worker-fuzzy.inc": "enabled = false;\n",
        override / "worker-controller.inc": _controller(model),
        override / "worker-proxy.inc": _proxy(model),
        override / "redis.conf": f'servers = "{model.home.redis_socket}";\n',
        override / "actions.conf": _actions(model),
        override / "milter_headers.conf": _headers(),
        override / "dkim_signing.conf": _signing(model),
        override / "greylist.conf": f"enabled = {_word(model.greylist)};\n",
        local / "settings.conf": _SETTINGS,
    }
    # Each of these would send something about each message to somebody else's servers.
    for name in ("fuzzy_check", "neural", "rspamd_update", "asn", "url_redirector"):
        parts[override / f"{name}.conf"] = "enabled = false;\n"
    told = facts.lua(str(model.home.subject_key))
    return [
        *(File(path, _HEAD + text, 0o640, "root", USER) for path, text in parts.items()),
        File(model.home.rspamd / "rspamd.local.lua", told, 0o640, "root", USER),
    ]


def _word(yes: bool) -> str:
    return "true" if yes else "false"


def _options(model: RspamdModel) -> str:
    return f"""\
# The node's own resolver. Short waits: a sender does not wait for a blocklist that is away.
dns {{
  nameserver = ["127.0.0.1:{model.resolver}:10"];
  timeout = 1s;
  retransmits = 2;
}}
# Private networks are not trusted: only the machine itself.
local_addrs = ["127.0.0.0/8", "::1"];
control_socket = "{model.home.rspamd}/db/control.sock mode=0600";
# A message that takes longer gets what is known by then.
task_timeout = 8s;
# Files of the panel are noticed within seconds (default 30 s).
map_file_watch_multiplier = 0.01;
enable_test_patterns = {_word(model.test_patterns)};
"""


def _logging(model: RspamdModel) -> str:
    return f"""\
type = "file";
filename = "{model.home.log}/rspamd.log";
level = "warning";
"""


def _controller(model: RspamdModel) -> str:
    return f"""\
# No network port: the socket's mode is its password.
bind_socket = "{model.home.rspamd_controller_socket} mode=0660 owner={USER} group={USER}";
count = 1;
"""


def _proxy(model: RspamdModel) -> str:
    socket = model.home.rspamd_milter_socket
    return f"""\
bind_socket = "{socket} mode=0660 owner={USER} group=postfix";
milter = yes;
# No second hop: the process that hears the milter scans.
upstream "local" {{
  default = yes;
  self_scan = yes;
}}
count = {model.scanners};
reject_message = "This message looks like spam; if it is not, ask the recipient's provider";
"""


def _actions(model: RspamdModel) -> str:
    greylist = f"greylist = {min(4.0, model.junk_score):g};" if model.greylist else ""
    return f"""\
reject = {model.reject_score:g};
add_header = {model.junk_score:g};
{greylist}
"""


def _headers() -> str:
    return """\
# A star for each point: mailboxes with a level of their own go by them.
use = ["remove-headers", "x-spam-status", "x-spam-level", "authentication-results"];
skip_local = true;
skip_authenticated = true;
# Not believed from our own users either.
authenticated_headers = ["remove-headers"];
routines {
  remove-headers {
    headers {
      # Whoever claims them: what is said here is said by us alone. X-Spam is Rspamd's own, added
      # after this; of a message with no point the routine below does not touch X-Spam-Level.
      "X-Spam" = 0;
      "X-Spam-Level" = 0;
    }
  }
  x-spam-level {
    remove = 0;
  }
  authentication-results {
    # A header of the same name from outside must not be believed.
    remove = 0;
  }
}
"""


def _signing(model: RspamdModel) -> str:
    return f"""\
path = "{model.home.dkim}/$domain.$selector.key";
selector = "ms1";
selector_map = "{model.home.rspamd}/dkim_selectors.map";
try_fallback = true;
# Each hosted domain has its own key.
use_esld = false;
# The SMTP log-in ends in its credential and is checked against the sender by Postfix.
allow_username_mismatch = true;
allow_hdrfrom_mismatch = true;
check_pubkey = false;
sign_authenticated = true;
sign_local = true;
"""


_SETTINGS = """\
# Mail of people who have logged in: looked at, never refused or delayed by a score here.
outbound {
  priority = high;
  authenticated = yes;
  apply {
    actions {
      reject = null;
      greylist = null;
      "add header" = null;
      "rewrite subject" = null;
      "soft reject" = null;
    }
    groups_disabled = ["rbl", "spf", "dmarc", "hfilter", "surbl"];
  }
}
# What Sieve hands back was scanned when it came in: it is only signed, and told of.
reinjected {
  priority = medium;
  ip = ["127.0.0.0/8", "::1"];
  apply {
    symbols_enabled = ["DKIM_SIGNED", "MAILSTEAD_FACTS"];
  }
}
"""
