"""stream brings what is verified into a real JetStream cluster of three servers: each item once, whoever is killed when."""

import json
import os
import random

import cluster
from cluster import TINY_WINDOW_NS, Streaming
from world import DONE, bundle, indicator, until

SEED = 20261201


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
        """Publish n, which are acknowledged before they can be found, and found when this ends; their ids are asked for later."""
        Cluster.serial += n
        names = ["s%d.example.com" % i for i in range(self.serial - n, self.serial)]
        self.a.publish(bundle(indicator(v, label) for v in names), to="all" if label == "green" else "Closed")
        until("they can be found", lambda: len(self.ids("type:indicator")) >= self.serial)
        return names

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
        leader = int(until("it is known who leads", lambda: self.cluster.info("KILL")["cluster"].get("leader"))[1:])
        self.cluster.kill()
        self.items(200)
        until("it says that the cluster is away", lambda: "ALARM" in self.said(process))
        self.assertIn("ready", self.said(process))
        self.kill(process)
        process = self.begin(*args)
        self.items(100)
        self.cluster.start(*(i for i in range(3) if i != leader))  # Two of three go on.
        ids = self.ids("label:<=green")
        until("all of it is there", lambda: self.count("KILL") >= len(ids), 40)
        self.stop(process)
        end = self.a.ask("stream", *args, "--once").last
        self.assertEqual((0, 0), (end["sent"], end["held"]), "it goes on where it was")
        self.assert_once("KILL", ids)
        for subject, head, body in self.cluster.messages("KILL"):
            message = json.loads(body)
            self.assertEqual("kill.item." + message["id"], subject)
            self.assertEqual(subject, head["Nats-Msg-Id"])
            self.assertIn(message["label"], ("TLP:CLEAR", "TLP:GREEN"))

    def test_file_that_is_behind(self):
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


if __name__ == "__main__":
    cluster.main()
