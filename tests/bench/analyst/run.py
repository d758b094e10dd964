"""bench analyst: what analysts ask, from the library (bench_analyst_lookup) and through the API of a running node; and how
soon what comes in can be asked for.

    run.py BUILD [VALUES] [--only PART]... [--rebuild N]      1,000,000 values, a rebuild of 10,000,000

PART: lookup, api, searchable, lag, rebuild.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "e2e"))
BUILD = os.path.abspath(sys.argv[1])
os.environ.setdefault("KAIRAN", os.path.join(BUILD, "kairan"))

from api import Api  # noqa: E402  It needs the path above.
from world import World, until  # noqa: E402

A_CALL = 1000
CALLS = 300
ARRIVING_S = 15
ARRIVING_EACH = 20000  # Values a second.


def bench(name, *args):
    return os.path.join(BUILD, "tests", "bench", "bench_analyst_" + name), *[str(a) for a in args]


def generated(*args):
    return subprocess.run([os.path.join(BUILD, "tests", "gen", "kairan-gen"), *[str(a) for a in args]],
                          stdout=subprocess.PIPE, check=True).stdout


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lookup(values):
    subprocess.run(bench("lookup", values), check=True)


def through_the_api(n):
    with World() as world:
        home = world.found()
        values = []
        for kind, part in {"ipv4-addr": n // 2, "domain-name": n // 4, "sha256": n // 4}.items():
            text = generated("list", part, 1, kind)
            home.publish(text, "--label", "GREEN")
            values += text.decode().split()
        api = Api(home)
        settle(api)
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


def settle(api):
    """Until all that is durable can be found."""
    api.rows("query", {"expr": "value:nothing.example", "settle": True})


def brought(home, api, path, count, what, alone):
    """From the call of `publish` until all of it is found, beside the slower of the steps that it cannot do without."""
    with open(path, "rb") as f:
        data = f.read()
    began, used = time.monotonic(), cpu_s(home.node.pid)
    answer = api.publish(data, to="all", label="TLP:GREEN")
    published = time.monotonic() - began
    settle(api)
    took, used = time.monotonic() - began, cpu_s(home.node.pid) - used
    assert answer["accepted"] > 0.99 * count, answer  # Some values come twice.
    print("import until searchable, %-32s %7.0f /s by the wall clock, %.2f of the slower of parsing and puts (aim 0.6); %.0f a second of processors, %.2f; durable after %.0f %% of it"
          % (what, count / took, count / took / alone["wall"], count / used, count / used / alone["cpu"], 100 * published / took))


def searchable(n):
    """A list and a bundle, each into an index that is empty, as that is into which the puts alone go; then the bundle once more,
    into the index that has the list."""
    objects = n // 20  # A file of 24 MB for 1,000,000: one that is read once (node/picked.h).
    with World() as world, tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(bench("parse", folder, n, objects), stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
        print("\n".join(out[:-1]))
        alone = json.loads(out[-1])
        paths = {name: os.path.join(folder, name) for name in ("list", "stix")}
        first, second = world.found("Alpha"), world.found("Beta")
        api = Api(first)
        brought(second, Api(second), paths["stix"], objects, "stix", alone["stix"])
        second.node.stop()
        brought(first, api, paths["list"], n, "list", alone["list"])
        brought(first, api, paths["stix"], objects, "stix behind %d values" % n, alone["stix"])


def lag():
    """How far the index of a receiver is behind while values come in from a neighbour, as its `status` says."""
    with World() as world:
        source, receiver = world.network("Alpha", "Beta")
        to, at = Api(source), Api(receiver)
        kinds = ("ipv4-addr", "domain-name", "sha256", "url")
        parts = [generated("list", ARRIVING_EACH // 4, 100 + i, kinds[i % 4]) for i in range(4 * ARRIVING_S)]
        before, lags, sent, began = at.status()["items"], [], 0, time.monotonic()
        while sent < len(parts) or time.monotonic() - began < ARRIVING_S:
            if sent < len(parts) and time.monotonic() - began >= sent / 4:
                to.publish(parts[sent], to="all", label="TLP:GREEN")
                sent += 1
            lags.append(at.status()["index_lag_ms"])
        took = time.monotonic() - began
        last = time.monotonic()
        want = to.rows("query", {"expr": "value:nothing.example", "settle": True}) or to.status()["items"]
        until("all has come", lambda: at.status()["items"] == want and at.status()["index_lag_ms"] == 0, 60)
        lags.sort()
        print("index lag while %.0f values/s arrive for %.0f s: at most %d ms (aim 1000), p99 %d, p50 %d, of %d looks; the last of %d items after %.2f s"
              % (len(parts) * ARRIVING_EACH / 4 / took, took, lags[-1], lags[len(lags) * 99 // 100], lags[len(lags) // 2], len(lags),
                 want - before, time.monotonic() - last))


def rebuild(n):
    """The index made anew from the store."""
    with World() as world:
        home = world.found(run=False)
        each, done, part = 1000000, 0, 0
        kinds = ("ipv4-addr", "domain-name", "sha256", "ipv4-addr")
        while done < n:
            count = min(each, n - done)
            home.ask("publish", world.file(generated("list", count, 1 + part, kinds[part % 4])), "--to", "all", "--label", "GREEN",
                     seconds=600)
            done, part = done + count, part + 1
        began = time.monotonic()
        used = os.times()
        home.ask("reindex", seconds=3600)
        took, now = time.monotonic() - began, os.times()
        cpu = now.children_user + now.children_system - used.children_user - used.children_system
        sizes = {name: sum(os.stat(p).st_blocks * 512 for p in home.files() if "/%s/" % name in p) for name in ("index", "store")}
        print("rebuild of %d values: %.1f s, %.1f s of processors, %.0f values/s; on disk %.1f bytes a value in the index, %.1f in the store"
              % (n, took, cpu, n / took, sizes["index"] / n, sizes["store"] / n))


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("build")
    parse.add_argument("values", type=int, nargs="?", default=1000000)
    parse.add_argument("--only", action="append", choices=("lookup", "api", "searchable", "lag", "rebuild"))
    parse.add_argument("--rebuild", type=int, default=10000000)
    options = parse.parse_args()
    parts = {"lookup": lambda: lookup(options.values), "api": lambda: through_the_api(options.values),
             "searchable": lambda: searchable(options.values), "lag": lag, "rebuild": lambda: rebuild(options.rebuild)}
    for name, part in parts.items():
        if not options.only or name in options.only:
            part()


if __name__ == "__main__":
    main()
