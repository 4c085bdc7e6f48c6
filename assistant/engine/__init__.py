"""Inference: the only layer that imports llama_cpp, onnxruntime and tokenizers.

Those are imported when a model is loaded, not when this package is.
"""
