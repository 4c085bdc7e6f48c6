"""Reading samples of question-answering sets in SQuAD's shape, and hard ones made of them.

- the answerable questions themselves, and those that people wrote to have no answer;
- `near_passages`: a question beside the passage that a search ranks next;
- `changed_questions`: a name, number, antonym or negation of the question swapped, so that
  the passage speaks of another one (`convert.dataset.unanswerable_questions`).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assistant.errors import UsageError
from convert.dataset.articles import Article, Paragraph, Question, ShownText
from convert.dataset.data_files import open_bytes
from convert.dataset.named_entities import by_kind
from convert.dataset.similar_paragraphs import ParagraphIndex
from convert.dataset.unanswerable_questions import make_unanswerable
from convert.reader.number_changes import other_number
from convert.reader.reading_samples import ReadingSample

_DEPTH = 4


def answerable(articles: Sequence[Article], kind: str) -> list[ReadingSample]:
    """Return the questions with a span, each with the passage that it was asked of."""
    return [
        ReadingSample(kind, question.text, paragraph.text, question.spans[0], question.spans[0][0])
        for _, paragraph, question in _questions(articles)
        if question.spans
    ]


def unanswerable(articles: Sequence[Article], kind: str) -> list[ReadingSample]:
    """Return the questions that people wrote to have no answer in their passage."""
    return [
        ReadingSample(kind, question.text, paragraph.text, None, _middle(paragraph.text))
        for _, paragraph, question in _questions(articles)
        if not question.spans and not question.partial
    ]


def written_unanswerable(path: Path, articles: Sequence[Article]) -> list[ReadingSample]:
    """Read unanswerable questions that stand in a file of their own (JSON lines).

    Keys are `title`, `paragraph` (its number in that article), `question` and
    `answerable_id`, the question that it was made from: its answer is what misleads, and the
    passage is cut around it. Rows of articles that are not given are left out. Raises
    `UsageError` naming the line.
    """
    by_name = {article.name: article for article in articles}
    with open_bytes(path) as file:
        rows = (_written(line, by_name, f"{path}, line {n}") for n, line in enumerate(file, 1))
        return [row for row in rows if row is not None]


def _written(line: bytes, by_name: Mapping[str, Article], where: str) -> ReadingSample | None:
    try:
        row = json.loads(line)
        article = by_name.get(row["title"])
        if article is None:
            return None
        paragraph = article.paragraphs[row["paragraph"]]
        spans = {q.id: q.spans for q in paragraph.questions}.get(row["answerable_id"])
        asked = str(row["question"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UsageError(f"{where}: {type(error).__name__} {error}.") from error
    near = spans[0][0] if spans else _middle(paragraph.text)
    return ReadingSample("written unanswerable", asked, paragraph.text, None, near)


def near_passages(
    articles: Sequence[Article], count: int, rng: random.Random
) -> list[ReadingSample]:
    """Put questions beside passages that a word search finds for them, but not their own.

    Two thirds come from the same article. A passage that holds the answer's words is left out.
    """
    index = ParagraphIndex(articles)
    places = [
        (number, p, q)
        for number, article in enumerate(articles)
        for p in article.paragraphs
        for q in p.questions
        if q.spans
    ]
    found: list[ReadingSample] = []
    for number, own, question in rng.sample(places, len(places)):
        if len(found) >= count:
            break
        keys = index.nearest(question.text, number, _DEPTH, inside=rng.random() < 0.67)
        others = [articles[a].paragraphs[p] for a, p in keys]
        answers = own.answers(question)
        fitting = [o for o in others if o is not own and not ShownText([o.text]).holds(answers)]
        if fitting:
            text = rng.choice(fitting[:2]).text
            found.append(ReadingSample("near passage", question.text, text, None, _middle(text)))
    return found


def changed_questions(
    articles: Sequence[Article], count: int, rng: random.Random
) -> list[ReadingSample]:
    """Make questions about another name or number than the passage's, or the contrary."""
    found: list[ReadingSample] = []
    for article in rng.sample(articles, len(articles)):
        others = by_kind(p.text for p in article.paragraphs)
        share = max(1, -(-count // len(articles)))
        questions = [(p, q) for p in article.paragraphs for q in p.questions if q.spans]
        made = 0
        for paragraph, question in rng.sample(questions, min(len(questions), 6 * share)):
            if made >= share:
                break
            changed = make_unanswerable(question, ShownText([paragraph.text]), others, rng)
            if changed:
                made += 1
                found.append(_misleading("changed question", changed.text, paragraph, question))
    return found[:count]


def changed_numbers(
    articles: Sequence[Article], count: int, rng: random.Random
) -> list[ReadingSample]:
    """Make questions whose number, date or code is not the passage's, but looks like it."""
    found: list[ReadingSample] = []
    places = [(p, q) for _, p, q in _questions(articles) if q.spans]
    for paragraph, question in rng.sample(places, len(places)):
        if len(found) >= count:
            break
        changed = other_number(question.text, paragraph.text, rng)
        if changed:
            found.append(_misleading("changed number", changed, paragraph, question))
    return found


def _misleading(kind: str, text: str, paragraph: Paragraph, question: Question) -> ReadingSample:
    return ReadingSample(kind, text, paragraph.text, None, question.spans[0][0])


def _questions(articles: Sequence[Article]) -> Iterator[tuple[Article, Paragraph, Question]]:
    for article in articles:
        for paragraph in article.paragraphs:
            for question in paragraph.questions:
                yield article, paragraph, question


def _middle(text: str) -> int:
    return len(text) // 2
