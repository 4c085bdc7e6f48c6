"""A question to every document, with the real reader and in the real locked process."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.config import Settings
from tests.acceptance.test_feedback_real import assistant

pytestmark = pytest.mark.acceptance

LEASE = """Lease of the premises at {street}

The landlord lets the premises to the tenant from {start}.

{clause}

The rent is due on the first working day of each month.
"""
CLAUSES = {
    "ash.txt": "The tenant shall insure the premises against fire and water damage.",
    "birch.txt": "The landlord may enter the premises once a year after written notice.",
    "cedar.txt": "Insurance of the premises against fire must be carried by the tenant.",
    "elm.txt": "The tenant may keep one dog.",
}


def test_each_lease_is_read_and_what_was_read_is_said(
    settings_with_models: Settings, tmp_path: Path
) -> None:
    data = settings_with_models.data_dir
    for name, clause in CLAUSES.items():
        text = LEASE.format(street=f"{name[:-4].title()} Road", start="1 May 2024", clause=clause)
        (tmp_path / name).write_text(text)
    assistant(data, "add", "--no-passphrase", *(tmp_path / name for name in CLAUSES))
    has = assistant(data, "ask", "Which leases have an insurance clause?")
    coverage = has["coverage"]
    assert has["strategy"] == "all"
    assert (coverage["documents"], coverage["read"]) == (4, 4)
    told = {*coverage["matching"], *(place["document"] for place in coverage["doubtful"])}
    assert {"ash.txt", "cedar.txt"} <= told
    assert "elm.txt" not in coverage["matching"]
    for sentence in has["sentences"]:
        (quote,) = sentence["quotes"]
        assert quote["text"] in LEASE + CLAUSES[quote["document"]]
    lacks = assistant(data, "ask", "Which leases lack an insurance clause?")["coverage"]
    assert not {"ash.txt", "cedar.txt"} & set(lacks["matching"])
    assert "elm.txt" in lacks["matching"]
    one = assistant(data, "ask", "Who insures the premises?", "--in", "ash*")
    assert (one["strategy"], one["coverage"]["documents"]) == ("all", 1)
    assert any("shall insure" in sentence["text"] for sentence in one["sentences"])
    records = assistant(data, "audit", "show")["records"]
    cited = [r["fields"]["count"] for r in records if r["action"] == "cite"]
    assert cited[-1] == len(
        {(q["document_id"], q["page"]) for s in one["sentences"] for q in s["quotes"]}
    )
    assert assistant(data, "audit", "verify")["verdict"] == "ok"
