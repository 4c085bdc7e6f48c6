"""Group paragraphs into prompts, and choose the questions asked of each group.

A group is asked the questions of the paragraphs that it shows, those among them that people
wrote to have no answer. `refusals` adds more that it can't answer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from convert.dataset.articles import (
    Article,
    Paragraph,
    Question,
    ShownText,
    Span,
    one_line,
    word_key,
)
from convert.dataset.passage_windows import CHARACTERS_PER_TOKEN, window
from convert.dataset.prompt_group import AskedQuestion, Group, ShownParagraph
from convert.dataset.refusal_samples import RefusalSampler
from convert.dataset.settings import GroupSettings
from convert.dataset.similar_paragraphs import Key, ParagraphIndex

_NEAREST = 8
_PARTNERS = 24


class GroupBuilder:
    """Forms groups out of the articles of one split, all chance from one seed."""

    def __init__(self, articles: Sequence[Article], settings: GroupSettings, seed: int) -> None:
        self._articles = articles
        self._settings = settings
        self._rng = random.Random(seed)  # noqa: S311 - chance, not a secret
        self._near = ParagraphIndex(articles)
        self._number = 0
        self.refuser = RefusalSampler(articles, self._near, settings, self._rng)

    def groups(self, only: Sequence[int], limit: int = 0) -> Iterator[Group]:
        """Yield groups until every paragraph with questions of the articles `only` was shown.

        Stops when `limit` samples (0: all) can be made of them with the refusals that
        `refuser.add` will add.
        """
        unused = [
            (a, p)
            for a in only
            for p, paragraph in enumerate(self._articles[a].paragraphs)
            if any(q.spans or not q.partial for q in paragraph.questions)
        ]
        self._rng.shuffle(unused)
        left = dict.fromkeys(unused)
        samples = 0.0
        while left and not (limit and samples >= limit):
            for group in self._form(left):
                samples += self._expected(group)
                yield group

    # -- passages ----------------------------------------------------------------------

    def _form(self, left: dict[Key, None]) -> Iterator[Group]:
        """Choose passages around the first unused one; yield them with their questions.

        If that is more than a group may be asked, the same passages stand in several
        groups, in another order each.
        """
        rng = self._rng
        seed = next(iter(left))
        del left[seed]
        sizes = range(1, len(self._settings.passages) + 1)
        size = rng.choices(sizes, self._settings.passages)[0]
        keys = [seed]
        while len(keys) < size and (key := self._partner(seed, keys, left)) is not None:
            left.pop(key, None)
            keys.append(key)
        shown = self._shown(keys)
        texts = ShownText(s.text for s in shown)
        asked = [a for s in shown for a in self._asked(s, texts)]
        cut = [a for a in asked if a.origin == "cut"]
        asked = [a for a in asked if a.origin != "cut"]
        barred = frozenset(word_key(q.text) for s in shown for q in s.touched())
        rng.shuffle(asked)
        for part in self._parts(asked):
            self._number += 1
            yield Group(self._number, tuple(rng.sample(shown, len(shown))), part, cut, barred)

    def _parts(self, asked: list[AskedQuestion]) -> Iterator[list[AskedQuestion]]:
        """Cut a list of questions into equal parts that leave room for refusals."""
        human = any(a.origin == "human" for a in asked)
        room = self._settings.questions * (1 if human else 1 - self._settings.refusal_share)
        count = math.ceil(len(asked) / max(1, int(room)))
        for number in range(count):
            yield asked[number::count]

    def _partner(self, seed: Key, keys: Sequence[Key], left: dict[Key, None]) -> Key | None:
        """Choose another passage: near the first one, of the same article or of another.

        Mostly one that was not shown yet and is asked something, so that groups are large.
        """
        rng, settings = self._rng, self._settings
        text = self._paragraph(seed).text
        sides = [True, False] if rng.random() >= settings.outside_share else [False, True]
        if not self._articles[seed[0]].mixed:
            sides = [True]
        bare = rng.random() < settings.bare_share
        for inside in sides:
            near = self._near.nearest(text, seed[0], _PARTNERS, inside=inside)
            found = [key for key in near if key not in keys and (inside or self._mixed(key))]
            found = found[:_NEAREST] if bare else [key for key in found if key in left]
            if found:
                return rng.choice(found[:_NEAREST])
        count = len(self._articles[seed[0]].paragraphs)
        others = [(seed[0], p) for p in range(count) if (seed[0], p) not in keys]
        return rng.choice(others) if others else None

    def _mixed(self, key: Key) -> bool:
        return self._articles[key[0]].mixed

    def _paragraph(self, key: Key) -> Paragraph:
        return self._articles[key[0]].paragraphs[key[1]]

    def _shown(self, keys: Sequence[Key]) -> tuple[ShownParagraph, ...]:
        paragraphs = [self._paragraph(key) for key in keys]
        cut = self._rng.random() < self._settings.window_share
        room = int(self._settings.window_tokens * CHARACTERS_PER_TOKEN / len(keys))
        spans = [
            self._window(p, room) if cut and len(p.text) > room else (0, len(p.text))
            for p in paragraphs
        ]
        return tuple(ShownParagraph(*parts) for parts in zip(keys, paragraphs, spans, strict=True))

    def _window(self, paragraph: Paragraph, room: int) -> Span:
        starts = [q.spans[0][0] for q in paragraph.questions if q.spans]
        return window(paragraph.text, room, self._rng, self._rng.choice(starts or [0]))

    # -- questions ---------------------------------------------------------------------

    def _asked(self, shown: ShownParagraph, texts: ShownText) -> Iterator[AskedQuestion]:
        """Yield the questions of a paragraph that is shown."""
        for question in shown.paragraph.questions:
            about = shown.key[0]
            answers = self._visible(shown, question)
            if question.partial:
                continue
            if not question.spans:
                yield AskedQuestion(question, "human", about)
            elif answers:
                yield AskedQuestion(question, "answer", about, answers, shown)
            elif not texts.holds(shown.paragraph.answers(question)):
                yield AskedQuestion(question, "cut", about)

    def _visible(self, shown: ShownParagraph, question: Question) -> tuple[str, ...]:
        """Return the answers that stand in the part that is shown; () if too long."""
        start, end = shown.span
        inside = [s for s in question.spans if start <= s[0] and s[1] <= end]
        if not inside or inside[0][1] - inside[0][0] > self._settings.longest_answer:
            return ()
        text = shown.paragraph.text
        return tuple(dict.fromkeys(one_line(text[a:b]) for a, b in inside))

    def _expected(self, group: Group) -> float:
        human = len(group.asked) - group.answerable
        share = self._settings.refusal_share
        return group.answerable + max(human, group.answerable * share / (1 - share))
