"""The rivals of our quotes must be as good as they can be, or the comparison says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.engine.llama_runtime import LlamaRuntime, library
from tests.bench.bench_quoting import FORCED, ONE, THREE, Row, figures_of
from tests.bench.quoting_designs import (
    Measured,
    Quote,
    grammar_of_sentences,
    grammar_of_stretches,
    nearest_stretch,
)
from tests.unit.engine.speaking_toy import speaking_toy

PASSAGES = ['The cat\n sat on the "big" mat. It left.', "Nothing (in 1999) happened \\ there."]


@pytest.mark.parametrize(
    ("quote", "nearest"),
    [
        ("The cat sat", "The cat sat"),
        ("cat  SAT on a big mat", 'cat sat on the "big" mat'),
        ("in 1998", "in 1999"),
        ("the catt", "The cat"),
        ("xyzzy plugh", ""),
        ("", ""),
    ],
)
def test_the_nearest_stretch(quote: str, nearest: str) -> None:
    assert nearest_stretch(quote, PASSAGES) == nearest


def test_nothing_is_near_where_there_is_nothing() -> None:
    assert nearest_stretch("the cat", ["", " \n"]) == ""


def test_llama_cpp_reads_the_grammars(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    (tmp_path / "toy.gguf").write_bytes(speaking_toy())
    runtime = LlamaRuntime(tmp_path / "toy.gguf", 64, 1)
    for make in (grammar_of_sentences, grammar_of_stretches):
        grammar = make(PASSAGES).encode()
        lib = library()
        sampler = lib.llama_sampler_init_grammar(runtime._vocabulary, grammar, b"root")
        assert sampler
        lib.llama_sampler_free(sampler)
    runtime.close()
    assert grammar_of_sentences(["One. Two."]) == (
        'root ::= "\\"" ("One." | "Two.") "\\"" | "Not in the documents."\n'
    )
    assert 'p0w0 ::= "a" (" " p0w1)?\np0w1 ::= "b"\n' in grammar_of_stretches(["a b"])


def test_figures_of_made_up_answers() -> None:
    rows = []
    for number, answers in enumerate([("the cat",), ("a dog",), (), ()]):
        row = Row(answers, ["the cat sat"], 400, 1.0, 0.005, 1.0 if number == 3 else -1.0)
        doubt = -3.0 if number == 0 else 2.0
        row.by_design = {
            THREE: Measured(Quote("the cat", doubt), 10, 0.2, 0.1),
            ONE: Measured(Quote("cat sat"), 10, 0.1, 0.1),
            FORCED: Measured(Quote("the bat"), 10, 0.1, 0.1),
            "free": Measured(Quote("the cat" if number else ""), 10, 0.1, 0.09),
        }
        rows.append(row)
    found = {figure.name: figure for figure in figures_of(rows, threshold=-1.0)}
    ratio = found[f"tokens/s, {THREE} / free"]
    assert (ratio.value, ratio.met) == (pytest.approx(0.5), False)
    assert found[f"verbatim quotes, {THREE}"].met
    assert found[f"verbatim quotes, {FORCED}"].value == 0
    assert found[f"F1 of {THREE}, refusals as greedy decides"].value == 0.5
    assert "refused 0.500, falsely 0.000" in found[f"F1 of {ONE}, refusals as greedy decides"].note
    assert "refused 1.000, falsely 0.500" in found[f"F1 of {THREE}, refusals as calibrated"].note
    assert "falsely 0.500" in found["F1 of free, refusals as it writes them"].note
