"""What is done with items after they went out: re-share, release, recall, withdraw, receipts, contributions."""

import json
import unittest

from world import DONE, FORBIDDEN, NOTHING, USAGE, WorldCase, bundle, indicator, until


def raw(o):
    """An object as its source wrote it: with white space that no program of ours would make."""
    return json.dumps(o, indent=3, separators=(" ,", " : "), ensure_ascii=False)


class Acts(WorldCase):
    """Alpha is a source, Beta has it from Alpha and passes it on, Gamma is below Beta, Delta stands beside."""

    @classmethod
    def build(cls, world):
        a = cls.a = world.found("Alpha")
        b = cls.b = world.join(a, "Beta", "--may-admit", "1")
        b.run()
        d = cls.d = world.join(a, "Delta")
        d.run()
        until("Beta is live", lambda: b.live_with(1), 30)
        g = cls.g = world.join(b, "Gamma")
        g.run()
        until("Gamma is live", lambda: g.live_with(1), 30)
        until("Delta is live", lambda: d.live_with(1), 30)
        a.ask("audience", "create", "circle", "--kind", "group", "--label", "AMBER+STRICT", "--member", "Alpha", "--member", "Beta")
        until("Beta may write to circle", lambda: cls.ready(b, "circle"), 30)
        until("Alpha knows Gamma", lambda: "Gamma" in {o["name"] for o in a.ask("org", "list").rows}, 30)
        b.ask("audience", "create", "towns", "--kind", "group", "--label", "AMBER+STRICT", "--member", "Beta", "--member", "Gamma")
        until("Gamma may read towns", lambda: cls.ready(g, "towns"), 30)

    @staticmethod
    def ready(home, audience):
        rows = home.ask("audience", "list").rows
        return any(r["name"] == audience and r["epoch"] for r in rows)

    def share(self, value, label="amber", to="circle", **more):
        """Alpha publishes; the item's id when Beta has it, and the bytes."""
        o = indicator(value, label, **more)
        text = raw(o)
        self.a.publish(text, to=to)
        row = self.b.sees(value)[0]
        return row["id"], text.encode()

    def released(self, home, item):
        rows = [r for r in home.call("release", "list", "--json").rows if item in r["items"]]
        return rows and rows[0]["state"] == "granted"

    def asked(self, home, item, seconds=20):
        """The request about an item that has come in."""
        def look():
            rows = home.call("release", "list", "--json", "--open").rows
            return [r for r in rows if r["direction"] == "in" and item in r["items"]]
        return until("a request at %s" % home.name, look, seconds)[0]

    def test_released_under_another_label(self):
        """What the source's release says counts, not the marking in the text that nobody can change."""
        item, text = self.share("203.0.113.77")
        self.assertEqual("label.ceiling", self.b.ask("reshare", item, "--to", "all", status=FORBIDDEN).error["rule"])
        self.a.ask("release", "grant", item, "--to", "all", "--label", "green")
        until("Beta passes it on", lambda: self.b.call("reshare", item, "--to", "all", "--json").status == DONE)
        row = self.g.sees("203.0.113.77")[0]
        self.assertEqual(("Alpha", "all", "TLP:GREEN"), (row["origin_name"], row["audience"], row["label"]))
        self.assertEqual(text, self.g.call("get", item, "--format", "stix").out_bytes)

    def test_released_to_any(self):
        """Only the row of its label says where it may go then."""
        item, _ = self.share("203.0.113.78")
        self.a.ask("release", "grant", item, "--any", status=USAGE)
        self.a.ask("release", "grant", item, "--any", "--label", "green")
        self.a.ask("release", "grant", item, "--to", "all", "--label", "green")
        until("Beta has both", lambda: self.b.call("reshare", item, "--to", "all", "--json").status == DONE)
        self.assertEqual("reshare.amber", self.b.ask(
            "reshare", item, "--to", "towns", status=FORBIDDEN).error["rule"], "towns is not inside circle")
        self.a.ask("release", "grant", item, "--any", "--label", "clear")
        until("Beta passes it on", lambda: self.b.call("reshare", item, "--to", "towns", "--json").status == DONE)
        until("Gamma has it in towns", lambda: [
            r for r in self.g.query("value:203.0.113.78") if (r["audience"], r["label"]) == ("towns", "TLP:CLEAR")])

    def test_refused_asked_released_recalled(self):
        item, text = self.share("203.0.113.10")
        refused = self.b.ask("reshare", item, "--to", "towns", status=FORBIDDEN)
        self.assertEqual("reshare.amber", refused.error["rule"])
        self.assertEqual([], self.g.query("value:203.0.113.10"))

        self.b.ask("release", "request", item, "--to", "towns", "--reason", "two towns are hit")
        request = self.asked(self.a, item)
        self.assertEqual(("Beta", "towns", "group", "two towns are hit"),
                         (request["org_name"], request["target_name"], request["target_kind"], request["reason"]))
        self.assertEqual("act.not-source", self.b.ask(
            "release", "grant", item, "--to", "towns", status=FORBIDDEN).error["rule"], "nobody but the source releases")
        self.a.ask("release", "grant", request["request"])
        until("Beta has the release", lambda: self.released(self.b, item))
        done = self.b.ask("reshare", item, "--to", "towns").last
        self.assertEqual((True, False, 1), (done["released"], done["held"], done["entries"]))
        again = self.b.ask("reshare", item, "--to", "towns").last
        self.assertEqual((True, 0), (again["held"], again["entries"]), "the same again is nothing new")

        row = self.g.sees("203.0.113.10")[0]
        self.assertEqual(("Alpha", "Beta", "towns", "TLP:AMBER"),
                         (row["origin_name"], self.via(self.g, row), row["audience"], row["label"]))
        self.assertEqual(text, self.g.call("get", item, "--format", "stix").out_bytes.rstrip(b"\n"),
                         "the source's bytes, whoever passed them on")

        self.assertEqual("act.not-source", self.b.ask(
            "recall", item, "--reason", "wrong", status=FORBIDDEN).error["rule"])
        self.a.ask("recall", item, "--reason", "wrong")
        until("it is gone at Gamma, by way of Beta", lambda: not self.g.query("value:203.0.113.10"))
        until("it is gone at Beta", lambda: not self.b.query("value:203.0.113.10"))

    def via(self, home, row):
        names = {o["id"]: o["name"] for o in home.ask("org", "list").rows}
        return names.get(row["via"], row["via"])

    def test_refusal(self):
        item, _ = self.share("203.0.113.11", "amber+strict")
        self.assertEqual("reshare.strict", self.b.ask(
            "reshare", item, "--to", "towns", status=FORBIDDEN).error["rule"])
        self.b.ask("release", "request", item, "--to", "towns")
        request = self.asked(self.a, item)
        self.a.ask("release", "refuse", request["request"], "--reason", "an investigation goes on")

        def answer():
            return [r for r in self.b.call("release", "list", "--json").rows if item in r["items"] and r["state"] == "refused"]
        self.assertEqual("an investigation goes on", until("Beta has the answer", answer)[0]["answer"])
        self.assertEqual("reshare.strict", self.b.ask(
            "reshare", item, "--to", "towns", status=FORBIDDEN).error["rule"])

    def test_withdrawn_where_it_was_passed_on(self):
        item, _ = self.share("203.0.113.12")
        self.a.ask("release", "grant", item, "--any", "--label", "clear")
        until("Beta may", lambda: self.b.call("reshare", item, "--to", "towns", "--json").status == DONE)
        self.g.sees("203.0.113.12")
        self.assertEqual("act.not-source", self.g.ask("withdraw", item, status=FORBIDDEN).error["rule"])
        stix = json.loads(self.g.call("get", item, "--format", "stix").out)["id"]
        self.a.ask("withdraw", item)

        def withdrawn():
            rows = self.g.call("get", stix, "--json").rows
            return [r for r in rows if r["withdrawn"] and r["audience"] == "towns" and r["stix"].get("revoked")]
        self.assertEqual("Beta", self.via(self.g, until("Gamma has the withdrawal by way of Beta", withdrawn)[0]))
        self.assertEqual([], self.a.query("value:203.0.113.12"), "what is withdrawn is not current")

    def pass_on(self, value):
        """Alpha lets an item go anywhere, Beta brings it to towns; its line at Gamma."""
        item = self.b.sees(value)[0]["id"]
        self.a.ask("release", "grant", item, "--any", "--label", "clear")
        until("Beta may", lambda: self.b.call("reshare", item, "--to", "towns", "--json").status == DONE)
        return self.g.sees(value)[0]

    def stix(self, item):
        return self.g.call("get", item, "--format", "stix").out_bytes.rstrip(b"\n")

    def test_one_of_many_a_list_and_a_large_one(self):
        """What is passed on is shown to belong to its batch without the rest of the batch."""
        texts = [raw(indicator("203.0.113.%d" % n, "amber")) for n in (20, 21, 22)]
        self.a.publish('{"type":"bundle","id":"bundle--11111111-2222-4333-8444-555555555555","objects":[%s]}' % ",".join(texts),
                       to="circle")
        row = self.pass_on("203.0.113.21")
        self.assertEqual(("Alpha", "Beta"), (row["origin_name"], self.via(self.g, row)))
        self.assertEqual(texts[1].encode(), self.stix(row["id"]))
        self.assertEqual([], self.g.query("value:203.0.113.20") + self.g.query("value:203.0.113.22"))

        large = raw(indicator("203.0.113.23", "amber", description="".join("%06d " % n for n in range(20000))))
        self.a.publish(large, to="circle")
        self.assertEqual(large.encode(), self.stix(self.pass_on("203.0.113.23")["id"]))

        self.a.publish("".join("198.51.100.%d\n" % n for n in range(50)), "--label", "amber", to="circle", name="list.txt")
        self.pass_on("198.51.100.7")
        self.assertEqual(50, len(self.g.query("ip:198.51.100.0/24")), "a list goes whole")

    def test_withdrawal_is_carried_on(self):
        """GREEN goes on by its label, and so does its withdrawal."""
        self.b.ask("audience", "create", "inner", "--kind", "group", "--label", "GREEN", "--member", "Beta", "--member", "Gamma")
        until("Gamma may read inner", lambda: self.ready(self.g, "inner"), 30)
        item, _ = self.share("203.0.113.13", "green", to="all")
        until("Beta may", lambda: self.b.call("reshare", item, "--to", "inner", "--json").status == DONE)
        until("Gamma has it twice", lambda: {r["audience"] for r in self.g.query("value:203.0.113.13")} >= {"all", "inner"})
        self.a.ask("withdraw", item)

        def carried():
            rows = self.g.call("get", self.stix_of(item), "--json").rows
            return {r["audience"] for r in rows if r["stix"].get("revoked")} >= {"all", "inner"}
        until("the withdrawal stands where the item was brought", carried)

    def stix_of(self, item):
        return self.a.ask("get", item).last["stix"]["id"]

    def test_receipts(self):
        item, _ = self.share("203.0.113.14")
        self.assertEqual("act.not-source", self.b.ask("receipts", item, status=FORBIDDEN).error["rule"])

        self.begin_anew(self.b)

        def held():
            rows = self.a.call("receipts", item, "--json").rows
            return [r for r in rows if r["holder_name"] == "Beta" and r["held"] == 1]
        row = until("Alpha hears that Beta holds it", held, 40)[0]
        self.assertEqual((0, 0), (row["read"], row["acted"]))
        self.b.ask("get", item)
        self.b.ask("receipts", item, "--acted")
        self.begin_anew(self.b)

        def told():
            rows = self.a.call("receipts", item, "--json").rows
            return [r for r in rows if r["holder_name"] == "Beta" and (r["read"], r["acted"]) == (1, 1)]
        until("Alpha hears that it was read and acted on", told, 60)
        self.assertEqual(NOTHING, self.a.call("receipts", self.unread()).status)

    def begin_anew(self, home):
        """The next receipt of a node is due in ten minutes, or when the node begins anew."""
        home.node.stop()
        home.run()
        until("%s is live again" % home.name, lambda: home.live_with(1), 30)

    def unread(self):
        """An item of Alpha's that nobody else can hold."""
        self.a.ask("audience", "create", "alone", "--kind", "group", "--label", "AMBER", "--member", "Alpha")
        self.a.publish(raw(indicator("203.0.113.15", "amber")), to="alone")
        return until("Alpha has it", lambda: self.a.query("value:203.0.113.15"))[0]["id"]

    def test_contribution(self):
        """Gamma gives, Beta publishes under its own name; who gave is asked, and nobody learns who that is."""
        given = indicator("203.0.113.16", "green", created_by_ref="identity--%s" % ("a" * 8 + "-0000-4000-8000-" + "b" * 12),
                          name="seen at the town of Gamma", x_ticket="INC-7", indicator_types=["malicious-activity"])
        path = self.g.world.file(raw(given))
        self.g.ask("publish", path, "--through", "Beta", "--wish", "do not name us")

        def come():
            rows = self.b.call("contribution", "list", "--json").rows
            return [r for r in rows if r["from_name"] == "Gamma" and not r["published"]]
        row = until("Beta has the contribution", come)[0]
        self.assertEqual(("do not name us", "TLP:GREEN"), (row["wish"], row["label"]))
        refused = self.b.ask("contribution", "publish", row["id"], "--to", "all", status=FORBIDDEN)
        self.assertEqual(("reauthor.property", "x_ticket"), (refused.error["rule"], refused.error["where"]))
        lower = self.b.ask("contribution", "publish", row["id"], "--to", "all", "--label", "clear", "--keep", "x_ticket",
                           status=FORBIDDEN)
        self.assertEqual("label.lower", lower.error["rule"])
        made = self.b.ask("contribution", "publish", row["id"], "--to", "all", "--keep", "x_ticket").last
        self.assertIn("created_by_ref", made["left_out"])

        seen = self.a.sees("203.0.113.16")[0]
        self.assertEqual(("Beta", made["id"]), (seen["origin_name"], seen["id"]))
        o = seen["stix"]
        self.assertNotEqual(given["id"], o["id"])
        self.assertEqual(("2026-01-15T00:00:00.000Z", "INC-7"), (o["created"], o["x_ticket"]))
        self.assertEqual([], [k for k in ("created_by_ref", "name", "object_marking_refs") if k in o])
        self.assertTrue([r for r in self.b.call("contribution", "list", "--json").rows if r["published"] and r["as"] == made["id"]])

        # A request finds its way to Gamma and back, with Beta's name on both sides.
        self.a.ask("audience", "create", "beyond", "--kind", "group", "--label", "AMBER", "--member", "Alpha", "--member", "Delta")
        until("Delta may read beyond", lambda: self.ready(self.d, "beyond"), 30)
        self.assertEqual("contribution.not-released", self.b.ask(
            "release", "grant", made["id"], "--to", "all", status=FORBIDDEN).error["rule"])
        self.a.ask("release", "request", made["id"], "--to", "public", "--reason", "all should know")
        request = until("Gamma is asked", lambda: [
            r for r in self.g.call("release", "list", "--json", "--open").rows if r["direction"] == "in"])[0]
        self.assertEqual(("Beta", "all should know"), (request["org_name"], request["reason"]))
        self.g.ask("release", "grant", request["request"], "--label", "clear")
        until("Alpha has Beta's release", lambda: self.released(self.a, made["id"]), 30)
        self.a.ask("reshare", made["id"], "--to", "public")
        public = until("all have it", lambda: [r for r in self.d.query("value:203.0.113.16") if r["audience"] == "public"])
        self.assertEqual(("Beta", "Alpha"), (public[0]["origin_name"], self.via(self.d, public[0])))
        self.assertEqual(set(), self.a.scan(b"do not name us", given["id"].encode()))


class Red(WorldCase):
    """What is sealed to persons goes nowhere else; its source alone takes it back, by its batch."""

    @classmethod
    def build(cls, world):
        cls.a = world.found("Alpha")
        cls.b = world.join(cls.a, "Beta", "--clearance", "red")
        cls.b.run()
        until("Beta is live", lambda: cls.b.live_with(1), 30)
        persons = [cls.person(cls.a, "Ana"), cls.person(cls.b, "Ben")]
        until("both are known", lambda: len(cls.a.ask("person", "list", "--all").rows) == 2, 30)
        cls.a.ask("audience", "create", "hush", "--kind", "persons", *(o for p in persons for o in ("--member", p)))
        until("Beta may read hush", lambda: Acts.ready(cls.b, "hush"), 30)

    @classmethod
    def person(cls, home, name):
        request = cls.world.path(name + ".request")
        words = home.ask("person", "key", "--name", name, "--out", request).last["words"]
        return home.ask("person", "add", request, "--fingerprint", words, "--clearance", "red").last["id"]

    def test_red(self):
        self.a.publish(raw(indicator("203.0.113.30", "red")), to="hush")
        row = until("Beta has the label", lambda: self.b.query("label:RED"))[0]
        item = row["id"]
        for act, rule in (("reshare", "reshare.red"), ("release request", "release.red")):
            self.assertEqual(rule, self.b.ask(*act.split(), item, "--to", "all", status=FORBIDDEN).error["rule"])
        self.assertEqual("release.red", self.a.ask("release", "grant", item, "--to", "all", status=FORBIDDEN).error["rule"])
        for act in (("recall", item, "--reason", "wrong"), ("withdraw", item), ("receipts", item)):
            self.assertEqual("act.not-source", self.b.ask(*act, status=FORBIDDEN).error["rule"])
        self.a.ask("withdraw", item)
        until("it is gone at Beta", lambda: not self.b.query("label:RED"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
