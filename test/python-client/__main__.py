"""A client of the Credveil protocol in Python's standard library, written from PROTOCOL.md alone.

It proves that the page suffices. Do not use it in production: it is neither constant-time nor fast.

Reads one JSON object on standard input, so that no secret is in a command line:
  {"url": ..., "key": "credveil-hmac-2...", "trust": "credveil-trust-2...", "prove": true or false,
   "credentials": [{"username": ..., "password": ...}, ...]}
with the key for the suite hmac, and the trust for a signed dataset. Writes
{"verdicts": [{"status": ...}, ...]} or {"error": ...}; an error is never a verdict. With "prove" it
verifies a proof of each evaluation, and otherwise the linear check.

With "inputs", in hex, instead of credentials it writes {"outputs": [...]}, the PrfOutput of each.

Or reads {"linearChecks": [{"publicKey", "weights", "scalar", "blindedElements", "evaluatedElements"}, ...]}
in hex, C_0 and D_0 last, and writes {"linearChecks": [{"element": C_0, "holds": true or false}, ...]}.

Or reads {"vectors": ...}, PROTOCOL.vectors.json, and writes {"compared": number, "different": [...]}.
"""

import json
import sys

from client import Client
from oprf import linear_check_of
from refusal import Refused
from vectors import run_vectors


def answer(asked):
    if "vectors" in asked:
        return run_vectors(asked["vectors"])
    if "linearChecks" in asked:
        return {"linearChecks": [linear_check_of(case) for case in asked["linearChecks"]]}
    client = Client(asked["url"], asked.get("key"), asked.get("trust"), asked.get("prove", False))
    if "inputs" in asked:
        outputs, _ = client.outputs([bytes.fromhex(item) for item in asked["inputs"]])
        return {"outputs": [output.hex() for output in outputs]}
    statuses = [client.check(item.get("username"), item.get("password")) for item in asked["credentials"]]
    return {"verdicts": [{"status": status} for status in statuses]}


def main():
    asked = json.load(sys.stdin)
    try:
        result = answer(asked)
    except Refused as refusal:
        result = {"error": str(refusal)}
    except OSError as error:
        result = {"error": f"NETWORK: {type(error).__name__}"}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
