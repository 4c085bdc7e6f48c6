"""Pages as pictures, for a fake workspace."""

from __future__ import annotations

from assistant.errors import AssistantError
from assistant.types import WHOLE_PAGE, CancelToken, PagePicture, PageView


class FakePagePictures:
    """Draws square pages: white, a black line across their middle, and a mark upon it.

    `drawn` records what was asked for; `undrawable` is raised if it is set.
    """

    undrawable: AssistantError | None = None

    @property
    def drawn(self) -> list[tuple[int, int, PageView]]:
        found: list[tuple[int, int, PageView]] = self.__dict__.setdefault("_drawn", [])
        return found

    def page_picture(
        self,
        document_id: int,
        number: int,
        view: PageView = WHOLE_PAGE,
        cancel: CancelToken | None = None,
    ) -> PagePicture:
        del cancel
        self.drawn.append((document_id, number, view))
        if self.undrawable is not None:
            raise self.undrawable
        left, top, right, bottom = view.part
        wide, high = (round(view.width * part) for part in (right - left, bottom - top))
        rows = [(b"\x00" if abs(n - high // 2) < 2 else b"\xff") * wide for n in range(high)]
        marks = ((0, high // 2 - 4, wide // 2, high // 2 + 4),) if view.quotes else ()
        return PagePicture(wide, high, b"".join(rows), marks)
