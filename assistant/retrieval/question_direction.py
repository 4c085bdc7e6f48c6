"""Take off a question's vector what it owes to its language and to being a question.

A multilingual embedder puts texts of one language near each other, whatever they say: in a library
with one Chinese document, that document's chunks are nearest to every Chinese question. The mean of
a few plain questions in the same language points into that direction; without a part of it the
vector is nearest to what it asks for. Measured (docs/languages.md): of Chinese questions on English
documents beside a Chinese one, the place was among the first five for 0.20 before and 0.83 after.
"""

from __future__ import annotations

import numpy as np

from assistant.text.language import ENGLISH, language_of
from assistant.types import Embedder, Vectors

_SHARE = 0.7
_means: dict[tuple[str, str], Vectors] = {}
_PLAIN: dict[str, str] = {
    ENGLISH: "What is it?|How long does it last?|How much does it cost?|When must it be done?"
    "|Who is responsible?",
    "de": "Was ist das?|Wie lange dauert es?|Wie hoch ist der Betrag?|Wann muss das geschehen?"
    "|Wer ist zuständig?",
    "fr": "Qu'est-ce que c'est ?|Combien de temps cela dure-t-il ?|Quel est le montant ?"
    "|Quand faut-il le faire ?|Qui est responsable ?",
    "es": "¿Qué es esto?|¿Cuánto tiempo dura?|¿Cuál es la cantidad?|¿Cuándo hay que hacerlo?"
    "|¿Quién es responsable?",
    "it": "Che cos'è?|Quanto dura?|Qual è l'importo?|Quando si deve fare?|Chi è responsabile?",
    "pt": "O que é isto?|Quanto tempo dura?|Qual é o valor?|Quando deve ser feito?"
    "|Quem é responsável?",
    "nl": "Wat is dat?|Hoe lang duurt het?|Hoe hoog is het bedrag?|Wanneer moet het gebeuren?"
    "|Wie is verantwoordelijk?",
    "sv": "Vad är det?|Hur länge varar det?|Hur stort är beloppet?|När måste det göras?"
    "|Vem är ansvarig?",
    "pl": "Co to jest?|Jak długo to trwa?|Jaka jest kwota?|Kiedy trzeba to zrobić?"
    "|Kto jest odpowiedzialny?",
    "CJK": "这是什么？|需要多长时间？|金额是多少？|什么时候必须完成？|谁负责？",  # noqa: RUF001
    "CYRILLIC": "Что это?|Сколько это длится?|Какова сумма?|Когда это надо сделать?|Кто отвечает?",
    "HANGUL": "이것은 무엇입니까?|얼마나 걸립니까?|금액은 얼마입니까?|언제 해야 합니까?",
    "ARABIC": "ما هذا؟|كم من الوقت يستغرق؟|ما هو المبلغ؟|متى يجب القيام بذلك؟|من المسؤول؟",
}


def without_direction(vector: Vectors, question: str, embedder: Embedder) -> Vectors:
    """Return the vector, shape (dimension,), of unit length again.

    A language without plain questions here is taken for English. Raises what the embedder raises.
    """
    plain = _PLAIN.get(language_of(question, least=1), _PLAIN[ENGLISH])
    key = (plain, embedder.identity.sha256)
    if key not in _means:
        vectors = [embedder.embed_query(one) for one in plain.split("|")]
        _means[key] = np.asarray(np.mean(vectors, axis=0), dtype=np.float32)
    rest = vector - _SHARE * _means[key]
    return np.asarray(rest / max(float(np.linalg.norm(rest)), 1e-9), dtype=np.float32)
