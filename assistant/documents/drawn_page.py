"""Draw a page of a document of the library, from the file that it was added from."""

from __future__ import annotations

from pathlib import Path

from assistant.documents.sandboxed_parser import PAGED
from assistant.errors import DocumentError
from assistant.types import CancelToken, DocumentRecord, PageDrawer, PagePicture, PageView


def drawn_page(
    document: DocumentRecord,
    number: int,
    view: PageView,
    drawer: PageDrawer,
    cancel: CancelToken | None = None,
) -> PagePicture:
    """Return page `number` (from 1) as it is printed.

    The library keeps text, not pages: the file is read again where it lay, and only if its
    content is still what was added. Raises `DocumentError` with the reason, and `Cancelled`.
    """
    name = document.name
    if document.media_type not in PAGED:
        raise DocumentError(
            f"{name} has no printed pages.", hint="Its text, as shown, is all that there is."
        )
    path = Path(document.source)
    if not path.is_file():
        raise DocumentError(
            f"{name} is no longer where it was added from: {document.source}",
            hint="Its text is in the library all the same. To see the page, put the file back "
            "or add it again.",
        )
    return drawer.picture(path, number, document.content_hash, cancel, view)
