"""What runs in the child process of `assistant.models.trial_process`; never imported elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.types import Message, Sampling

_CONTEXT = 256
_TOKENS = 8
_QUESTION = "Who keeps the keys?"
_PASSAGE = "The porter, Mrs Ngo, keeps 12 keys in a blue tin (see page 4); é, ß, 漢字, 🙂. "


def main(arguments: list[str]) -> None:
    """`MEMORY SECONDS load FILE [ADAPTER]`, `read FOLDER` or `features`: prints one object."""
    memory, seconds, action, *rest = arguments
    files = tuple(map(Path, rest))
    try:
        confine(int(memory), int(seconds), files)
        result = _ACTIONS[action](*files)
    except AssistantError as error:
        result = {"error": error.message, "hint": error.hint}
    json.dump(result, sys.stdout)


def confine(memory: int, seconds: int, files: tuple[Path, ...]) -> None:
    """Limit and lock this process permanently, before a byte of an unknown file is read.

    `memory` (address space) is in bytes, `seconds` is processor time. Afterwards it can read
    `files` and what Python needs, write nothing, start nothing and open no connection.
    """
    from assistant.lockdown import child_preamble

    _limit(memory, seconds)
    # Before llama.cpp and numpy, which start threads: Landlock binds those that come after.
    child_preamble(read=files)


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # no such limits on this platform
        return
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        if kind == resource.RLIMIT_CORE and hard in (0, 1):
            continue  # the lockdown has seen to it, and lets nobody lower it any more
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (wanted, hard))


def _features() -> dict[str, Any]:
    from assistant.engine.llama_runtime import library

    lib = library()
    said = lib.llama_print_system_info().decode("ascii", "replace")
    pairs = [item.split(":")[-1].split("=") for item in said.split("|") if "=" in item]
    return {"features": [name.strip() for name, value in pairs if value.strip() == "1"]}


def load(path: Path, adapter: Path | None = None) -> dict[str, Any]:
    """Load the model (with an adapter over it), let it speak, and tell how to ask it."""
    from assistant.engine.chat_model import LlamaChat
    from assistant.engine.chat_template import ChatmlStyle

    # One thread: several that wait for each other take many times as long on a busy machine.
    chat = LlamaChat(path, name=path.stem, context_length=_CONTEXT, threads=1, adapter=adapter)
    chat.try_vocabulary()
    prompt = chat.render((Message("user", "Say hello."),))
    pieces = list(chat.generate(prompt, Sampling(max_tokens=_TOKENS)))
    style = chat.style
    return {
        "prompt_style": style.name,
        "default_system": style.default_system if isinstance(style, ChatmlStyle) else "",
        "template_sha256": chat.template_sha256,
        "said": "".join(pieces),
    }


def read(folder: Path) -> dict[str, Any]:
    """Load the reader in a folder and let it read a few passages."""
    from assistant.engine.reader import OnnxReader
    from assistant.models.installed_readers import reader_info

    info = reader_info(folder)
    readings = OnnxReader(info, 1).read(_QUESTION, (_PASSAGE, _PASSAGE * 20))
    return {"spans": sum(len(reading.spans) for reading in readings), "name": info.name}


_ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "features": _features,
    "load": load,
    "read": read,
}
