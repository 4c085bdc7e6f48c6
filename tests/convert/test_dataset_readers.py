"""Reading what people have: formats, columns, and faults that name file and line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import UsageError
from convert.dataset.dataset_step import make_dataset
from convert.dataset.row_readers import read_rows
from convert.dataset.settings import DatasetSettings, SourceSettings
from convert.training_samples import Sample
from tests.convert.dataset_data import chat, write_rows

CONTEXT = "The fee is 12 euros. It is due in May."
ROWS = [
    {"question": "What is the fee?", "answer": "12 euros", "context": CONTEXT, "document": "fees"},
    {"question": "What is the fine?", "answer": "unanswerable", "context": CONTEXT,
     "document": "fees"},
]  # fmt: skip


def load(path: Path, **settings: Any) -> list[Sample]:
    own = {k: settings.pop(k) for k in ("format", "columns") if k in settings}
    source = SourceSettings(path, **own)
    return make_dataset(DatasetSettings((source,), validation_ratio=0.0, **settings))[1]["train"]


def write_arrow(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    table = pa.Table.from_pylist(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".csv":
        lines = [",".join(rows[0])]
        lines += [",".join(f'"{v}"' for v in row.values()) for row in rows]
        path.write_text("\n".join(lines), "utf-8-sig")
    elif path.suffix == ".json":
        path.write_text(json.dumps({"version": 1, "rows": rows}))
    elif path.suffix == ".parquet":
        write_parquet(path, rows)
    elif path.suffix == ".arrow":
        write_arrow(path, rows)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress("".join(json.dumps(r) + "\n" for r in rows).encode()))
    else:
        write_rows(path, rows)
    return path


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.csv", "a.json", "a.parquet", "a.arrow", "a.jsonl.gz"]
)
def test_every_format_gives_the_same_samples(tmp_path: Path, name: str) -> None:
    samples = load(write(tmp_path / name, ROWS))
    kinds = {s.question: (s.kind, s.completion) for s in samples}
    assert kinds == {
        "What is the fee?": ("answer", '"12 euros"'),
        "What is the fine?": ("refusal", "Not in the documents."),
    }
    assert {s.document for s in samples} == {"fees"}
    assert len({s.group for s in samples}) == 1


def test_conversations_are_kept_as_they_are(tmp_path: Path) -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        *chat("One?", "Yes.")["messages"],
        *chat("Two?", "No.")["messages"],
    ]
    path = write_rows(tmp_path / "a.jsonl", [{"messages": turns, "document": "talk"}])
    (sample,) = load(path)
    assert [{"role": m.role, "content": m.content} for m in sample.messages] == turns
    assert (sample.kind, sample.document, sample.question) == ("chat", "talk", "Two?")


def test_a_saved_hugging_face_dataset_is_read_without_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = [chat(f"Question number {n} on topic {n * n}?", f"Answer {n}.") for n in range(20)]
    both = datasets.DatasetDict(
        train=datasets.Dataset.from_list(rows[:15]),
        validation=datasets.Dataset.from_list(rows[15:]),
    )
    both.save_to_disk(str(tmp_path / "saved"))
    settings = DatasetSettings((SourceSettings(tmp_path / "saved"),), near_duplicate=1.0)
    splits = make_dataset(settings)[1]
    assert {s.question for s in splits["train"]} == {r["messages"][0]["content"] for r in rows[:15]}
    assert len(splits["validation"]) == 5


def test_a_folder_of_parquet_and_its_test_split(tmp_path: Path) -> None:
    write_parquet(tmp_path / "d" / "data" / "train-00000-of-00001.parquet", ROWS)
    assert len(list(read_rows(tmp_path / "d"))) == 2
    write_parquet(tmp_path / "d" / "data" / "test-00000-of-00001.parquet", ROWS)
    with pytest.raises(UsageError, match="test split"):
        list(read_rows(tmp_path / "d"))


def test_columns_can_be_named(tmp_path: Path) -> None:
    rows = [{"q": r["question"], "a": r["answer"], "p": r["context"]} for r in ROWS]
    path = write_rows(tmp_path / "a.jsonl", rows)
    columns = {"question": "q", "answer": "a", "context": "p"}
    assert len(load(path, columns=columns)) == 2
    with pytest.raises(UsageError, match=r"line 1: there is no column 'nope'"):
        load(path, columns={"question": "nope"})
    with pytest.raises(UsageError, match="Unknown column 'colour'"):
        SourceSettings(path, columns={"colour": "x"})


def turns(*roles: str) -> str:
    return json.dumps({"messages": [{"role": r, "content": "x"} for r in roles]})


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"messages": [}', r"bad\.jsonl, line 2, column 15: no JSON"),
        ("[1, 2]", "line 2: a JSON object is needed, not a list"),
        (turns("user", "gpt"), "line 2: turn 2 has the role 'gpt'; known are system, user"),
        (turns("user", "user", "assistant"), "line 2: user and assistant must take turns"),
        (turns("user", "assistant", "user"), "line 2: the last turn must be the assistant's"),
        (turns("user", "system", "assistant"), "line 2: a system message must be the first"),
        (turns("assistant"), "line 2: 'messages' must be a list of two turns or more"),
        ('{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": " "}]}',
         r"line 2: turn 2 \(assistant\) is empty"),
        ('{"messages": "no json"}', "line 2: 'messages' is a text that is no JSON"),
        ('{"colour": 3}', r"line 2: there is neither 'messages' nor a question \(columns: colour"),
        ('{"question": "Q?", "answer": ""}', "line 2: the answer is empty"),
        ('{"question": "Q?", "answer": "", "context": "c"}', "line 2: the answer is empty"),
        ('{"question": "Q?", "answer": "z", "context": "c"}', "line 2: the answer 'z' does not st"),
        ("[" * 100_000, "line 2 is nested too deeply|line 2.*no JSON"),
    ],
)  # fmt: skip
def test_faults_name_file_and_line(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(chat("Fine?", "Yes.")) + "\n" + line + "\n")
    with pytest.raises(UsageError, match=what):
        load(path)


def test_bad_bytes_and_bad_tables(tmp_path: Path) -> None:
    cases = {
        "a.jsonl": (b'{"a": 1}\n{"a": "\xff"}\n', "line 2: it is not UTF-8"),
        "a.csv": (b"question,answer\nOne,Two\nOne,Two,Three\n", "line 3: it has another number"),
        "b.csv": (b'question,answer\n"One,Two\n', "no CSV"),
        "a.json": (b'{"a":\n1,}', "line 2: no JSON"),
        "b.json": (b'{"a": 1}', "holds no list of objects"),
        "a.parquet": (b"PAR1 no parquet", "can't be read"),
        "a.arrow": (b"no arrow at all", "can't be read"),
        "a.gz": (b"", "format can't be told"),
        "c.jsonl.gz": (b"\x1f\x8b broken", "can't be read"),
    }
    for name, (data, what) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(UsageError, match=what):
            list(read_rows(path))


def test_rows_can_be_skipped_and_are_reported(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [*ROWS, {"question": "Q?", "answer": "no such words",
                                                     "context": CONTEXT}])  # fmt: skip
    settings = DatasetSettings((SourceSettings(path),), validation_ratio=0.0, skip_bad_rows=True)
    manifest, splits = make_dataset(settings)
    assert len(splits["train"]) == 2
    (row,) = manifest["report"]["bad_rows"]
    assert row["place"].endswith("a.jsonl, line 3")


def test_a_hub_name_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is downloaded"):
        load(Path("squad/plain_text"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no Arrow or Parquet"):
        load(tmp_path / "empty")
