"""Reports as other mail servers send them."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Sequence
from email.message import EmailMessage

from tests.support.messages import message

BEGIN = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def dmarc_xml(
    domain: str,
    rows: Sequence[tuple[str, int, str, str, str]],
    *,
    number: str = "r1",
    reporter: str = "Far Mail",
    begin: dt.datetime = BEGIN,
    selector: str = "",
) -> bytes:
    """An aggregate; each row is address, count, disposition, dkim and spf."""
    parts = "".join(
        f"<record><row><source_ip>{source}</source_ip><count>{count}</count><policy_evaluated>"
        f"<disposition>{disposition}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf>"
        f"</policy_evaluated></row><identifiers><header_from>{domain}</header_from></identifiers>"
        f"<auth_results><dkim><domain>{domain}</domain><selector>{selector}</selector>"
        f"<result>{dkim}</result></dkim><spf><domain>{domain}</domain><result>{spf}</result></spf>"
        f"</auth_results></record>"
        for source, count, disposition, dkim, spf in rows
    )
    return (
        f'<?xml version="1.0"?><feedback><report_metadata><org_name>{reporter}</org_name>'
        f"<email>dmarc@far.example</email><report_id>{number}</report_id><date_range>"
        f"<begin>{int(begin.timestamp())}</begin><end>{int((begin + DAY).timestamp())}</end>"
        f"</date_range></report_metadata><policy_published><domain>{domain}</domain><p>none</p>"
        f"<pct>100</pct></policy_published>{parts}</feedback>"
    ).encode()


def tls_json(
    domain: str,
    successful: int,
    failed: int,
    kind: str = "certificate-expired",
    *,
    number: str = "t1",
    begin: dt.datetime = BEGIN,
) -> bytes:
    """A TLS report with one policy."""
    details = {"result-type": kind, "failed-session-count": failed, "receiving-mx-hostname": "mx"}
    whole = {
        "organization-name": "Far Mail",
        "date-range": {
            "start-datetime": f"{begin:%Y-%m-%dT%H:%M:%SZ}",
            "end-datetime": f"{begin + DAY:%Y-%m-%dT%H:%M:%SZ}",
        },
        "report-id": number,
        "policies": [
            {
                "policy": {"policy-type": "sts", "policy-domain": domain, "mx-host": ["mx"]},
                "summary": {
                    "total-successful-session-count": successful,
                    "total-failure-session-count": failed,
                },
                "failure-details": [details] if failed else [],
            }
        ],
    }
    return json.dumps(whole).encode()


def mailed(
    data: bytes,
    to: str,
    *,
    sender: str = "dmarc@far.example",
    subtype: str = "gzip",
    pack: bool = True,
) -> EmailMessage:
    """A report as an attachment."""
    made = message(sender, to, subject="Report Domain", text="See the attachment.\n")
    made.add_attachment(
        gzip.compress(data) if pack else data,
        maintype="application",
        subtype=subtype,
        filename="report.gz",
    )
    return made
