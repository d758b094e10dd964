"""What a node knows of links outlives kill -9: peers of links that stood long are dialled first, and what stewards were asked is not
asked again."""

import os
import re
import struct
import time
import unittest

from world import KAIRAN, WorldCase, until

CLOCK = os.environ.get("KAIRAN_FAULT_CLOCK") or os.path.join(os.path.dirname(KAIRAN), "tests", "fault", "fault_clock.so")
FASTER = 10  # Links get old, and stewards are asked again, by the node's own clock.
GONE = re.compile(r"peer at tcp://127\.0\.0\.1:(\d+) does not answer")
PEERS = 8
AT_ONCE = 4  # Dials: in which order these are refused says nothing.


class Restart(WorldCase):
    @classmethod
    def build(cls, world):
        cls.peers = world.network(*("Peer%d" % i for i in range(PEERS)))
        cls.x = world.join(cls.peers[0], "Newcomer")
        cls.clock = world.file(bytes(16), "clock")

    def start(self):
        """It listens nowhere: all its links are those that it chooses to dial."""
        self.began = time.monotonic()
        self.hurry()
        self.x.run(listen=False, env={"LD_PRELOAD": CLOCK, "KAIRAN_TEST_CLOCK": self.clock})

    def hurry(self):
        """Since it started its steady clock has been FASTER than ours."""
        with open(self.clock, "r+b") as f:
            f.write(struct.pack("<qq", 0, int((time.monotonic() - self.began) * (FASTER - 1))))

    def alone(self):
        """Whom it dials when nobody is there, first to last; then it is killed."""
        for home in self.peers:
            home.node.kill()
        self.start()

        def tried():
            seen = list(dict.fromkeys(int(port) for port in GONE.findall(self.x.node.log())))
            return seen if len(seen) == PEERS else None
        order = until("it has dialled everybody", tried, 60)
        self.x.node.kill()
        by_port = {home.port_kept: home for home in self.peers}
        return [by_port[port] for port in order]

    def kept(self, key):
        with open("%s/store/data.mdb" % self.x.dir, "rb") as f:
            return key in f.read()

    def visits(self):
        return self.x.status()["visits"]

    def group(self, owner, name):
        """A closed audience without the newcomer, who cannot know that."""
        owner.ask("audience", "create", name, "--kind", "group", "--member", self.peers[0].name)

    def test_kept(self):
        self.start()
        until("it knows everybody", lambda: self.x.live_with(PEERS), 60)
        self.x.node.kill()
        *_, asked, last, anchor, other = self.alone()

        # Links to those that it would dial last stand for long.
        anchor.run()
        other.run()
        self.start()
        until("two links", lambda: self.x.live_with(2), 60)
        self.group(anchor, "before")
        # Asked about three times, half a minute or more apart by its clock: then the links are older than a minute.
        until("what was asked is kept", lambda: self.hurry() or self.kept(b"visits"), 240)
        self.assertTrue(self.kept(b"anchors"))
        self.x.node.kill()
        self.assertLess({anchor, other}, set(self.alone()[:AT_ONCE]), "anchors are dialled first")
        self.assertLess({anchor, other}, set(self.alone()[:AT_ONCE]), "and are anchors still")

        # What was asked before is not asked again; what is new is.
        for home in (asked, last, anchor):
            home.run()
        self.start()
        until("three links", lambda: self.x.live_with(3), 60)
        for count, owner in enumerate((asked, last), 1):
            self.group(owner, "new-%d" % count)
            until("a steward is asked about it", lambda: self.visits() >= count, 60)
        self.assertEqual(2, self.visits(), "of both that are new, and of no other")


if __name__ == "__main__":
    unittest.main(verbosity=2)
