"""Questions for a reader's evaluation, each with the passages that it is asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.dataset.articles import Article, Paragraph
from convert.dataset.cuad import LONGEST_PASSAGE, passages_of
from convert.dataset.data_files import naming, read_entries
from convert.dataset.similar_paragraphs import ParagraphIndex
from convert.dataset.squad import read_squad, spans_of
from convert.evaluate.evaluation_items import pick
from convert.evaluate.item_builder import Asked, AskedSet
from convert.evaluate.paragraph_pool import Paragraph as Shown
from convert.reader.build_samples import development_names
from convert.reader.held_out_names import DEVELOPMENT
from convert.reader.question_answers import answerable, unanswerable, written_unanswerable
from convert.reader.settings import ReaderData


@dataclass(frozen=True, slots=True)
class ReadItem:
    """A question, the passages to read, and the accepted answers: none if refusing is right."""

    question: str
    passages: tuple[str, ...]
    answers: tuple[str, ...]


def items_of(asked: AskedSet, count: int, passages: int, seed: int) -> list[ReadItem]:
    """Return up to `count` answerable and `count` unanswerable items of a set (0: all).

    Beside the paragraph that a question is about stand those of its document that a word
    search finds, until there are `passages`.
    """
    places: dict[str, list[int]] = {}
    for number, paragraph in enumerate(asked.paragraphs):
        places.setdefault(paragraph.document, []).append(number)
    names = list(places)
    texts = asked.paragraphs
    articles = [
        Article(name, tuple(Paragraph(texts[n].text, 1) for n in places[name])) for name in names
    ]
    index = ParagraphIndex(articles)
    items = []
    for question in asked.sample(count, seed):
        own = names.index(question.document)
        found = [places[names[a]][p] for a, p in index.nearest(question.question, own, passages)]
        gold = [] if question.gold is None else [question.gold]
        shown = dict.fromkeys([*gold, *found])
        chosen = [texts[n].text for n in shown][: max(passages, len(gold))]
        if chosen:
            items.append(ReadItem(question.question, tuple(chosen), question.answers))
    return items


def paper_questions(path: Path) -> AskedSet:
    """Read a file in SQuAD's shape whose contexts are whole papers, cut as the laptop cuts.

    Raises `UsageError` naming file and place.
    """
    paragraphs: list[Shown] = []
    questions: list[Asked] = []
    for where, entry in read_entries(path, "SQuAD"):
        with naming(where):
            for raw in entry["paragraphs"]:
                text = str(raw["context"])
                spans = {
                    str(q["id"]): list(spans_of(q["answers"], text, where)) for q in raw["qas"]
                }
                pieces = _pieces(text, [span for own in spans.values() for span in own])
                first = len(paragraphs)
                name = str(entry.get("title", where))
                paragraphs += [Shown(name, 1, text[a:b]) for a, b in pieces]
                for q in raw["qas"]:
                    own = spans[str(q["id"])]
                    gold = _piece_of(pieces, own[0]) if own else None
                    answers = tuple(dict.fromkeys(text[a:b] for a, b in own))
                    place = None if gold is None else first + gold
                    questions.append(Asked(str(q["id"]), str(q["question"]), answers, place, name))
    return AskedSet(tuple(paragraphs), tuple(questions))


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return passages_of(text, spans) if len(text) > LONGEST_PASSAGE else [(0, len(text))]


def _piece_of(pieces: Sequence[tuple[int, int]], span: tuple[int, int]) -> int:
    """Return the piece that holds most of a span."""
    return max(
        range(len(pieces)), key=lambda n: min(pieces[n][1], span[1]) - max(pieces[n][0], span[0])
    )


def held_out_items(data: ReaderData, count: int, seed: int) -> list[ReadItem]:
    """Return items of the articles that a training with these data holds out for development."""
    names = development_names(data) | DEVELOPMENT
    articles = [a for path in data.squad for a in read_squad(path) if a.name in names]
    samples = answerable(articles, "") + unanswerable(articles, "")
    if data.unanswerable is not None:
        samples += written_unanswerable(data.unanswerable, articles)
    items = [
        ReadItem(s.question, (s.passage,), (s.passage[slice(*s.answer)],) if s.answer else ())
        for s in samples
    ]
    both = [i for i in items if i.answers], [i for i in items if not i.answers]
    return [item for kind in both for item in pick(kind, count, seed)]
