"""Add refusals: questions that a group's passages do not answer.

In this order, each only if no passage shown holds the answer's text: questions that rules made
unanswerable out of the group's own, questions whose answer a window cut away, questions that
nothing in the document answers, questions of the nearest paragraphs of the same documents that
are not shown, questions about other documents.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from convert.dataset.articles import Article, ShownText, word_key
from convert.dataset.named_entities import by_kind
from convert.dataset.prompt_group import AskedQuestion, Group
from convert.dataset.settings import GroupSettings
from convert.dataset.similar_paragraphs import Key, ParagraphIndex
from convert.dataset.unanswerable_questions import make_unanswerable

_NEAREST = 8
_BY_CHANCE = 24


class RefusalSampler:
    """Adds refusals to groups of the articles of one split."""

    def __init__(
        self,
        articles: Sequence[Article],
        near: ParagraphIndex,
        settings: GroupSettings,
        rng: random.Random,
    ) -> None:
        self._articles = articles
        self._near = near
        self._settings = settings
        self._rng = rng
        self._known_entities: dict[int, dict[str, list[str]]] = {}

    def add(self, groups: Sequence[Group]) -> None:
        """Add refusals to groups until they have the share that the settings want.

        What people wrote to be unanswerable counts first; the rest is spread over the
        groups by their answerable questions.
        """
        answerable = sum(group.answerable for group in groups)
        human = sum(len(group.asked) for group in groups) - answerable
        share = self._settings.refusal_share
        wanted = answerable * share / (1 - share) - human
        plain = [g for g in groups if len(g.asked) == g.answerable]
        base = sum(g.answerable for g in plain)
        for group in plain:
            exact = max(0.0, wanted) * group.answerable / base if base else 0.0
            count = int(exact) + (self._rng.random() < exact % 1)
            room = self._settings.questions - len(group.asked)
            self._refuse(group, min(count, max(room, 0)))

    def _refuse(self, group: Group, count: int) -> None:
        """Add `count` refusals, or as many as can be found."""
        texts = group.shown_text()
        asked = {word_key(a.question.text) for a in group.asked} | group.barred
        entire = {s.key[0] for s in group.shown if self._articles[s.key[0]].entire}
        made = self._share(count, self._settings.synthetic_share)
        near = self._share(count - made, self._settings.near_share)
        pools = [
            (self._changed(group, texts), made),
            (self._close(group), made + near),
            (self._far(group), count),
        ]
        taken = 0
        for pool, most in pools:
            for candidate in pool:
                if taken >= most:
                    break
                if word_key(candidate.question.text) in asked or candidate.about in entire:
                    continue
                if candidate.answers and texts.holds(candidate.answers):
                    continue
                asked.add(word_key(candidate.question.text))
                group.asked.append(candidate)
                taken += 1
        self._rng.shuffle(group.asked)

    def _share(self, count: int, share: float) -> int:
        return sum(self._rng.random() < share for _ in range(count))

    def _changed(self, group: Group, texts: ShownText) -> Iterator[AskedQuestion]:
        """Yield questions that rules made unanswerable out of the group's own.

        Not where every document is asked the same questions: a changed one would be alone.
        """
        own = (a for a in group.asked if a.origin == "answer")
        asked = [a for a in own if self._articles[a.about].mixed]
        for original in self._rng.sample(asked, len(asked)):
            others = self._entities(original.about)
            changed = make_unanswerable(original.question, texts, others, self._rng)
            if changed is not None:
                yield AskedQuestion(changed, "synthetic", original.about)

    def _entities(self, article: int) -> dict[str, list[str]]:
        if article not in self._known_entities:
            texts = [p.text for p in self._articles[article].paragraphs]
            self._known_entities[article] = by_kind(texts)
        return self._known_entities[article]

    def _close(self, group: Group) -> Iterator[AskedQuestion]:
        """Yield refusals about the group's own documents, the hardest first."""
        yield from self._rng.sample(group.cut, len(group.cut))
        shown = {s.key for s in group.shown}
        for article in dict.fromkeys(s.key[0] for s in group.shown):
            pool = list(self._articles[article].unanswered)
            for question in self._rng.sample(pool, len(pool)):
                yield AskedQuestion(question, "document", article)
        near = [
            key
            for s in group.shown
            for key in self._near.nearest(s.text, s.key[0], _NEAREST)
            if key not in shown
        ]
        yield from self._questions_of(near, "near")

    def _far(self, group: Group) -> Iterator[AskedQuestion]:
        """Yield refusals about other documents, the nearest ones among them."""
        own = {s.key[0] for s in group.shown}
        near = [
            key
            for s in group.shown[:2]
            for key in self._near.nearest(s.text, s.key[0], _NEAREST, inside=False)
        ]
        by_chance = [
            (article, self._rng.randrange(len(self._articles[article].paragraphs)))
            for article in (self._rng.randrange(len(self._articles)) for _ in range(_BY_CHANCE))
            if self._articles[article].paragraphs
        ]
        keys = [key for key in near + by_chance if key[0] not in own]
        yield from self._questions_of(self._rng.sample(keys, len(keys)), "far", each=1)

    def _questions_of(
        self, keys: Sequence[Key], origin: str, each: int = 2
    ) -> Iterator[AskedQuestion]:
        for key in dict.fromkeys(keys):
            paragraph = self._articles[key[0]].paragraphs[key[1]]
            pool = [q for q in paragraph.questions if q.spans]
            for question in self._rng.sample(pool, min(each, len(pool))):
                yield AskedQuestion(question, origin, key[0], paragraph.answers(question))
