"""What a node published expires: content goes from disk and answers, the log goes on, newcomers come to the same end."""

import os
import struct
import unittest

from world import DONE, KAIRAN, NOTHING, World, until

CLOCK = os.environ.get("KAIRAN_FAULT_CLOCK") or os.path.join(os.path.dirname(KAIRAN), "tests", "fault", "fault_clock.so")
DAY_S = 86400


def publish(home, value, env):
    """Also by who has joined just now: what there is to publish to comes after the first link is live."""
    call = ("publish", home.world.file(value + "\n"), "--to", "all", "--label", "GREEN")
    until("%s publishes %s" % (home.name, value), lambda: home.call(*call, env=env).status == DONE, 30)


class Expiry(unittest.TestCase):
    def test_expired_is_gone(self):
        if not os.path.exists(CLOCK):
            self.skipTest("no library that moves the clock: %s" % CLOCK)
        with World() as self.world:
            world = self.world
            clock = world.file(struct.pack("<q", 0), "clock")
            env = {"LD_PRELOAD": CLOCK, "KAIRAN_TEST_CLOCK": clock}
            a = world.found("Alpha", run=False)
            self.configure(a, "expire-days = 1\n")
            a.run(env=env)
            b = world.join(a, "Beta")
            self.configure(b, "expire-days = 0\n")
            dial = ("--dial", a.address())
            b.run(*dial, env=env)
            until("linked", lambda: b.live_with(1), 30)
            publish(a, "192.0.2.1", env)
            publish(b, "192.0.2.2", env)
            b.sees("192.0.2.1")
            a.sees("192.0.2.2")
            entries = b.status()["entries"]

            # Five days later by everybody's clock, and nobody has written since: one's own clock lets go of nothing.
            with open(clock, "r+b") as f:
                f.write(struct.pack("<q", 5 * DAY_S))
            self.again(b, env, *dial)
            b.sees("192.0.2.1")

            # Somebody writes; then it goes, everywhere; what its source wants kept stays.
            until("linked again", lambda: b.live_with(1), 60)
            publish(a, "198.51.100.1", env)
            publish(b, "198.51.100.2", env)
            b.sees("198.51.100.1", 60)
            a.sees("198.51.100.2", 60)
            for home in (a, b):
                self.again(home, env, *(dial if home is b else ()))
                until("it is gone", lambda home=home: not home.values("value:192.0.2.1"), 30)
                home.query("value:192.0.2.1", status=NOTHING)
                for kept in ("192.0.2.2", "198.51.100.1", "198.51.100.2"):
                    self.assertTrue(home.values("value:" + kept), kept)
            self.assertGreaterEqual(b.status()["entries"], entries + 2)  # Headers stay.

            # Nor does it come back with a new index, or through somebody who comes later.
            b.node.stop()
            self.assertEqual(DONE, b.call("reindex", env=env).status)
            b.run(*dial, env=env)
            self.assertFalse(b.values("value:192.0.2.1"))
            until("linked once more", lambda: b.live_with(1), 60)
            c = world.join(a, "Gamma")
            self.carry(c, "Alpha", a, env)
            self.carry(a, "Gamma", c, env)
            self.carry(c, "Alpha", a, env)  # Now its keys can be minted for,
            until("its key", lambda: self.carry(a, "Gamma", c, env)["taken"] == 0, 60)  # and so on.
            self.assertTrue(c.call("query", "value:198.51.100.1", "--json", env=env).rows)
            self.assertGreater(c.ask("status", env=env).last["entries"], 4)
            c.run(env=env)
            c.sees("192.0.2.2", 60)
            c.sees("198.51.100.1", 60)
            self.assertFalse(c.values("value:192.0.2.1"))
            until("all the same", lambda: c.status()["entries"] == b.status()["entries"], 60)

            # Nor is a backup the worse for it.
            path = world.path("backup")
            b.ask("backup", path)
            world.home("Delta").ask("restore", path)

            # The same said again is something new.
            publish(a, "192.0.2.1", env)
            for home in (a, b, c):
                home.sees("192.0.2.1", 60)

    def carry(self, home, name, to, env):
        files = home.ask("carry", "pack", "--for", name, "--out", self.world.path("carry"), env=env).last["files"]
        return to.ask("carry", "unpack", *files, env=env).rows[-1]

    def configure(self, home, lines):
        with open(os.path.join(home.dir, "kairan.conf"), "a", encoding="ascii") as f:
            f.write(lines)

    def again(self, home, env, *options):
        self.assertEqual(DONE, home.node.stop()[0])
        home.run(*options, env=env)


if __name__ == "__main__":
    unittest.main()
