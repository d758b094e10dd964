#!/usr/bin/env python3
"""hunt: known values in a log, beside the shortest program that could do it (README.md).

run.py BUILD [--values N] [--lines N] [--rounds N] [--grep N] [--stream GB]
Figures, never a test. Bare program and hunt take turns, so that what else the machine does is of both. A table
on standard output, then one line of JSON.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1])
os.environ["KAIRAN"] = os.path.join(BUILD, "kairan")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "e2e"))
import world  # noqa: E402

BARE = os.path.join(BUILD, "tests", "bench", "bench_hunt_bare")


def timed(command, env=None, data=None):
    """Wall, processor seconds, peak memory in MiB, lines of output."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env,
                               stdin=open(data, "rb") if data else subprocess.DEVNULL)
    lines = sum(part.count(b"\n") for part in iter(lambda: process.stdout.read(1 << 20), b""))
    _, _, usage = os.wait4(process.pid, 0)
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, lines


def streamed(command, env, data, size):
    """The log again and again through a pipe, as size bytes at least: bytes, wall, processor seconds, peak memory in MiB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    sent = 0
    with open(data, "rb") as file:
        while sent < size:
            end = os.lseek(file.fileno(), 0, os.SEEK_END)
            at = 0
            while at < end:
                at += os.sendfile(process.stdin.fileno(), file.fileno(), at, end - at)
            sent += end
    process.stdin.close()
    _, _, usage = os.wait4(process.pid, 0)
    return sent, time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("build")
    parse.add_argument("--values", type=int, default=1000000)
    parse.add_argument("--lines", type=int, default=1000000)
    parse.add_argument("--rounds", type=int, default=5)
    parse.add_argument("--grep", type=int, default=20000, help="values for grep -F -f; 0: none")
    parse.add_argument("--stream", type=float, default=0, help="gigabytes through a pipe; 0: none")
    options = parse.parse_args()
    folder = tempfile.mkdtemp(prefix="kairan-bench-hunt-")
    try:
        with world.World() as net:
            measure(options, folder, net)
    finally:
        shutil.rmtree(folder)


def measure(options, folder, net):
    subprocess.run([BARE, "make", folder, str(options.values), str(options.lines)], check=True)
    log, values = os.path.join(folder, "log"), os.path.join(folder, "values")
    size = os.path.getsize(log)
    alpha = net.found("Alpha", run=False)
    alpha.call("publish", values, "--to", "all", "--label", "green", seconds=1800)
    alpha.call("reindex", seconds=1800)
    alpha.run()
    empty = os.path.join(folder, "empty")
    open(empty, "w").close()
    rows = {"bare": [], "hunt": [], "nothing": []}
    hunt = alpha.command(["hunt", "--json", log])
    for _ in range(options.rounds):
        wall, cpu, hits, tokens = subprocess.run([BARE, "run", folder], stdout=subprocess.PIPE, check=True).stdout.split()
        rows["bare"].append((float(wall), float(cpu)))
        rows["hunt"].append(timed(hunt, net.environment()))
        rows["nothing"].append(timed(alpha.command(["hunt", "--json", empty]), net.environment()))
    figures = {"values": options.values, "log_bytes": size, "tokens": int(tokens), "bare_hits": int(hits),
               "hits": rows["hunt"][0][3], "load": os.getloadavg()[0]}
    for name, runs in rows.items():
        figures[name + "_s"] = statistics.median(r[0] for r in runs)
        figures[name + "_cpu_s"] = statistics.median(r[1] for r in runs)
    figures["hunt_mib"] = max(r[2] for r in rows["hunt"])
    figures["ratio"] = statistics.median(h[0] / b[0] for h, b in zip(rows["hunt"], rows["bare"]))
    figures["ratio_cpu"] = statistics.median(h[1] / b[1] for h, b in zip(rows["hunt"], rows["bare"]))
    figures["scan_mb_s"] = size / 1e6 / max(figures["hunt_s"] - figures["nothing_s"], 1e-9)
    if options.grep > 0:
        few = os.path.join(folder, "few")
        with open(values, "rb") as whole, open(few, "wb") as out:
            for _, line in zip(range(options.grep), whole):
                out.write(line)
        figures["grep_values"] = options.grep
        figures["grep_s"] = timed(["grep", "-F", "-c", "-f", few, log], dict(os.environ, LC_ALL="C"))[0]
    if options.stream > 0:
        sent, wall, cpu, figures["stream_mib"] = streamed(alpha.command(["hunt", "--json"]), net.environment(), log, options.stream * 1e9)
        figures.update(stream_bytes=sent, stream_s=wall, stream_cpu_s=cpu)
    print("%d values, a log of %.0f MB, %d tokens; medians of %d turns, load %.1f" % (
        options.values, size / 1e6, figures["tokens"], options.rounds, figures["load"]))
    print("bare program           %.2f s, %.2f s of a processor, %d lines" % (
        figures["bare_s"], figures["bare_cpu_s"], figures["bare_hits"]))
    print("kairan hunt            %.2f s, %.2f s of processors, %d hits, %.0f MiB at most" % (
        figures["hunt_s"], figures["hunt_cpu_s"], figures["hits"], figures["hunt_mib"]))
    print("  of that the filter   %.2f s (nothing to scan)" % figures["nothing_s"])
    print("  ratio to bare        %.2f (processors %.2f)" % (figures["ratio"], figures["ratio_cpu"]))
    print("  scanning             %.0f MB/s" % figures["scan_mb_s"])
    if options.grep > 0:
        print("grep -F -f, %d values  %.2f s" % (options.grep, figures["grep_s"]))
    if options.stream > 0:
        print("%.1f GB through a pipe  %.1f s, %.0f MB/s, %.1f s of processors, %.0f MiB at most" % (
            sent / 1e9, wall, sent / 1e6 / wall, cpu, figures["stream_mib"]))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
