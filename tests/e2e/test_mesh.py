"""bench mesh, small: real nodes, some of them killed and started again while others publish; all that it claims must hold."""

import os
import random
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "bench", "mesh"))
import run  # noqa: E402

SEED = int(os.environ.get("KAIRAN_MESH_SEED") or random.SystemRandom().randrange(1 << 32))


class Mesh(unittest.TestCase):
    def test_small(self):
        print("seed %d (KAIRAN_MESH_SEED repeats its lots)" % SEED, flush=True)
        out = run.run(run.parse(["build", "--nodes", "5", "--seconds", "2", "--live", "1", "--still", "1", "--seed", str(SEED)]))
        run.table(out)
        for claim, against in run.claims(out):
            self.assertEqual([], against, claim)
        self.assertGreater(out["live"]["deliveries"], 0)
        self.assertGreater(out["kills"]["kills"], 0)
        self.assertGreater(out["kills"]["acknowledged"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
