"""A stand-in for the journey: everything worked and everything was denied.

python -m tests.fakes.prove_journey [sends]     its process gets a token out
"""

from __future__ import annotations

import json
import socket
import sys

from assistant.prove.journey import ESCAPES


def main() -> None:
    plan = json.load(sys.stdin)
    if "sends" in sys.argv:
        with socket.create_connection(plan["addresses"]["tcp4"]) as channel:
            channel.sendall(plan["tokens"]["udp4"].encode() + b"\n")
    step = {"step": "ask", "ok": True, "status": 0, "detail": "2 quotes", "milliseconds": 1}
    report = {
        "steps": [step],
        "escapes": [{"id": name, "outcome": "denied", "detail": "EACCES"} for name in ESCAPES],
        "lockdown": {"tier": "kernel", "degraded": False, "facilities": [], "failed": []},
        "status": {},
        "sockets": [],
        "libraries": [],
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
