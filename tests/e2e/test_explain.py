"""explain and get: what a reader may and must not do with an item, in words, as a person and a program see it; and
which rule refuses what must not be published, with exit status 3."""

import unittest

from world import DONE, FORBIDDEN, NOTHING, WorldCase, bundle, indicator, keys_of


class Explain(WorldCase):
    @classmethod
    def build(cls, world):
        cls.home = world.found(run=False)

    def item(self, value, *options, label="green", to="all"):
        self.home.publish(bundle([indicator(value, label)]), *options, to=to)
        (row,) = self.home.query("value:" + value)
        return row["id"]

    def rules(self, item):
        (row,) = self.home.ask("explain", item).rows
        keys_of(self, row, "id label pap exercise origin_name audience notes may must_not charter")
        (got,) = self.home.ask("get", item).rows
        keys_of(self, got["rules"], "may must_not text")
        for key in ("may", "must_not"):
            self.assertEqual([line["id"] for line in row[key]], got["rules"][key])
        for line in row["may"] + row["must_not"] + row["notes"]:
            self.assertTrue(line["text"] and line["text"] != line["id"], line)
            self.assertNotIn("{", line["text"])
        return row, {line["id"] for key in ("notes", "may", "must_not") for line in row[key]}, got

    def test_green(self):
        row, ids, got = self.rules(self.item("a.green.example"))
        self.assertLessEqual({"explain.may.detect", "explain.may.block", "explain.may.source", "explain.not.pass-green"}, ids)
        self.assertTrue(got["exportable"])
        self.assertIn("Handling", row["charter"])
        self.assertTrue(got["rules"]["text"].startswith("TLP:GREEN: "), got["rules"])

    def test_clear(self):
        row, ids, _ = self.rules(self.item("a.clear.example", label="clear", to="public"))
        self.assertIn("explain.may.pass-clear", ids)
        self.assertEqual([], row["must_not"])

    def test_pap(self):
        for pap, says, not_says in (("red", "explain.not.pap-red", "explain.may.detect"),
                                    ("amber", "explain.not.pap-amber", "explain.may.block")):
            with self.subTest(pap=pap):
                _, ids, got = self.rules(self.item("%s.pap.example" % pap, "--pap", pap))
                self.assertIn(says, ids)
                self.assertNotIn(not_says, ids)
                self.assertEqual(pap != "red", got["exportable"])
                self.assertIn("PAP:" + pap.upper(), got["rules"]["text"])

    def test_exercise(self):
        _, ids, got = self.rules(self.item("drill.example", "--exercise"))
        self.assertLessEqual({"explain.note.exercise", "explain.not.sensor-exercise"}, ids)
        self.assertFalse({"explain.may.detect", "explain.may.block"} & ids)
        self.assertFalse(got["exportable"])

    def test_words(self):
        item = self.item("words.example", "--exercise", "--pap", "amber")
        english = self.home.call("explain", item)
        japanese = self.home.call("explain", item, "--lang", "ja")
        self.assertEqual((DONE, DONE), (english.status, japanese.status))
        for words in ("You may", "You must not", "This is an exercise", "PAP:AMBER", "The network's own words:"):
            self.assertIn(words, english.out)
        for words in ("してよいこと", "してはならないこと", "演習です", "PAP:AMBER", "このネットワークの取り決め:"):
            self.assertIn(words, japanese.out)
        self.assertIn("EXERCISE", self.home.call("get", item).out)
        self.assertIn("演習", self.home.call("get", item, "--lang", "ja").out)

    def test_unknown(self):
        self.assertEqual(NOTHING, self.home.call("explain", "f" * 16).status)

    def test_refused(self):
        """Every refusal of a rule: exit status 3, its code, nothing accepted."""
        for label, to, more, rule in (("amber", "all", (), "label.ceiling"), ("red", "all", (), "label.red"),
                                      ("green", "public", (), "label.ceiling"),
                                      ("green", "all", ("--also", "public"), "label.ceiling"),
                                      ("green", "all", ("--label", "TLP:CLEAR"), "label.lower")):
            with self.subTest(label=label, to=to, more=more):
                path = self.world.file(bundle([indicator("refused.example", label)]))
                got = self.home.ask("publish", path, "--to", to, *more, status=FORBIDDEN)
                self.assertEqual(rule, got.rows[0]["refused"]["code"])
                self.assertEqual(0, got.last["accepted"])
                text = self.home.call("publish", path, "--to", to, *more)
                self.assertEqual(FORBIDDEN, text.status)
                self.assertIn("Rule: %s\n" % rule, text.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
