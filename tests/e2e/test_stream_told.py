"""stream tells each item, what became of it and nothing else, into streams that can keep it. One server: none is elected."""

import datetime
import json
import os

import cluster
from api import Api, Refused
from cluster import Alone
from world import DONE, FAILED, FORBIDDEN, USAGE, bundle, indicator, until


class Told(Alone):
    def test_what_becomes_of_items(self):
        options = ("--create", "audience:all fate*.example.com OR ip:192.0.2.0/24 OR ip:198.51.100.0/24")
        self.a.publish(bundle(indicator("fate%d.example.com" % i) for i in range(3)))
        self.a.publish("192.0.2.1\n192.0.2.2\n203.0.113.1\n", "--label", "GREEN")
        self.a.publish("198.51.100.1\n", "--label", "GREEN")
        self.once("FATE", *options)
        stix, = [r["id"] for r in self.a.query("value:fate1.example.com")]
        messages = {m[0].split(".", 1)[1]: json.loads(m[2]) for m in self.cluster.messages("FATE")}
        lists = [k for k, m in messages.items() if "list_values" in m]
        self.assertEqual(2, len(lists), messages.keys())
        some, = [m for m in messages.values() if m.get("list_values") == 3]
        self.assertEqual(["192.0.2.1", "192.0.2.2"], some["values"], "what was asked for, not the whole list")
        self.assertEqual("fate1.example.com", messages["item." + stix]["value"] or messages["item." + stix]["values"][0])
        whole, = [m for m in messages.values() if m.get("list_values") == 1]
        self.a.ask("withdraw", stix)
        self.a.ask("withdraw", some["id"])
        self.a.ask("recall", whole["id"], "--reason", "wrong")
        self.once("FATE", *options)
        self.once("FATE", *options)
        self.assert_once("FATE", [stix, some["id"]], "withdrawn")
        self.assert_once("FATE", [whole["id"]], "recalled")
        for subject, head, body in self.cluster.messages("FATE"):
            message = json.loads(body)
            kind = subject.split(".")[1]
            if kind != "item":
                self.assertEqual(kind, message["state"])
                self.assertEqual(subject, head["Nats-Msg-Id"])
                self.assertNotIn("stix", message)
                self.assertNotIn("values", message)
        # Published again by another audience or origin it is the same item: it is told once.
        self.a.publish(bundle([indicator("fate2.example.com")]), to="Closed")
        self.assertEqual(0, self.once("FATE", *options)["sent"])
        # With what became of it, in a new stream: only what stands.
        self.assertEqual(2, self.once("FATE2", *options)["sent"])
        os.unlink(self.state_file("FATE2"))
        self.assertEqual(0, self.once("FATE2", *options)["sent"], "what never was there is not withdrawn")
        # Unless the stream forgets: then somebody may know it.
        self.make("AGES", max_age=3600 * 10**9)
        self.assertEqual(2, self.once("AGES", *options)["sent"])
        os.unlink(self.state_file("AGES"))
        self.assertEqual(3, self.once("AGES", *options)["sent"])

    def test_two_subjects_of_one_stream(self):
        """Each has every item, also within the cluster's window for double ids."""
        self.make("TWO", subjects=["two.>", "twin.>"])
        self.a.publish(bundle(indicator("two%d.example.com" % i) for i in range(5)))
        ids = self.ids("two*.example.com")
        self.assertEqual(5, len(ids))
        for subject in ("two", "twin"):
            options = ["two*.example.com", "--subject", subject, "--state", self.world.path(subject + ".state"), "--replicas", 1, "--once"]
            sent = self.a.ask("stream", *cluster.Streaming.options(self, "TWO", *options), seconds=60).last
            self.assertEqual((5, 0), (sent["sent"], sent["held"]), subject)
        self.assertEqual({"%s.item.%s" % (s, i) for s in ("two", "twin") for i in ids}, {m[0] for m in self.cluster.messages("TWO")})

    def test_exercises_are_marked(self):
        """A stream counts as a file (docs/access-rules.md, X1): they go out, and say what they are."""
        self.a.publish(bundle([indicator("drill1.example.org")]), "--exercise")
        self.a.publish(bundle([indicator("drill2.example.org")]))
        self.assertEqual(2, self.once("DRILL", "--create", "drill*.example.org")["sent"])
        self.assertEqual([False, True], sorted(json.loads(m[2])["exercise"] for m in self.cluster.messages("DRILL")))
        self.assertEqual(1, self.once("REAL", "--create", "drill*.example.org exercise:no")["sent"])

    def test_of_another_organisation(self):
        """What others publish goes out when it has been verified here; so does that they take it back."""
        b = self.world.join(self.a, "Beta")
        b.run()
        until("they are linked", lambda: b.live_with(1) and self.a.live_with(1), 30)
        process = self.begin(*self.options("THEIRS", "--create", 'by:Beta'))
        b.publish(bundle([indicator("theirs.example.com")]))
        until("it goes out", lambda: self.count("THEIRS") == 1)
        theirs, = b.query("value:theirs.example.com")
        b.ask("withdraw", theirs["id"])
        until("so does that it is withdrawn", lambda: self.count("THEIRS") == 2)
        self.stop(process)
        self.assert_once("THEIRS", [theirs["id"]])
        self.assert_once("THEIRS", [theirs["id"]], "withdrawn")
        self.assertEqual({"Beta"}, {json.loads(m[2])["origin_name"] for m in self.cluster.messages("THEIRS")})
        # What nobody finds any more does not stand for the same item of another.
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        both = bundle([indicator("both.example.com", valid_until=soon.strftime("%Y-%m-%dT%H:%M:%SZ"))])
        self.a.publish(both)
        b.publish(both)
        expr = "value:both.example.com"
        until("both stand", lambda: len(self.a.query(expr)) == 2)
        item = self.ids(expr)[0]
        self.once("BOTH", "--create", expr)
        until("it is over", lambda: not self.a.query(expr))
        b.ask("recall", item, "--reason", "wrong")
        until("that has come", lambda: self.a.query(expr, "expired:any", "recalled:yes"))
        self.once("BOTH", expr)
        self.assert_once("BOTH", [item])
        self.assert_once("BOTH", [item], "recalled")
        b.node.stop()

    def test_audited_and_no_further(self):
        self.a.publish(bundle([indicator("secret.example.com", "amber")]), to="Closed")
        self.once("AUDIT", "--create", "secret.example.com", clearance="AMBER")
        rows = [r for r in self.a.ask("audit", "show").rows if r.get("verb") == "stream"]
        self.assertIn(self.ids("value:secret.example.com")[0], [r["item"] for r in rows])
        for clearance, status, code in (("RED", FORBIDDEN, "export.red"), ("PINK", USAGE, "usage.label")):
            result = self.a.call("stream", *self.options("AUDIT", "--once", clearance=clearance), "--json")
            self.assertEqual((status, code), (result.status, result.error["error"]), result)

    def test_streams_that_cannot_keep_it(self):
        for name, more, code in (("WQ", {"retention": "workqueue"}, "stream.retention"), ("MEM", {"storage": "memory"}, "stream.storage"),
                                 ("SHORT", {"max_msg_size": 8000}, "stream.size"), ("ELSE", {"subjects": ["other.>"]}, "stream.subjects"),
                                 ("ONE", {}, "stream.replicas")):
            self.make(name, **more)
            result = self.a.call("stream", *self.options(name, "--once", replicas=int(name != "ONE")), "--json")
            self.assertEqual((FAILED, code), (result.status, result.error["error"]), result)
        result = self.a.call("stream", *self.options("NONE", "--once"), "--json")
        self.assertEqual("stream.missing", result.error["error"], result)
        process = self.begin(*self.options("ONE"))
        until("it runs", lambda: os.path.exists(self.state_file("ONE")))
        result = self.a.call("stream", *self.options("ONE", "--once"), "--json")
        self.assertEqual("stream.busy", result.error["error"], result)
        self.stop(process)
        with open(self.state_file("ONE"), "w") as f:
            f.write("{}")
        result = self.a.call("stream", *self.options("ONE", "--once"), "--json")
        self.assertEqual("stream.place", result.error["error"], result)
        result = self.a.call("stream", *self.options("ONE", "--state", "/nonexistent/state"), "--json")
        self.assertEqual((FAILED, "file.write"), (result.status, result.error["error"]), result)
        for url in ("nats://192.0.2.1:4222", "tls://u:p@host.example:4222", "http://127.0.0.1:1", "tls://host.example"):
            result = self.a.call("stream", "--to", url, "--stream", "X", "--clearance", "GREEN", "--json")
            self.assertEqual((USAGE, "stream.url"), (result.status, result.error["error"]), result)

    def test_places_say_nothing(self):
        """All are of one length, nobody makes one, and what is hidden from a reader moves none."""
        args = {"expr": "place*.example.com", "clearance": "GREEN"}
        lines = (json.loads(line) for line in Api(self.a, 30).follow("stream", args) if line)
        begin, first = next(lines), next(lines)
        self.assertTrue(first["current"])
        self.a.publish(bundle([indicator("place0.example.com", "amber")]), to="Closed")
        self.a.publish(bundle([indicator("place1.example.com")]))
        until("both are there", lambda: len(self.ids(args["expr"])) == 2)
        at, item, last = next(lines), next(lines), next(lines)
        self.assertEqual("item", at.get("state"), "nothing was said of the other")
        self.assertEqual(["place1.example.com"], item["values"])
        self.assertTrue(last["current"])
        places = [begin["begin"], first["at"], at["at"], last["at"]]
        self.assertEqual([86] * 4, [len(p) for p in places])
        self.assertEqual(4, len(set(places)))
        again = (json.loads(line) for line in Api(self.a, 30).follow("stream", {**args, "from": first["at"]}) if line)
        self.assertFalse(next(again)["again"])
        self.assertEqual(at["id"], next(again)["id"])
        other = "A" if last["at"][40] != "A" else "B"
        for place in (last["at"][:40] + other + last["at"][41:], last["at"] + "A", "00" * 16 + ":0:0", "x"):
            with self.assertRaisesRegex(Refused, "usage.argument"):
                next(Api(self.a, 30).follow("stream", {**args, "from": place}))

    def test_too_large(self):
        self.make("SMALL", max_msg_size=8192)
        self.a.publish(bundle([indicator("large.example.com", description="x" * 9000)]))
        end = self.once("SMALL", "value:large.example.com")
        self.assertEqual((1, 1), (end["sent"], end["cut"]))
        (_, _, body), = self.cluster.messages("SMALL")
        self.assertTrue(json.loads(body)["cut"])
        self.assertNotIn("stix", json.loads(body))


if __name__ == "__main__":
    cluster.main()
