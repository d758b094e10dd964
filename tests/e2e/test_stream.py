"""stream brings what is verified into a real JetStream cluster of three servers: each item once, whoever is killed when."""

import json
import os
import random
import unittest

import cluster
from cluster import TINY_WINDOW_NS, Streaming
from world import DONE, FAILED, FORBIDDEN, USAGE, bundle, indicator, until

SEED = 20261201


@unittest.skipUnless(cluster.SERVER, cluster.MISSING)
class Cluster(Streaming):
    @classmethod
    def build(cls, world):
        cls.cluster = cluster.Cluster(world)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()  # Its servers look for a leader for some seconds.
        cls.a = world.found()
        cls.a.ask("audience", "create", "Closed", "--kind", "group", "--label", "AMBER")
        cls.serial = 0
        cls.cluster.well()

    def items(self, n, label="green"):
        """Publish n; their ids are asked for later."""
        Cluster.serial += n
        names = ["s%d.example.com" % i for i in range(self.serial - n, self.serial)]
        self.a.publish(bundle(indicator(v, label) for v in names), to="all" if label == "green" else "Closed")
        return names

    def ids(self, expr):
        return [r["id"] for r in self.a.query(expr)]

    def test_once_whatever_is_killed(self):
        """The window of the cluster is 0.1 s, so it forgets at once: what is told once is told once by what the stream holds."""
        rng = random.Random(SEED)
        self.make("KILL", "kill", duplicate_window=TINY_WINDOW_NS)
        args = self.options("KILL", "--subject", "kill", "label:<=green s*.example.com OR type:indicator")
        self.items(1500)
        self.items(20, "amber")
        process = self.begin(*args)
        for _ in range(4):  # In the middle of batches, and between an acknowledgement and what is written down.
            before = self.count("KILL")
            until("more has gone out", lambda: self.count("KILL") > before + rng.randrange(1, 300))
            self.kill(process)
            process = self.begin(*args)
        self.a.node.kill()
        self.a.run_again()
        leader = until("it is known who leads", lambda: self.cluster.info("KILL")["cluster"].get("leader"))
        self.cluster.kill(int(leader[1:]))
        self.items(200)
        self.kill(process)
        process = self.begin(*args)
        until("two of three go on", lambda: self.count("KILL") >= 1700, 40)
        self.cluster.kill()
        self.items(100)
        until("it says that the cluster is away", lambda: "ALARM" in self.said(process))
        self.assertIn("ready", self.said(process))
        self.kill(process)
        self.cluster.start()
        process = self.begin(*args)
        ids = self.ids("label:<=green")
        until("all of it is there", lambda: self.count("KILL") >= len(ids), 40)
        self.stop(process)
        end = self.a.ask("stream", *args, "--once").last
        self.assertEqual((0, 0), (end["sent"], end["held"]), "it goes on where it was")
        self.assert_once("KILL", ids)
        for subject, head, body in self.cluster.messages("KILL"):
            message = json.loads(body)
            self.assertEqual("kill.item." + message["id"], subject)
            self.assertEqual(message["id"], head["Nats-Msg-Id"])
            self.assertIn(message["label"], ("TLP:CLEAR", "TLP:GREEN"))

    def test_place_that_is_behind(self):
        """A crash between the acknowledgement and what is written down, long ago: nothing is told twice, nothing is lost."""
        self.make("BEHIND", "behind", duplicate_window=TINY_WINDOW_NS)
        options = ("--subject", "behind")
        self.items(30)
        self.once("BEHIND", *options)
        with open(self.state_file("BEHIND"), "rb") as f:
            old = f.read()
        self.items(30)
        self.assertEqual(30, self.once("BEHIND", *options)["sent"])
        with open(self.state_file("BEHIND"), "wb") as f:
            f.write(old)
        self.items(5)
        end = self.once("BEHIND", *options)
        self.assertEqual((5, 30), (end["sent"], end["held"]))
        ids = self.ids("label:<=green")
        self.assert_once("BEHIND", ids)
        # The file is lost; the index is made again, so that its numbers mean nothing any more.
        os.unlink(self.state_file("BEHIND"))
        end = self.once("BEHIND", *options)
        self.assertEqual((0, len(ids)), (end["sent"], end["held"]))
        self.a.node.stop()
        self.a.ask("reindex")
        self.a.run_again()
        self.assertEqual(0, self.once("BEHIND", *options)["sent"])
        self.assert_once("BEHIND", ids)
        # Another question: what is new in it goes out, what was in the old one does not again.
        amber = self.items(3, "amber")
        self.assertEqual(3 + len(self.ids("label:amber")) - len(amber), self.once("BEHIND", *options, clearance="AMBER")["sent"])
        self.assert_once("BEHIND", self.ids("label:<=amber"))
        # The stream has lost what it had acknowledged (the last 10 of it), or is a new one.
        last = self.cluster.info("BEHIND")["state"]["last_seq"]
        with open(self.state_file("BEHIND")) as f:
            place = json.load(f)
        self.assertEqual(last, place["seq"])
        place["seq"] += 10
        with open(self.state_file("BEHIND"), "w") as f:
            json.dump(place, f)
        result = self.a.call("stream", *self.options("BEHIND", *options, "--once", clearance="AMBER"), seconds=60)
        self.assertEqual(DONE, result.status, result)
        self.assertIn("ALARM", result.err)
        self.assert_once("BEHIND", self.ids("label:<=amber"))
        self.cluster.ask("STREAM.DELETE.BEHIND")
        self.make("BEHIND", "behind")
        self.assertEqual(len(self.ids("label:<=amber")), self.once("BEHIND", *options, clearance="AMBER")["sent"])

    def test_what_becomes_of_items(self):
        options = ("--subject", "fate", "--create", "audience:all fate*.example.com OR ip:192.0.2.0/24 OR ip:198.51.100.0/24")
        self.a.publish(bundle(indicator("fate%d.example.com" % i) for i in range(3)))
        self.a.publish("192.0.2.1\n192.0.2.2\n203.0.113.1\n", "--label", "GREEN")
        self.a.publish("198.51.100.1\n", "--label", "GREEN")
        self.once("FATE", *options)
        of = lambda value: self.a.query("value:" + value + " withdrawn:any recalled:any superseded:any")[0]
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
                self.assertEqual(message["id"] + "." + kind, head["Nats-Msg-Id"])
                self.assertNotIn("stix", message)
                self.assertNotIn("values", message)
        # Published again by another audience or origin it is the same item: it is told once.
        self.a.publish(bundle([indicator("fate2.example.com")]), to="Closed")
        self.assertEqual(0, self.once("FATE", *options)["sent"])
        # With what became of it, in a new stream: only what stands.
        self.assertEqual(2, self.once("FATE2", "--subject", "fate2", *options[2:])["sent"])
        os.unlink(self.state_file("FATE2"))
        self.assertEqual(0, self.once("FATE2", "--subject", "fate2", *options[2:])["sent"], "what never was there is not withdrawn")
        # Unless the stream forgets: then somebody may know it.
        self.make("AGES", "ages", max_age=3600 * 10**9)
        self.assertEqual(2, self.once("AGES", "--subject", "ages", *options[2:])["sent"])
        os.unlink(self.state_file("AGES"))
        self.assertEqual(3, self.once("AGES", "--subject", "ages", *options[2:])["sent"])

    def test_of_another_organisation(self):
        """What others publish goes out when it has been verified here; so does that they take it back."""
        b = self.world.join(self.a, "Beta")
        b.run()
        until("they are linked", lambda: b.live_with(1) and self.a.live_with(1), 30)
        process = self.begin(*self.options("THEIRS", "--subject", "theirs", "--create", 'by:Beta'))
        b.publish(bundle([indicator("theirs.example.com")]))
        until("it goes out", lambda: self.count("THEIRS") == 1)
        theirs, = b.query("value:theirs.example.com")
        b.ask("withdraw", theirs["id"])
        until("so does that it is withdrawn", lambda: self.count("THEIRS") == 2)
        self.stop(process)
        self.assert_once("THEIRS", [theirs["id"]])
        self.assert_once("THEIRS", [theirs["id"]], "withdrawn")
        self.assertEqual({"Beta"}, {json.loads(m[2])["origin_name"] for m in self.cluster.messages("THEIRS")})
        b.node.stop()

    def test_audited_and_no_further(self):
        self.a.publish(bundle([indicator("secret.example.com", "amber")]), to="Closed")
        self.once("AUDIT", "--subject", "audit", "--create", "secret.example.com", clearance="AMBER")
        rows = [r for r in self.a.ask("audit", "show").rows if r.get("verb") == "stream"]
        self.assertIn(self.ids("value:secret.example.com")[0], [r["item"] for r in rows])
        for clearance, status, code in (("RED", FORBIDDEN, "export.red"), ("PINK", USAGE, "usage.label")):
            result = self.a.call("stream", *self.options("AUDIT", "--subject", "audit", "--once", clearance=clearance), "--json")
            self.assertEqual((status, code), (result.status, result.error["error"]), result)

    def test_streams_that_cannot_keep_it(self):
        for name, more, code in (("WQ", {"retention": "workqueue"}, "stream.retention"), ("MEM", {"storage": "memory"}, "stream.storage"),
                                 ("ONE", {"num_replicas": 1}, "stream.replicas")):
            self.make(name, name.lower(), **more)
            result = self.a.call("stream", *self.options(name, "--subject", name.lower(), "--once"), "--json")
            self.assertEqual((FAILED, code), (result.status, result.error["error"]), result)
        result = self.a.call("stream", *self.options("ONE", "--subject", "other", "--once"), "--json")
        self.assertEqual("stream.subjects", result.error["error"], result)
        result = self.a.call("stream", *self.options("NONE", "--once"), "--json")
        self.assertEqual("stream.missing", result.error["error"], result)
        process = self.begin(*self.options("ONE", "--subject", "one", "--replicas", "1"))
        until("it runs", lambda: os.path.exists(self.state_file("ONE")))
        result = self.a.call("stream", *self.options("ONE", "--subject", "one", "--replicas", "1", "--once"), "--json")
        self.assertEqual("stream.busy", result.error["error"], result)
        self.stop(process)
        with open(self.state_file("ONE"), "w") as f:
            f.write("{}")
        result = self.a.call("stream", *self.options("ONE", "--subject", "one", "--replicas", "1", "--once"), "--json")
        self.assertEqual("stream.place", result.error["error"], result)
        result = self.a.call("stream", *self.options("ONE", "--subject", "one", "--state", "/nonexistent/state"), "--json")
        self.assertEqual((FAILED, "file.write"), (result.status, result.error["error"]), result)
        for url in ("nats://192.0.2.1:4222", "tls://u:p@host.example:4222", "http://127.0.0.1:1", "tls://host.example"):
            result = self.a.call("stream", "--to", url, "--stream", "X", "--clearance", "GREEN", "--json")
            self.assertEqual((USAGE, "stream.url"), (result.status, result.error["error"]), result)

    def test_too_large(self):
        self.make("SMALL", "small", max_msg_size=2048)
        self.a.publish(bundle([indicator("large.example.com", description="x" * 3000)]))
        end = self.once("SMALL", "--subject", "small", "value:large.example.com")
        self.assertEqual((1, 1), (end["sent"], end["cut"]))
        (_, _, body), = self.cluster.messages("SMALL")
        self.assertTrue(json.loads(body)["cut"])
        self.assertNotIn("stix", json.loads(body))


if __name__ == "__main__":
    unittest.main(verbosity=2)
