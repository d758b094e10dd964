"""The network in a file: two halves that no wire joins, what a file may hold and for whom, and files that were harmed."""

import json
import os
import signal
import subprocess
import unittest

from world import FAILED, FORBIDDEN, KAIRAN, PATIENCE, USAGE, World, WorldCase, addresses, bundle, indicator, until

AMBER, RED = "quiet-west-amber.example", "quiet-west-red.example"


def pack(home, to, out, *options, status=0):
    result = home.ask("carry", "pack", "--for", to, "--out", out, *options, status=status)
    return result.last if status == 0 else result


def unpack(home, *args, status=0):
    result = home.ask("carry", "unpack", *args, status=status)
    return result.last if status == 0 else result


def of_all(home):
    """What it holds of the audience of all: values, sorted."""
    return sorted(v for row in home.query("audience:all") for v in row["values"])


class Halves(WorldCase):
    """West: Alpha, who founded it, and Gamma, linked. East: Beta and Delta, who never see the west but by files: no
    node of one half runs while one of the other does."""

    @classmethod
    def build(cls, world):
        cls.alpha, cls.gamma = world.network("Alpha", "Gamma")
        cls.beta = world.join(cls.alpha, "Beta", "--clearance", "RED")
        cls.delta = world.join(cls.alpha, "Delta")
        for name, home in (("Ana", cls.alpha), ("Ben", cls.beta)):
            request = world.path(name)
            words = home.ask("person", "key", "--name", name, "--out", request).last["words"]
            home.ask("person", "add", request, "--clearance", "RED", "--fingerprint", words)

    def file(self, name):
        return self.world.path(name + ".carry")

    def test_joined_by_files_alone(self):
        alpha, beta, gamma, delta = self.alpha, self.beta, self.gamma, self.delta
        receipts = {}

        # The newcomers' first file says who they are; Alpha's node runs meanwhile, theirs do not.
        for home in (beta, delta):
            first, receipts[home] = self.file("first"), self.world.path("receipt")
            pack(home, "Alpha", first)
            said = unpack(alpha, first)
            self.assertEqual(("Delta" if home is delta else "Beta", 0, 0), (said["org"], said["waiting"], said["refused"]))
        alpha.ask("audience", "create", "inner", "--kind", "group", "--label", "AMBER+STRICT", "--member", "Alpha", "--member", "Beta")
        ben = next(p for p in alpha.ask("person", "list", "--all").rows if p["org"] == "Beta")
        alpha.ask("audience", "create", "persons", "--kind", "persons", "--member", "Ana", "--member", ben["id"])
        alpha.publish(json.dumps(indicator("west.example")))
        gamma.publish(json.dumps(indicator("gamma.example")))
        alpha.sees("gamma.example")
        alpha.publish(json.dumps(indicator(AMBER, label="amber+strict")), to="inner")
        red = alpha.ask("publish", self.world.file(RED + "\n"), "--to", "persons", "--label", "RED").last["ids"][0]

        # East hears all that it may; volumes are bounded, and a file is opened by its addressee alone.
        files = {home: self.file("west") for home in (beta, delta)}

        sizes = [pack(alpha, home.name, files[home])["entries"] for home in (beta, delta)]
        self.assertGreater(sizes[0], sizes[1], "Delta is in fewer audiences")
        for home in (alpha, gamma):
            home.node.stop()
        self.assertEqual("carry.for-another", unpack(delta, files[beta], status=FAILED).error["error"])
        for home in (beta, delta):
            said = unpack(home, files[home], "--receipt", receipts[home])
            self.assertEqual((0, 0, True), (said["waiting"], said["refused"], said["taken"] > 0), said)
            self.assertEqual(1, len(home.query("value:west.example")))
            self.assertEqual(1, len(home.query("value:gamma.example")))
            again = unpack(home, files[home])
            self.assertEqual((0, said["taken"] + said["held"]), (again["taken"], again["held"]), "a replay brings nothing")
        self.assertEqual("TLP:AMBER+STRICT", beta.query("value:" + AMBER)[0]["label"])
        self.assertIn(RED, beta.call("open", red, "--name", "Ben").out)
        self.assertEqual([], delta.query("value:" + AMBER))
        self.assertEqual([], delta.query("label:red"))
        self.assertLess(delta.status()["logs"], beta.status()["logs"])
        for home in (beta, delta):
            with open(files[home], "rb") as f:
                data = f.read()
            for word in (b"west.example", AMBER.encode(), b"Alpha", b"inner", bytes.fromhex(alpha.status()["network"])):
                self.assertNotIn(word, data, "a file tells nothing to who finds it")

        # East talks among itself, and brings back what is new and nothing else.
        beta.run()
        delta.run("--dial", beta.address())
        until("east is linked", lambda: beta.live_with(1), 40)
        delta.publish(json.dumps(indicator("east.example")))
        beta.sees("east.example")
        home_file = self.file("east")
        back = pack(beta, "Alpha", home_file)
        self.assertGreater(back["entries"], 0)
        for home in (beta, delta):
            home.node.stop()
        after = self.world.path("receipt")
        said = unpack(alpha, home_file, "--receipt", after)
        self.assertEqual((0, 0), (said["waiting"], said["refused"]), said)
        self.assertEqual(1, len(alpha.query("value:east.example")))
        self.assertEqual(0, pack(beta, "Alpha", home_file, "--receipt", after)["entries"], "Alpha has said that it holds all")
        small = pack(alpha, "Beta", self.file("small"), "--receipt", receipts[beta])
        self.assertLess(small["entries"], pack(alpha, "Beta", self.file("whole"))["entries"])
        unpack(beta, small["files"][0])
        self.assertEqual("carry.receipt-other",
                         pack(alpha, "Delta", self.file("x"), "--receipt", receipts[beta], status=FAILED).error["error"])
        self.assertEqual("carry.kind", unpack(alpha, receipts[beta], status=FAILED).error["error"])

        # Both halves hold the same of what is for all of them.
        last = self.file("last")
        pack(alpha, "Delta", last)
        unpack(delta, last)
        alpha.run()
        gamma.run("--dial", alpha.address())
        gamma.sees("east.example", 60)
        for node in (alpha, gamma):
            node.node.stop()
        contents = {home.name: of_all(home) for home in (alpha, beta, gamma, delta)}
        self.assertEqual([["east.example", "gamma.example", "west.example"]] * 4, list(contents.values()), contents)
        self.assertEqual(1, len({home.status()["state"] for home in (alpha, beta, gamma, delta)}))
        self.assertEqual(set(), delta.scan(".".join(reversed(AMBER.split("."))).encode()))
        self.assertEqual(set(), gamma.scan(".".join(reversed(AMBER.split("."))).encode()))

        # Who is removed gets no file, and nothing is taken from its own.
        late = self.file("late")
        pack(delta, "Alpha", late)
        alpha.ask("org", "revoke", "Delta", "--reason", "left")
        self.assertEqual("carry.sender", unpack(alpha, late, status=FORBIDDEN).error["rule"])
        self.assertEqual("carry.inactive", pack(alpha, "Delta", self.file("x"), status=FORBIDDEN).error["rule"])
        self.assertEqual("carry.self", pack(alpha, "Alpha", self.file("x"), status=FORBIDDEN).error["rule"])


class Harmed(WorldCase):
    """Alpha and two more, whom only files join, and files that were harmed on their way."""

    @classmethod
    def build(cls, world):
        cls.alpha = world.found("Alpha", run=False)
        cls.beta, cls.zeta = world.join(cls.alpha, "Beta"), world.join(cls.alpha, "Zeta")
        for home in (cls.beta, cls.zeta):
            first = world.path("first")
            pack(home, "Alpha", first)
            unpack(cls.alpha, first)


    def test_volumes_in_any_order_and_killed(self):
        alpha, beta = self.alpha, self.zeta
        for i in range(3):  # Of bytes that do not compress: several volumes, many entries.
            alpha.publish(bundle(indicator(a, description=os.urandom(2000).hex()) for a in addresses(300, 300 * i)))
        out = self.world.path("v")
        said = pack(alpha, "Zeta", out, "--max-bytes", 1 << 20)
        self.assertGreater(said["volumes"], 1)
        self.assertFalse(os.path.exists(out))
        self.assertEqual(["%s.%d" % (out, i + 1) for i in range(said["volumes"])], said["files"])
        for path in said["files"]:
            self.assertLessEqual(os.path.getsize(path), 1 << 20)
        self.assertEqual("usage.carry-volume", pack(alpha, "Zeta", out, "--max-bytes", 5, status=USAGE).error["error"])

        # Zeta knows Alpha from its admission; what a later volume continues is not here yet.
        early = unpack(beta, said["files"][1])
        self.assertEqual((0, True), (early["taken"], early["waiting"] + early["refused"] > 0), early)

        # Killed at any moment of it, run again: first where no node runs, then with one that is killed.
        killed = 0
        for delay in (0.02, 0.05, 0.1):
            process = beta.spawn("carry", "unpack", said["files"][0])
            try:
                process.wait(delay * PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            killed += process.returncode == -signal.SIGKILL
        self.assertGreater(killed, 0)
        beta.run()
        process = beta.spawn("carry", "unpack", *said["files"])
        until("some of it is durable", lambda: beta.status()["entries"] > 8 or process.poll() is not None)
        beta.node.kill()
        process.wait()
        receipt = self.world.path("receipt")
        rows = beta.ask("carry", "unpack", *said["files"], "--receipt", receipt).rows
        self.assertEqual(said["volumes"], len(rows))
        self.assertEqual([0] * len(rows), [r["waiting"] + r["refused"] for r in rows], rows)
        self.assertEqual([True] * (len(rows) - 1) + [False], [r["more"] for r in rows])
        self.assertEqual(of_all(alpha), of_all(beta))
        self.assertEqual(0, pack(alpha, "Zeta", self.world.path("none"), "--receipt", receipt)["entries"])

        # A pack that is killed leaves no half file under the name.
        name = self.world.path("half")
        process = alpha.spawn("carry", "pack", "--for", "Zeta", "--out", name)
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if os.path.exists(name):
            self.assertEqual(0, unpack(beta, name)["taken"])

    def test_who_waits_hears_of_a_receipt(self):
        alpha, beta = self.alpha, self.beta
        alpha.run()
        value = "waited-for.example"
        process = alpha.spawn("publish", self.world.file(json.dumps(indicator(value))), "--to", "all", "--wait", "1", "--timeout", "60s", "--json")
        alpha.sees(value)
        there, back = self.world.path("there"), self.world.path("back")
        pack(alpha, "Beta", there)
        unpack(beta, there, "--receipt", back)
        self.assertIsNone(process.poll())
        pack(alpha, "Beta", self.world.path("next"), "--receipt", back)
        out, _ = process.communicate(timeout=30 * PATIENCE)
        self.assertEqual((0, 1), (process.returncode, json.loads(out.splitlines()[-1])["held_by"]))
        alpha.node.stop()

    def test_tampered_and_cut(self):
        alpha, beta = self.alpha, self.beta
        value = "harmed.example"
        alpha.publish(json.dumps(indicator(value)))
        path, bad = self.world.path("good"), self.world.path("bad")
        receipt = self.world.path("receipt")
        unpack(beta, *pack(alpha, "Beta", path)["files"][:1], "--receipt", receipt)
        alpha.publish(json.dumps(indicator("after-" + value)))
        pack(alpha, "Beta", path, "--receipt", receipt)
        with open(path, "rb") as f:
            good = f.read()
        before = beta.state()
        seen = set()
        for at in sorted({*range(0, 160, 23), *range(160, len(good), max(1, len(good) // 16)), len(good) - 1}):
            with open(bad, "wb") as f:
                f.write(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            seen.add(unpack(beta, bad, status=FAILED).error["error"])
        for size in (0, 1, 143, 144, 147, len(good) // 2, len(good) - 1):
            with open(bad, "wb") as f:
                f.write(good[:size])
            seen.add(unpack(beta, bad, status=FAILED).error["error"])
        with open(bad, "wb") as f:
            f.write(good + b"\0")
        seen.add(unpack(beta, bad, status=FAILED).error["error"])
        self.assertEqual({"carry.damaged", "carry.cut"}, seen)
        self.assertEqual(before[3], beta.state()[3])
        self.assertEqual(0, unpack(beta, path)["waiting"])
        self.assertEqual(1, len(beta.query("value:after-" + value)))

        # A node of another network.
        with World() as other:
            stranger = other.found("Alpha", run=False)
            pack(alpha, "Beta", path)
            self.assertEqual("carry.for-another", unpack(stranger, path, status=FAILED).error["error"])


if __name__ == "__main__":
    assert os.access(KAIRAN, os.X_OK), KAIRAN
    unittest.main(verbosity=2)
