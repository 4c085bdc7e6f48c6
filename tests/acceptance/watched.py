"""Run commands in a network namespace of their own, and tell which packets tcpdump saw.

    unshare --net -- python -m tests.acceptance.watched < job.json

The job is {"commands": [...], "inputs": [...], "environment": {...}}. The namespace has
nothing but loopback, which is up, so that what aims at 127.0.0.1 is seen as well. At the end
one datagram is sent: if tcpdump did not see that, it saw nothing at all.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

CONTROL_PORT = 19999


def main() -> None:
    job = json.load(sys.stdin)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    command = ["tcpdump", "-i", "any", "-n", "-l", "-Z", "root", "--immediate-mode"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as dump:
        assert dump.stderr is not None
        for line in dump.stderr:
            if "listening on" in line:
                break
        done = [
            _run(command, text, job["environment"])
            for command, text in zip(job["commands"], job["inputs"], strict=True)
        ]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
            channel.sendto(b"control", ("127.0.0.1", CONTROL_PORT))
        before = _until_control(dump)
        dump.kill()
    print(json.dumps({"runs": done, "packets": before}))


def _run(command: list[str], text: str, environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return {"status": done.returncode, "output": done.stdout, "errors": done.stderr}


def _until_control(dump: subprocess.Popen[str]) -> list[str]:
    """Return the packets before our own datagram. Raises if that never comes."""
    before = []
    assert dump.stdout is not None
    for line in dump.stdout:
        if f".{CONTROL_PORT}:" in line:
            return before
        before.append(line.strip())
    raise RuntimeError("tcpdump ended before it saw the control")


if __name__ == "__main__":
    main()
