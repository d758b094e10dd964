"""bench analyst: what analysts ask, from the library (bench_analyst_lookup) and through the API of a running node.

    run.py BUILD [VALUES]      1,000,000 without an argument
"""

import json
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "e2e"))
BUILD = sys.argv[1]
VALUES = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
os.environ.setdefault("KAIRAN", os.path.join(BUILD, "kairan"))

from api import Api  # noqa: E402  It needs the path above.
from world import World  # noqa: E402

A_CALL = 1000
CALLS = 300


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def through_the_api(world):
    home = world.found()
    types = {"ipv4-addr": VALUES // 2, "domain-name": VALUES // 4, "sha256": VALUES // 4}
    values = []
    for kind, n in types.items():
        text = subprocess.run([os.path.join(BUILD, "tests", "gen", "kairan-gen"), "list", str(n), "1", kind],
                              stdout=subprocess.PIPE, check=True).stdout
        home.publish(text, "--label", "GREEN")
        values += text.decode().split()
    api = Api(home)
    api.rows("query", {"expr": "value:nothing.example", "settle": True})
    random.seed(1)
    bodies = [json.dumps({"values": random.sample(values, A_CALL)}).encode() for _ in range(CALLS)]
    found, began, used = 0, time.monotonic(), cpu_s(home.node.pid)
    for body in bodies:
        api.request("POST", "/v1/lookup", body)
        found += api.getresponse().read().count(b"\n")
    took, used = time.monotonic() - began, cpu_s(home.node.pid) - used
    assert found == CALLS * A_CALL, (found, CALLS * A_CALL)
    print("API, %d values a call %7.0f values/s by the wall clock (aim 100000), %.0f a second of the node's processor; all known, of %d"
          % (A_CALL, CALLS * A_CALL / took, CALLS * A_CALL / used, len(values)))


subprocess.run([os.path.join(BUILD, "tests", "bench", "bench_analyst_lookup"), str(VALUES)], check=True)
with World() as w:
    through_the_api(w)
