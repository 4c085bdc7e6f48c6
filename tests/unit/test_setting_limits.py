"""Every setting that is a number does something at both of its limits, and is refused beyond."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.config import LIMITS, Settings
from assistant.documents.file_reader import read_document
from assistant.documents.sandboxed_parser import ChildParser
from assistant.engine.chat_model import LlamaChat
from assistant.engine.thread_count import threads_for, usable_processors
from assistant.errors import ConfigError, DocumentError
from assistant.tui.app import AssistantApp
from assistant.types import EXTRACT, TOGETHER
from tests.fakes.engine import FakeChat
from tests.fakes.workspace import FakeWorkspace
from tests.unit.answering.strategies.sessions import finish, session
from tests.unit.engine.speaking_toy import speaking_toy

QUESTION = "How long is the warranty on the pumps?"
ENOUGH = 120
TEXTS = tuple(
    f"The warranty on the pumps of kind {n} lasts {n} months. It holds for all that were bought."
    for n in range(ENOUGH)
)
ROOM = {"prompt_passage_tokens": 1 << 20, "prompt_passages": 32}


def asked(tmp_path: Path, name: str, value: float) -> FakeChat:
    """Ask one question with a setting, and see what reaches a model with all the room it wants."""
    del tmp_path
    chat = FakeChat(context_length=1 << 20)
    kind = int if isinstance(getattr(Settings(Path("unused")), name), int) else float
    finish(session(chat, TEXTS, **(ROOM | {name: kind(value)})).ask(QUESTION, strategy=TOGETHER))
    return chat


def shown(tmp_path: Path, value: float) -> int:
    return asked(tmp_path, "prompt_passages", value).messages[-1][-1].content.count("lasts")


def words_shown(tmp_path: Path, value: float) -> int:
    return len(asked(tmp_path, "prompt_passage_tokens", value).prompts[-1].split())


def longest_answer(tmp_path: Path, value: float) -> float:
    return asked(tmp_path, "max_answer_tokens", value).samplings[-1].max_tokens


def temperature(tmp_path: Path, value: float) -> float:
    return asked(tmp_path, "temperature", value).samplings[-1].temperature


def found(tmp_path: Path, value: float) -> int:
    del tmp_path
    chat = session(FakeChat(), TEXTS, search_hits=int(value))
    return len(finish(chat.ask(QUESTION, strategy=EXTRACT))[0].passages)


def context(tmp_path: Path, value: float) -> int:
    file = tmp_path / "toy.gguf"
    file.write_bytes(speaking_toy(context=8192))
    chat = LlamaChat(file, name="toy", context_length=int(value), threads=1)
    chat.close()
    return chat.context_length


def threads(tmp_path: Path, value: float) -> bool:
    """Whether as many are used as there are processors: no more are of any use."""
    del tmp_path
    return value > 0 and threads_for(int(value)) == len(usable_processors())


def reads_two_mib(tmp_path: Path, value: float) -> bool:
    file = tmp_path / "long.txt"
    file.write_bytes(b"x" * (2 << 20))
    try:
        return len(read_document(file, int(value))) > 0
    except DocumentError:
        return False


def parser(name: str) -> Callable[[Path, float], object]:
    def limits(tmp_path: Path, value: float) -> object:
        return ChildParser(Settings(tmp_path).with_changes(**{name: int(value)}))._limits

    return limits


def locks(tmp_path: Path, value: float) -> object:
    del tmp_path
    return AssistantApp(FakeWorkspace, lock_minutes=int(value)).auto_lock._seconds


EFFECTS: dict[str, Callable[[Path, float], object]] = {
    "threads": threads,
    "context_length": context,
    "max_answer_tokens": longest_answer,
    "search_hits": found,
    "prompt_passages": shown,
    "prompt_passage_tokens": words_shown,
    "temperature": temperature,
    "max_file_mb": reads_two_mib,
    "parse_seconds": parser("parse_seconds"),
    "parse_memory_mb": parser("parse_memory_mb"),
    "auto_lock_minutes": locks,
}


def test_every_number_is_tried() -> None:
    assert EFFECTS.keys() == LIMITS.keys()


@pytest.mark.parametrize("name", LIMITS)
def test_a_setting_has_an_effect_at_its_limits(name: str, tmp_path: Path) -> None:
    least, most = LIMITS[name]
    assert EFFECTS[name](tmp_path, least) != EFFECTS[name](tmp_path, most)


@pytest.mark.parametrize("name", LIMITS)
def test_beyond_its_limits_it_is_refused(name: str, tmp_path: Path) -> None:
    least, most = LIMITS[name]
    for value in (least - 1, most + 1):
        with pytest.raises(ConfigError, match=name):
            Settings(tmp_path).with_changes(**{name: value})


@pytest.mark.parametrize("count", [1, 4, 5, 6, 8, 9, 20, 32])
def test_as_many_passages_are_shown_as_are_set(count: int, tmp_path: Path) -> None:
    assert shown(tmp_path, count) == count
    assert found(tmp_path, count) == count
