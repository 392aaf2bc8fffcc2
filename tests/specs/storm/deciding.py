"""One who decides, as a process of its own: reads what to decide on, asks until there is an answer,
and says what that was. What is printed here is the record kept outside the system.

    python -m tests.specs.storm.deciding URL KEY   <- {"request", "digest", "decision"} a line
"""

import json
import sys
import time

import httpx

AGAIN = (429, 500, 502, 503)
"""And no answer at all: the server may be gone, or be dying."""


def decide(http: httpx.Client, wanted: dict[str, str]) -> tuple[int, str]:
    body = {"decision": wanted["decision"], "digest": wanted["digest"], "comment": "Seen."}
    while True:
        try:
            answer = http.post(f"/api/v1/approvals/{wanted['request']}/votes", json=body)
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code not in AGAIN:
            code = answer.json().get("error", {}).get("code", "")
            return answer.status_code, code
        time.sleep(0.1)


def main() -> None:
    url, key = sys.argv[1:]
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=60) as http:
        for line in sys.stdin:
            wanted = json.loads(line)
            status, code = decide(http, wanted)
            told = {**wanted, "status": status, "code": code}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
