"""A stand-in for the process that makes the attempts: a machine on which all is as it should be.

    python -m tests.fakes.prove_host [PROBE]...     the named probes get out under the lock

Controls really send their token to the listener, so that the command sees them arrive.
"""

from __future__ import annotations

import json
import socket
import sys

from assistant.prove.probes import all_probes


def main() -> None:
    leaks = set(sys.argv[1:])
    plan = json.load(sys.stdin)
    probes = all_probes()
    for number, name, locked, _user, token in plan["attempts"]:
        evidence = probes[name].evidence
        through = not locked or evidence == "allowed" or name in leaks
        if through and evidence == "arrival":
            with socket.create_connection(plan["addresses"]["tcp4"]) as channel:
                channel.sendall(token.encode() + b"\n")
        result = {
            "number": number,
            "outcome": "through" if through else "denied",
            "detail": "" if through else "EACCES",
            "errno": None if through else 13,
            "landed": through and evidence == "landed",
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
