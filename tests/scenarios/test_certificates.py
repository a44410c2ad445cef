"""Certificates as an operator and a customer meet them: a whole instance, an authority, the DNS."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from lab.commands import wait_until
from lab.internet import Lab
from lab.node import Node
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = [pytest.mark.lab, pytest.mark.waits, pytest.mark.timeout(300)]

CA = "acme.authority.example"
PORT = 14000


@pytest.fixture(scope="module")
def authority(lab: Lab) -> Iterator[str]:
    """pebble on the foreign host; what comes is the path of what to trust when asking it."""
    folder = lab.folder / "authority"
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", f"/CN={CA}", "-addext", f"subjectAltName=DNS:{CA}",
         "-keyout", str(folder / "own.key"), "-out", str(folder / "own.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = {
        "listenAddress": f"0.0.0.0:{PORT}",
        "managementListenAddress": "127.0.0.1:15000",
        "certificate": str(folder / "own.pem"),
        "privateKey": str(folder / "own.key"),
        "httpPort": 80,
        "tlsPort": 443,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    host = lab.foreign.namespace
    lab.dns.host(CA, str(host.host.v4))
    process = host.start(
        "pebble", "-config", folder / "pebble.json", "-dnsserver", f"{lab.dns.address}:53",
        log=folder / "pebble.log", env={"PATH": "/usr/bin:/usr/sbin", "PEBBLE_VA_NOSLEEP": "1"},
    )  # fmt: skip

    def answers() -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((str(host.host.v4), PORT)) == 0

    wait_until(answers, "the authority answers", seconds=20)
    yield str(folder / "own.pem")
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def secured(lab: Lab, authority: str) -> Iterator[Node]:
    """A node whose operator has named the authority before the first start."""
    node = lab.add_node("secured", "secured.node.example")
    given = {"directory": f"https://{CA}:{PORT}/dir", "agree": True, "ca_file": authority}
    node.write_settings({"certificates": given})
    node.up()
    yield node
    node.down()


def shown(node: Node, port: int, name: str) -> str:
    """Whose certificate is shown at a port, and who has signed it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((node.address, port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as client,
    ):
        data = client.getpeercert(True)
    assert data is not None
    made = x509.load_der_x509_certificate(data)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    signer = made.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return f"{names.get_values_for_type(x509.DNSName)[0]} by {str(signer).split()[0]}"


def stands(node: Node, name: str) -> Any:
    """What the operator's list says of a name."""
    rows = node.cli("certificate", "list")["items"]
    return next((row for row in rows if row["name"] == name), {"state": "", "words": ""})


def test_the_way_of_a_customers_name_from_nothing_to_a_certificate(lab: Lab, secured: Node) -> None:
    node, site = secured, Site(lab, secured)
    host = node.hostname
    wait_until(
        lambda: shown(node, 993, host) == f"{host} by Pebble",
        "the node's own certificate is the authority's",
        seconds=60,
    )
    for port in (443, 465, 995):
        assert shown(node, port, host) == f"{host} by Pebble"
    ann = site.mailbox("ann")
    name = f"mail.{site.main}"
    lab.dns.host(name, "198.18.255.7")
    made = node.cli("hostname", "add", name)
    assert made["name"] == name
    wait_until(lambda: stands(node, name)["state"] == "elsewhere", "it is looked at", seconds=40)
    assert "198.18.255.7" in stands(node, name)["words"]
    assert shown(node, 993, name) == f"{host} by Pebble"
    lab.dns.remove(name)
    lab.dns.set(name, "CNAME", f"{host}.")
    with idle(ann) as session:
        # Its owner has mended it and does not wait for the next look.
        node.cli("hostname", "retry", name)
        wait_until(lambda: stands(node, name)["state"] == "valid", "it has one", seconds=90)
        for port in (443, 465, 993, 995):
            wait_until(
                lambda port=port: shown(node, port, name) == f"{name} by Pebble",
                f"port {port} shows it",
                seconds=20,
            )
        assert shown(node, 993, host) == f"{host} by Pebble"
        assert session.noop()[0] == "OK"
    assert ann.can_log_in()["smtp"]
    node.cli("hostname", "remove", name)
    wait_until(lambda: shown(node, 993, name) == f"{host} by Pebble", "it is gone", seconds=40)


def idle(ann: Mailbox) -> Any:
    """An IMAP session that is open while certificates come."""
    return ann.imap()
