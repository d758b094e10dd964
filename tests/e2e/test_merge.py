"""Towns merge: the new city stands in the old town's places, and no owner of an audience does anything for it."""

import unittest

from world import FAILED, FORBIDDEN, WorldCase, bundle, indicator, until


def org(home, name):
    rows = [r for r in home.ask("org", "list").rows if r["name"] == name]
    return rows[0] if rows else {}


class Merge(WorldCase):
    """A prefecture that admitted a body, two towns and a city; the body owns the groups."""

    @classmethod
    def build(cls, world):
        cls.pref = world.found("Pref")
        cls.body, cls.town, cls.village, cls.city = (
            world.join(cls.pref, name, "--clearance", "RED") for name in ("Body", "Town", "Village", "City"))
        for home in (cls.body, cls.town, cls.village, cls.city):
            home.run()
        cls.all = (cls.pref, cls.body, cls.town, cls.village, cls.city)
        until("all are live", lambda: cls.pref.live_with(4), 60)
        for home in cls.all:
            until("%s knows all" % home.name, lambda home=home: len(home.ask("org", "list").rows) == 5, 60)

        request = world.path("ana.request")
        words = cls.town.ask("person", "key", "--name", "Ana", "--out", request).last["words"]
        cls.request = (request, "--open-name", "--clearance", "RED", "--fingerprint", words)
        cls.town.ask("person", "add", *cls.request)
        until("the body knows Ana", lambda: cls.body.ask("person", "list", "--all").rows, 60)

    def group(self, name, member):
        self.body.ask("audience", "create", name, "--kind", "group", "--label", "AMBER", "--member", member)

    def publish(self, to, value):
        self.body.publish(bundle([indicator(value, label="amber")]), to=to)

    def followed(self, old, heir):
        for home in self.all:
            if home.node.running():
                until("%s sees it" % home.name, lambda home=home: org(home, old).get("followed_by") == heir, 60)

    def test_a_the_town_merges(self):
        self.group("Wells", "Town")
        self.publish("Wells", "before.example")
        self.town.sees("before.example", 60)
        answer = self.town.ask("org", "succeed", "Town", "City").last
        self.assertEqual((True, False, "old", "new"), tuple(answer[k] for k in ("changed", "stands", "side", "waits_for")))
        self.assertFalse(self.town.ask("org", "succeed", "Town", "City").last["changed"])
        self.publish("Wells", "half.example")
        self.town.sees("half.example", 60)
        self.assertIsNone(org(self.city, "Town")["followed_by"])
        until("the word has come", lambda: self.city.ask("org", "succeed", "Town", "City").last["stands"], 60)
        self.followed("Town", "City")
        self.assertEqual(["Town"], org(self.body, "City")["in_place_of"])
        self.publish("Wells", "after.example")
        self.city.sees("after.example", 60)
        self.town.sees("after.example", 60)
        self.assertEqual([], self.village.query("value:after.example"))
        # The city writes there as well, and is shown among the members.
        self.city.publish(bundle([indicator("from-city.example", label="amber")]), to="Wells")
        self.body.sees("from-city.example", 60)
        shown = self.body.ask("audience", "show", "Wells").rows[0]["member_names"]
        self.assertEqual(["Body", "City", "Town"], sorted(shown))
        # A person that is taken over: out only with its place in the town.
        self.body.ask("audience", "create", "Red", "--kind", "persons", "--member", "Ana@Town")
        self.city.ask("person", "add", *self.request)
        until("the place is known", lambda: len(self.body.ask("person", "list", "--all").rows) == 2, 60)
        refused = self.body.ask("audience", "remove", "Red", "--member", "Ana@City", status=FORBIDDEN).error
        self.assertEqual("audience.in-place", refused["error"])
        until("the city's node is told", lambda: [r for r in self.city.ask("audience", "list").rows if r["name"] == "Red"], 60)
        # It is out only with the town.
        refused = self.body.ask("audience", "remove", "Wells", "--member", "City", status=FORBIDDEN).error
        self.assertEqual("audience.in-place", refused["error"])

    def test_b_the_town_goes(self):
        self.pref.ask("org", "revoke", "Town", "--reason", "left")
        for home in (self.pref, self.body, self.city):
            until("%s sees it go" % home.name, lambda home=home: org(home, "Town")["status"] == "revoked", 60)
        self.publish("Wells", "later.example")
        self.city.sees("later.example", 60)
        self.assertEqual([], self.town.query("value:later.example"))
        self.town.node.stop()
        self.followed("Town", "City")

    def test_c_refused(self):
        for home, old, heir, code, status in (
                (self.body, "Village", "City", "succeed.not-yours", FORBIDDEN),
                (self.pref, "Village", "City", "succeed.living", FORBIDDEN),
                (self.city, "Town", "Village", "succeed.other", FORBIDDEN),
                (self.village, "Village", "Town", "succeed.not-active", FORBIDDEN),
                (self.village, "Village", "Village", "succeed.self", FAILED)):
            error = home.ask("org", "succeed", old, heir, status=status).error
            self.assertEqual(code, error["error"])
            self.assertTrue(error["do"])
        said = self.pref.call("org", "succeed", "Village", "City", "--lang", "ja")
        self.assertIn("ルート鍵", said.err)

    def test_d_a_village_whose_keys_are_lost(self):
        self.group("Roads", "Village")
        self.publish("Roads", "road-one.example")
        self.village.sees("road-one.example", 60)
        self.village.node.stop()
        self.pref.ask("org", "revoke", "Village", "--reason", "lost")
        until("the city sees it go", lambda: org(self.city, "Village")["status"] == "revoked", 60)
        said = self.city.call("org", "succeed", "Village", "City", "--lang", "en")
        self.assertIn("City consents", said.out)
        until("the prefecture's root says it", lambda: self.pref.ask("org", "succeed", "Village", "City").last["stands"], 60)
        self.followed("Village", "City")
        self.publish("Roads", "road-two.example")
        self.city.sees("road-two.example", 60)


if __name__ == "__main__":
    unittest.main()
