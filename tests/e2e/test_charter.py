"""A key that ends by a note made before; a new version of the charter: drafted, signed by founders each at home, applied at one node, in effect at all; and who joins later."""

import unittest

from world import DONE, FAILED, FORBIDDEN, WorldCase, until


def charter(home):
    return home.ask("network", "show").last


class Charter(WorldCase):
    """One founder, and two that are to become founders."""

    @classmethod
    def build(cls, world):
        cls.alpha, cls.beta, cls.gamma = world.network("Alpha", "Beta", "Gamma")
        for home in (cls.alpha, cls.beta, cls.gamma):
            until("%s knows all" % home.name, lambda home=home: len(home.ask("org", "list").rows) == 3, 60)

    def at_version(self, home, version):
        until("%s has version %d" % (home.name, version), lambda: charter(home)["version"] == version, 30)

    def test_1_more_founders(self):
        network = charter(self.alpha)
        self.assertEqual((1, 1, ["Alpha"]), (network["version"], network["threshold"], [f["name"] for f in network["founders"]]))
        draft, signed = self.world.path("draft"), self.world.path("signed")
        type(self).first_draft = draft
        type(self).rival = self.world.path("rival")
        self.alpha.ask("network", "amend", "--name", "Alpha's alone", "--out", self.rival)
        text = self.world.file("新しい規約です。\n".encode(), "charter-ja")
        self.alpha.ask("network", "amend", "--add", "Beta", "--add", "Gamma", "--threshold", "2", "--charter", text, "--out", draft)
        # Alpha alone is enough for the version before, but not for this one.
        refused = self.alpha.call("network", "apply", draft, "--json")
        self.assertEqual((FORBIDDEN, "charter.too-few"), (refused.status, refused.error["error"]))
        self.assertEqual(1, charter(self.alpha)["version"])
        shown = self.beta.call("network", "sign", draft, "--out", signed)
        self.assertEqual(DONE, shown.status, shown)
        for words in ("new founder: Beta", "new founder: Gamma", "founder: Alpha (signed)", "新しい規約です。", "needed: 2"):
            self.assertIn(words, shown.out)
        twice = self.beta.call("network", "sign", signed, "--out", draft, "--json")
        self.assertEqual("charter.signed-already", twice.error["error"])
        self.assertEqual(2, self.gamma.ask("network", "apply", signed).last["version"])
        self.gamma.ask("network", "apply", signed)  # Twice is once.
        for home in (self.alpha, self.beta, self.gamma):
            self.at_version(home, 2)
            until("the text is there", lambda home=home: [t["text"] for t in charter(home)["texts"]] == ["新しい規約です。\n"], 30)
            now = charter(home)
            self.assertEqual((network["id"], 2, ["Alpha", "Beta", "Gamma"]),
                             (now["id"], now["threshold"], sorted(f["name"] for f in now["founders"])))

    def test_2_after_a_restart_and_for_newcomers(self):
        self.beta.node.kill()
        self.beta.run()
        self.assertEqual(2, charter(self.beta)["version"])
        until("it is live again", lambda: self.beta.live_with(1), 60)
        delta = self.world.join(self.alpha, "Delta")  # Its admission carries the version.
        self.assertEqual(2, charter(delta)["version"])
        self.assertEqual("新しい規約です。\n", charter(delta)["texts"][0]["text"])
        epsilon = self.world.join(self.beta, "Epsilon")  # Below a founder that the first version does not name.
        epsilon.run()
        until("it is live", lambda: epsilon.live_with(1), 60)
        until("all know it", lambda: [o for o in self.gamma.ask("org", "list").rows if o["name"] == "Epsilon" and o["status"] == "active"], 60)

    def test_3_one_that_was_away(self):
        self.gamma.node.stop()
        draft, signed = self.world.path("draft-3"), self.world.path("signed-3")
        self.alpha.ask("network", "amend", "--name", "Renamed", "--out", draft)
        self.beta.ask("network", "sign", draft, "--out", signed)
        self.alpha.ask("network", "apply", signed)
        self.at_version(self.beta, 3)
        self.gamma.run()
        self.at_version(self.gamma, 3)
        self.assertEqual("Renamed", self.gamma.status()["network_name"])

    def test_5_a_key_that_ends(self):
        death = self.world.path("death")
        self.gamma.ask("keydeath", "make", "--of", "node", "--out", death)  # Long before it is needed.
        self.gamma.node.kill()
        self.assertEqual("Gamma", self.beta.ask("keydeath", "use", death).last["name"])
        self.beta.ask("keydeath", "use", death)  # Twice is once.
        for home in (self.alpha, self.beta):
            until("it is dead", lambda home=home: [n["status"] for n in home.ask("node", "list", "--all").rows if n["org"] == "Gamma"] == ["revoked"], 30)
        self.gamma.run()
        until("it was refused", lambda: not [p for p in self.gamma.ask("peers").rows if p["state"] == "live"], 20)
        self.assertEqual("active", [o["status"] for o in self.alpha.ask("org", "list").rows if o["name"] == "Gamma"][0])
        self.alpha.node.stop()
        self.alpha.run()
        self.assertEqual(["revoked"], [n["status"] for n in self.alpha.ask("node", "list", "--all").rows if n["org"] == "Gamma"])
        wrong = self.alpha.call("keydeath", "make", "--of", "house", "--out", death, "--json")
        self.assertEqual("usage.key", wrong.error["error"])

    def test_4_refusals(self):
        out = self.world.path("never")
        for options, code in ((("--threshold", "9"), "charter.threshold"), (("--drop", "Delta"), "charter.no-founder"),
                              (("--add", "Nobody"), "name.unknown")):
            result = self.alpha.call("network", "amend", *options, "--out", out, "--json")
            self.assertEqual(code, result.error["error"], result)
        # An old version is no way back.
        self.alpha.call("network", "apply", self.first_draft, "--json")
        self.assertEqual(3, charter(self.alpha)["version"])
        # Nor is another successor of an old one, which its founder signed alone.
        rival = self.alpha.call("network", "apply", self.rival, "--json")
        self.assertEqual((FORBIDDEN, "charter.rival"), (rival.status, rival.error["error"]))
        self.assertEqual(3, charter(self.alpha)["version"])
        broken = self.world.file(b"-----BEGIN KAIRAN CHARTER-----\n\nAAAA\n-----END KAIRAN CHARTER-----\n", "broken")
        self.assertEqual(FAILED, self.alpha.call("network", "apply", broken, "--json").status)


if __name__ == "__main__":
    unittest.main()
