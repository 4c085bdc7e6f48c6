"""A local-only assistant that answers from a person's own documents, with quotes."""

__version__ = "0.1.0"
