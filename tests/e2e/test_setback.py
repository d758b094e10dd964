"""A home that was put back, in every way that homes are put back, at random moments of a run: nobody ever accepts two
entries with one (log, seq), nothing that others hold is lost, and they go on as before. Two machines with one home stop."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest

from world import DONE, FAILED, KAIRAN, Home, WorldCase, indicator, bundle, until

ROUNDS = int(os.environ.get("KAIRAN_SETBACKS") or 8)
SEED = int(os.environ.get("KAIRAN_SETBACK_SEED") or random.SystemRandom().randrange(1 << 32))
ENTRIES = os.environ.get("KAIRAN_ENTRIES") or os.path.join(os.path.dirname(KAIRAN), "tests", "e2e", "entries")
WAYS = ("machine", "machine stopped", "store alone", "keys alone", "backup")


class Setback(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a, cls.b = world.network("Alpha", "Beta")
        cls.c = world.join(cls.a, "Gamma")
        cls.c.run()
        until("Gamma is live", lambda: cls.c.live_with(1), 30)
        cls.b.ask("audience", "create", "together", "--kind", "group", "--member", "Alpha", "--member", "Gamma")
        cls.rng = random.Random(SEED)
        cls.serial = itertools.count(1)
        cls.said = {}       # (kind, log, seq) -> hash, of all that anybody ever held.
        cls.published = []  # What a publish answered for.

    def copy(self, src, dst):
        """As a snapshot of the disk: times, modes and all."""
        shutil.rmtree(dst, ignore_errors=True)
        subprocess.run(["cp", "-a", src, dst], check=True)

    def look(self, *homes):
        """Everything that these homes hold now; two entries in one place are the failure this test is about."""
        for home in homes:
            done = subprocess.run([ENTRIES, os.path.join(home.dir, "store")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(0, done.returncode, done.stderr)
            for line in done.stdout.decode().splitlines():
                kind, log, seq, digest = line.split()
                self.assertNotEqual("fork", kind, "%s holds a proof of a fork: %s (seed %d)" % (home.name, line, SEED))
                other = self.said.setdefault((log, seq), digest)
                self.assertEqual(other, digest, "two entries at %s %s, one at %s (seed %d)" % (log, seq, home.name, SEED))

    def publish(self, home, wait=False, to="all"):
        """One value, in a request that may be cut off; noted when it was answered for, and, with wait, held by another."""
        value = "v%d.example" % next(self.serial)
        path = self.world.file(bundle([indicator(value)]))
        more = ("--wait", "1", "--timeout", "20s") if wait else ()
        result = home.call("publish", path, "--to", to, "--json", *more)
        if wait and result.status != DONE and result.error and result.error["error"] == "audience.no-clean-epoch":
            return self.publish(home, wait, to)  # A steward makes one within seconds; call after call until then.
        if wait:
            self.assertEqual(DONE, result.status, result)
            self.published.append(value)
        return result

    def again(self, home, *options):
        """Start its node on a free port: one that was let go of may be somebody else's by now."""
        home.port_kept = None
        return home.run(*options)

    def says(self, home):
        """Something goes into a log at once, unless somebody was just removed and the steward cannot be asked for a key."""
        result = self.publish(home)
        if result.status != DONE:
            self.assertEqual("audience.no-clean-epoch", result.error["error"], result)

    def busy(self, home, stop):
        while not stop.is_set():
            self.publish(home)

    def during(self, home, what):
        """what() at a random moment while home publishes."""
        stop = threading.Event()
        worker = threading.Thread(target=self.busy, args=(home, stop))
        worker.start()
        try:
            stop.wait(self.rng.uniform(0, 0.4))
            return what()
        finally:
            stop.set()
            worker.join()

    def frozen_copy(self, home, dst):
        """The disk as it is at one moment, of a node that runs: what a snapshot of its machine keeps."""
        home.node.signal(signal.SIGSTOP)
        try:
            self.copy(home.dir, dst)
        finally:
            home.node.signal(signal.SIGCONT)

    def agree(self, what):
        homes = (self.a, self.b, self.c)
        keys = ("items", "state")  # Letters to a mailbox are held by two of them.

        last = []

        def same():
            last[:] = [home.status() for home in homes]
            return all(last[0][k] == s[k] for s in last[1:] for k in keys) and all(s["index_lag_ms"] == 0 for s in last)
        try:
            until("all agree %s (seed %d)" % (what, SEED), same, 40)
        except AssertionError as e:
            raise AssertionError("%s: %r" % (e, [[s[k] for k in keys + ("index_lag_ms", "peers", "entries_parked", "entries_refused", "alarms")] for s in last])) from None

    def sign(self, home):
        """What makes a control entry of the home's organisation."""
        last = []

        def stewards():  # Its name is in a rule, which an index that is made anew may not have come to yet.
            last[:] = [home.call("audience", "show", "together", "--json")]
            return last[0].status == DONE
        try:
            until("%s knows the name" % home.name, stewards)
        except AssertionError as e:
            raise AssertionError("%s: %r, %r" % (e, last[0], home.ask("audience", "list", "--all").rows)) from None
        there = "Alpha" in last[0].last["stewards"]
        return home.call("audience", "remove" if there else "add", "together", "--steward", "Alpha", "--json")

    def issue(self, home):
        """At once, or when others were asked what they know."""
        def once():
            result = self.sign(home)
            if result.status != DONE:
                self.assertIn(result.error["error"], ("home.unsure", "audience.no-clean-epoch", "publish.log-over"))
            return result.status == DONE
        until("%s signs again (seed %d)" % (home.name, SEED), once, 40)
        self.publish(home, wait=True, to="together")  # Then another holds the rule as well (docs/protocol.md 12).

    def put_back(self, way):
        b, kept = self.b, os.path.join(self.world.dir, "kept")
        if way == "machine stopped":
            b.node.stop()
            self.copy(b.dir, kept)
            self.again(b)
        else:
            self.during(b, lambda: self.frozen_copy(b, kept))
        # It goes on: this is what the copy does not know.
        self.publish(b, wait=True)
        if self.rng.random() < 0.5:
            self.issue(b)
        self.during(b, b.node.kill if self.rng.random() < 0.7 else b.node.stop)
        self.look(self.b)
        parts = {"store alone": ("store",), "keys alone": ("keys",)}.get(way)
        for part in parts or ("",):
            target = os.path.join(b.dir, part) if part else b.dir
            self.copy(os.path.join(kept, part) if part else kept, target)
        if way != "keys alone" and self.rng.random() < 0.7:  # Before anybody can say what it has lost.
            self.says(b)
            signed = self.sign(b)
            self.assertEqual("home.unsure", (signed.error or {}).get("error"), signed)
            self.look(b)
        self.again(b)

    def lost(self):
        """Backup at a random moment; later its disk is gone: a restored home takes its place."""
        path = self.world.path("backup")
        self.during(self.b, lambda: self.b.ask("backup", path))
        self.publish(self.b, wait=True)
        self.during(self.b, self.b.node.kill)
        self.look(self.b)
        old = self.b
        name = "Beta-%d" % next(self.serial)
        home = self.world.homes[name] = Home(self.world, name)
        home.ask("restore", path)
        self.look(home)
        lost = home.ask("org", "recover", "--name", name).last["lost"]
        home.run()
        self.b = type(self).b = home
        shutil.rmtree(old.dir)
        return lost

    def test_1_put_back(self):
        print("seed %d (KAIRAN_SETBACK_SEED repeats it), %d times" % (SEED, ROUNDS), flush=True)
        began, count, agreed = time.monotonic(), {}, 0.0
        order = [WAYS[i % len(WAYS)] for i in range(ROUNDS)]
        self.rng.shuffle(order)
        for i, way in enumerate(order):
            count[way] = count.get(way, 0) + 1
            lost = self.lost() if way == "backup" else self.put_back(way)
            # At once, before anybody is linked: into a new log.
            self.says(self.b)
            self.look(self.b)
            if self.rng.random() < 0.5:
                self.issue(self.b)
            start = time.monotonic()
            until("a link again (%s, seed %d)" % (way, SEED), lambda: self.b.live_with(1), 40)
            self.publish(self.b, wait=True)
            self.agree("after %d: %s" % (i, way))
            agreed = max(agreed, time.monotonic() - start)
            self.look(self.a, self.b, self.c)
            if lost:  # What it had written after the backup is here now. Nobody else has the disk, so it keeps that (docs/operations.md).
                self.b.ask("node", "revoke", lost, "--reason", "left")
        bad = ("log.fork", "entry.forged", "home.twin", "store.full")
        for home in (self.a, self.b, self.c):
            self.assertEqual([], [x["code"] for x in home.status()["alarms"] if x["code"] in bad])
        for home in (self.a, self.c):
            self.assert_memory(home.node)
            held = set(home.values("domain:*.example"))
            self.assertEqual([], sorted(set(self.published) - held), "held by another, and gone at %s" % home.name)
        print("%d put back (%s), %d entries looked at, none in another's place; agreed after %.1f s at most; %.0f s" %
              (ROUNDS, ", ".join("%s %d" % kv for kv in sorted(count.items())), len(self.said), agreed,
               time.monotonic() - began), flush=True)

    def test_2_older_store_alone(self):
        """The data file alone is refused by name: what was acknowledged since is not in it."""
        b, kept = self.b, os.path.join(self.world.dir, "kept")
        self.frozen_copy(b, kept)
        self.publish(b, wait=True)
        b.node.stop()
        now = os.path.join(self.world.dir, "now")
        self.copy(b.dir, now)
        shutil.copy2(os.path.join(kept, "store", "data.mdb"), os.path.join(b.dir, "store", "data.mdb"))
        error = b.ask("status", status=FAILED).error["error"]
        self.assertEqual("store.corrupt", error)
        self.copy(now, b.dir)
        self.again(b)
        until("a link again", lambda: b.live_with(1), 40)
        self.assertEqual(DONE, self.publish(b, wait=True).status)
        self.look(self.a, self.b, self.c)

    def test_3_restarts_are_no_second_machine(self):
        """Restarts and a network that is gone for a while stop nobody."""
        for home in (self.b, self.c, self.b):
            home.node.kill() if self.rng.random() < 0.5 else home.node.stop()
            self.again(home)
        until("linked", lambda: self.b.live_with(1) and self.c.live_with(1), 40)
        for home in (self.a, self.c):
            home.node.signal(signal.SIGSTOP)
        self.publish(self.b)
        for home in (self.a, self.c):
            home.node.signal(signal.SIGCONT)
        self.assertEqual(DONE, self.publish(self.b, wait=True).status)
        for home in (self.a, self.b, self.c):
            self.assertTrue(home.node.running())
            self.assertEqual([], [x for x in home.status()["alarms"] if x["code"] == "home.twin"])

    def test_4_two_machines(self):
        """The same home on two machines at once: both stop and say why, nothing is forked, and one goes on when told."""
        b = self.b
        twin, third = Home(self.world, "Twin"), Home(self.world, "Third")
        self.frozen_copy(b, twin.dir)
        self.copy(twin.dir, third.dir)
        twin.run()
        first, second = b.node, twin.node
        stop = threading.Event()
        workers = [threading.Thread(target=self.busy, args=(home, stop)) for home in (b, twin)]
        for w in workers:
            w.start()
        try:
            for node in (second, first):
                self.assertEqual(FAILED, node.wait(60), node.log())
                self.assertIn("on another machine", node.log())
        finally:
            stop.set()
            for w in workers:
                w.join()
        third.run()  # There is nobody any more who would answer this one: it hears of the others' end.
        self.assertEqual(FAILED, third.node.wait(60), third.node.log())
        self.assertIn("on another machine", third.node.log())
        self.look(self.a, b, twin, third, self.c)
        refused = b.run(ready=False)
        self.assertEqual(FAILED, refused.wait(30))
        self.assertIn("on another machine", refused.log())
        self.assertEqual("home.twin", self.publish(b).error["error"])
        shutil.rmtree(twin.dir)
        shutil.rmtree(third.dir)
        self.again(b, "--sure")
        until("a link again", lambda: b.live_with(1), 40)
        self.assertEqual(DONE, self.publish(b, wait=True).status)
        self.look(self.a, b, self.c)
        b.node.stop()
        self.again(b)  # Told once is enough.
        until("a link again", lambda: b.live_with(1), 40)
        self.agree("at the end")


if __name__ == "__main__":
    unittest.main(verbosity=2)
