#!/usr/bin/env python3
"""mesh: many real nodes on loopback: live propagation, then a third of them killed and started again, over and over (README.md).

run.py BUILD [--nodes N] [--seconds S] [--live S] [--rate R] [--still S] [--seed N] [--json]
A table on standard output; the exit status says whether the claims below it hold. Times are in seconds unless a name ends in _ms.
"""

import argparse
import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else ""
if BUILD:
    os.environ["KAIRAN"] = os.path.join(BUILD, "kairan")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "e2e"))
sys.path.insert(0, HERE)
import world  # noqa: E402
from api import Api  # noqa: E402
from load import Killer, Listener, Memory, Publishers  # noqa: E402
from nation import Nation  # noqa: E402

SEEN_S = 60  # The last delivery of the first phase.
AGREE_S = 120
ALL_LINKED = 17  # So few link each with each.
LINKS_MEAN = 12
COUNTERS = ("entries_new", "entries_twice", "bytes_in", "grafts", "prunes", "wants", "entries_refused")
NEVER = ("entry.forged", "log.fork", "own.ahead")  # Alarms that a crash must not lead to.


def say(text):
    print("mesh: %s" % text, file=sys.stderr, flush=True)


def at(values, percent):
    values = sorted(values)
    return values[min(len(values) * percent // 100, len(values) - 1)] if values else float("nan")


def counters(nation):
    rows = {h: Api(h, 60).status() for h in nation.homes}
    return {h: {k: rows[h][k] for k in COUNTERS} for h in nation.homes}


def warm_up(nation, still):
    """Everybody writes twice into each of its audiences: logs are open and have ways to go before anything is measured."""
    nation.restart()
    for i in range(2):
        for home in nation.homes:
            for n, a in enumerate(nation.of(home)):
                body = world.bundle([world.indicator("warm-%d-%d-%d.example" % (i, nation.homes.index(home), n), label=a.label[4:].lower())])
                Api(home, 60).publish(body.encode(), to=a.id)
        took, different = nation.agree("after warm-up %d" % (i + 1), AGREE_S)
        if different:
            return different
    nation.quiet(still, 2 * AGREE_S)
    return []


def deliveries(nation, done, listeners):
    """((publication, home, when seen or None)...) of all who should see them."""
    return [(p, h, listeners[h].seen.get(p.values[-1])) for p in done for h in p.audience.members if h is not p.home]


def live(nation, o, rng, out):
    """Published at a steady rate from everywhere: when each member sees it, and what that cost."""
    listeners = {h: Listener(h) for h in nation.homes}
    for l in listeners.values():
        if not l.ready.wait(30 * world.PATIENCE):
            raise RuntimeError("%s does not watch: %r" % (l.home.name, l.failed))
    before, began = counters(nation), time.monotonic()
    p = Publishers(nation, o.rate, lambda r: r.choice(nation.homes), "live", rng)
    time.sleep(o.live)
    p.stop()
    took = time.monotonic() - began
    deadline = time.monotonic() + SEEN_S * world.PATIENCE
    while any(t is None for _, _, t in deliveries(nation, p.done, listeners)) and time.monotonic() < deadline:
        time.sleep(0.1)
    got = deliveries(nation, p.done, listeners)
    after = counters(nation)
    used = {h: {k: after[h][k] - before[h][k] for k in COUNTERS} for h in nation.homes}
    total = {k: sum(u[k] for u in used.values()) for k in COUNTERS}
    acked = [(t - q.acked) * 1000 for q, _, t in got if t is not None]
    asked = [(t - q.asked) * 1000 for q, _, t in got if t is not None]
    degree = sorted(nation.links())
    out["live"] = {
        "published": len(p.done), "rate": len(p.done) / took, "refused": p.refused, "failed": p.failed,
        "deliveries": len(got), "missing": ["%s of %s at %s" % (q.values[-1], q.audience.name, h.name) for q, h, t in got if t is None],
        "publish_ms": {"p50": at([(q.acked - q.asked) * 1000 for q in p.done], 50), "p99": at([(q.acked - q.asked) * 1000 for q in p.done], 99)},
        "from_ack_ms": {"p50": at(acked, 50), "p99": at(acked, 99), "worst": max(acked, default=float("nan"))},
        "from_publish_ms": {"p50": at(asked, 50), "p99": at(asked, 99), "worst": max(asked, default=float("nan"))},
        "copies_too_many": total["entries_twice"] / max(total["entries_new"], 1), "entries_in": total["entries_new"],
        "copies_worst_node": max(u["entries_twice"] / max(u["entries_new"], 1) for u in used.values()),
        "bytes_per_delivery": total["bytes_in"] / max(total["entries_new"], 1), "grafts": total["grafts"], "prunes": total["prunes"],
        "wants": total["wants"], "links": {"mean": sum(degree) / len(degree), "least": degree[0], "most": degree[-1]}}


def missing(nation, done):
    """What was acknowledged and is not found at some member: (value, audience, home)."""
    lost = []
    for a in nation.audiences:
        wanted = {v for p in done if p.audience is a for v in p.values}
        for h in a.members:
            have = {v for r in Api(h).rows("query", {"expr": "audience:" + a.id}) for v in r["values"]}
            lost += ["%s of %s at %s" % (v, a.name, h.name) for v in sorted(wanted - have)]
    return lost


def kills(nation, o, rng, out):
    """A third at a time, killed and started again, while publishing goes on."""
    k = Killer(nation, o.seconds, rng)
    p = Publishers(nation, o.rate, k.pick, "kill", rng, batch=20)
    k.join()
    p.stop()
    say("%d rounds, %d kills, %d publications acknowledged, %d broke off" % (k.rounds, k.kills, len(p.done), p.failed))
    if k.failed:
        raise k.failed
    took, different = nation.agree("after the last start", AGREE_S)
    degree = sorted(nation.links())
    out["kills"] = {"seconds": o.seconds, "rounds": k.rounds, "kills": k.kills, "acknowledged": len(p.done),
                    "values": sum(len(q.values) for q in p.done), "broke_off": p.failed, "refused": p.refused, "agree_s": took,
                    "different": different, "ended": k.ended, "links": {"mean": sum(degree) / len(degree), "least": degree[0], "most": degree[-1]}}
    return p.done


def close_look(nation, out):
    out["ended"] = ["%s: %r" % (h.name, h.node.process.returncode) for h in nation.homes if not h.node.running()] + nation.w.crashed()
    out["alarms"] = sorted({"%s: %s" % (h.name, a["code"]) for h in nation.homes for a in Api(h, 60).status()["alarms"]})


def mib(v):
    return "%.1f MiB" % (v / 2**20)


def table(out):
    def row(name, value, more=""):
        print("%-52s %16s  %s" % (name, value, more))
    l, k, m = out["live"], out["kills"], out["memory"]
    print("%d nodes, %d audiences, %d cores, load before %.1f, after %.1f" %
          (out["nodes"], out["audiences"], out["cores"], out["load_before"], out["load_after"]))
    row("live: published", "%d" % l["published"], "%.1f/s; the answer after p50 %.0f ms, p99 %.0f ms" % (l["rate"], l["publish_ms"]["p50"], l["publish_ms"]["p99"]))
    row("  deliveries to other members", "%d" % l["deliveries"], "missing: %d" % len(l["missing"]))
    for name, key in (("from the acknowledgement", "from_ack_ms"), ("from the call", "from_publish_ms")):
        row("  %s until a member sees it, p50" % name, "%.0f ms" % l[key]["p50"], "p99 %.0f ms, worst %.0f ms" % (l[key]["p99"], l[key]["worst"]))
    row("  whole entries that were there already", "%.3f" % l["copies_too_many"], "for each new one; worst node %.3f" % l["copies_worst_node"])
    row("  bytes for each new entry, all traffic", "%.0f" % l["bytes_per_delivery"],
        "%d entries; %d asked for one by one, %d in ranges" % (l["entries_in"], l["grafts"], l["wants"]))
    row("  links of a node, mean", "%.1f" % l["links"]["mean"], "%d to %d" % (l["links"]["least"], l["links"]["most"]))
    row("kills", "%d" % k["kills"], "in %d rounds over %d s" % (k["rounds"], k["seconds"]))
    row("  publications acknowledged meanwhile", "%d" % k["acknowledged"], "%d values; %d calls broke off" % (k["values"], k["broke_off"]))
    row("  all agree, after the last start", "%.1f s" % k["agree_s"])
    row("  links of a node then, mean", "%.1f" % k["links"]["mean"], "%d to %d" % (k["links"]["least"], k["links"]["most"]))
    row("memory of a node, most", mib(m["most"]), "without mapped files %s" % mib(m["most_anon"]))
    row("  growth from the warm-up to the end, most", mib(m["growth_anon"]), "without mapped files; mean %s" % mib(m["mean_growth_anon"]))
    if out["alarms"]:
        print("alarms: " + ", ".join(out["alarms"]))


def claims(out):
    """(claim, what speaks against it), all of which must be empty."""
    return [("every member sees what was published", out["live"]["missing"][:20] + out["live"]["refused"][:5]),
            ("all nodes agree at the end", out["kills"]["different"]),
            ("nothing acknowledged is lost", out["lost"][:20] + out["kills"]["refused"][:5]),
            ("no node ended by itself", out["ended"] + out["kills"]["ended"]),
            ("no alarm of a forgery, fork or rollback", [a for a in out["alarms"] if a.endswith(NEVER)]),
            ("links that were made for receipts are gone, a node has %d in the mean at most" % LINKS_MEAN,
             ["%.1f" % out["live"]["links"]["mean"]] if out["nodes"] > ALL_LINKED and out["live"]["links"]["mean"] > LINKS_MEAN else []),
            ("memory is bounded", ["%s > %s" % (mib(out["memory"]["most_anon"]), mib(world.PRIVATE_MAX))]
             if not world.SANITIZED and out["memory"]["most_anon"] > world.PRIVATE_MAX else [])]


def measure(nation, o, rng, out):
    out["audiences"] = len(nation.audiences)
    different = warm_up(nation, o.still)
    if different:
        raise RuntimeError("no agreement before anything was killed: %r" % different)
    first = {h: Memory.of(h.node.pid) for h in nation.homes}
    m = Memory(nation)
    live(nation, o, rng, out)
    done = kills(nation, o, rng, out)
    out["lost"] = missing(nation, done)
    m.stop()
    last = {h: Memory.of(h.node.pid) for h in nation.homes}
    growth = [last[h][1] - first[h][1] for h in nation.homes]
    out["memory"] = {"most": max(v[0] for v in m.most.values()), "most_anon": max(v[1] for v in m.most.values()),
                     "growth_anon": max(growth), "mean_growth_anon": sum(growth) / len(growth)}
    close_look(nation, out)


def parse(args):
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("build", help="the folder of the build")
    p.add_argument("--nodes", type=int, default=20, help="organisations with one node each, at least 4")
    p.add_argument("--seconds", type=float, default=120, help="of killing")
    p.add_argument("--live", type=float, default=30, help="seconds of live propagation")
    p.add_argument("--still", type=float, default=35, help="seconds without an entry or another link before that; links for receipts last 30")
    p.add_argument("--rate", type=float, default=5, help="publications a second, all nodes together")
    p.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32), help="of every lot that is drawn")
    p.add_argument("--json", action="store_true", help="all figures as one line of JSON, too")
    o = p.parse_args(args)
    if o.nodes < 4:
        p.error("--nodes: at least 4")
    return o


def run(o):
    """All of it; the figures."""
    out = {"nodes": o.nodes, "seed": o.seed, "cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    say("seed %d" % o.seed)
    with world.World() as w:
        measure(Nation(w, o.nodes, say), o, random.Random(o.seed), out)
    out["load_after"] = os.getloadavg()[0]
    return out


def main():
    o = parse(sys.argv[1:])
    out = run(o)
    table(out)
    held = True
    for claim, against in claims(out):
        print("%-8s %s%s" % ("holds" if not against else "FAILS", claim, "" if not against else ": %s" % "; ".join(str(a) for a in against)))
        held = held and not against
    if o.json:
        print(json.dumps(out, sort_keys=True))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
