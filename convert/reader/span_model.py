"""The reader as a torch model: a BERT with two heads, and its folder on the disk.

Over each token stands a start and an end score, the first token's being "no answer" (Devlin et
al. 2019, as for SQuAD 2.0); over the first token also one score for "this passage answers
the question", trained jointly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from convert.base_model import offline, read_json, write_json
from convert.embedder.model_folder import WEIGHTS
from convert.reader.bert_folder import CONFIG, BertFolder, copy_tokenizer

TUNING_FILE = "tuning.json"
ARCHITECTURE = "SpanReader"
_FORBIDDEN = -1e4
"""Score of a place where no answer may stand; finite, as a loss over it must be."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is loaded: dropout of the hidden states, and which attention is computed.

    On a CPU without matrix tiles torch's fused attention was a quarter slower in the backward
    pass than the plain one ("eager"), at 128 to 160 tokens.
    """

    dropout: float = 0.0
    attention: str = "eager"


def load_reader_model(base: BertFolder, options: LoadOptions = LoadOptions()) -> Any:
    """Load the model of a folder; heads that the folder lacks are new (seed them before).

    Raises `ModelError` for weights that don't fit.
    """
    offline()
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    config = BertConfig(
        **{
            **read_json(base.folder / CONFIG),
            "hidden_dropout_prob": options.dropout,
            "attention_probs_dropout_prob": 0.0,
            "attn_implementation": options.attention,
        }
    )
    model = _module()(BertModel(config, add_pooling_layer=False))
    try:
        weights = load_file(str(base.folder / WEIGHTS))
    except Exception as error:  # safetensors' own exception has no other base
        raise ModelError(f"{base.folder / WEIGHTS} can't be loaded: {error}.") from error
    named = {n if n.startswith(("bert.", "span.", "relevance.")) else f"bert.{n}": t
             for n, t in weights.items()}  # fmt: skip
    wanted = model.state_dict()
    given = {n: t for n, t in named.items() if n in wanted and t.shape == wanted[n].shape}
    if missing := [n for n in wanted if n not in given and n.startswith("bert.")]:
        raise ModelError(f"{base.folder} lacks {missing[0]}, or has it in another shape.")
    model.load_state_dict(given, strict=False)
    return model


def _module() -> Any:
    import torch

    class SpanReader(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        """Start, end and relevance scores of windows."""

        def __init__(self, bert: Any) -> None:
            super().__init__()
            self.bert = bert
            width = bert.config.hidden_size
            self.span = torch.nn.Linear(width, 2)
            self.relevance = torch.nn.Linear(width, 1)

        def heads(self, states: Any) -> tuple[Any, Any, Any]:
            """Return start and end scores, shape (batch, tokens), and relevance, (batch,)."""
            scores = self.span(states)
            return scores[:, :, 0], scores[:, :, 1], self.relevance(states[:, 0])[:, 0]

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            states = self.bert(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            )[0]
            return self.heads(states)

    return SpanReader


def reading_loss(model: Any, batch: dict[str, Any], relevance_weight: float) -> Any:
    """Return the loss of a batch (`convert.reader.training_batches.padded`, as tensors).

    The mean of the cross-entropies of start and end over the places that are allowed, and
    the binary one of relevance.
    """
    from torch.nn import functional

    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
    starts, ends, relevance = (scores.float() for scores in model(**inputs))
    forbidden = batch["allowed"] == 0
    span = sum(
        functional.cross_entropy(scores.masked_fill(forbidden, _FORBIDDEN), batch[name])
        for scores, name in ((starts, "starts"), (ends, "ends"))
    )
    answered = (batch["starts"] > 0).float()
    relevant = functional.binary_cross_entropy_with_logits(relevance, answered)
    return span / 2 + relevance_weight * relevant


def write_reader_model(model: Any, base: Path, folder: Path) -> None:
    """Write weights, configuration and the base's own tokenizer. Raises `ModelError` for NaN."""
    from safetensors.torch import save_file

    weights = {n: t.detach().cpu().contiguous().clone() for n, t in model.state_dict().items()}
    if broken := [name for name, tensor in weights.items() if not tensor.isfinite().all()]:
        raise ModelError(f"The trained weights of {broken[0]} are no numbers.")
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, str(folder / WEIGHTS), metadata={"format": "pt"})
    write_json(folder / CONFIG, {**read_json(base / CONFIG), "architectures": [ARCHITECTURE]})
    copy_tokenizer(base, folder)
