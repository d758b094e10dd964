"""growth: how each cost of a network grows with its nodes, from the figures of sim_report at several sizes.

    growth.py FIGURES FIGURES...      one file of `sim_report --figures` for each size

For each cost a row: its values, the exponent b of value = a * nodes^b that fits them best (least squares of the logarithms), and what that
gives for 18,000 nodes: a projection, no measurement. The last value of a name counts where a file has several (memory: of the end)."""

import math
import sys

PROJECTED = 18000
ROWS = (  # name in the file, what it is, how it is printed
    ("audiences", "audiences", "%.0f"),
    ("links", "links of a node, mean", "%.1f"),
    ("control_bytes", "control plane that each node holds, MB", "%.2f"),
    ("own_bytes", "memory of a node beside what is shared, MB", "%.2f"),
    ("delivery_bytes", "bytes of all traffic a delivery, steady", "%.0f"),
    ("last_ms", "last delivery, steady, ms", "%.0f"),
    ("killed_last_ms", "last delivery, a third killed, ms", "%.0f"),
    ("churn_bytes", "bytes of all traffic a delivery, in an hour of churn", "%.0f"),
    ("word_bytes", "bytes a node sends for one CHECKPOINT", "%.0f"),
    ("heal_s", "two halves meet after 30 days: all is with all, s", "%.0f"),
    ("churn_cpu_s", "processor of the simulation, s a node-hour of churn", "%.3f"),
)


def figures(path):
    with open(path, encoding="ascii") as f:
        return {name: float(value) for name, value in (line.split() for line in f)}


def fit(points):
    """(a, b) of value = a * n^b; every value is above 0."""
    xs, ys = [math.log(n) for n, _ in points], [math.log(v) for _, v in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    b = sum((p - x) * (q - y) for p, q in zip(xs, ys)) / sum((p - x) ** 2 for p in xs)
    return math.exp(y - b * x), b


def main():
    sizes = sorted((figures(path) for path in sys.argv[1:]), key=lambda f: f["nodes"])
    if len({f["nodes"] for f in sizes}) < 2:
        sys.exit("growth.py: figures of two sizes at least")
    print("| | %s | grows with nodes^ | %s nodes, projected |" % (" | ".join("%.0f nodes" % f["nodes"] for f in sizes), format(PROJECTED, ",")))
    print("|---" * (len(sizes) + 3) + "|")
    for name, what, form in ROWS:
        if not all(f.get(name, 0) > 0 for f in sizes):
            continue
        a, b = fit([(f["nodes"], f[name]) for f in sizes])
        scale = 1e6 if what.endswith("MB") else 1
        cells = [form % (f[name] / scale) for f in sizes] + ["%.2f" % b, form % (a * PROJECTED**b / scale)]
        print("| %s | %s |" % (what, " | ".join(cells)))


if __name__ == "__main__":
    main()
