"""The demo says what it checked, fails where a claim does not hold, and leaves nothing behind."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from world import CALL_S, DONE, FAILED, KAIRAN, PATIENCE, until

ORGS = 5
# How often each claim is made: by all, by four others, by the three outside the group, or once.
CLAIMS = {
    "founded": 1, "admitted": 3, "admitted-dial": 1, "words": 1, "agreed": 1,
    "published": 4, "published-list": 1, "durable": 3 * 4, "searchable": 3 * 4, "bytes": 2 * 5 + 1, "list": 5, "again": 1,
    "group": 2, "group-key": 1, "third-asks": 4, "third-entries": 3, "third-bytes": 3,
    "stranger-told": 1, "stranger-seen": 1, "stranger-entries": 1, "stranger-home": 1,
    "killed": 1, "without": 1, "restarted": 1, "again-one": 1, "again-killed": 1, "once": 2,
    "group-relay": 1, "relay-brought": 1, "relay-blind": 1,
    "reshare-refused": 1, "release-asked": 1, "released": 1, "reshared": 1,
    "persons": 1, "red-published": 1, "red-shown": 1, "red-dark": 5, "red-opened": 1,
    "revoked": 1, "after-revoked": 1, "revoked-asks": 1, "revoked-bytes": 1,
    "wire-whole": 1, "wire-dark": 1, "stopped": 1,
}
AMBER = {
    "type": "bundle", "id": "bundle--5b1c0d6e-7a0f-4a57-9f0f-0d7c7a5e3c11", "objects": [{
        "type": "indicator", "spec_version": "2.1", "id": "indicator--0a9e6f0c-6f0b-4a3e-8a57-1f9b2f1f6b22",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "pattern_type": "stix",
        "pattern": "[domain-name:value = 'too-confidential.example']", "valid_from": "2026-01-01T00:00:00Z",
        "object_marking_refs": ["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]}],
}


def processes(folder):
    """Ids of the processes whose command line names a folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                if folder.encode() in f.read():
                    found.append(int(pid))
        except OSError:
            pass  # Gone in between.
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="kd")
        self.addCleanup(shutil.rmtree, self.tmp, True)
        self.env = dict(os.environ, TMPDIR=self.tmp, NO_COLOR="1")

    def start(self, *args):
        return subprocess.Popen([KAIRAN, "demo", *args], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_demo(self, *args):
        p = self.start(*args)
        out, err = p.communicate(timeout=2 * CALL_S)
        return p.returncode, out.decode(), err.decode()

    def assert_nothing_left(self):
        self.assertEqual([], os.listdir(self.tmp))
        self.assertEqual([], processes(self.tmp))

    def test_every_claim(self):
        status, out, err = self.run_demo("--json")
        rows = [json.loads(line) for line in out.splitlines()]
        end = rows.pop()
        self.assertEqual([], [r for r in rows if not r["ok"]], err)
        self.assertEqual(DONE, status, err)
        counted = {}
        for r in rows:
            counted[r["claim"]] = counted.get(r["claim"], 0) + 1
            self.assertTrue(r["detail"] and "demo.claim" not in r["detail"], r)
            self.assertTrue(r["ms"] is None or r["ms"] >= 0, r)
        self.assertEqual(CLAIMS, counted)
        self.assertEqual((len(rows), 0), (end["claims"], end["failed"]))
        self.assertGreater(end["ms"], 0)
        self.assertEqual(ORGS, len({r["org"] for r in rows if r["claim"] == "bytes"}))
        self.assert_nothing_left()

    def test_a_claim_that_does_not_hold(self):
        """A file whose label is above the ceiling of the audience: said, and the exit status says it too."""
        path = os.path.join(self.tmp, "amber.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(AMBER, f)
        status, out, _ = self.run_demo("--json", path)
        os.unlink(path)
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(FAILED, status)
        untrue = [r for r in rows[:-1] if not r["ok"]]
        self.assertEqual(["file"], [r["claim"] for r in untrue], untrue)
        self.assertEqual(1, rows[-1]["failed"])
        self.assert_nothing_left()

    def test_interrupted(self):
        """Ctrl-C in the middle: no node and no file stays, and the exit status is no success."""
        for claims in (1, 5, 30):
            with self.subTest(claims=claims):
                p = self.start("--json")
                for _ in range(claims):
                    p.stdout.readline()
                p.send_signal(signal.SIGINT)
                out, _ = p.communicate(timeout=CALL_S)
                self.assertEqual(FAILED, p.returncode)
                self.assert_nothing_left()

    def test_keep(self):
        """--keep leaves five nodes that answer, and says how to end them."""
        status, out, err = self.run_demo("--keep", "--lang", "ja")
        self.assertEqual(DONE, status, out + err)
        try:
            (home,) = [os.path.join(self.tmp, name) for name in os.listdir(self.tmp)]
            for tag in ("body", "prefecture", "isac", "town", "contractor"):
                got = subprocess.run([KAIRAN, "status", "--json", "--home", os.path.join(home, tag)], env=self.env,
                                     stdout=subprocess.PIPE, check=True, timeout=CALL_S)
                self.assertTrue(json.loads(got.stdout)["running"])
            got = subprocess.run([KAIRAN, "query", "ip:198.18.0.0", "--json", "--home", os.path.join(home, "town")], env=self.env,
                                 stdout=subprocess.PIPE, check=True, timeout=CALL_S)
            self.assertEqual(1, len(got.stdout.splitlines()))
        finally:
            (end,) = [line for line in out.splitlines() if line.startswith("  kill ")]
            subprocess.run(["sh", "-c", end], check=True, timeout=CALL_S)
        until("all processes have ended", lambda: not processes(self.tmp), 10 * PATIENCE)
        self.assertEqual([], os.listdir(self.tmp))


if __name__ == "__main__":
    unittest.main(verbosity=2)
