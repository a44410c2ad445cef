"""Programs that people send mail with, each through submission with a checked certificate."""

from __future__ import annotations

import smtplib
import ssl
from pathlib import Path

import pytest
from lab.commands import LabError
from tests.support.messages import message
from tests.support.people import PASSWORD
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_smtplib_on_both_submission_ports(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    for implicit in (False, True):
        made = message(ann.address, bob.address, attachment=bytes(range(256)) * 100)
        with ann.smtp(implicit_tls=implicit) as smtp:
            smtp.sendmail(ann.address, [bob.address], made.as_bytes())
        site.arrives(made, bob.address)


def test_smtplib_checks_the_certificate(site: Site, authority: Path) -> None:
    context = ssl.create_default_context(cafile=str(authority))
    with site.lab.clients.smtp(site.node.address, 587) as smtp:
        smtp._host = site.node.hostname  # type: ignore[attr-defined]
        assert smtp.starttls(context=context)[0] == 220


@pytest.mark.parametrize(("port", "tls"), [("587", "--tls"), ("465", "--tls-on-connect")])
def test_swaks(site: Site, port: str, tls: str) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    made = message(ann.address, bob.address)
    site.lab.clients.namespace.run(
        "swaks",
        "--server",
        site.node.hostname,
        "--port",
        port,
        tls,
        "--auth",
        "PLAIN",
        "--auth-user",
        ann.address,
        "--auth-password",
        PASSWORD,
        "--from",
        ann.address,
        "--to",
        bob.address,
        "--data",
        "-",
        stdin=made.as_string(),
    )
    site.arrives(made, bob.address)


def test_swaks_gets_no_log_in_without_tls(site: Site) -> None:
    ann = site.mailbox("ann")
    with pytest.raises(LabError, match="ended with 28"):  # 28: the server offers no AUTH
        site.lab.clients.namespace.run(
            "swaks",
            "--server",
            site.node.hostname,
            "--port",
            "587",
            "--auth",
            "PLAIN",
            "--auth-user",
            ann.address,
            "--auth-password",
            PASSWORD,
            "--to",
            ann.address,
        )


@pytest.mark.parametrize(("port", "starttls"), [(587, "on"), (465, "off")])
def test_msmtp(site: Site, authority: Path, tmp_path: Path, port: int, starttls: str) -> None:
    ann = site.mailbox("ann")
    bob = f"bob-{site.word}@far.example"
    made = message(ann.address, bob)
    configuration = tmp_path / "msmtprc"
    configuration.write_text(
        f"account default\nhost {site.node.hostname}\nport {port}\ntls on\n"
        f"tls_starttls {starttls}\ntls_trust_file {authority}\nauth on\nuser {ann.address}\n"
        f'password "{PASSWORD}"\nfrom {ann.address}\n',
        encoding="utf-8",
    )
    configuration.chmod(0o600)
    site.lab.clients.namespace.run("msmtp", "-C", configuration, bob, stdin=made.as_string())
    site.arrives(made, bob)


def test_curl(site: Site, authority: Path) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    made = message(ann.address, bob.address)
    site.lab.clients.namespace.run(
        "curl",
        "--silent",
        "--show-error",
        "--cacert",
        authority,
        f"smtps://{site.node.hostname}:465",
        "--user",
        f"{ann.address}:{PASSWORD}",
        "--mail-from",
        ann.address,
        "--mail-rcpt",
        bob.address,
        "--upload-file",
        "-",
        stdin=made.as_string(),
    )
    site.arrives(made, bob.address)


def test_mutt(site: Site, authority: Path, tmp_path: Path) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    user = ann.address.replace("@", "%40")
    configuration = tmp_path / "muttrc"
    configuration.write_text(
        f'set from="{ann.address}"\nset smtp_url="smtps://{user}@{site.node.hostname}:465"\n'
        f'set smtp_pass="{PASSWORD}"\nset ssl_ca_certificates_file="{authority}"\n'
        "set ssl_verify_host=yes\nset ssl_usesystemcerts=no\nset copy=no\n"
        f"my_hdr Message-ID: <{site.word}@mutt.example>\n",
        encoding="utf-8",
    )
    site.lab.clients.namespace.run(
        "mutt",
        "-F",
        configuration,
        "-s",
        f"From mutt {site.word}",
        bob.address,
        stdin="Hello from mutt.\n",
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    with bob.imap() as imap:
        site.wait_for_mail(imap, 1)
        assert f"From mutt {site.word}" in str(imap.fetch("1", "(RFC822.HEADER)")[1])


def test_a_wrong_password_is_refused_for_good_and_the_right_one_still_works(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.smtp(log_in=False) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            smtp.login(ann.address, "not the password")
        assert refusal.value.smtp_code == 535
    assert ann.can_log_in()["smtp"]


def test_a_message_larger_than_the_limit_is_refused_before_it_is_sent(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.smtp() as smtp:
        smtp.ehlo()
        limit = int(smtp.esmtp_features["size"])
        code, text = smtp.mail(ann.address, [f"size={limit + 1}"])
        assert code == 552, text
