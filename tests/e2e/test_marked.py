"""A node is lost, or an organisation's keys are stolen: what it wrote up to its last CHECKPOINT that was heard stays with everybody,
what stands behind it is found by nobody; and who just left keeps all it wrote."""

import os
import struct
import subprocess
import unittest

from world import DONE, KAIRAN, WorldCase, bundle, indicator, until

BUILT = os.path.join(os.path.dirname(KAIRAN), "tests")
ENTRIES = os.environ.get("KAIRAN_ENTRIES") or os.path.join(BUILT, "e2e", "entries")
CLOCK = os.environ.get("KAIRAN_FAULT_CLOCK") or os.path.join(BUILT, "fault", "fault_clock.so")
CHECKPOINT = "5"
HOUR_S = 3600  # From one CHECKPOINT to the next.


def heard_by(home):
    """(node, bytes) of each CHECKPOINT on this home's disk; one with more rows has more bytes."""
    done = subprocess.run([ENTRIES, os.path.join(home.dir, "store"), "notes"], stdout=subprocess.PIPE, check=True, text=True)
    return {(who, size) for what, who, size in map(str.split, done.stdout.splitlines()) if what == CHECKPOINT}


class Marked(WorldCase):
    """A body, who revokes, and a witness. The clock of who is removed is two hours slow at first: when it is right, an hour has gone since
    its last CHECKPOINT and it says one at once, then none for an hour. So what it writes next stands behind that one."""

    @classmethod
    def build(cls, world):
        cls.body, cls.witness = world.network("Body", "Witness")
        until("both have said a CHECKPOINT", lambda: len(heard_by(cls.body)) == 2, 90)

    def write(self, home, what):
        path = self.world.file(bundle([indicator("%s-%s.example" % (what, home.name.lower()), label="clear")]))
        until("%s publishes %s" % (home.name, what), lambda: home.call("publish", path, "--to", "public").status == DONE, 60)

    def sees(self, home, of, what):
        home.sees("%s-%s.example" % (what, of.name.lower()), 60)

    def found(self, home, of):
        return [what for what in ("confirmed", "behind") if home.query("value:%s-%s.example" % (what, of.name.lower()))]

    def hears(self, known):
        """The body, of one CHECKPOINT more."""
        until("the body hears a CHECKPOINT", lambda: heard_by(self.body) - known, 60)
        return heard_by(self.body) | known

    def gone(self, name, verb):
        """A node that wrote, said how far, wrote more, and is not there any more."""
        home = self.world.join(self.body, name, verb=verb)
        clock = self.world.file(struct.pack("<q", -2 * HOUR_S), "clock")
        env = {"LD_PRELOAD": CLOCK, "KAIRAN_TEST_CLOCK": clock}
        known = heard_by(self.body)
        home.run(env=env)
        known = self.hears(known)
        self.write(home, "confirmed")
        self.sees(self.body, home, "confirmed")
        home.node.stop()
        with open(clock, "r+b") as f:
            f.write(struct.pack("<q", 0))
        home.run(env=env)
        self.hears(known)
        self.write(home, "behind")
        for other in (self.body, self.witness):
            self.sees(other, home, "confirmed")
            self.sees(other, home, "behind")
        home.node.kill()
        return home

    def only_confirmed(self, home):
        for other in (self.body, self.witness):
            until("%s finds what was confirmed of %s, and nothing behind it" % (other.name, home.name),
                  lambda other=other: self.found(other, home) == ["confirmed"], 60)

    def test_1_node_is_lost(self):
        home = self.gone("Second", "node")
        said = self.body.ask("node", "revoke", home.name, "--reason", "lost").last["now"]
        self.assertTrue([x for x in said if "--reason left" in x], said)  # It tells what that hides.
        self.only_confirmed(home)
        # It stays so over a restart; and who comes later takes nothing of a revoked author.
        self.witness.node.stop()
        self.witness.run()
        self.assertEqual(["confirmed"], self.found(self.witness, home))
        late, known = self.world.join(self.body, "Late"), heard_by(self.body)
        late.run()
        self.hears(known)
        self.write(self.witness, "marker")
        self.sees(late, self.witness, "marker")
        self.assertEqual([], self.found(late, home))

    def test_2_organisation_is_stolen(self):
        home = self.gone("Stolen", "org")
        self.body.ask("org", "revoke", home.name, "--reason", "compromise")
        self.only_confirmed(home)

    def test_3_who_left_wrote_all_of_it(self):
        home = self.gone("Leaver", "org")
        self.body.ask("org", "revoke", home.name, "--reason", "left")
        until("the witness has heard", lambda: [r for r in self.witness.ask("org", "list").rows
                                               if r["name"] == home.name and r["status"] == "revoked"], 60)
        self.write(self.body, "marker")
        self.sees(self.witness, self.body, "marker")
        for other in (self.body, self.witness):
            self.assertEqual(["confirmed", "behind"], self.found(other, home))


if __name__ == "__main__":
    for built in (KAIRAN, ENTRIES, CLOCK):
        assert os.access(built, os.X_OK), built
    unittest.main(verbosity=2)
