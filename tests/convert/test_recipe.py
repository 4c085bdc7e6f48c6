"""A whole recipe: from data to a signed bundle, on a random model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.errors import UsageError
from convert.cli import main
from convert.recipe import read_recipe, run_recipe

ARTICLES = {
    "Pumps": "The warranty on the pumps lasts 24 months. It begins on the day of delivery. "
    "Seals are excluded. The pumps weigh 40 kilograms each.",
    "Ward": "Visitors may come from 14:00 to 18:00. Children under six stay outside. "
    "Dr. Okafor leads the ward. Flowers are not allowed in room 12.",
    "Harbour": "The harbour freezes in January. Two ice breakers keep a lane open. "
    "Pilots are compulsory for ships above 90 metres.",
    "Archive": "Files are kept for ten years. After that they are shredded in the cellar. "
    "The archivist keeps the key in a safe.",
}
QUESTIONS = {
    "Pumps": [("How long is the warranty?", "24 months"), ("What is excluded?", "Seals")],
    "Ward": [("Who leads the ward?", "Dr. Okafor"), ("Which room has no flowers?", "room 12")],
    "Harbour": [("When does the harbour freeze?", "January"), ("Who is in the crew?", "")],
    "Archive": [("How long are files kept?", "ten years"), ("Who owns the archive?", "")],
}

RECIPE = """
[base]
source = "{base}"

[dataset]
validation_documents = ["Archive"]
[[dataset.sources]]
path = "data.json"
format = "squad"
name = "data"
licence = "CC0-1.0"
[dataset.groups]
passages = [1.0]
window_share = 0.0

[canaries]
count = {canaries}

[train]
rank = 4
alpha = 8
max_steps = 2
learning_rate = 1e-2
samples_per_step = 4
score_samples = 2
score_tokens = 8
checkpoint_minutes = 60
threads = 1

[export]
quantizations = ["F16", "Q8_0"]
name = "tiny"

[adapter]
outtype = "F32"
name = "tiny"

[evaluate]
squad = ["data.json"]
ways = ["whole"]
count = {count}
threads = 1
shots = 0
negatives = 1
agreement_tokens = 32
canary_candidates = 64

[bundle]
key = "signing.key"
name = "tiny"
version = 1
licence = "CC0-1.0"
licences = ["LICENCE"]
{bundle}
"""


def write_data(folder: Path) -> None:
    data = []
    for title, context in ARTICLES.items():
        asked = []
        for number, (question, answer) in enumerate(QUESTIONS[title]):
            found = [{"text": answer, "answer_start": context.index(answer)}] if answer else []
            asked.append(
                {
                    "id": f"{title}{number}",
                    "question": question,
                    "answers": found,
                    "is_impossible": not answer,
                }
            )
        data.append({"title": title, "paragraphs": [{"context": context, "qas": asked}]})
    (folder / "data.json").write_text(json.dumps({"version": "v2.0", "data": data}))


def write_recipe(
    folder: Path, base: Path, *, canaries: int = 1, count: int = 2, bundle: str = ""
) -> Path:
    write_data(folder)
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(base=base, canaries=canaries, count=count, bundle=bundle))
    (folder / "LICENCE").write_text("CC0 1.0 Universal\n")
    made = CliRunner().invoke(main, ["bundle", "keygen", str(folder / "signing.key")])
    assert made.exit_code == 0, made.output
    return path


@pytest.mark.slow
def test_a_whole_recipe_on_a_random_model(tiny_base: Path, tmp_path: Path) -> None:
    """A model that fails the gate is not packed, unless that is forced; nothing is done twice."""
    path, out = write_recipe(tmp_path, tiny_base), tmp_path / "out"
    run = CliRunner().invoke(main, ["run", str(path), "--out", str(out)])
    assert run.exit_code == 8, run.output
    assert "gate" in run.output.lower()
    assert not list(out.glob("bundle/*.bundle"))

    with path.open("a", encoding="utf-8") as file:
        file.write('force_without_gate = "A random model, to test the path."\n')
    forced = run_recipe(read_recipe(path), out)
    assert {"train", "merge", "export", "adapter"} <= set(forced.skipped)
    assert forced.bundle is not None
    assert forced.bundle.is_file()
    assert forced.report["gate"]["checked"]
    assert not forced.report["gate"]["passed"]
    for step in ("dataset", "train", "merge", "export", "adapter", "evaluate", "bundle"):
        assert (forced.folders[step] / "step.json").is_file(), step


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[oven]\n", "oven"),
        ("[train]\nrank = 'high'\n", "rank"),
        ("[base]\nsource = 3\n", "source"),
        ("[merge]\ndtype = 'int4'\n", "dtype"),
        ("[canaries]\ncount = 99\n", "count"),
        ("[bundle]\nversion = 'new'\n", "version"),
        ("train = 3\n", "train"),
        ("[base\n", "recipe.toml"),
        ("", "source"),
    ],
)
def test_a_faulty_recipe_says_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=named):
        read_recipe(path)
