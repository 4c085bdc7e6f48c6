"""The proof's report as an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.html_page.page import Block, Mood, Row
from assistant.html_page.page import html_page as written

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
    blocks = [
        Block("title", "Proof of being offline"),
        _verdict(report),
        Block(
            "text",
            "Every attempt below was made twice: without the lock (the control, which must get "
            "out, or the attempt proves nothing) and with it. All addresses are on this machine "
            "(127.0.0.1, ::1, UNIX names). This page is a copy for reading; what counts is the "
            "signed file beside it.",
        ),
        Block("table", rows=_about(report, public_key, sha256)),
        *_journey(report["journey"]),
        *(block for group in _GROUPS for block in _probes(report["probes"], group)),
        *_inventory(report),
    ]
    return written("Proof of being offline", blocks)


def _verdict(report: dict[str, Any]) -> Block:
    if not report["passed"]:
        return Block("verdict", "This is no proof.", items=report["problems"], mood="bad")
    denied = {user: count.get("denied", 0) for user, count in report["counts"].items()}
    said = " and ".join(f"{count} as {user}" for user, count in denied.items())
    text = f"Nothing got out. Attempts denied, each with a control that got out: {said}."
    return Block("verdict", text, mood="good")


def _table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[object] | Row]
) -> tuple[Block, Block]:
    return Block("heading", title), Block("table", head=head, rows=rows)


def _about(report: dict[str, Any], public_key: str, sha256: str) -> list[tuple[str, str]]:
    machine = report["machine"]
    return [
        ("Program", f"{report['program']} {report['version']}"),
        ("Made at", report["made_at"]),
        ("Took", f"{report['milliseconds'] / 1000:.0f} s"),
        ("System", f"{machine['system']} {machine['kernel']}, {machine['processor']}"),
        ("C library, Python", f"{machine['c_library']}, {machine['python']}"),
        ("Signed with the key", public_key),
        ("SHA-256 of the signed report", sha256),
        ("Check the signature", "assistant prove-offline --verify REPORT.json"),
    ]


def _journey(journey: dict[str, Any]) -> tuple[Block, ...]:
    steps = [
        Row((s["step"], "ok" if s["ok"] else "FAILED", s["detail"]), "" if s["ok"] else "bad")
        for s in journey["steps"]
    ]
    escapes = [
        Row((e["id"], e["outcome"], e["detail"]), "" if e["outcome"] == "denied" else "bad")
        for e in journey["escapes"]
    ]
    lock = journey["lockdown"].get("facilities", [])
    facilities = [(f["name"], f["state"], f["detail"]) for f in lock]
    return (
        *_table("The journey, in one locked process", ("Step", "", "What was seen"), steps),
        *_table("What locks it", ("Means", "State", "Detail"), facilities),
        *_table(
            "The same process then tried to get out",
            ("Attempt", "", "Answer of the kernel"),
            escapes,
        ),
    )


def _probes(probes: Sequence[dict[str, Any]], group: str) -> tuple[Block, Block]:
    moods: dict[str, Mood] = {"denied": "", "works": "", "absent": "none"}
    columns = ("id", "what", "user", "verdict", "locked", "control")
    rows = [
        Row([p[column] for column in columns], moods.get(p["verdict"], "bad"))
        for p in probes
        if p["group"] == group
    ]
    heads = ("Id", "What it tries", "As", "Verdict", "With the lock", "Control, without")
    return _table(_GROUPS[group], heads, rows)


def _inventory(report: dict[str, Any]) -> tuple[Block, ...]:
    libraries = [
        (lib["path"], lib["sha256"], ", ".join(lib["calls"]))
        for lib in report["journey"]["libraries"]
    ]
    packages = [(p["name"], p["version"]) for p in report["packages"]]
    switches = list(report["machine"]["switches"].items())
    return (
        *_table(
            "Native libraries in the journey's process",
            ("File", "SHA-256", "Network calls it knows"),
            libraries,
        ),
        *_table("Python packages", ("Name", "Version"), packages),
        *_table("Switches of the kernel", ("Switch", "Value"), switches),
    )
