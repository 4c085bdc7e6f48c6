"""`assistant-convert base`: a trainable folder whose tokens are the laptop's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.types import CancelToken
from convert.base_model import load_tokenizer, tokenizer_of_gguf
from convert.cli import main
from convert.export.reference_logits import NASTY_TEXTS, RARE_TEXTS, token_ids_of
from convert.export.verify_gguf import observe


def test_tokens_are_those_of_the_laptop(default_gguf: Path, tmp_path: Path) -> None:
    """Also of number forms: transformers forgets that this tokenizer cuts off each digit."""
    tokenizer = tokenizer_of_gguf(default_gguf)
    texts = [*NASTY_TEXTS, *RARE_TEXTS, " ½ ¾", "²³ ²", "10⁻³", "x 12 345"]
    seen = observe(default_gguf, texts, [], scratch=tmp_path, cancel=CancelToken())
    for text, tokens in zip(texts, seen.token_ids, strict=True):
        assert token_ids_of(tokenizer, text) == tokens, text
    tokenizer.save_pretrained(str(tmp_path / "saved"))
    saved = load_tokenizer(tmp_path / "saved")
    assert token_ids_of(saved, RARE_TEXTS[0]) == token_ids_of(tokenizer, RARE_TEXTS[0])


@pytest.mark.slow
def test_what_is_there_is_not_overwritten(default_gguf: Path, default_base: Path) -> None:
    assert "quantization_config" not in json.loads((default_base / "config.json").read_text())
    again = CliRunner().invoke(main, ["base", str(default_gguf), str(default_base)])
    assert again.exit_code == 5
    assert "is there already" in again.stderr


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["base", str(tmp_path / "none.gguf"), str(tmp_path / "out")])
    assert done.exit_code == 5
    assert "There is no file" in done.stderr
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"GGUFxxxxxxxx")
    done = CliRunner().invoke(main, ["base", str(wrong), str(tmp_path / "out")])
    assert done.exit_code == 5, done.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["wrong.gguf"]
