"""What a person, and a script, gets of an advice."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.schema import FORMAT
from assistant.console.output import Output

if TYPE_CHECKING:
    from assistant.advice.advice_report import Block
    from assistant.advice.decision import Case, Decision

_STYLES = {"title": "bold", "heading": "bold", "verdict": "bold green"}


def show_advice(blocks: list[Block], output: Output) -> None:
    """Print the advice for a person."""
    for block in blocks:
        if block.kind == "table":
            heads, *rows = block.rows
            output.table(list(heads), [list(row) for row in rows], right=frozenset())
        elif block.kind == "list":
            for item in block.items:
                output.line(f"- {item}")
        else:
            output.line()
            output.line((block.text, _STYLES.get(block.kind, "")))


def advice_json(case: Case, decision: Decision, run: str) -> dict[str, Any]:
    """Return the advice as JSON; `run` is the name of the run, "" for none."""
    from assistant.advice.advice_report import verdict
    from assistant.advice.comparison_table import comparison
    from assistant.advice.sensitivity import turns

    evidence, costs = case.evidence, case.costs
    return {
        "format": FORMAT,
        "advice": decision.advice,
        "measured": decision.measured,
        "verdict": verdict(case, decision),
        "run": run,
        "questions": evidence.questions if evidence else 0,
        "measure": evidence.measure if evidence else "",
        "reasons": [asdict(fired) for fired in decision.fired],
        "would_change": [
            {"answers": dict(turn.changed), "advice": turn.advice} for turn in turns(case)
        ],
        "answers": case.said.table(),
        "arms": [
            {
                "arm": arm.arm,
                "part": arm.role,
                "model": arm.model,
                "figure": {
                    "value": arm.figure.value,
                    "low": arm.figure.low,
                    "high": arm.figure.high,
                    "questions": arm.figure.count,
                },
                "median_seconds": arm.median,
                "p95_seconds": arm.p95,
                "memory": arm.memory,
                "prompt_tokens": arm.prompt_tokens,
                "tokens": arm.tokens,
            }
            for arm in (evidence.arms if evidence else ())
        ],
        "costs": {
            "training_hours": costs.training,
            "measuring_hours": costs.measuring,
            "change_hours": costs.retuning,
            "examples": costs.examples,
            "source": costs.source,
        },
        "comparison": comparison(case),
    }
