"""Audiences of every kind, on real processes: who gets what, who does not, and what changes when somebody is added or taken out."""

import json
import os
import unittest

from world import (DONE, FAILED, FORBIDDEN, KAIRAN, USAGE, WorldCase, bundle, indicator, keys_of, until)

SHOW_KEYS = "id name kind ceiling owner stewards relays history history_days one_steward members epoch member member_names entries heads"


def audience(home, name):
    rows = [r for r in home.ask("audience", "list").rows if r["name"] == name]
    return rows[0] if rows else None


def knows(home, name, seconds=60):
    return until("%s is in %s" % (home.name, name),
                 lambda: (lambda a: a if a and a["epoch"] is not None else None)(audience(home, name)), seconds)


class Kinds(WorldCase):
    """A body with two towns, a contractor of one town and the contractor's contractor; a school with a lower ceiling."""

    @classmethod
    def build(cls, world):
        cls.body = world.found("Body")
        cls.town = world.join(cls.body, "Town", "--may-admit", "3")
        cls.town.run()
        cls.other = world.join(cls.body, "Other")
        cls.other.run()
        until("the towns are live", lambda: cls.body.live_with(2), 60)
        cls.firm = world.join(cls.town, "Firm", "--provider", "--may-admit", "2")
        cls.firm.run()
        until("the firm is live", lambda: cls.firm.live_with(1, member=False), 60)
        cls.sub = world.join(cls.firm, "Sub", "--may-admit", "1")
        cls.sub.run()
        cls.school = world.join(cls.town, "School", "--clearance", "GREEN")
        cls.school.run()
        cls.all = (cls.body, cls.town, cls.other, cls.firm, cls.sub, cls.school)
        for home in cls.all:
            until("%s knows everybody" % home.name, lambda home=home: len(home.ask("org", "list").rows) == 6, 90)

    def never(self, home, value, after):
        """What came later is there, so this one is not on its way any more."""
        home.sees(after, 60)
        self.assertEqual([], home.query("value:" + value), home.name)

    def test_provider_and_tiers_are_shown(self):
        rows = {r["name"]: r for r in self.other.ask("org", "list").rows}
        self.assertEqual(("provider", 1, "Town"), tuple(rows["Firm"][k] for k in ("kind", "tier", "answered_by")))
        self.assertEqual(("provider", 2, "Town"), tuple(rows["Sub"][k] for k in ("kind", "tier", "answered_by")))
        self.assertEqual(("member", None, None), tuple(rows["School"][k] for k in ("kind", "tier", "answered_by")))
        self.assertEqual("TLP:GREEN", rows["School"]["label_max"])

    def test_third_tier_is_refused(self):
        third = self.world.home("Third")
        request = self.world.path("third")
        third.ask("org", "request", "--name", "Third", "--out", request)
        result = self.sub.ask("org", "admit", request, "--out", self.world.path("g"), status=FORBIDDEN)
        self.assertEqual("admit.provider-tiers", result.error["rule"])

    def test_providers_are_in_no_community(self):
        names = self.town.ask("audience", "show", "all").last["member_names"]
        self.assertEqual({"Body", "Town", "Other", "School"}, set(names))
        self.body.publish(bundle([indicator("community.example", label="green")]), to="all")
        self.body.publish(bundle([indicator("for-anybody.example", label="clear")]), to="public")
        self.school.sees("community.example", 60)
        for home in (self.firm, self.sub):
            self.never(home, "community.example", after="for-anybody.example")

    def test_provider_gets_what_a_source_addresses_to_it(self):
        self.town.ask("audience", "create", "contractors", "--kind", "providers", "--member", "Firm")
        knows(self.firm, "contractors")
        self.town.publish(bundle([indicator("to-firm.example", label="amber")]), to="contractors")
        self.firm.sees("to-firm.example", 60)
        self.town.publish(bundle([indicator("later.example", label="clear")]), to="public")
        for home in (self.sub, self.other, self.body, self.school):
            self.never(home, "to-firm.example", after="later.example")
        self.town.ask("audience", "add", "contractors", "--member", "Sub")
        knows(self.sub, "contractors")
        self.assertEqual({"Town", "Firm", "Sub"},
                         set(self.town.ask("audience", "show", "contractors").last["member_names"]))
        # AMBER that a town holds does not go up to a provider by itself.
        result = self.town.ask("audience", "create", "bad", "--kind", "providers", "--label", "RED", status=FORBIDDEN)
        self.assertEqual("audience.ceiling", result.error["rule"])

    def test_clients_are_those_one_admitted(self):
        self.town.ask("audience", "create", "ours", "--kind", "clients", "--label", "GREEN")
        shown = self.town.ask("audience", "show", "ours").last
        keys_of(self, shown, SHOW_KEYS)
        self.assertEqual({"Town", "School"}, set(shown["member_names"]), "no provider, nobody that others admitted")
        knows(self.school, "ours")
        self.town.publish(bundle([indicator("client.example", label="green")]), to="ours")
        self.school.sees("client.example", 60)
        self.assertIsNone(audience(self.other, "ours"))
        result = self.town.ask("audience", "add", "ours", "--member", "Other", status=FAILED)
        self.assertEqual("audience.not-group", result.error["error"])

    def test_lower_ceiling_keeps_out(self):
        self.town.ask("audience", "create", "amber-group", "--kind", "group", "--label", "AMBER", "--member", "School", "--member", "Other")
        knows(self.other, "amber-group")
        shown = self.town.ask("audience", "show", "amber-group").last
        self.assertEqual({"Town", "Other"}, set(shown["member_names"]), "the school may have GREEN at most")

    def test_add_and_remove(self):
        self.town.ask("audience", "create", "circle", "--kind", "group", "--member", "Body", "--member", "Other",
                      "--steward", "Body", "--history", "none")
        knows(self.body, "circle")
        knows(self.other, "circle")
        self.town.publish(bundle([indicator("before.example", label="amber")]), to="circle")
        self.other.sees("before.example", 60)
        epoch = self.town.ask("audience", "show", "circle").last["epoch"]
        self.town.ask("audience", "remove", "circle", "--member", "Other")
        shown = self.town.ask("audience", "show", "circle").last
        self.assertEqual({"Town", "Body"}, set(shown["member_names"]))
        until("the key was changed", lambda: self.town.ask("audience", "show", "circle").last["epoch"] > epoch, 60)
        self.town.publish(bundle([indicator("after.example", label="amber")]), to="circle")
        self.body.sees("after.example", 60)
        self.town.publish(bundle([indicator("marker.example", label="clear")]), to="public")
        self.never(self.other, "after.example", after="marker.example")
        self.assertEqual(1, len(self.other.query("value:before.example")), "what was read stays read")
        self.assertEqual(FORBIDDEN, self.other.call("publish", self.world.file(bundle([indicator("x.example", label="amber")])),
                                                    "--to", "circle").status)
        # The same again changes nothing.
        again = self.town.ask("audience", "remove", "circle", "--member", "Other").last
        self.assertEqual(shown["members"], again["members"])

    def test_stewards_and_the_warning(self):
        self.town.ask("audience", "create", "alone", "--kind", "group", "--member", "Body")
        codes = lambda: [a["what"] for a in self.town.status()["alarms"] if a["code"] == "audience.one-steward"]
        until("one steward is an alarm", lambda: [w for w in codes() if "alone" in w], 30)
        self.assertTrue(self.town.ask("audience", "show", "alone").last["one_steward"])
        self.town.ask("audience", "add", "alone", "--steward", "Body")
        until("two are none", lambda: not [w for w in codes() if "alone" in w], 30)
        shown = self.town.ask("audience", "show", "alone").last
        self.assertEqual(["Town", "Body"], shown["stewards"])
        result = self.town.ask("audience", "remove", "alone", "--steward", "Town", status=FAILED)
        self.assertEqual("audience.owner-stays", result.error["error"])

    def test_a_second_steward_knows_the_members(self):
        self.town.ask("audience", "create", "relief", "--kind", "group", "--member", "Body", "--member", "Other", "--steward", "Body")
        for home in (self.body, self.other):
            knows(home, "relief")
        self.assertEqual("all", self.body.ask("audience", "show", "relief").last["history"])
        self.assertEqual({"Town", "Body", "Other"}, set(self.body.ask("audience", "show", "relief").last["member_names"]))

    def test_relays(self):
        shown = self.town.ask("audience", "create", "carried", "--kind", "group", "--member", "Body", "--relay", "Other").last
        self.assertEqual(["Other"], shown["relays"])
        self.assertIsNone(audience(self.other, "carried"), "a relay is no member")
        shown = self.town.ask("audience", "remove", "carried", "--relay", "Other").last
        self.assertEqual([], shown["relays"])

    def test_mailbox_is_listed(self):
        row = audience(self.school, "mailbox")
        self.assertEqual(("mailbox", "School", "TLP:GREEN"), tuple(row[k] for k in ("kind", "owner", "ceiling")))
        for name in ("mailbox", row["id"], row["id"][:8]):
            shown = self.school.ask("audience", "show", name).last
            self.assertEqual(row, {k: shown[k] for k in row})
            self.assertEqual(["School"], shown["member_names"])

    def test_refusals(self):
        for args, status, code in (
                (["x1", "--kind", "mailbox"], USAGE, "usage.kind"),
                (["x2", "--kind", "group", "--rule", "a=b"], FAILED, "audience.not-community"),
                (["x3", "--kind", "community", "--member", "Body"], FAILED, "audience.not-group"),
                (["x4", "--kind", "persons"], FORBIDDEN, "audience.ceiling"),  # A town is not cleared for RED here.
                (["x5", "--kind", "public", "--label", "GREEN"], FORBIDDEN, "audience.ceiling"),
                (["x6", "--kind", "group", "--member", "Nobody"], FAILED, "name.unknown")):
            result = self.town.ask("audience", "create", *args, status=status)
            self.assertEqual(code, result.error["error"], args)
        self.assertEqual(FORBIDDEN, self.town.call("audience", "add", "all", "--steward", "Town").status)


if __name__ == "__main__":
    assert os.access(KAIRAN, os.X_OK), KAIRAN
    unittest.main(verbosity=2)
