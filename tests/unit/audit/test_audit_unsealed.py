"""What happens while the library is locked: in the chain at once, sealed at the next unlock."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.audit import append_unsealed, changing, rekeying
from assistant.audit.log_record import read_record
from assistant.config import Settings
from assistant.errors import AuditError, ModelError
from assistant.store import StoreKey, open_store, write_copy
from tests.unit.audit.library import KEY, Library


def fields(library: Library, action: str) -> list[dict[str, object]]:
    records = [read_record(line.rstrip(b"\n")) for line in library.lines()]
    return [dict(r.fields) for r in records if r.action == action]


def test_failed_unlocks_are_sealed_at_the_next_opening(library: Library) -> None:
    for tries in range(1, 4):
        append_unsealed(library.log, "unlock-failed", tries=tries)
    report = library.verify()
    assert report.verdict == "ok"
    assert "3 last records wait" in report.findings[-1].message
    library.use("open")
    assert fields(library, "sealed") == [{"first": 4, "count": 3}]
    assert library.verify().findings == []


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_sealed_ones_cannot_be_taken_away(library: Library, keep: int) -> None:
    for tries in range(1, 4):
        append_unsealed(library.log, "unlock-failed", tries=tries)
    library.use("open")
    lines = library.lines()
    library.log.write_bytes(b"".join([*lines[: 4 + keep], *lines[7:]]))
    report = library.verify()
    assert (report.verdict, report.findings[0].record) == ("tampered", 4 + keep)


def test_only_some_actions_need_no_key(library: Library) -> None:
    with pytest.raises(ValueError, match="key"):
        append_unsealed(library.log, "forget")


def test_without_a_log_there_is_nothing_to_do(tmp_path: Path) -> None:
    append_unsealed(Settings(data_dir=tmp_path).audit_path, "unlock-failed", tries=1)
    assert list(tmp_path.iterdir()) == []


def test_a_spoiled_end_is_not_built_on(library: Library) -> None:
    content = library.log.read_bytes()
    library.log.write_bytes(content.replace(b'"action":"lock"', b'"action":"look"'))
    with pytest.raises(AuditError, match="last record is spoiled"):
        append_unsealed(library.log, "unlock-failed", tries=1)
    library.log.write_bytes(b"\n" * 300_000)
    with pytest.raises(AuditError, match="spoiled"):
        append_unsealed(library.log, "unlock-failed", tries=1)


def test_a_torn_end_is_cut_and_told_of(library: Library) -> None:
    with library.log.open("ab") as file:
        file.write(b'{"act')
    append_unsealed(library.log, "unlock-failed", tries=1)
    assert fields(library, "unlock-failed") == [{"tries": 1, "torn": 5}]
    assert library.verify().verdict == "ok"


def test_an_acknowledged_record_cannot_be_cut_off_as_torn(library: Library) -> None:
    """Without its key, nobody knows that the record was told of; the next opening does."""
    library.log.write_bytes(library.log.read_bytes()[:-1])
    append_unsealed(library.log, "unlock-failed", tries=1)
    assert library.verify().verdict == "tampered"


def test_a_change_for_all_libraries(library: Library) -> None:
    other = library.copy("other")
    (library.folder / "second.audit").write_bytes(other.log.read_bytes())
    settings = Settings(data_dir=library.folder)
    with changing(settings, "model", "add") as done:
        assert fields(library, "model") == [{"op": "add", "phase": "intent"}]
        done["sha256"] = "ab" * 32
    said = fields(library, "model")[-1]
    assert said == {"op": "add", "phase": "done", "sha256": "ab" * 32}
    assert b'"sha256"' in (library.folder / "second.audit").read_bytes()
    with pytest.raises(ModelError), changing(settings, "model", "use"):
        raise ModelError("There is none.")
    assert fields(library, "model")[-1]["error"] == "model"


def test_a_change_is_refused_if_one_log_cannot_be_written(library: Library) -> None:
    (library.folder / "broken.audit").write_bytes(b"no record\n")
    done = False
    with (
        pytest.raises(AuditError),
        changing(Settings(data_dir=library.folder), "model", "remove"),
    ):
        done = True
    assert not done


def test_a_rekey_is_followed_by_a_new_root(library: Library) -> None:
    new = StoreKey(bytes(range(100, 132)))
    target = library.folder / "copy.db"
    with rekeying(Settings(data_dir=library.folder), KEY) as rekeyed:
        write_copy(library.store, KEY, target, new)
        for leftover in library.folder.glob("library.db*"):
            leftover.unlink()
        target.rename(library.store)
        rekeyed(new)
    from assistant.audit import open_log, verify_library

    with open_store(library.store, new, create=False, embedder=None) as store:
        assert verify_library(library.log, store.audit).verdict == "ok"
        log = open_log(library.log, store.audit)
        log.before_write()
        log.close()
        assert verify_library(library.log, store.audit).findings == []
    assert [f["phase"] for f in fields(library, "rekey")] == ["intent", "done"]


def test_a_rekey_that_failed_is_told_of(library: Library) -> None:
    with pytest.raises(ModelError), rekeying(Settings(data_dir=library.folder), KEY):
        raise ModelError("Not today.")
    assert [f["phase"] for f in fields(library, "rekey")] == ["intent", "failed"]
    assert library.verify().verdict == "ok"
