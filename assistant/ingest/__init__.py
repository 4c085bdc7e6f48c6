"""Adding documents to a library: find, parse, chunk, embed, store; one file after another."""

from assistant.ingest.ingester import Ingester
from assistant.ingest.ocr_pages import PictureReader

__all__ = ["Ingester", "PictureReader"]
