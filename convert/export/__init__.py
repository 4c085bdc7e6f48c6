"""From weights to what the laptop runs: GGUF models and LoRA GGUF adapters."""

from convert.export.adapter_export import run_adapter
from convert.export.converter_source import Source, obtain
from convert.export.model_export import run_export
from convert.export.settings import AdapterSettings, ExportSettings

__all__ = ["AdapterSettings", "ExportSettings", "Source", "obtain", "run_adapter", "run_export"]
