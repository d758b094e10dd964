"""growth.py: it finds the exponents that were put in, and sim_report writes every figure that it reads.

    test_growth.py FIGURES      what a run of sim_report wrote (without its round of CHECKPOINTs)"""

import os
import subprocess
import sys
import tempfile
import unittest

import growth

SIZES = (200, 600, 1800)


def table(*texts):
    """What growth.py prints of files with these texts, by the first cell of each row."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, str(i)) for i in range(len(texts))]
        for path, text in zip(paths, texts):
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "growth.py")
        done = subprocess.run([sys.executable, "-B", script, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()]
    return done, {row[0]: row[1:] for row in rows}


class Growth(unittest.TestCase):
    def test_exponent_and_projection(self):
        """2 n^0.5 links, 1000 n^2 bytes; a file may be given in any order, and the last value of a name counts."""
        texts = ["nodes %d\nlinks 1\nlinks %.9g\nword_bytes %.9g\n" % (n, 2 * n**0.5, 1000 * n**2) for n in (600, 1800, 200)]
        _, rows = table(*texts)
        self.assertEqual(["%.1f" % (2 * n**0.5) for n in SIZES] + ["0.50", "%.1f" % (2 * 18000**0.5)], rows["links of a node, mean"])
        self.assertEqual("2.00", rows["bytes a node sends for one CHECKPOINT"][3])
        self.assertEqual("%.0f" % (1000 * 18000**2), rows["bytes a node sends for one CHECKPOINT"][4])

    def test_what_lacks_is_no_row(self):
        """A phase that one of the runs left out has no growth."""
        _, rows = table("nodes 200\nlinks 4\nheal_s 3\n", "nodes 600\nlinks 5\n")
        self.assertIn("links of a node, mean", rows)
        self.assertFalse([name for name in rows if "days" in name])

    def test_one_size(self):
        done, _ = table("nodes 200\nlinks 4\n", "nodes 200\nlinks 5\n")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("two sizes", done.stderr)

    def test_figures_of_a_run(self):
        have = growth.figures(FIGURES)
        self.assertEqual({"word_bytes"}, {name for name, _, _ in growth.ROWS} - set(have))
        self.assertEqual(200, have["nodes"])
        self.assertEqual([], [name for name, value in have.items() if value <= 0])


if __name__ == "__main__":
    FIGURES = sys.argv.pop()
    unittest.main()
