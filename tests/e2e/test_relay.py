"""A relay carries what it cannot read: source and reader are never up at the same time, and it learns nothing."""

import json
import os
import unittest
import uuid

from world import KAIRAN, NOTHING, WorldCase, indicator, until

VALUE = "quiet-harbour-host.example"
LABEL = "quiet-harbour-words"
AUDIENCE = "Quiet-Harbour-Circle"


class Relay(WorldCase):
    """A source, a relay, a reader and one that is no member: four organisations. The relay is the only one ever dialled."""

    @classmethod
    def build(cls, world):
        cls.source = world.found("Source")
        for name in ("Relay", "Reader", "Outsider"):
            world.join(cls.source, name).run()
        cls.relay, cls.reader, cls.outsider = (world.home(name) for name in ("Relay", "Reader", "Outsider"))
        cls.all = (cls.source, cls.relay, cls.reader, cls.outsider)
        for home in cls.all:
            until("%s knows everybody" % home.name, lambda home=home: len(home.ask("org", "list").rows) == 4, 90)
        cls.dial = ("--dial", cls.relay.address())
        cls.object = indicator(VALUE, label="amber+strict", labels=[LABEL])
        cls.text = json.dumps(cls.object, indent=1)
        cls.words = tuple(w.encode() for w in (VALUE, LABEL, cls.object["id"], AUDIENCE, cls.object["object_marking_refs"][0]))

        # As the index keeps them, too: names by their labels from the end, ids as bytes.
        cls.kept = (".".join(reversed(VALUE.split("."))).encode(), uuid.UUID(cls.object["id"].split("--")[1]).bytes)

        # The reader is away before there is anything to read, and before the audience is.
        for home in (cls.reader, cls.outsider):
            home.node.stop()
        before = cls.relay.status()["entries"]
        cls.source.ask("audience", "create", AUDIENCE, "--kind", "group", "--label", "AMBER+STRICT", "--member", "Reader", "--relay", "Relay")
        cls.source.publish(cls.text, to=AUDIENCE)
        cls.item = cls.source.sees(VALUE)[0]["id"]
        until("the relay holds as much as the source",
              lambda: before < cls.source.status()["entries"] <= cls.relay.status()["entries"], 60)
        cls.source.node.stop()  # For good: until the end only the relay has it.

    def nothing_at(self, home):
        """No file of it, nothing that its node said or answers."""
        self.assertEqual(set(), home.scan(*self.words, *self.kept), home.name)
        for verb in (["query"], ["query", "value:" + VALUE], ["query", "label:amber+strict"], ["get", self.item], ["get", self.object["id"]],
                     ["explain", self.item], ["status"], ["peers"], ["audience", "list", "--all"], ["audience", "show", AUDIENCE]):
            for form in ([], ["--json"]):
                result = home.call(*verb, *form)
                if verb[0] in ("query", "get") and len(verb) > 1:
                    self.assertEqual((NOTHING, ""), (result.status, result.out), verb)
                said = result.out + result.err
                for argument in verb[1:]:
                    said = said.replace(argument, "")  # A refusal repeats what was asked for.
                for word in self.words:
                    self.assertNotIn(word.decode(), said, verb)
        for word in self.words:
            self.assertNotIn(word.decode(), home.node.log())

    def test_carried_and_not_read(self):
        self.assertFalse(self.source.node.running())
        self.assertEqual([], [p for p in self.relay.ask("peers").rows if p["org"] == "Source" and p["state"] == "live"])
        self.nothing_at(self.relay)

        self.reader.run(*self.dial)
        self.assertEqual(self.item, self.reader.sees(VALUE, 90)[0]["id"])
        row = self.reader.query("value:" + VALUE)[0]
        self.assertEqual(("TLP:AMBER+STRICT", AUDIENCE, "Source"), (row["label"], row["audience"], row["origin_name"]))
        got = self.reader.call("get", self.item, "--format", "stix").out_bytes
        self.assertEqual(self.text.encode(), got.rstrip(b"\n"), "byte for byte as the source wrote it")

        # Who is no member asks the same relay, and gets what is for all: what came behind it is there, it is not.
        self.outsider.run(*self.dial)
        self.relay.publish(json.dumps(indicator("for-anybody.example", label="clear")), to="public")
        self.outsider.sees("for-anybody.example", 90)
        self.reader.sees("for-anybody.example", 90)
        self.nothing_at(self.outsider)
        self.nothing_at(self.relay)
        self.assertEqual([], [r for r in self.relay.ask("audience", "list").rows if r["name"] == AUDIENCE])

        # After it has stopped, too. The search does find them where they are.
        self.relay.node.stop()
        self.outsider.node.stop()
        self.assertEqual(set(), self.relay.scan(*self.words, *self.kept))
        self.assertEqual(set(), self.outsider.scan(*self.words, *self.kept))
        for home in (self.source, self.reader):
            self.assertEqual({AUDIENCE.encode(), *self.kept}, home.scan(AUDIENCE.encode(), *self.kept), home.name)
        self.assertFalse(self.source.node.running(), "it has not been up again")


if __name__ == "__main__":
    assert os.access(KAIRAN, os.X_OK), KAIRAN
    unittest.main(verbosity=2)
