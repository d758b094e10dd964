"""What is said beside an item, as `get` shows it: items with the same value, notes, sightings, countermeasures; and the
audience that hears them."""

import unittest
import uuid

from world import DONE, FAILED, FORBIDDEN, NOTHING, USAGE, WorldCase, bundle, indicator, keys_of, until

TIME = "2026-01-15T09:30:00.000Z"


def other(kind, **more):
    o = {"type": kind, "spec_version": "2.1", "id": "%s--%s" % (kind, uuid.uuid4()), "created": TIME, "modified": TIME,
         "object_marking_refs": indicator("x")["object_marking_refs"]}
    o.update(more)
    return o


def link(kind, a, b):
    return other("relationship", relationship_type=kind, source_ref=a["id"], target_ref=b["id"])


class Beside(WorldCase):
    @classmethod
    def build(cls, world):
        a, b = cls.a, cls.b = world.network("Alpha", "Beta")
        for name in ("circle", "left"):
            a.ask("audience", "create", name, "--kind", "group", "--label", "AMBER", "--member", "Alpha", "--member", "Beta")
            until("Beta may write to " + name, lambda: any(
                r["name"] == name and r["epoch"] for r in b.ask("audience", "list").rows), 30)

    def item(self, value, to="all", label="green"):
        self.a.publish(bundle([indicator(value, label)]), to=to)
        return self.b.sees(value)[0]["id"]

    def get(self, home, item):
        (row,) = home.ask("get", item).rows
        keys_of(self, row, "same_value same_value_more notes notes_more sightings sightings_more sightings_sum "
                           "countermeasures countermeasures_more")
        return row

    def told(self, home, item, key, n):
        return until("%s has %d %s" % (home.name, n, key),
                     lambda: [rows for rows in [self.get(home, item)[key]] if len(rows) == n])[0]

    def test_same_value(self):
        value = "198.18.7.7"
        first = self.item(value)
        self.b.publish("%s\n198.18.7.8\n" % value, "--label", "GREEN")
        self.b.publish(bundle([indicator(value, "amber", serial="second")]), to="circle")
        (one, two) = sorted(self.told(self.a, first, "same_value", 2), key=lambda r: r["label"])
        for row in (one, two):
            keys_of(self, row, "value id type label origin_name first_seen")
            self.assertEqual((value, "Beta"), (row["value"], row["origin_name"]))
        self.assertEqual(["TLP:AMBER", "TLP:GREEN"], [one["label"], two["label"]])
        # From the value of a list back to the objects.
        self.assertEqual({first, one["id"]}, {r["id"] for r in self.get(self.a, two["id"])["same_value"]})
        self.assertIn("The same value in", self.a.call("get", first).out)

    def test_many(self):
        value = "198.18.9.9"
        first = self.item(value)
        self.a.publish(bundle([indicator(value, serial="many-%d" % i) for i in range(25)]))
        got = self.get(self.a, first)
        self.assertEqual((20, 5), (len(got["same_value"]), got["same_value_more"]))
        self.assertIn("and 5 more", self.a.call("get", first).out)

    def test_note(self):
        item = self.item("note.example", "circle", "amber")
        done = self.b.ask("note", item, "--text", "回覧: \u001b[31mseen\nhere").last
        keys_of(self, done, "id stix_id about label audience entries")
        self.assertEqual(("TLP:AMBER", "circle"), (done["label"], done["audience"]))
        (note,) = self.told(self.a, item, "notes", 1)
        self.assertEqual((done["id"], "Beta", "TLP:AMBER", "回覧: \u001b[31mseen\nhere"),
                         (note["id"], note["origin_name"], note["label"], note["text"]))
        (row,) = self.a.query("type:note text:回覧")
        self.assertEqual([done["about"]], row["stix"]["object_refs"])
        shown = self.a.call("get", item).out
        self.assertIn("回覧: <U+001B>[31mseen", shown)
        self.assertNotIn("\u001b", shown)
        self.a.ask("withdraw", done["id"], status=FORBIDDEN)  # Not its own.
        self.b.ask("withdraw", done["id"])
        self.told(self.a, item, "notes", 0)

    def test_sighting(self):
        item = self.item("sighted.example")
        self.b.ask("sighting", item, "--count", "3", "--at", "2026-01-16T00:00:00Z", "--where", "proxy")
        self.a.ask("sighting", item)
        rows = self.told(self.a, item, "sightings", 2)
        self.assertEqual({("Alpha", 1, None), ("Beta", 3, "proxy")}, {(r["origin_name"], r["count"], r["where"]) for r in rows})
        self.assertEqual({"2026-01-16T00:00:00.000Z"}, {r["last"] for r in rows if r["count"] == 3})
        self.assertEqual(4, self.get(self.a, item)["sightings_sum"])
        self.assertEqual(2, len(self.a.query("type:sighting text:sighted OR type:sighting seen:1h")))

    def test_value_of_a_list(self):
        self.a.publish("list-a.example\nlist-b.example\n", "--label", "GREEN")
        one = self.b.sees("list-a.example")[0]["id"]
        two = self.b.sees("list-b.example")[0]["id"]
        self.b.ask("note", one, "--text", "of one value")
        self.assertEqual(["of one value"], [n["text"] for n in self.told(self.a, one, "notes", 1)])
        self.assertEqual([], self.get(self.a, two)["notes"])
        self.assertEqual("note.whole", self.b.ask("note", one[:16], "--text", "x", status=FAILED).error["error"])

    def test_refused(self):
        item = self.item("refused.example", "left", "amber")
        self.a.ask("audience", "remove", "left", "--member", "Beta")
        def refused():
            r = self.b.call("note", item, "--text", "too late", "--json")
            return r if r.status == FORBIDDEN else None
        got = until("Beta is no member any more", refused)
        self.assertEqual("publish.not-member", got.error["rule"])
        self.assertEqual(NOTHING, self.b.call("note", "f" * 20, "--text", "x").status)
        self.assertEqual(USAGE, self.b.call("note", item).status)
        self.assertEqual(USAGE, self.b.call("sighting", item, "--count", "0").status)
        seen = {"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4", "value": "198.51.100.3"}
        self.a.publish(bundle([seen]), "--label", "GREEN")
        (row,) = self.a.query("type:ipv4-addr value:198.51.100.3")
        self.assertEqual("note.sighting", self.a.ask("sighting", row["id"], status=FAILED).error["error"])

    def test_countermeasures(self):
        bad = indicator("act.example")
        malware = other("malware", is_family=True, name="Fox")
        block = other("course-of-action", name="Block it")
        clean = other("course-of-action", name="Clean up")
        self.a.publish(bundle([bad, malware, block, clean, link("indicates", bad, malware), link("mitigates", block, bad),
                               link("remediates", clean, malware)]))
        item = self.b.sees("act.example")[0]["id"]
        rows = self.told(self.b, item, "countermeasures", 2)
        self.assertEqual({("mitigates", "Block it"), ("remediates", "Clean up")}, {(r["relation"], r["name"]) for r in rows})


if __name__ == "__main__":
    unittest.main()
