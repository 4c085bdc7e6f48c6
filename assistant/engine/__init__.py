"""The models at work: the only layer that imports llama_cpp, onnxruntime and tokenizers.

Those are imported when a model is loaded, not when this package is.
"""

from assistant.engine.cpu_features import CpuReport, cpu_report
from assistant.engine.engine_loader import (
    embedder_identity,
    has_chat_model,
    load_chat,
    load_embedder,
)
from assistant.engine.reranker import load_reranker
from assistant.models.add_model import add_model
from assistant.models.bundled_models import install_defaults
from assistant.models.installed_models import (
    ModelCheck,
    ModelInfo,
    active_chat_name,
    list_models,
    remove_model,
    use_model,
    verify_models,
)

__all__ = [
    "CpuReport",
    "ModelCheck",
    "ModelInfo",
    "active_chat_name",
    "add_model",
    "cpu_report",
    "embedder_identity",
    "has_chat_model",
    "install_defaults",
    "list_models",
    "load_chat",
    "load_embedder",
    "load_reranker",
    "remove_model",
    "use_model",
    "verify_models",
]
