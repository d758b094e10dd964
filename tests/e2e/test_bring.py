"""What is brought in from other formats: published, found by its values, nothing on the second time, nothing by half."""

import json
import os
import unittest

from world import DONE, FAILED, WorldCase


class Warninglists(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a = world.found(run=False)
        os.mkdir(os.path.join(cls.a.dir, "warninglists"))
        with open(os.path.join(cls.a.dir, "warninglists", "top.json"), "w") as f:
            json.dump({"name": "Top sites", "type": "hostname", "list": ["top.example"]}, f)

    def set(self, text):
        with open(os.path.join(self.a.dir, "kairan.conf"), "w") as f:
            f.write(text)

    def test_warn_then_block(self):
        path = self.world.file("www.top.example\nevil1.example\n")
        result = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json")
        self.assertEqual(DONE, result.status, result)
        warned, = [r["warned"] for r in result.rows[:-1]]
        self.assertEqual("warn.listed", warned["code"])
        self.assertIn("www.top.example", warned["reason"])
        self.assertIn("Top sites", warned["reason"])
        self.assertEqual((2, 0, 1), tuple(result.rows[-1][k] for k in ("accepted", "refused", "warned")))
        self.set("warninglists = block\n")
        path = self.world.file("www.top.example\nevil2.example\n")
        for option in ([], ["--dry-run"]):
            result = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json", *option)
            self.assertEqual(FAILED, result.status, result)
            self.assertEqual("warn.listed", result.rows[0]["refused"]["code"])
            self.assertEqual((0, 1), (result.rows[-1]["accepted"], result.rows[-1]["refused"]))
        self.assertEqual([], self.a.query("value:evil2.example"))
        self.set("warninglists = perhaps\n")
        self.assertEqual("config.warninglists", self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json").error["error"])
        self.set("")
        with open(os.path.join(self.a.dir, "warninglists", "broken.json"), "w") as f:
            f.write("{")
        error = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json").error
        self.assertIn("broken.json", error["where"])


if __name__ == "__main__":
    unittest.main()
