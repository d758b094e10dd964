"""An organisation is admitted anew by its sponsor: renewed before its end, or on other terms; what is below it stays."""

import datetime
import unittest

from world import FORBIDDEN, WorldCase, bundle, indicator, until


def org(home, name):
    rows = [r for r in home.ask("org", "list").rows if r["name"] == name]
    return rows[0] if rows else None


def until_org(home, name, key, value):
    until("%s sees %s of %s" % (home.name, key, name), lambda: (org(home, name) or {}).get(key) == value, 60)


def days_left(text):
    end = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (end - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 86400


class Replace(WorldCase):
    """A body, a town whose admission ends in two days, the town's village, and a stranger to their affairs."""

    @classmethod
    def build(cls, world):
        cls.body = world.found("Body")
        cls.town = world.join(cls.body, "Town", "--may-admit", "2", "--expires", "2d", "--attr", "sector=water")
        cls.town.run()
        cls.other = world.join(cls.body, "Other")
        cls.other.run()
        until("both are live", lambda: cls.body.live_with(2), 60)
        cls.village = world.join(cls.town, "Village")
        cls.village.run()
        cls.all = (cls.body, cls.town, cls.other, cls.village)
        for home in cls.all:
            until("%s knows all" % home.name, lambda home=home: len(home.ask("org", "list").rows) == 4, 60)

    def node_days(self, home, name):
        rows = [n for n in home.ask("node", "list", "--all").rows if n["name"] == name]
        return days_left(rows[0]["expires"])

    def test_a_other_terms(self):
        answer = self.body.ask("org", "replace", "Town", "--clearance", "GREEN").last
        self.assertEqual((True, "Town", "TLP:GREEN", 2), tuple(answer[k] for k in ("changed", "name", "label_max", "may_admit")))
        for home in self.all:
            until_org(home, "Town", "label_max", "TLP:GREEN")
            until_org(home, "Village", "label_max", "TLP:GREEN")  # No wider than who admitted it.
            self.assertEqual("active", org(home, "Village")["status"])
        self.assertEqual(["sector=water"], org(self.other, "Town")["attrs"])
        self.assertLess(days_left(org(self.other, "Town")["expires"]), 3)  # What was not named stays.
        again = self.body.ask("org", "replace", "Town", "--clearance", "GREEN").last
        self.assertEqual((False, answer["cert"]), (again["changed"], again["cert"]))
        self.body.ask("org", "replace", "Town", "--clearance", "AMBER", "--attr", "sector=power")
        until_org(self.village, "Town", "label_max", "TLP:AMBER")
        self.assertEqual(["sector=power"], org(self.village, "Town")["attrs"])
        said = self.body.call("org", "replace", "Town", "--clearance", "AMBER", "--lang", "ja")
        self.assertIn("すでに", said.out)

    def test_b_renewed_with_all_that_is_below(self):
        self.assertLess(self.node_days(self.other, "Town"), 3)
        answer = self.body.ask("org", "replace", "Town").last
        self.assertTrue(answer["changed"])
        for home in self.all:
            until("%s sees it renewed" % home.name, lambda home=home: days_left(org(home, "Town")["expires"]) > 1000, 60)
            until("and its node", lambda home=home: self.node_days(home, "Town") > 1000, 60)
        # It goes on, under the old certificate and, started again, under the new one.
        self.town.publish(bundle([indicator("renewed-one.example", label="green")]), "--wait", "1")
        self.other.sees("renewed-one.example", 60)
        self.town.node.stop()
        self.town.run()
        until("it is live", lambda: self.town.live_with(1), 60)
        self.town.publish(bundle([indicator("renewed-two.example", label="green")]), "--wait", "1")
        for home in self.all:
            home.sees("renewed-two.example", 60)
            self.assertEqual(1, len([n for n in home.ask("node", "list", "--all").rows if n["name"] == "Town"]))
        # Whom it admitted it renews itself.
        self.assertLess(days_left(org(self.body, "Village")["expires"]), 3)
        self.town.ask("org", "replace", "Village", "--expires", "400d")
        until("the village is renewed", lambda: 399 < days_left(org(self.body, "Village")["expires"]) < 401, 60)
        until("and its node", lambda: self.node_days(self.body, "Village") > 300, 60)

    def test_c_refused(self):
        refused = self.body.ask("org", "replace", "Village", status=FORBIDDEN).error
        self.assertEqual("replace.not-yours", refused["error"])
        self.assertEqual("admit.clearance", self.town.ask("org", "replace", "Village", "--clearance", "RED", status=FORBIDDEN).error["rule"])
        lost = self.world.home("Lost")  # Town's root key is lost: what it asks with now is another key.
        request = self.world.path("lost.request")
        lost.ask("org", "request", "--name", "Town", "--out", request)
        refused = self.body.ask("org", "replace", "Town", "--request", request, status=FORBIDDEN).error
        self.assertEqual("replace.other-key", refused["error"])
        self.assertIn("org admit", refused["do"])
        self.assertEqual("active", org(self.body, "Town")["status"])
        self.body.ask("org", "revoke", "Other", "--reason", "left")
        self.assertEqual("replace.revoked", self.body.ask("org", "replace", "Other", status=FORBIDDEN).error["error"])


if __name__ == "__main__":
    unittest.main()
