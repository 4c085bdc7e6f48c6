"""From weights to what the laptop runs: GGUF models and LoRA GGUF adapters."""

from convert.export.adapter_export import AdapterResult, finished_adapter, run_adapter
from convert.export.converter_source import Source, obtain
from convert.export.model_export import ExportResult, finished_export, run_export
from convert.export.settings import AdapterSettings, ExportSettings

__all__ = [
    "AdapterResult",
    "AdapterSettings",
    "ExportResult",
    "ExportSettings",
    "Source",
    "finished_adapter",
    "finished_export",
    "obtain",
    "run_adapter",
    "run_export",
]
