"""Pieces of text: never half a character, never a stop text, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.engine.token_stream import TextStream


def test_a_character_in_four_tokens() -> None:
    stream = TextStream()
    pieces = [stream.feed(bytes([byte])) for byte in "🐈".encode()]
    assert pieces == ["", "", "", "🐈"]


def test_half_a_character_at_the_end_is_marked() -> None:
    stream = TextStream()
    assert stream.feed("a🐈".encode()[:3]) == "a"
    assert stream.finish() == "\ufffd"


def test_a_stop_text_over_several_tokens() -> None:
    stream = TextStream(("\nQuestion:", "END"))
    out = [stream.feed(part) for part in (b"Yes.\nQues", b"tio", b"n: more", b" text")]
    assert out == ["Yes.", "", "", ""]
    assert stream.stopped
    assert stream.finish() == ""


def test_what_looked_like_a_stop_text_is_given_back() -> None:
    stream = TextStream(("STOP",))
    assert stream.feed(b"ST") == ""
    assert stream.feed(b"ART") == "START"
    assert stream.feed(b" STO") == " "
    assert stream.finish() == "STO"
    assert not stream.stopped


@given(
    text=st.text(alphabet=st.sampled_from("ab🐈é\n"), max_size=40),
    stop=st.lists(st.text(alphabet=st.sampled_from("ab🐈é\n"), max_size=4), max_size=3),
    data=st.data(),
)
def test_any_cutting_gives_the_same_text(text: str, stop: list[str], data: st.DataObject) -> None:
    raw = text.encode()
    stream = TextStream(stop)
    out = ""
    while raw:
        size = data.draw(st.integers(1, 5))
        out += stream.feed(raw[:size])
        raw = raw[size:]
    out += stream.finish()
    ends = [text.find(s) for s in stop if s and s in text]
    if not ends:
        assert out == text
    else:
        assert stream.stopped
        assert text.startswith(out)
        assert not any(s and s in out for s in stop)
