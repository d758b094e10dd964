"""Taking somebody out: links end, keys change, what to do next is said; a stolen issuing key voids nothing but what the thief signed."""

import json
import os
import shutil
import time
import unittest

from world import DONE, FAILED, FORBIDDEN, KAIRAN, WorldCase, bundle, indicator, until


def org(home, name):
    rows = [r for r in home.ask("org", "list").rows if r["name"] == name]
    return rows[0] if rows else {"status": None}


def in_state(home, name, status, seconds=60):
    return until("%s sees %s %s" % (home.name, name, status), lambda: org(home, name)["status"] == status, seconds)


class Removal(WorldCase):
    """A body with towns; a prefecture with two towns of its own."""

    @classmethod
    def build(cls, world):
        cls.body, cls.leaver, cls.stayer = world.network("Body", "Leaver", "Stayer")
        cls.prefecture = world.join(cls.body, "Prefecture", "--may-admit", "2")
        cls.prefecture.run()
        until("the prefecture is live", lambda: cls.prefecture.live_with(1), 60)
        cls.near = world.join(cls.prefecture, "Near")
        cls.near.run()
        cls.far = world.join(cls.prefecture, "Far")
        cls.far.run()
        for home in (cls.body, cls.near, cls.far):
            until("%s knows all" % home.name, lambda home=home: len(home.ask("org", "list").rows) == 6, 90)
        until("the towns are live", lambda: cls.prefecture.live_with(3), 60)

    def test_1_link_ends_and_nothing_later_is_readable(self):
        self.body.ask("audience", "create", "circle", "--kind", "group", "--member", "Leaver", "--member", "Stayer")
        for home in (self.leaver, self.stayer):
            until("in the circle", lambda home=home: [r for r in home.ask("audience", "list").rows
                                                     if r["name"] == "circle" and r["epoch"] is not None], 60)
        self.body.publish(bundle([indicator("before.example", label="amber")]), to="circle")
        self.leaver.sees("before.example", 60)
        self.assertTrue([p for p in self.body.ask("peers").rows if p["org"] == "Leaver"])
        began = time.monotonic()
        answer = self.body.ask("org", "revoke", "Leaver", "--reason", "left").last
        self.assertEqual("Leaver", answer["revoked"])
        self.assertTrue(answer["now"] and answer["next"])
        until("the link is gone", lambda: not [p for p in self.body.ask("peers").rows if p["org"] == "Leaver"], 20)
        print("link ended after %.2f s" % (time.monotonic() - began))
        in_state(self.stayer, "Leaver", "revoked")
        self.body.publish(bundle([indicator("after.example", label="amber")]), to="circle")
        self.body.publish(bundle([indicator("after-green.example", label="green")]), to="all")
        self.stayer.sees("after.example", 60)
        self.stayer.sees("after-green.example", 60)
        self.assertEqual([], self.leaver.query("value:after.example"))
        self.assertEqual([], self.leaver.query("value:after-green.example"))
        # Its node is up, and tries: it is let in by nobody.
        self.leaver.node.stop()
        self.leaver.run()
        until("it was refused", lambda: not [p for p in self.leaver.ask("peers").rows if p["state"] == "live"], 20)
        self.assertEqual([], self.leaver.query("value:after.example"))
        # It may not have heard of it; but what it writes reaches nobody.
        self.leaver.call("publish", self.world.file(bundle([indicator("from-leaver.example", label="green")])), "--to", "all")
        self.body.publish(bundle([indicator("marker.example", label="green")]), to="all")
        self.stayer.sees("marker.example", 60)
        self.assertEqual([], self.stayer.query("value:from-leaver.example"))
        self.assertEqual([], self.body.query("value:from-leaver.example"))

    def test_2_words_for_each_reason_in_both_languages(self):
        for reason in ("left", "lost", "compromise", "rules"):
            name = "Gone-" + reason
            self.world.join(self.body, name)
            until("it is known", lambda name=name: org(self.body, name)["status"] == "active", 30)
            english = self.body.call("org", "revoke", name, "--reason", reason)
            self.assertEqual(DONE, english.status, english)
            self.assertIn("What to do next:", english.out)
            japanese = self.body.ask("org", "revoke", name, "--reason", reason, "--lang", "ja").last
            self.assertTrue(all(any(ord(c) > 0x3000 for c in line) for line in japanese["next"] + japanese["now"]), japanese)

    def test_3_not_yours(self):
        result = self.near.ask("org", "revoke", "Stayer", status=FORBIDDEN)
        self.assertEqual("revoke.not-yours", result.error["rule"])
        result = self.stayer.ask("node", "revoke", "Body", status=FORBIDDEN)
        self.assertEqual("revoke.not-yours", result.error["rule"])
        self.assertEqual("active", org(self.stayer, "Body")["status"])

    def test_4_stolen_organisation_keeps_named_children(self):
        answer = self.body.ask("org", "revoke", "Prefecture", "--reason", "compromise", "--keep", "Near").last
        self.assertEqual(["Near"], answer["kept"])
        for home in (self.body, self.stayer, self.near):
            in_state(home, "Prefecture", "revoked")
            in_state(home, "Near", "active")
            in_state(home, "Far", "pending")
        self.assertEqual("Body", org(self.stayer, "Near")["parent"])
        self.body.publish(bundle([indicator("go-on.example", label="green")]), to="all")
        self.near.sees("go-on.example", 60)
        self.assertEqual([], self.far.query("value:go-on.example"))


class StolenIssuingKey(WorldCase):
    """A thief with a copy of the home admits an organisation. The root key puts an end to it, and to nothing else."""

    @classmethod
    def build(cls, world):
        cls.a, cls.b, cls.c = world.network("Alpha", "Beta", "Gamma")

    def thief(self):
        """What a thief has who copied the disk of a node that was switched off."""
        self.a.node.stop()
        self.a.run()  # On a port that is kept from now on, for newcomers too: the thief's copy names it.
        until("Alpha is live again", lambda: self.a.live_with(2), 60)
        self.a.node.stop()
        thief = self.world.home("Thief")
        shutil.copytree(self.a.dir, thief.dir)
        thief.run("--sure")  # Who has the keys can say so: the copy is told from the home, and asks others before it signs.
        thief.node.stop()
        self.a.run()
        until("Alpha is live once more", lambda: self.a.live_with(2), 60)
        return thief

    def test_replace(self):
        thief = self.thief()
        sybil = self.world.join(thief, "Sybil")
        sybil.run()
        in_state(self.b, "Sybil", "active")
        in_state(self.a, "Sybil", "active")
        refused = self.a.call("issuing", "replace", "--json", env={"KAIRAN_PASSPHRASE": "wrong"})
        self.assertEqual((FAILED, "key.passphrase"), (refused.status, refused.error["error"]))
        in_state(self.b, "Sybil", "active")
        # What stands and what falls is said before the passphrase is asked for, in both forms.
        last, = [d for d in refused.rows if "trusted" in d]
        self.assertEqual(last["trusted"], last["last"]["seq"])
        self.assertEqual("Gamma", last["last"]["name"])
        self.assertEqual([("Sybil", last["trusted"] + 1)], [(d["name"], d["seq"]) for d in last["dropped"] if d["name"]])
        text = self.a.call("issuing", "replace", env={"KAIRAN_PASSPHRASE": "wrong"})
        self.assertLess(text.err.index("up to entry %d, Gamma" % last["trusted"]), text.err.index("Sybil"))
        self.assertLess(text.err.index("Sybil"), text.err.index("kairan: "))
        in_state(self.b, "Sybil", "active")
        first, answer = self.a.ask("issuing", "replace").rows
        self.assertEqual(last, first)
        self.assertTrue(answer["now"] and answer["next"])
        for home in (self.a, self.b, self.c):
            in_state(home, "Sybil", "pending")
            for name in ("Alpha", "Beta", "Gamma"):
                self.assertEqual("active", org(home, name)["status"], name)
        until("its link is gone", lambda: not [p for p in self.b.ask("peers").rows if p["org"] == "Sybil"], 20)
        # What the thief signs from now on counts nowhere.
        second = self.world.join(thief, "Second")
        second.run()
        # Children live on, and the organisation admits with its new key.
        delta = self.world.join(self.a, "Delta")
        delta.run()
        for home in (self.b, self.c):
            in_state(home, "Delta", "active")
        self.a.publish(bundle([indicator("alive.example", label="green")]), to="all")
        for home in (self.b, self.c, delta):
            home.sees("alive.example", 90)
        for home in (sybil, second):
            self.assertEqual([], home.query("value:alive.example"), home.name)
        for home in (self.a, self.b, self.c):
            self.assertNotEqual("active", org(home, "Second")["status"])
        # The new key is what the home has after a restart, and audiences can still be changed.
        self.a.node.stop()
        self.a.run()
        self.a.ask("audience", "create", "anew", "--kind", "group", "--member", "Beta")
        until("Beta is in", lambda: [r for r in self.b.ask("audience", "list").rows if r["name"] == "anew"], 60)
        self.assertFalse(os.path.exists(os.path.join(self.a.dir, "keys", "issuing-next.key")))


if __name__ == "__main__":
    assert os.access(KAIRAN, os.X_OK), KAIRAN
    unittest.main(verbosity=2)
