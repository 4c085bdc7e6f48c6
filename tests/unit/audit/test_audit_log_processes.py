"""One audit log, written by several processes and logs at once."""

from __future__ import annotations

import os

from assistant.audit import append_unsealed
from tests.unit.audit.library import Library, in_child
from tests.unit.audit.test_audit_log import actions


def test_several_processes_write_one_chain(library: Library) -> None:
    def work() -> None:
        with library.opened() as (_, log):
            for number in range(25):
                log.append("ask", number=number)
            log.close()

    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(c, 0)[1]) for c in children] == [0] * 4
    report = library.verify()
    assert report.verdict == "ok", report.findings
    assert actions(library).count("ask") == 100


def test_two_logs_of_one_library_in_one_process(library: Library) -> None:
    with library.opened() as (_, first), library.opened() as (_, second):
        for log in (first, second, second, first):
            log.append("ask")
        append_unsealed(library.log, "unlock-failed", tries=1)
        second.append("ask")
        assert library.verify().verdict == "ok"
    assert actions(library)[-6:] == ["ask", "ask", "ask", "unlock-failed", "sealed", "ask"]


def test_a_library_in_use_is_not_called_interrupted(library: Library) -> None:
    with library.opened() as (_, log):
        log.before_write()
        log.append("add", phase="intent")
        assert library.verify().verdict == "busy"
    assert library.verify().verdict == "interrupted"
    library.use("open")
    report = library.verify()
    assert report.verdict == "ok"
    assert any("taken as it was found" in f.message for f in report.findings)


def test_a_killed_write_is_mended_at_the_next_opening(library: Library) -> None:
    def dies_in_the_middle() -> None:
        with library.opened() as (store, log):
            log.before_write()
            log.append("add", phase="intent")
            from tests.store.material import put
            from tests.unit.audit.library import EMBEDDER

            put(store, EMBEDDER, "unfinished. " * 900, name="second.txt")
            os._exit(7)

    assert in_child(dies_in_the_middle) == 7
    report = library.verify()
    assert report.verdict == "interrupted"
    assert any("announced and not completed" in f.message for f in report.findings)
    with library.opened() as (store, log):
        library.add(store, log, "third.txt")
        assert len(store.documents()) == 3
        log.close()
    assert library.verify().verdict == "ok"
    assert "recovered" in actions(library)
