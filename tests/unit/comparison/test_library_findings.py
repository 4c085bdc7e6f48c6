"""What a look through the library finds: copies, versions, what can't be read, boilerplate."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from assistant.comparison.library_findings import library_findings
from assistant.comparison.near_duplicates import near_duplicates, resemblance, sketch_of
from assistant.errors import Cancelled
from assistant.types import CancelToken, DocumentRecord, PageStart, Passage
from assistant.types.library_check import Finding

WORDS = [f"word{n}" for n in range(4_000)]


def prose(seed: int, count: int = 500) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def edited(text: str, share: float) -> str:
    """Put another text in the place of the end."""
    words = text.split()
    kept = round((1 - share) * len(words))
    return " ".join([*words[:kept], *prose(99, len(words) - kept).split()])


def record(number: int, name: str, text: str, *, pages: int = 1, dated: str = "") -> DocumentRecord:
    return DocumentRecord(
        number, name, f"/x/{name}", "application/pdf", "0" * 64, name, pages, len(text), 1,
        f"2026-01-{number:02d}", dated,
    )  # fmt: skip


def checked(
    texts: dict[str, str], quoted: Sequence[int] = (), answers: int = 0, **dated: str
) -> list[Finding]:
    records = [
        record(n, name, text, dated=dated.get(name.split(".")[0], ""))
        for n, (name, text) in enumerate(texts.items(), start=1)
    ]
    passages = {
        r.id: [
            Passage(n, r.id, r.name, "", 0, len(part), part, (PageStart(1, 0),))
            for n, part in enumerate(text.split("\n\n"))
        ]
        for r, text in zip(records, texts.values(), strict=True)
    }
    found = library_findings(
        records, passages.__getitem__, quoted, answers, lambda *_: None, CancelToken()
    )
    return list(found)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_the_resemblance_is_estimated(share: float) -> None:
    text = prose(1)
    kept = 1 - share
    found = resemblance(sketch_of(text), sketch_of(edited(text, share)))
    assert abs(found - kept / (2 - kept)) < 0.12


def test_a_thousand_texts_of_which_two_are_alike() -> None:
    texts = {n: prose(n, 120) for n in range(1_000)}
    texts[1_000] = edited(texts[417], 0.1)
    texts[1_001] = texts[3]
    found = {
        (a.one, a.other) for a in near_duplicates({n: sketch_of(t) for n, t in texts.items()}, 0.5)
    }
    assert found == {(417, 1_000), (3, 1_001)}


def test_copies_and_versions_are_told_apart() -> None:
    text = prose(1)
    copy, version = checked(
        {"a.pdf": text, "copy.pdf": text.upper(), "b v2.pdf": edited(text, 0.2), "c.pdf": prose(2)}
    )
    assert (copy.kind, copy.documents) == ("same text", (1, 2))
    assert (version.kind, set(version.documents)) == ("versions", {1, 3})
    assert "assistant compare" in version.advice


@pytest.mark.parametrize(
    ("names", "dated", "older"),
    [
        (("lease v2.pdf", "lease v10.pdf"), {}, 1),
        (("lease 2024.pdf", "lease 2023.pdf"), {}, 2),
        (("new.pdf", "old.pdf"), {"new": "2025-01-01", "old": "2024-01-01"}, 2),
        (("first.pdf", "second.pdf"), {}, 1),
        (("lease.pdf", "lease (2019).pdf"), {}, 2),
        (("lease v2.pdf", "lease.pdf"), {}, 2),
        (("lease.pdf", "old copy of lease.pdf"), {}, 2),
        (("lease_draft.pdf", "lease.pdf"), {}, 1),
    ],
)
def test_the_older_version_is_the_one_to_forget(
    names: tuple[str, str], dated: dict[str, str], older: int
) -> None:
    text = prose(1)
    found = checked({names[0]: text, names[1]: edited(text, 0.1)}, **dated)
    assert [f.kind for f in found] == ["versions"]
    assert found[0].advice.endswith(f"assistant forget {older}")


def test_what_can_hardly_be_read_is_named() -> None:
    garbled = "\u00a7%&(=) " * 60
    found = checked(
        {"scan.pdf": "Page 1", "bad.pdf": f"{prose(3)}\n\n{garbled}", "long.pdf": "x" * 7_000}
    )
    assert [f.kind for f in found] == ["little text", "garbled", "long passages"]
    assert "--ocr always" in found[0].advice


def test_boilerplate_and_what_nobody_quotes() -> None:
    notice = "This notice stands under every letter that we write."
    texts = {f"{n}.pdf": f"{prose(n)}\n\n{notice}" for n in range(5)}
    found = checked(texts, quoted=[1, 2, 3], answers=12)
    assert [f.kind for f in found] == ["boilerplate", "never quoted"]
    assert "at most 5" in found[0].said
    assert found[1].documents == (4, 5)
    assert checked(texts, quoted=[1], answers=3)[-1].kind == "boilerplate"


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        library_findings([record(1, "a", "a")], lambda _: [], (), 0, lambda *_: None, token)


def test_a_clean_library_has_no_findings() -> None:
    assert checked({"a.pdf": prose(1), "b.pdf": prose(2), "c.pdf": prose(3)}) == []
    assert checked({}) == []
