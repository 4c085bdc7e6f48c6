"""Adding documents to a library: find, parse, chunk, embed, store; one file after another."""

from assistant.ingest.ingester import Ingester

__all__ = ["Ingester"]
