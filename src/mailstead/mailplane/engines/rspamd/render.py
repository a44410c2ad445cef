"""Rspamd's files from the model: the distribution's rules, with the instance's settings over them.

Rspamd reads `/etc/rspamd` (rules, scores) and, instead of the machine's own `local.d` and
`override.d`, those of this instance (`LOCAL_CONFDIR`).
"""

from __future__ import annotations

import json
from pathlib import Path

from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.rspamd import facts, host_key
from mailstead.mailplane.engines.rspamd.model import USER, RspamdModel

RULES = Path(__file__).parent / "rules"
"""Rules of our own, in Lua; `common.lua` is what they share."""
CONTENT_CHANNEL = "mailstead:content"
"""Of the node's Redis: what is in the mail of our own users (read by guard/content.py)."""
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
        override / "dmarc.conf": _dmarc(model),
        override / "metadata_exporter.conf": _exporter(model),
        # Seals when it scans, and wrongly when the chain is longer (rules/arc_seal.lua).
        override / "arc.conf": "sign_authenticated = false;\nsign_local = false;\n",
        local / "settings.conf": _SETTINGS,
        model.home.rspamd / "rspamd.conf.local": _own(model),
    }
    # It would keep who wrote to whom about what, in clear.
    parts[override / "history_redis.conf"] = "enabled = false;\n"
    # Each of these would send something about each message to somebody else's servers.
    for name in ("fuzzy_check", "neural", "rspamd_update", "asn", "url_redirector"):
        parts[override / f"{name}.conf"] = "enabled = false;\n"
    files = [File(path, _HEAD + text, 0o640, "root", USER) for path, text in parts.items()]
    return files + _rules(model)


def _rules(model: RspamdModel) -> list[File]:
    folder = model.home.rspamd / "rules"
    names = sorted(path.name for path in RULES.glob("*.lua"))
    files = {folder / name: (RULES / name).read_text(encoding="utf-8") for name in names}
    files[folder / "facts.lua"] = facts.lua(str(model.home.subject_key))
    names.append("facts.lua")
    lines = [f"local common = dofile({json.dumps(str(folder / 'common.lua'))})"]
    lines += [
        f"assert(loadfile({json.dumps(str(folder / name))}))(common)"
        for name in names
        if name != "common.lua"
    ]
    files[model.home.rspamd / "rspamd.local.lua"] = "\n".join(lines) + "\n"
    head = _HEAD.replace("#", "--")
    return [File(path, head + text, 0o640, "root", USER) for path, text in files.items()]


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
    # What others say in their own name stays; what claims to be ours goes (rules/auth_results.lua).
    remove = false;
    # The word of RFC 8617 section 4.3 for a chain that does not hold.
    arc_symbols {
      fail = "ARC_REJECT";
      reject = "MAILSTEAD_NEVER";
    }
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
# The host's own mail (reports) is signed with the node's own key.
domain {{
  "{model.hostname}" {{
    selector = "{host_key.SELECTOR}";
    path = "{model.home.seal_key}";
  }}
}}
"""


def _dmarc(model: RspamdModel) -> str:
    name = model.dmarc.report_name or model.hostname
    return f"""\
# What the policies ask for is done by a rule of our own (rules/dmarc_policy.lua), which knows
# trusted forwarders and mailing lists.
actions {{ }}
reporting {{
  enabled = {_word(model.dmarc.reports)};
  # Its envelope too: bounces and questions go to the operator, and the domain is our own (DMARC).
  email = "postmaster@{model.hostname}";
  domain = "{model.hostname}";
  org_name = {json.dumps(name)};
  from_name = {json.dumps(f"{name} DMARC reports")};
  msgid_from = "{model.hostname}";
  helo = "{model.hostname}";
  # Where Sieve hands its mail in: signed there, and queued like all mail.
  smtp = "127.0.0.1";
  smtp_port = {model.reinject};
}}
"""


def _exporter(model: RspamdModel) -> str:
    return f"""\
# What is in our own users' mail, as numbers, for the guard (rules/content.lua, decision 0037).
servers = "{model.home.redis_socket}";
# Somebody waits for the reply meanwhile.
timeout = 0.5;
custom_select {{
  guard = "return function(task) return mailstead_told_to_guard(task) end";
}}
custom_format {{
  guard = "return function(task) return mailstead_content(task) end";
}}
rules {{
  GUARD {{
    backend = "redis_pubsub";
    channel = "{CONTENT_CHANNEL}";
    selector = "guard";
    formatter = "guard";
  }}
}}
"""


def _own(model: RspamdModel) -> str:
    """What the rules of our own must know, as one section."""
    dmarc = model.dmarc
    section = {
        "host": model.hostname,
        "delimiter": model.recipient_delimiter,
        "senders": str(model.home.sender_files),
        "junk_score": model.junk_score,
        "dmarc": {
            "honour": dmarc.honour,
            "lists": dmarc.lists,
            "trusted_forwarders": [name.lower() for name in dmarc.trusted_forwarders],
        },
        "arc": {
            "domain": model.hostname,
            "selector": host_key.SELECTOR,
            "path": str(model.home.seal_key),
        },
    }
    return f"mailstead {json.dumps(section, indent=2)}\n"


_SETTINGS = """\
# Mail of people who have logged in: looked at, never refused or delayed by a score here.
outbound {
  priority = high;
  authenticated = yes;
  apply {
    actions {
      # Out of reach of any score, but not null: that would disable our own refusals too
      # (rules/own_from.lua).
      reject = 1000000;
      greylist = null;
      "add header" = null;
      "rewrite subject" = null;
    }
    groups_disabled = ["rbl", "spf", "dmarc", "hfilter", "surbl"];
  }
}
# What comes by for its sender was scanned when it came in: it is only sealed.
forwarded {
  priority = high;
  request_header = {
    "MTA-Name" = "^forward$";
  }
  apply {
    symbols_enabled = ["MAILSTEAD_SEALED"];
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
