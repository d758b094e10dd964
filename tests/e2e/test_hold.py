"""What is published while its audience has no key that a removed member does not have: it waits, through a kill too, and
goes out in order and once."""

import unittest

from world import WorldCase, bundle, indicator, until


def green(value):
    return bundle([indicator(value, label="green")])


def knows_key(home, name):
    rows = [r for r in home.ask("audience", "list").rows if r["name"] == name]
    return bool(rows) and rows[0]["epoch"] is not None


class Hold(WorldCase):
    """A body, a writer and one who leaves; the keys of the audience are made by a keeper, who is away then."""

    @classmethod
    def build(cls, world):
        cls.body = world.found("Body")
        cls.writer = world.join(cls.body, "Writer")
        cls.leaver = world.join(cls.body, "Leaver")
        cls.keeper = world.join(cls.body, "Keeper")
        for home in (cls.writer, cls.leaver, cls.keeper):
            home.run()
        for home in (cls.body, cls.writer, cls.leaver, cls.keeper):
            until("%s knows all" % home.name, lambda home=home: len(home.ask("org", "list").rows) == 4, 60)
        cls.keeper.ask("audience", "create", "field", "--kind", "community", "--label", "AMBER")
        for home in (cls.body, cls.writer, cls.leaver):
            until("%s has the key" % home.name, lambda home=home: knows_key(home, "field"), 60)

    def held_alarm(self, home):
        return [a for a in home.status()["alarms"] if a["code"] == "audience.held"]

    def test_waits_through_a_kill_and_goes_out_once(self):
        self.assertEqual(0, self.writer.publish(green("before.example"), to="field")["unsent"])
        self.leaver.sees("before.example", 60)
        self.keeper.node.stop()
        self.body.ask("org", "revoke", "Leaver", "--reason", "left")
        until("the writer knows", lambda: [o for o in self.writer.ask("org", "list").rows
                                           if o["name"] == "Leaver" and o["status"] == "revoked"], 60)
        values = ["held-%d.example" % i for i in range(4)]
        for value in values[:2]:
            answer = self.writer.publish(green(value), to="field")
            self.assertEqual((1, 1, 0), (answer["accepted"], answer["unsent"], answer["held_by"]))
        # What anyone may read waits for nothing.
        clear = self.writer.publish(bundle([indicator("clear.example", label="clear")]), to="field")
        self.assertEqual(0, clear["unsent"])
        self.body.sees("clear.example", 60)
        self.assertGreaterEqual(self.writer.status()["unsent"], 2)
        alarm = self.held_alarm(self.writer)[0]
        self.assertIn("field", alarm["what"])
        self.assertIn("Keeper", alarm["what"])
        self.assertEqual(set(), self.writer.scan(values[0].encode(), values[1].encode()))

        self.writer.node.kill()
        self.assertEqual(2, self.writer.status()["unsent"])  # Of a node that does not run, too.
        self.assertEqual((0, 1), tuple(self.writer.publish(green(values[0]), to="field")[k] for k in ("accepted", "skipped")))
        self.writer.run()
        self.assertEqual(alarm["since"], self.held_alarm(self.writer)[0]["since"])
        self.assertEqual(1, self.writer.publish(green(values[2]), to="field")["unsent"])
        self.assertEqual([], self.body.query("value:" + values[0]))
        waiting = self.writer.spawn("publish", self.world.file(green(values[3])), "--to", "field", "--wait", "1", "--timeout", "60s",
                                    "--json")
        until("it waits", lambda: self.writer.status()["unsent"] >= 4, 60)

        self.keeper.run()
        for value in values:
            self.body.sees(value, 60)
        self.assertEqual(0, waiting.wait(60))  # Held by another organisation.
        until("nothing waits", lambda: not self.held_alarm(self.writer) and self.writer.status()["unsent"] == 0, 60)
        for home in (self.body, self.writer, self.keeper):
            for value in values:
                home.sees(value, 60)
                self.assertEqual(1, len(home.query("value:" + value)), home.name)
        # In order: everybody took them from one log.
        rows = [(self.body.query("value:" + v)[0]["first_seen"], i) for i, v in enumerate(values)]
        self.assertEqual(sorted(rows), rows)
        for value in values:
            self.assertEqual(1, self.writer.publish(green(value), to="field")["skipped"])
            self.assertEqual([], self.leaver.query("value:" + value))
        self.writer.node.kill()
        self.writer.run()
        self.assertEqual(0, self.writer.status()["unsent"])
        self.assertEqual(1, len(self.body.query("value:" + values[0])))


if __name__ == "__main__":
    unittest.main()
