"""Protocols of the engine, the chat model and the parser.

`cli` wires real objects to these; unit tests hand in fakes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from assistant.types.calibration import Calibration
from assistant.types.cancel import CancelToken
from assistant.types.documents import AS_FOUND, Attachment, ParsedDocument, ReadOptions
from assistant.types.profile import ModelProfile
from assistant.types.strategies import Quoted

if TYPE_CHECKING:
    # Not at run time: importing numpy starts threads, and the lockdown wants none before it.
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
"""Float32, shape (n, dimension) or (dimension,), each row of unit length."""


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """All that decides which vectors an embedder makes; stored beside them.

    Two embedders with equal identities may fill one store; any difference is refused.
    """

    name: str
    sha256: str
    dimension: int
    pooling: str
    query_prefix: str
    document_prefix: str
    max_tokens: int


class Embedder(Protocol):
    """Turns texts into unit vectors. Calls are safe from any thread (own lock)."""

    @property
    def identity(self) -> EmbedderIdentity: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text, without special tokens and prefix."""
        ...

    @property
    def text_token_limit(self) -> int:
        """Most tokens (as `count_tokens` counts) that a document text may have."""
        ...

    def embed_documents(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        """Embed texts, shape (len(texts), dimension).

        Raises `EngineError` for a text over `text_token_limit`: nothing is truncated.
        """
        ...

    def embed_query(self, text: str) -> Vectors:
        """Embed one query, shape (dimension,). A long query is embedded by its parts."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation: role is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose tokens: temperature 0 is greedy; `stop` texts end the answer.

    `first_bias` pairs a text with nats that are added to the logit of its first token, at
    the first token of the answer only.
    """

    max_tokens: int = 192
    temperature: float = 0.0
    top_p: float = 0.95
    repeat_penalty: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = field(default=())
    first_bias: tuple[tuple[str, float], ...] = ()


class ChatEngine(Protocol):
    """A chat model. One call at a time (own lock); never call it on a UI thread."""

    @property
    def name(self) -> str: ...

    @property
    def context_length(self) -> int:
        """Tokens that prompt and answer together may have."""
        ...

    @property
    def calibration(self) -> Calibration:
        """The figures measured for this model."""
        ...

    @property
    def profile(self) -> ModelProfile:
        """How it is best asked."""
        ...

    def count_tokens(self, text: str) -> int: ...

    def render(self, messages: Sequence[Message]) -> str:
        """Render messages with the model's chat template, up to the assistant's turn."""
        ...

    def warm_up(self, prompt: str) -> None:
        """Compute a rendered prompt ahead of time; those that begin alike then begin sooner.

        Raises as `generate` does.
        """
        ...

    def generate(
        self, prompt: str, sampling: Sampling, cancel: CancelToken | None = None
    ) -> Generator[str, None, None]:
        """Stream the answer to a rendered prompt, in pieces of whole characters.

        Each piece is the text of one token or more. Raises `ContextOverflowError` before
        the first piece if prompt + 1 exceeds `context_length`, `EngineError` when decoding
        fails, and `Cancelled` soon (within one graph node) after `cancel`.
        """
        ...

    def quote(
        self,
        prompt: str,
        passages: Sequence[str],
        refusal: str,
        cancel: CancelToken | None = None,
        *,
        max_tokens: int = 192,
    ) -> Quoted:
        """Find the quote of `passages` (their own texts) that answers best.

        Its text is verbatim but for white space, which is one space between words; its places
        are exact. Raises as `generate` does.
        """
        ...


class Parser(Protocol):
    """Reads one file into text; runs hostile input in a limited child process."""

    def parse(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        """Read and parse `path`. Raises `DocumentError` naming the file and the remedy."""
        ...

    def parse_attachment(
        self,
        attachment: Attachment,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        """Parse a file that another one held. Raises `DocumentError` naming it."""
        ...


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A parsed document with the SHA-256 (hex) of the very bytes that were parsed.

    `pictures` are the pages (from 1) whose text is to be read by OCR: what the document says
    there is no text, or not wanted. If that are all pages, the document's text is empty.
    """

    document: ParsedDocument
    content_hash: str
    size: int
    pictures: tuple[int, ...] = ()
