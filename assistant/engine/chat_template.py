"""Render messages to a prompt by a chat template, so that no message can end its own turn.

A prompt is made of *parts*: those which the template wrote may hold the model's special
tokens (`<|im_start|>`), those which came from a message never do, whatever is written in
them. `RenderedPrompt` is the text of all parts, and keeps the parts for the engine to
tokenize each in its own way; a plain `str` is taken as text of a message throughout.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assistant.errors import ModelError
from assistant.types import Message

MAX_TEMPLATE_BYTES = 64 << 10
MAX_PROMPT_CHARACTERS = 4 << 20
ROLES = ("system", "user", "assistant")

THINKING_OFF = {"enable_thinking": False, "thinking": False}
"""What templates of models that may think aloud ask for (Qwen3, SmolLM3, Granite 3, DeepSeek)."""

_THOUGHT_BEGINS = re.compile(r"(<(think(?:ing)?|seed:think)>|\[THINK\])\s*\Z")

Part = tuple[str, bool]
"""(text, written by the template)."""


class RenderedPrompt(str):
    """A prompt that remembers which of its parts the template wrote."""

    parts: tuple[Part, ...]

    def __new__(cls, parts: Sequence[Part]) -> RenderedPrompt:
        prompt = super().__new__(cls, "".join(text for text, _ in parts))
        prompt.parts = tuple(parts)
        return prompt


class PromptStyle(Protocol):
    """Renders messages up to the point where the assistant begins to speak."""

    @property
    def name(self) -> str: ...

    def render(self, messages: Sequence[Message]) -> RenderedPrompt: ...


@dataclass(frozen=True, slots=True)
class KnownStyle:
    """A prompt style as it was recorded; the name "" says that it is not known.

    Unless `template_sha256` is the hash of the model's own template, which was compared with
    the style before, it has to be compared.
    """

    name: str = ""
    default_system: str = ""
    template_sha256: str = ""


class ChatmlStyle:
    """`<|im_start|>role`, content, `<|im_end|>`: what SmolLM2, Qwen and others speak.

    `default_system` is put before a conversation that has no system message.
    """

    name = "chatml"

    def __init__(self, default_system: str = "") -> None:
        self.default_system = default_system

    def render(self, messages: Sequence[Message]) -> RenderedPrompt:
        _check_roles(messages)
        parts: list[Part] = []
        if self.default_system and (not messages or messages[0].role != "system"):
            parts.append((f"<|im_start|>system\n{self.default_system}<|im_end|>\n", True))
        for message in messages:
            parts.append((f"<|im_start|>{message.role}\n", True))
            parts.append((message.content, False))
            parts.append(("<|im_end|>\n", True))
        parts.append(("<|im_start|>assistant\n", True))
        return RenderedPrompt(parts)


class GgufStyle:
    """The template that a model file brings, run in Jinja's sandbox.

    The template never sees a message: it renders a random mark in its place, which is
    replaced afterwards. So it can't be steered by what a document says, and the parts
    are known exactly. It is told that no thinking aloud is wanted; where it begins a thought
    all the same, the thought is ended at once. Raises `ModelError` for a template that can't
    be used this way.
    """

    name = "gguf"

    def __init__(self, template: str, bos: str = "", eos: str = "") -> None:
        if len(template.encode()) > MAX_TEMPLATE_BYTES:
            raise ModelError("The model's chat template is unreasonably long.")
        self._template = _compile(template)
        self._variables = {"bos_token": bos, "eos_token": eos}
        self._merges_system = not self._takes_system()
        plain = self.render_plain((Message("user", "  x  "),))
        self._strips = "  x  " not in plain

    def render(self, messages: Sequence[Message]) -> RenderedPrompt:
        _check_roles(messages)
        if self._merges_system:
            messages = _merge_system(messages)
        secret = secrets.token_hex(8)
        marked = [Message(m.role, f"{secret}x{n}x") for n, m in enumerate(messages)]
        pieces = re.split(f"{secret}x([0-9]+)x", self.render_plain(marked))
        if pieces[1::2] != [str(number) for number in range(len(messages))]:
            raise ModelError(
                "The model's chat template leaves out, repeats or reorders messages.",
                hint="Use a model whose template shows each message once.",
            )
        parts: list[Part] = []
        for number, piece in enumerate(pieces):
            if number % 2 == 0:
                parts.append((piece, True))
            else:
                content = messages[int(piece)].content
                parts.append((content.strip() if self._strips else content, False))
        if begun := _THOUGHT_BEGINS.search(parts[-1][0]):
            close = "[/THINK]" if begun[2] is None else f"</{begun[2]}>"
            parts.append((f"\n{close}\n\n", True))
        return RenderedPrompt(parts)

    def render_plain(self, messages: Sequence[Message]) -> str:
        """Render as any other program would, message text and all (to compare with)."""
        turns = [{"role": m.role, "content": m.content} for m in messages]
        try:
            text: str = self._template.render(
                messages=turns, add_generation_prompt=True, **THINKING_OFF, **self._variables
            )
        except Exception as error:  # a template can raise anything
            raise ModelError(f"The model's chat template failed: {error}.") from error
        if len(text) > MAX_PROMPT_CHARACTERS:
            raise ModelError("The model's chat template made an unreasonably long prompt.")
        return text

    def _takes_system(self) -> bool:
        try:
            text = self.render_plain((Message("system", "sys-probe"), Message("user", "x")))
        except ModelError:
            return False
        return "sys-probe" in text


def choose_style(template: str, bos: str, eos: str) -> tuple[str, str]:
    """Return (style name, default system message) for a model's own template.

    "chatml" only if our renderer and the template agree on conversations with and without
    a system message, else "gguf". Raises `ModelError` for an unusable template.
    """
    style = GgufStyle(template, bos, eos)
    first = style.render_plain((Message("user", "x"),))
    found = re.match(r"<\|im_start\|>system\n(.*?)<\|im_end\|>\n", first, re.DOTALL)
    default_system = found[1] if found else ""
    if _agree(ChatmlStyle(default_system), style):
        return ChatmlStyle.name, default_system
    style.render((Message("system", "x"), Message("user", "y")))
    return style.name, ""


def make_style(name: str, default_system: str, template: str, bos: str, eos: str) -> PromptStyle:
    """Build a style by the name in a catalogue or a record. Raises `ModelError`."""
    if name == ChatmlStyle.name:
        return ChatmlStyle(default_system)
    if name == GgufStyle.name:
        return GgufStyle(template, bos, eos)
    raise ModelError(f"The prompt style '{name}' is unknown.")


def assert_style(style: PromptStyle, template: str, bos: str, eos: str) -> None:
    """Check that `style` renders what the model's own template would. Raises `ModelError`."""
    if isinstance(style, GgufStyle):
        return
    if not _agree(style, GgufStyle(template, bos, eos)):
        raise ModelError(
            f"The prompt style '{style.name}' is not what this model was trained with.",
            hint="Add the model again: assistant models add FILE",
        )


_PROBES = (
    (Message("system", " Probe {{ 1 }} \n"), Message("user", "  Was?\n\nJa. ")),
    (Message("user", "First"),),
    (
        Message("system", "S"),
        Message("user", "One"),
        Message("assistant", "Two"),
        Message("user", "Three"),
    ),
)


def _agree(style: PromptStyle, own: GgufStyle) -> bool:
    try:
        return all(str(style.render(probe)) == own.render_plain(probe) for probe in _PROBES)
    except ModelError:
        return False


def _check_roles(messages: Sequence[Message]) -> None:
    for message in messages:
        if message.role not in ROLES:
            raise ValueError(f"a message has the role {message.role!r}")


def _merge_system(messages: Sequence[Message]) -> list[Message]:
    """Put the system message before the first user message, for templates without one."""
    system = "\n\n".join(m.content for m in messages if m.role == "system")
    rest = [m for m in messages if m.role != "system"]
    if not system:
        return rest
    if not rest or rest[0].role != "user":
        return [Message("user", system), *rest]
    return [Message("user", f"{system}\n\n{rest[0].content}"), *rest[1:]]


def _compile(template: str) -> Any:
    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(str(message)[:200])

    # Autoescape would write &lt; for <: this is no HTML.
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        extensions=["jinja2.ext.loopcontrols"],
    )
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = _today
    try:
        return environment.from_string(template)
    except TemplateError as error:
        raise ModelError(f"The model's chat template is no valid template: {error}.") from error


def _today(form: str) -> str:
    from datetime import datetime

    return datetime.now().astimezone().strftime(form)
