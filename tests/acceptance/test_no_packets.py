"""The whole journey in a network namespace, with tcpdump on every interface: no packet."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.prove.journey import ESCAPES
from tests.acceptance.watched import CONTROL_PORT
from tests.bench.bench_strace import (
    Traced,
    fresh_data_dir,
    journey_environment,
    parse_trace,
    strace_works,
)


def namespaces_work() -> bool:
    """Whether tcpdump is here and a network namespace can be made (that takes root)."""
    if not all(shutil.which(name) for name in ("unshare", "tcpdump", "ip")):
        return False
    probe = ["unshare", "--net", "--", "ip", "link", "set", "lo", "up"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(
        not namespaces_work(), reason="tcpdump is not here, or network namespaces are not allowed"
    ),
]


def watch(commands: list[list[str]], inputs: list[str], environment: dict[str, str]) -> Any:
    job = {"commands": commands, "inputs": inputs, "environment": environment}
    done = subprocess.run(
        [
            "unshare",
            "--net",
            "--kill-child",
            "--",
            sys.executable,
            "-m",
            "tests.acceptance.watched",
        ],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not strace_works(), reason="strace is not here or may not trace")
def test_the_journey_sends_no_packet(default_models: Path, tmp_path: Path) -> None:
    """The process that `prove-offline` inspects: every command, then tries to get out.

    Nobody listens where it knocks, but its packets would be seen. strace sees its calls.
    """
    data, trace = fresh_data_dir(tmp_path, default_models), tmp_path / "trace"
    (tmp_path / "outside" / "home" / ".ssh").mkdir(parents=True)
    network = {name: ["127.0.0.1", CONTROL_PORT - 1] for name in ("tcp4", "udp4")}
    plan = {
        "addresses": {
            **network,
            "tcp6": ["::1", CONTROL_PORT - 1],
            "unix": str(tmp_path / "stream"),
            "unix_datagram": str(tmp_path / "datagram"),
            "abstract": "nobody",
        },
        "places": {"data": str(data), "outside": str(tmp_path / "outside")},
        "tokens": {name: f"prv{index:024x}" for index, name in enumerate(ESCAPES)},
    }
    traced = ["strace", "-f", "-q", "-e", "trace=network,io_uring_setup", "-o", str(trace)]
    child = [*traced, sys.executable, "-m", "assistant.cli.prove.journey"]
    seen = watch([child], [json.dumps(plan)], journey_environment(data))
    assert seen["packets"] == []
    report = json.loads(seen["runs"][0]["output"])
    assert all(step["ok"] for step in report["steps"]), report["steps"]
    assert {escape["outcome"] for escape in report["escapes"]} == {"denied"}
    calls = parse_trace(trace.read_text())
    assert Traced(0, "", calls).forbidden == {}, calls.lines
    # The self-probe makes about fifty; the tries at the end come on top.
    assert calls.denied["socket"] > len(ESCAPES)


def test_a_packet_to_loopback_is_seen() -> None:
    """The positive control: a command that does send is caught."""
    code = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "s.sendto(b'x', ('127.0.0.1', 7))"
    )
    seen = watch([[sys.executable, "-c", code]], [""], {})
    assert seen["packets"]
    assert ".7: UDP" in seen["packets"][0]
