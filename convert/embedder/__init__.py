"""Embedders: tuning one on a user's own questions, and converting it for the laptop."""

from convert.embedder.onnx_export import (
    CONFIG_FILE,
    MODEL_FILE,
    OPSET,
    TOKENIZER_FILE,
    Exported,
    _model_folder,
    export_embedder,
)

__all__ = [
    "CONFIG_FILE",
    "MODEL_FILE",
    "OPSET",
    "TOKENIZER_FILE",
    "Exported",
    "_model_folder",
    "export_embedder",
]
