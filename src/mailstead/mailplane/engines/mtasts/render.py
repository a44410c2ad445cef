"""mta-sts-daemon's file from the model: YAML, of which JSON is a part."""

from __future__ import annotations

import json
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.mtasts.model import MtastsModel


def config_file(home: Home) -> Path:
    """Where its file is."""
    return home.mtasts / "mta-sts-daemon.yml"


def render(model: MtastsModel) -> list[File]:
    """Its file (mta-sts-daemon.yml(5))."""
    text = f"""\
# Made by Mailstead from its settings; changes here are overwritten.
# Asked by our own server of TLS policies alone, which looks at DANE first.
path: {json.dumps(str(model.home.mtasts_socket))}
# 0600: PyYAML reads no octal numbers of the newer form.
mode: 384
shutdown_timeout: 5
# A change of a policy is seen after so many seconds.
cache_grace: 60
cache:
  # A policy that is known holds although its host is away (RFC 8461 section 5.1), also after a
  # restart.
  type: sqlite
  options:
    filename: {json.dumps(str(model.cache))}
    threads: 2
    timeout: 5
# Keeps the policies of domains fresh that are written to rarely (RFC 8461 section 3.3).
proactive_policy_fetching:
  enabled: true
  interval: 86400
default_zone:
  strict_testing: false
  # Seconds for the DNS, and again for the policy's host.
  timeout: 10
  require_sni: true
"""
    return [File(config_file(model.home), text)]
