"""The report as a page for a human: one HTML file, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from assistant.safe_text import safe_text

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;font-size:.85rem}
td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #ddd}
code{font-size:.8rem;overflow-wrap:anywhere}
.verdict{font-size:1.2rem;font-weight:600;padding:.8rem 1rem;border-left:.5rem solid}
.yes{border-color:#17803d;background:#eefaf1}.no{border-color:#b3261e;background:#fdeeed}
.bad td{background:#fdeeed;font-weight:600}.none td{color:#666}
@media print{body{margin:0;max-width:none}}
"""
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width"><title>Proof of being offline</title>'
    f"<style>{_STYLE}</style></head><body>"
)
_GROUPS = {
    "sockets": "Asking for a socket",
    "native": "Past Python: C library, system calls, machine code, threads, io_uring",
    "children": "By other processes and programs",
    "descriptors": "Sockets from before, or handed in",
    "libraries": "By libraries",
    "files": "Writing outside the data folder, reading what no one chose",
    "processes": "Against other processes",
    "kernel": "Asking the kernel for a way round",
    "allowed": "What must still work under the lock",
}


def html_page(report: dict[str, Any], public_key: str, sha256: str) -> str:
    """Return the page. `sha256` is that of the signed JSON file beside it."""
    parts = [
        _HEAD,
        "<h1>Proof of being offline</h1>",
        _verdict(report),
        _about(report, public_key, sha256),
        _journey(report["journey"]),
        *(_probes(report, group, title) for group, title in _GROUPS.items()),
        _inventory(report),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _text(value: object) -> str:
    return escape(safe_text(str(value), single_line=True))


def _verdict(report: dict[str, Any]) -> str:
    if report["passed"]:
        denied = {user: count.get("denied", 0) for user, count in report["counts"].items()}
        said = " and ".join(f"{count} as {_text(user)}" for user, count in denied.items())
        text = f"Nothing got out. Attempts denied, each with a control that got out: {said}."
        return f'<p class="verdict yes">{text}</p>'
    listed = "".join(f"<li>{_text(problem)}</li>" for problem in report["problems"])
    return f'<div class="verdict no">This is no proof.<ul>{listed}</ul></div>'


def _table(heads: Sequence[str], rows: Iterable[tuple[str, Sequence[object]]]) -> str:
    """Make a table; each row is (class, cells)."""
    head = "".join(f"<th>{_text(name)}</th>" for name in heads)
    body = "".join(
        f'<tr class="{kind}">' + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>"
        for kind, cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _about(report: dict[str, Any], public_key: str, sha256: str) -> str:
    machine = report["machine"]
    rows = [
        ("Program", f"{report['program']} {report['version']}"),
        ("Made at", report["made_at"]),
        ("Took", f"{report['milliseconds'] / 1000:.0f} s"),
        ("System", f"{machine['system']} {machine['kernel']}, {machine['processor']}"),
        ("C library, Python", f"{machine['c_library']}, {machine['python']}"),
        ("Signed with the key", public_key),
        ("SHA-256 of the signed report", sha256),
        ("Check the signature", "assistant prove-offline --verify REPORT.json"),
    ]
    text = (
        "<p>Every attempt below was made twice: without the lock (the control, which must get "
        "out, or the attempt proves nothing) and with it. All addresses are on this machine "
        "(127.0.0.1, ::1, UNIX names). This page is a copy for reading; what counts is the "
        "signed file beside it.</p>"
    )
    return text + _table(("", ""), (("", row) for row in rows))


def _journey(journey: dict[str, Any]) -> str:
    steps = (
        ("" if s["ok"] else "bad", (s["step"], "ok" if s["ok"] else "FAILED", s["detail"]))
        for s in journey["steps"]
    )
    escapes = (
        ("" if e["outcome"] == "denied" else "bad", (e["id"], e["outcome"], e["detail"]))
        for e in journey["escapes"]
    )
    lock = journey["lockdown"].get("facilities", [])
    facilities = (("", (f["name"], f["state"], f["detail"])) for f in lock)
    return (
        "<h2>The journey, in one locked process</h2>"
        + _table(("Step", "", "What was seen"), steps)
        + "<h2>What locks it</h2>"
        + _table(("Means", "State", "Detail"), facilities)
        + "<h2>The same process then tried to get out</h2>"
        + _table(("Attempt", "", "Answer of the kernel"), escapes)
    )


def _probes(report: dict[str, Any], group: str, title: str) -> str:
    kinds = {"denied": "", "works": "", "absent": "none"}
    rows = (
        (
            kinds.get(p["verdict"], "bad"),
            (p["id"], p["what"], p["user"], p["verdict"], p["locked"], p["control"]),
        )
        for p in report["probes"]
        if p["group"] == group
    )
    heads = ("Id", "What it tries", "As", "Verdict", "With the lock", "Control, without")
    return f"<h2>{_text(title)}</h2>" + _table(heads, rows)


def _inventory(report: dict[str, Any]) -> str:
    libraries = (
        ("", (lib["path"], lib["sha256"], ", ".join(lib["calls"])))
        for lib in report["journey"]["libraries"]
    )
    packages = (("", (p["name"], p["version"])) for p in report["packages"])
    switches = (("", item) for item in report["machine"]["switches"].items())
    return (
        "<h2>Native libraries in the journey's process</h2>"
        + _table(("File", "SHA-256", "Network calls it knows"), libraries)
        + "<h2>Python packages</h2>"
        + _table(("Name", "Version"), packages)
        + "<h2>Switches of the kernel</h2>"
        + _table(("Switch", "Value"), switches)
    )
