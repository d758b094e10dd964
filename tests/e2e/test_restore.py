"""backup and restore, and what to do when a node or its keys are lost: nothing is lost but the node key."""

import os
import stat
import unittest

from world import DONE, FAILED, KAIRAN, Home, WorldCase, indicator, bundle, until


def sizes(path):
    with open(path, "rb") as f:
        return f.read()


class Restore(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a, cls.b = world.network("Alpha", "Beta")
        # A second node of Beta, and what all hold; a letter and a value that are AMBER.
        cls.b2 = world.join(cls.b, "Beta-2", verb="node")
        cls.b2.run()
        until("Beta-2 is live", lambda: cls.b2.live_with(1), 30)
        cls.a.ask("audience", "create", "close", "--kind", "group", "--label", "AMBER", "--member", "Beta", "--history", "none")
        for home in (cls.b, cls.b2):
            until("%s has the key" % home.name, lambda home=home: [a for a in home.ask("audience", "list").rows
                                                                  if a["name"] == "close" and a["epoch"]], 30)
        cls.a.publish(bundle([indicator("old-amber.example", "amber")]), to="close")
        cls.a.publish(bundle([indicator("old-green.example")]))
        cls.b2.publish(bundle([indicator("of-b2.example")]))
        for home in (cls.a, cls.b, cls.b2):
            for value in ("old-green.example", "of-b2.example"):
                home.sees(value)
        cls.b.sees("old-amber.example")
        cls.b2.sees("old-amber.example")

    def backup(self, home, **kw):
        path = self.world.path("backup")
        row = home.ask("backup", path, **kw).last
        return path, row

    def test_1_what_is_in_it(self):
        """0600, sealed, whole or not there; no key of the node, no plaintext."""
        self.b2.ask("token", "add", "reader-of-mine", "--clearance", "GREEN", "--role", "reader")
        path, row = self.backup(self.b2)  # While it runs.
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        data = sizes(path)
        for needle in (b"reader-of-mine", b"of-b2.example", b"Testnet", b"Beta"):
            self.assertNotIn(needle, data)
        self.assertEqual(self.b2.status()["entries"], row["entries"])
        self.assertEqual("Beta-2", row["node"])
        self.assertEqual("backup.exists", self.b2.ask("backup", path, status=FAILED).error["error"])
        self.assertEqual(data, sizes(path))
        # Into a home where something is: nothing happens.
        before = self.b.state()
        self.assertEqual("home.exists", self.b.ask("restore", path, status=FAILED).error["error"])
        self.assertEqual(before, self.b.state())

    def test_2_damage(self):
        """A byte changed, cut or added anywhere, another passphrase: refused by name, and nothing is left."""
        path, _ = self.backup(self.b2)
        data = sizes(path)
        home = Home(self.world, "Damaged")
        step = max(1, len(data) // 40)
        cases = [(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:], at) for at in [0, 5, 8, 9, 14, 30, 55, 85, 100] + list(range(120, len(data), step))]
        cases += [(data[:n], "cut at %d" % n) for n in (0, 7, 40, 84, 101, len(data) // 2, len(data) - 1)] + [(data + b"x", "one more")]
        for changed, what in cases:
            error = home.ask("restore", self.world.file(changed), status=FAILED).error["error"]
            self.assertIn(error, ("backup.magic", "backup.corrupt", "backup.newer", "backup.passphrase"), what)
            self.assertFalse(os.path.exists(home.dir), what)
        error = home.ask("restore", path, status=FAILED, env={"KAIRAN_PASSPHRASE": "another one"}).error["error"]
        self.assertEqual("backup.passphrase", error)
        self.assertFalse(os.path.exists(home.dir))
        # What a file or a home is not is said before anybody is asked for a passphrase.
        nowhere = "--passphrase-file=" + self.world.path("nowhere")
        error = home.ask("restore", self.world.file(b"no backup"), nowhere, status=FAILED).error["error"]
        self.assertEqual("backup.magic", error)
        self.assertEqual("recover.not-restored", self.b.ask("org", "recover", nowhere, status=FAILED).error["error"])

    def test_3_lost_node(self):
        """Its disk is gone: restore, a new node key, admitted where the issuing key is, the old one revoked."""
        path, _ = self.backup(self.b2)
        self.b2.publish(bundle([indicator("after-backup.example")]))
        self.b.sees("after-backup.example")
        tokens = self.b2.ask("token", "list").rows
        audit = self.b2.ask("audit", "show").rows
        self.b2.node.kill()
        new = self.world.homes["Beta-3"] = Home(self.world, "Beta-3")
        done = new.call("restore", path)
        self.assertEqual(DONE, done.status, done)
        self.assertIn("node request", done.err)
        for name in ("node.key", "issuing.key", "logs/x"):
            self.assertFalse(os.path.exists(os.path.join(new.dir, "keys", name)))
        self.assertEqual([], os.listdir(os.path.join(new.dir, "keys", "logs")))
        self.assertEqual("home.restored", new.ask("status", status=FAILED).error["error"])
        self.world.join(self.b, "Beta-3", verb="node")
        new.run()
        until("Beta-3 is live", lambda: new.live_with(1), 30)
        # What it held opens, also what the history policy would give no newcomer; what came since is fetched.
        for value in ("old-amber.example", "old-green.example", "of-b2.example", "after-backup.example"):
            new.sees(value, 40)
        self.assertEqual([t["name"] for t in tokens], [t["name"] for t in new.ask("token", "list").rows])
        self.assertEqual(DONE, new.call("audit", "verify").status)
        self.assertEqual(audit, new.ask("audit", "show").rows[:len(audit)])
        new.publish(bundle([indicator("of-b3.example")]))
        self.a.sees("of-b3.example")
        self.b.ask("node", "revoke", "Beta-2", "--reason", "lost")
        until("all know", lambda: [n["status"] for n in self.a.ask("node", "list", "--all").rows if n["name"] == "Beta-2"] == ["revoked"])
        new.publish(bundle([indicator("of-b3-later.example")]))
        for home in (self.a, self.b):
            home.sees("of-b3-later.example")
            self.assertEqual([], [a for a in home.status()["alarms"] if a["code"] in ("log.fork", "entry.forged")])

    def test_4_newcomer_reads_no_more(self):
        """What the restored node reads of old, it reads by its backup: a new node of the same organisation does not."""
        self.world.join(self.b, "Beta-4", verb="node").run()
        new = self.world.home("Beta-4")
        new.sees("of-b3-later.example", 40)
        self.a.publish(bundle([indicator("new-amber.example", "amber")]), to="close")
        new.sees("new-amber.example")
        self.assertEqual([], new.query("value:old-amber.example"))
        new.node.stop()

    def test_5_lost_issuing_node(self):
        """The founder's only node is gone: root key and backup bring the organisation back, its audiences and members with it."""
        path, row = self.backup(self.a)
        self.assertTrue(row["issuing"] and row["root"])
        self.a.publish(bundle([indicator("after-backup-of-a.example")]))
        self.b.sees("after-backup-of-a.example")
        members = sorted(o["name"] for o in self.a.ask("org", "list").rows if o["status"] == "active")
        org = self.a.org_id()
        self.a.node.kill()
        new = self.world.homes["Alpha-2"] = Home(self.world, "Alpha-2")
        done = new.call("restore", path)
        self.assertEqual(DONE, done.status, done)
        self.assertIn("org recover", done.err)
        error = new.ask("org", "recover", status=FAILED, env={"KAIRAN_PASSPHRASE": "another one"}).error["error"]
        self.assertEqual("key.passphrase", error)
        again = new.ask("org", "recover", "--name", "Alpha-2").last
        self.assertEqual((1, "Alpha"), (again["revoked"], again["lost"]))
        self.assertEqual("recover.not-restored", new.ask("org", "recover", status=FAILED).error["error"])
        new.run("--listen", "tcp://127.0.0.1:0")
        until("a link to Beta", lambda: new.live_with(1), 40)
        self.assertEqual(org, new.org_id())
        self.assertEqual(members, sorted(o["name"] for o in new.ask("org", "list").rows if o["status"] == "active"))
        for home in (self.b, new):
            until("%s knows the new node" % home.name, lambda home=home: {n["name"]: n["status"] for n in home.ask("node", "list", "--all").rows
                                                                          if n["name"].startswith("Alpha")}.get("Alpha-2") == "active")
        for value in ("old-amber.example", "old-green.example", "of-b3.example", "after-backup-of-a.example"):
            new.sees(value, 40)
        new.ask("node", "revoke", again["lost"], "--reason", "lost")
        for home in (self.b, new):  # By a key that came after the one that had admitted it.
            until("%s knows" % home.name, lambda home=home: [n["status"] for n in home.ask("node", "list", "--all").rows if n["name"] == "Alpha"] == ["revoked"])
            self.assertTrue(home.query("value:old-amber.example"))
        # It publishes, keeps the keys of its audiences, and admits.
        new.publish(bundle([indicator("of-a2.example", "amber")]), "--wait", "1", to="close")
        self.b.sees("of-a2.example")
        self.b.publish(bundle([indicator("to-a2.example", "amber")]), to="close")
        new.sees("to-a2.example")
        self.world.join(new, "Gamma").run()
        gamma = self.world.home("Gamma")
        until("Gamma is live", lambda: gamma.live_with(1), 30)
        until("Gamma knows the audience", lambda: [a for a in gamma.ask("audience", "list").rows if a["name"] == "all" and a["epoch"]], 30)
        gamma.publish(bundle([indicator("of-gamma.example")]))
        self.b.sees("of-gamma.example", 40)
        states = {home.status()["state"] for home in (new, self.b, gamma)}
        self.assertEqual(1, len(states))

    def test_6_lost_root(self):
        """Root key or passphrase gone: the organisation moves to a new root, admitted by its sponsor, while the old one still runs."""
        new = self.world.home("Alpha-2")
        os.unlink(os.path.join(self.b.dir, "keys", "org-root.key"))
        self.assertEqual("key.missing", self.b.ask("issuing", "replace", status=FAILED).error["error"])
        self.b.publish(bundle([indicator("still-speaks.example")]))  # Nothing stops.
        new.sees("still-speaks.example")
        moved = self.world.join(new, "Beta anew")
        moved.run()
        until("it is live", lambda: moved.live_with(1), 30)
        new.ask("audience", "add", "close", "--member", "Beta anew")
        until("it has the key", lambda: [a for a in moved.ask("audience", "list").rows if a["name"] == "close" and a["epoch"]], 30)
        moved.publish(bundle([indicator("beta-anew.example", "amber")]), to="close")
        new.sees("beta-anew.example")
        new.ask("org", "revoke", "Beta", "--reason", "lost")
        new.publish(bundle([indicator("for-the-new-root.example", "amber")]), to="close")
        moved.sees("for-the-new-root.example", 40)
        self.assertTrue(new.query("value:still-speaks.example"))  # What it had said stays.
        self.assertEqual([], self.b.query("value:for-the-new-root.example"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
