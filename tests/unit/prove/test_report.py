"""When a report is a proof, and the page that shows it."""

from __future__ import annotations

import copy
import html.parser
from typing import Any

import pytest

from assistant.prove import report as report_module
from assistant.prove.html_report import html_page
from assistant.prove.journey import ESCAPES, Step
from assistant.prove.probe_runner import Finding, users
from assistant.prove.report import _journey_problems, _probe_problems

JOURNEY: dict[str, Any] = {
    "steps": [{"step": "ask", "ok": True, "status": 0, "detail": "2 quotes", "milliseconds": 1}],
    "escapes": [{"id": name, "outcome": "denied", "detail": "EACCES"} for name in ESCAPES],
    "arrived": [],
    "control": {"arrived": True, "problem": ""},
    "lockdown": {"tier": "kernel", "degraded": False, "facilities": [], "failed": []},
    "sockets": [],
    "libraries": [{"path": "/lib/x.so", "sha256": "00", "size": 1, "calls": ["socket"]}],
}


def findings(verdict: str = "denied", number: int = 60) -> list[Finding]:
    return [
        Finding(f"probe-{n}", "sockets", "what", user, verdict, "denied", "arrived")  # type: ignore[arg-type]
        for user in users()
        for n in range(number)
    ]


def test_a_journey_as_it_must_be_has_no_problem() -> None:
    assert _journey_problems(JOURNEY) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": []}, "no steps"),
        ({"steps": [{"step": "ask", "ok": False, "detail": "x"}]}, "'ask' of the journey failed"),
        ({"escapes": []}, "Nothing was tried"),
        ({"escapes": [{"id": "tcp4", "outcome": "through"}]}, "tcp4 in the journey's process GOT"),
        ({"arrived": ["udp4"]}, "udp4 in the journey's process GOT THROUGH"),
        ({"control": {"arrived": False}}, "did not hear the control"),
        ({"lockdown": {}}, "not fully locked down"),
        ({"lockdown": {"tier": "reduced", "degraded": False}}, "not fully locked down"),
        ({"lockdown": {"tier": "kernel", "degraded": True}}, "not fully locked down"),
        ({"sockets": ["7: socket:[1]"]}, "holds sockets"),
    ],
)
def test_what_is_wrong_with_a_journey_is_named(change: dict[str, Any], said: str) -> None:
    problems = _journey_problems({**copy.deepcopy(JOURNEY), **change})
    assert len(problems) == 1
    assert said in problems[0]


def test_sixty_denied_for_each_user_are_a_proof_and_one_less_is_none() -> None:
    assert _probe_problems(findings()) == []
    assert len(_probe_problems(findings(number=report_module.LEAST - 1))) == len(users())
    assert len(_probe_problems(findings("absent", 100))) == len(users())


@pytest.mark.parametrize("verdict", ["through", "undecided", "control-failed"])
def test_one_bad_probe_is_named_and_spoils_the_proof(verdict: str) -> None:
    bad = Finding("leaky-one", "sockets", "what", "root", verdict, "arrived", "arrived")  # type: ignore[arg-type]
    problems = _probe_problems([*findings(number=100), bad])
    assert len(problems) == 1
    assert "leaky-one" in problems[0]


ANSWER = {
    "sentences": [{"quotes": [{"document": "supply-contract.pdf", "text": "is 24 months from"}]}],
    "timings": {"generated_tokens": 5},
    "model": "m",
}


@pytest.mark.parametrize(
    ("name", "output", "ok"),
    [
        ("ask", ANSWER, True),
        ("ask", {**ANSWER, "timings": {"generated_tokens": 0}}, False),
        ("ask", {**ANSWER, "sentences": []}, False),
        ("ask", {"error": {"message": "no"}}, False),
        ("ask", {}, False),
        ("ask", [], False),
        ("ingest", {"added": [1], "failed": []}, True),
        ("ingest", {"added": [], "failed": []}, False),
        ("export", {"documents": []}, False),
        ("models", {"models": [{"role": "chat", "active": True, "name": "m", "base": ""}]}, True),
        ("models", {"models": []}, False),
    ],
)
def test_a_step_counts_only_if_its_output_shows_it(name: str, output: Any, ok: bool) -> None:
    import json

    assert Step(name, 0, json.dumps(output), 1).facts["ok"] is ok
    assert Step(name, 1, json.dumps(output), 1).facts["ok"] is False
    assert Step(name, 0, "no json", 1).facts["ok"] is False


class Reader(html.parser.HTMLParser):
    """Collects tags and all that could load something from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        loaded = ("href", "src", "srcset", "action", "background", "data", "style")
        self.references += [name for name, _ in attrs if name in loaded or name.startswith("on")]


def page(**changes: Any) -> str:
    report = {
        "program": "airgap-assistant",
        "version": "1",
        "made_at": "2025-01-01T00:00:00Z",
        "milliseconds": 1000,
        "passed": True,
        "problems": [],
        "counts": {"root": {"denied": 160}},
        "probes": [vars_of(f) for f in findings(number=1)],
        "journey": JOURNEY,
        "machine": {
            "system": "Linux",
            "kernel": "6",
            "processor": "x",
            "c_library": "g",
            "python": "3",
            "switches": {"/proc/sys/x": "1"},
        },
        "packages": [{"name": "click", "version": "8"}],
        **changes,
    }
    return html_page(report, "ab" * 32, "cd" * 32)


def vars_of(finding: Finding) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(finding)


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    reader = Reader()
    text = page()
    reader.feed(text)
    assert reader.references == []
    assert not reader.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text


def test_foreign_text_on_the_page_is_inert() -> None:
    hostile = '<script>x</script>\x1b]52;c;x\x07\u202e" onload="y'
    text = page(passed=False, problems=[hostile], packages=[{"name": hostile, "version": hostile}])
    reader = Reader()
    reader.feed(text)
    assert "script" not in reader.tags
    assert reader.references == []
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "This is no proof." in text
    assert "Nothing got out" not in text
