"""hunt: which lines of any log hold a known value, from a node that runs and from one that does not."""

import gzip
import json
import os
import subprocess
import time
import unittest

from test_readers import Client
from world import DONE, FAILED, NOTHING, USAGE, Lines, WorldCase, bundle, indicator, keys_of, until

SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
LIST = ["192.0.2.7", "198.51.100.0/24", "2001:db8:5::/48", "evil.example", "http://bad.example/x?y=1", "joe@mail.example", SHA]
LOG = [
    ("Nov 30 22:00:01 gw sshd[1]: Failed password for root from 192.0.2.7 port 22 ssh2", ["192.0.2.7"]),
    ("nothing to see", []),
    ("1606773601.1\tC1\t198.51.100.77\t53\ta.b.Evil.example.", ["198.51.100.0/24", "evil.example"]),
    ('{"url":"http:\\/\\/bad.example\\/x?y=1","n":1}', ["http://bad.example/x?y=1"]),
    ("2026-11-30,hxxp://bad[.]example/x?y=1,192[.]0[.]2[.]7", ["http://bad.example/x?y=1", "192.0.2.7"]),
    ("from=<joe@MAIL.example> client=[2001:db8:5::25]", ["joe@mail.example", "2001:db8:5::/48"]),
    ("%s  x.bin" % SHA.upper(), [SHA]),
    ("notevil.example evil.example.org 192.0.2.70", []),
]
TEXT = "\n".join(line for line, _ in LOG) + "\n"
WANT = sorted((i + 1, value) for i, (_, values) in enumerate(LOG) for value in values)


def pairs(rows):
    return sorted((row["line"], row["value"]) for row in rows)


class Hunt(WorldCase):
    @classmethod
    def build(cls, world):
        cls.alpha = world.found("Alpha", run=False)
        cls.alpha.run("--api", "tcp://127.0.0.1:0")
        cls.alpha.ask("audience", "create", "Trusted", "--kind", "group", "--label", "amber+strict")
        cls.alpha.publish("\n".join(LIST), "--label", "green")
        cls.alpha.publish("203.0.113.5\nd41d8cd98f00b204e9800998ecf8427e\n", "--label", "amber", to="Trusted")
        cls.log = world.file(TEXT, "access.log")

    def hunt(self, *args, status=DONE, **kw):
        return self.alpha.ask("hunt", *args, status=status, **kw)

    def test_every_form_of_a_file(self):
        self.assertEqual(pairs(self.hunt(self.log).rows), WANT)
        for row in self.hunt(self.log).rows:
            keys_of(self, row, "file line value matched id label origin_name")
            self.assertEqual((row["file"], row["label"], row["origin_name"]), (self.log, "TLP:GREEN", "Alpha"))
            self.assertTrue(self.alpha.ask("get", row["id"]).rows)
        self.assertEqual(self.hunt(self.log).rows[2]["matched"].lower(), "a.b.evil.example")
        half = len(TEXT) // 2
        twice = gzip.compress(TEXT[:half].encode()) + gzip.compress(TEXT[half:].encode())
        self.assertEqual(pairs(self.hunt(self.world.file(twice, "a.gz")).rows), WANT)
        self.assertEqual(pairs(self.hunt(stdin=twice).rows), WANT)
        self.assertEqual(pairs(self.hunt("-", stdin=TEXT.encode()).rows), WANT)
        self.assertEqual(pairs(self.hunt(stdin=TEXT.replace("\n", "\r\n").encode()).rows), WANT)
        self.assertEqual(pairs(self.hunt(stdin=TEXT[:-1].encode()).rows), WANT)
        # As Windows writes it, with a letter that takes two units and half of one.
        wide = "\ufeff" + "\U0001f600 " + TEXT
        self.assertEqual(pairs(self.hunt(self.world.file(wide.encode("utf-16-le"), "le.log")).rows), WANT)
        self.assertEqual(pairs(self.hunt(stdin=wide.encode("utf-16-be") + b"\xd8\x00\x00").rows), WANT)
        many = wide + "x\U0001f600" * 200000 + "\n192.0.2.7\n"
        self.assertEqual(pairs(self.hunt(self.world.file(many.encode("utf-16-le"), "many.log")).rows), sorted(WANT + [(len(LOG) + 2, "192.0.2.7")]))
        if subprocess.run(["sh", "-c", "command -v zstd"], stdout=subprocess.DEVNULL).returncode == 0:
            frames = b"".join(subprocess.run(["zstd", "-c"], input=part.encode(), stdout=subprocess.PIPE, check=True).stdout
                              for part in (TEXT[:half], TEXT[half:]))
            self.assertEqual(pairs(self.hunt(self.world.file(frames, "a.zst")).rows), WANT)
            cut = self.hunt(self.world.file(frames[:-5], "cut.zst"), status=FAILED)
            self.assertEqual(cut.error["error"], "hunt.cut")
        both = self.hunt(self.log, self.world.file(TEXT, "second.log")).rows
        self.assertEqual(pairs(both), sorted(WANT + WANT))
        self.assertEqual(len({row["file"] for row in both}), 2)

    def test_for_people(self):
        lines = self.alpha.call("hunt", self.log).out.splitlines()
        self.assertEqual(len(lines), len(WANT))
        self.assertTrue(lines[0].startswith(self.log + ":1\t192.0.2.7\t"), lines[0])
        self.assertIn("\tTLP:GREEN\t", lines[0])

    def test_status_and_errors(self):
        self.hunt(stdin=b"nothing at all\n", status=NOTHING)
        self.hunt(stdin=b"", status=NOTHING)
        got = self.hunt("/nonexistent/log", self.log, status=FAILED)
        self.assertEqual(pairs(got.rows), WANT)
        self.assertEqual(got.error["error"], "file.read")
        self.hunt(self.world.dir, status=FAILED)
        bad = bytearray(gzip.compress(os.urandom(3000) + TEXT.encode()))
        bad[40] ^= 0xff
        self.assertEqual(self.hunt(self.world.file(bytes(bad), "bad.gz"), status=FAILED).error["error"], "hunt.compressed")
        self.assertEqual(self.hunt(self.world.file(gzip.compress(TEXT.encode())[:-9], "cut.gz"), status=FAILED).error["error"],
                         "hunt.cut")
        self.assertEqual(self.hunt("--type", "nothing", self.log, status=USAGE).error["error"], "usage.type")
        self.assertEqual(self.hunt("--since", "yesterday", self.log, status=USAGE).error["error"], "usage.time")

    def test_types(self):
        ips = self.hunt("--type", "ip", self.log).rows
        self.assertEqual(pairs(ips), [p for p in WANT if p[1] in LIST[:3]])
        self.assertEqual(pairs(self.hunt("--type", "hash", "--type", "domain-name", self.log).rows),
                         [p for p in WANT if p[1] in (SHA, "evil.example")])

    def test_long_lines(self):
        """A line of many pieces: each value in it once, wherever the cuts are."""
        value = "a.evil.example"
        for at in (1 << 20, (1 << 20) - 7, (1 << 20) - 16384, (2 << 20) - 16384 - 3):
            line = ("x" * 50 + " ") * (at // 51) + "y" * (at % 51 - len(value) // 2 - 1) + " " + value + " "
            line += "zz " * 700000 + "192.0.2.7"
            rows = self.hunt(stdin=("first\n" + line + "\nlast 198.51.100.1\n").encode()).rows
            self.assertEqual(pairs(rows), [(2, "192.0.2.7"), (2, "evil.example"), (3, "198.51.100.0/24")], at)
        rows = self.hunt(stdin=b"q" * 3000000 + b"evil.example\nevil.example").rows
        self.assertEqual(pairs(rows), [(2, "evil.example")])

    def test_a_pipe_is_told_at_once(self):
        process = subprocess.Popen(self.alpha.command(["hunt", "--json"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=self.world.environment(), start_new_session=True)
        self.world.processes.append(process)
        reader = Lines(process)
        for line in (b"x 192.0.2.7\n", b"y\nz evil.example\n"):
            process.stdin.write(line)
            process.stdin.flush()
            self.assertIn(json.loads(reader.next())["value"].encode(), line)
        process.stdin.close()
        self.assertEqual(process.wait(20), DONE)

    def test_what_is_withdrawn_is_found_no_more(self):
        self.alpha.publish(bundle([indicator("gone.example")]))
        self.assertEqual(len(self.hunt(stdin=b"gone.example\n").rows), 1)
        item = self.alpha.query("value:gone.example")[0]["id"]
        self.alpha.ask("withdraw", item)
        until("it is withdrawn", lambda: not self.alpha.query("value:gone.example"))
        self.hunt(stdin=b"gone.example\n", status=NOTHING)

    def test_since(self):
        log = self.world.file(TEXT + "late.example 192.0.2.7\n", "kept.log")
        time_before = self.alpha.publish(bundle([indicator("marker.example")])) and \
            self.alpha.sees("marker.example")[0]["first_seen"]
        until("a later time", lambda: time.time() > self.seconds(time_before) + 0.002)
        self.alpha.publish(bundle([indicator("late.example")]))
        self.assertEqual(pairs(self.hunt("--since", time_before, log).rows), [(len(LOG) + 1, "late.example")])
        self.assertEqual(len(self.hunt("--since", "1h", log).rows), len(WANT) + 2)
        self.hunt("--since", "2100-01-01", log, status=NOTHING)

    @staticmethod
    def seconds(text):
        import calendar
        return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + text[19:-1])

    def test_a_clearance_hides(self):
        api = self.alpha.status()["api"]
        made = {c: self.alpha.ask("token", "add", "h-" + c, "--clearance", c, "--role", "reader").last["token"]
                for c in ("GREEN", "AMBER")}
        heads = {}
        for clearance, token in made.items():
            client = Client(api, token)
            rows = client.rows("hunt-filter")
            heads[clearance] = rows[0]
            self.assertEqual(sum(len(row["data"]) for row in rows[1:]), (rows[0]["blocks"] + rows[0]["net_blocks"]) * 64)
            found = client.rows("hunt-resolve", {"values": [[1, "203.0.113.5"], [1, "192.0.2.7"], [3, "no.example"]]})
            self.assertEqual([row["n"] for row in found], [1] if clearance == "GREEN" else [0, 1])
        self.assertNotIn("md5", heads["GREEN"]["types"])
        self.assertIn("md5", heads["AMBER"]["types"])
        self.assertEqual(heads["AMBER"]["values"], heads["GREEN"]["values"] + 2)
        client = Client(api, made["GREEN"])
        for values in (None, 7, [[99, "x"]], [[1, 2]], [[1, "192.0.2.7"]] * 1001):
            self.assertEqual(client.ask("hunt-resolve", {"values": values}).status, 400, values)

    def test_reads_are_in_the_audit_log(self):
        before = len(self.alpha.ask("audit", "show").rows)
        rows = self.hunt(stdin=b"203.0.113.5\n" * 50).rows
        self.assertEqual(len(rows), 50)
        lines = [(row["verb"], row["item"]) for row in self.alpha.ask("audit", "show").rows[before:]]
        self.assertEqual(lines, [("hunt-filter", "0" * 64), ("hunt-resolve", rows[0]["id"])])
        self.alpha.ask("audit", "verify")


class Stopped(WorldCase):
    @classmethod
    def build(cls, world):
        cls.alpha = world.found("Alpha", run=False)
        cls.alpha.publish("\n".join(LIST), "--label", "green")

    def test_a_stopped_node(self):
        log = self.world.file(TEXT * 2000, "long.log")
        rows = self.alpha.ask("hunt", log).rows
        self.assertEqual(len(rows), 2000 * len(WANT))
        self.assertEqual([row["line"] for row in rows], sorted(row["line"] for row in rows))
        self.alpha.ask("hunt", stdin=b"nothing\n", status=NOTHING)


if __name__ == "__main__":
    unittest.main()
