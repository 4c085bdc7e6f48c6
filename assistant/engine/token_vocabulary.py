"""Index a loaded model's tokens by their bytes, once for all quotes."""

from __future__ import annotations

from assistant.engine.llama_runtime import LlamaRuntime
from assistant.engine.prompt_tokenizer import PromptTokenizer, plain_pieces
from assistant.engine.span_automaton import TokenVocabulary, tokens_by_bytes


def token_vocabulary_of(runtime: LlamaRuntime, tokenizer: PromptTokenizer) -> TokenVocabulary:
    """Return the token vocabulary that `span_automaton` needs; takes some 50 ms."""
    pieces = plain_pieces(runtime)
    return TokenVocabulary(
        tokenizer.plain,
        lambda token: pieces.get(token) or runtime.piece(token),
        tokens_by_bytes(pieces),
    )
