"""What a reader could learn of what is not theirs by the way: from when an answer comes, from an alarm, from a note, from what
they are let do; and that nobody keeps the administrator out."""

import contextlib
import json
import os
import pwd
import socket
import threading
import time
import unittest

import test_readers
from world import PATIENCE, WorldCase, bundle, indicator, until

LONG = "秘密の捜査に関する非常に長い名前の共有先の一覧その一二三四五"  # More bytes than a short name has.


def person(home, name):
    request = home.world.path(name + ".request")
    words = home.ask("person", "key", "--name", name, "--out", request).last["words"]
    return home.ask("person", "add", request, "--fingerprint", words, "--clearance", "red").last["id"]


class Hidden(WorldCase):
    """Alpha has readers; Beta stands beside; Gamma is to be a steward."""

    @classmethod
    def build(cls, world):
        cls.a = world.found("Alpha", run=False)
        cls.a.run("--api", "tcp://127.0.0.1:0")
        cls.b = world.join(cls.a, "Beta", "--clearance", "red")
        cls.b.run("--api", "tcp://127.0.0.1:0")
        cls.g = world.join(cls.a, "Gamma", "--clearance", "red")
        cls.g.run()
        until("all are live", lambda: cls.a.live_with(2), 30)
        cls.a.ask("audience", "create", "circle", "--kind", "group", "--label", "AMBER+STRICT", "--member", "Alpha", "--member", "Beta")
        until("Beta may write to circle", lambda: cls.has_key(cls.b, "circle"), 30)
        cls.analyst = cls.token(cls.a, "green", "analyst")
        cls.reader = cls.token(cls.a, "green", "reader")
        cls.persons = [person(cls.a, "Ana"), person(cls.b, "Ben")]
        for home in (cls.a, cls.b):
            until("persons are known", lambda home=home: len(home.ask("person", "list", "--all").rows) == 2, 30)

    @staticmethod
    def token(home, clearance, role):
        return test_readers.Client(home.status()["api"], test_readers.Readers.make(home, "%s-%s-%d" % (clearance, role, time.monotonic_ns()), clearance, role))

    @staticmethod
    def has_key(home, audience):
        return any(r["name"] == audience and r["epoch"] for r in home.ask("audience", "list").rows)

    @staticmethod
    def alarms(client):
        return [(row["code"], row["what"]) for row in client.rows("status")[0]["alarms"]]

    def test_a_followed_export_begins_anew_for_what_its_reader_sees(self):
        connection, response = self.reader.open("export", {"format": "csv", "follow": True, "expr": "domain:*.followed.example"})
        lines = []

        def read():
            with contextlib.suppress(AttributeError, ValueError, OSError):  # It is closed at the end.
                for line in iter(response.readline, b""):
                    if line.strip():
                        lines.append(json.loads(line))
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        until("the first pass", lambda: lines and lines[-1].get("end"))
        time.sleep(2)
        before = len(lines)
        for i in range(3):
            self.a.publish(bundle([indicator("%d.followed.example" % i, label="amber")]), to="circle")
            until("it is indexed", lambda i=i: self.a.query("value:%d.followed.example" % i))
        self.a.ask("withdraw", self.a.query("value:0.followed.example")[0]["id"])
        time.sleep(2)
        self.assertEqual(lines[before:], [])
        self.a.publish(bundle([indicator("seen.followed.example")]))
        until("what is theirs", lambda: lines[-1].get("values") == 1)
        self.a.ask("withdraw", self.a.query("value:seen.followed.example")[0]["id"])
        until("what became of it", lambda: lines[-1].get("values") == 0)
        connection.close()

    def test_what_is_given_is_published_within_the_clearance(self):
        self.b.ask("publish", self.b.world.file(json.dumps(indicator("given.example"))), "--through", "Alpha")
        row = until("Alpha has it", lambda: self.a.call("contribution", "list", "--json").rows)[0]
        answer = self.analyst.ask("contribution-publish", {"id": row["id"], "to": "circle", "label": "TLP:AMBER"})
        self.assertEqual((answer.status, answer.last["rule"]), (403, "read.clearance"))
        self.assertEqual(len(self.a.query("value:given.example")), 1)
        self.assertEqual(self.analyst.ask("contribution-publish", {"id": row["id"], "to": "all"}).status, 200)

    def test_whose_it_was_first_is_said_by_what_one_sees(self):
        """The same bytes: ours under a label that is hidden, then another's."""
        for value, ours in (("ours.example", True), ("theirs.example", False)):
            text = json.dumps(indicator(value, label=None))
            if ours:
                self.a.publish(text, "--label", "amber", to="circle")
            self.b.publish(text, "--label", "green", to="all")
            until("both are here", lambda value=value, n=1 + ours: len(self.a.query("value:" + value)) == n)
            args = json.dumps({"to": "public", "label": "TLP:CLEAR", "dry_run": True}).replace(" ", "").replace('"', "%22")
            told = self.analyst.ask("publish?args=" + args, body=text).rows
            self.assertEqual([r["noted"]["code"] for r in told if "noted" in r], ["warn.theirs"], value)

    def test_a_place_says_nothing_of_what_was_asked(self):
        self.a.ask("audience", "create", "whispers", "--kind", "persons", "--member", self.persons[0])
        self.a.publish(bundle([indicator("%d.paged.example" % i) for i in range(2)]))
        red = self.token(self.a, "red", "reader").rows("query", {
            "expr": "audience:whispers OR domain:*.paged.example", "limit": 1, "after": ""})
        answer = self.reader.ask("query", {"after": red[-1]["after"]})
        self.assertEqual((answer.status, answer.last["error"]), (400, "query.after"))
        self.assertNotIn(b"whispers", answer.body)

    def test_an_alarm_about_an_audience_for_red(self):
        members = [o for p in self.persons for o in ("--member", p)]
        self.a.ask("audience", "create", LONG, "--kind", "persons", *members)

        def long_ones():
            return [row for row in self.a.status()["alarms"] if LONG in row["what"]]
        until("it has one steward", long_ones)
        self.assertNotIn(LONG[:5], str(self.alarms(self.reader)))
        for i in range(3):
            self.a.ask("audience", "create", "later%d" % i, "--kind", "group", "--label", "amber")
        self.assertEqual(len(long_ones()), 1)
        self.a.ask("audience", "add", LONG, "--steward", "Gamma")
        until("it has two", lambda: not long_ones())

    def test_names_that_the_network_is_not_told(self):
        for clearance, role, name in (("clear", "reader", None), ("amber", "analyst", None), ("red", "reader", "Ana"),
                                      ("clear", "admin", "Ana")):
            (row,) = self.token(self.a, clearance, role).rows("person-list")
            self.assertEqual((row["name"], row["name_hidden"]), (name, True), (clearance, role))

    def test_nobody_takes_all_of_the_socket(self):
        nobody = pwd.getpwnam("nobody")
        path = os.path.join(self.a.dir, "api.sock")
        os.chmod(self.world.dir, 0o711)
        os.chmod(path, 0o666)  # As membership of the group `kairan` would let it.
        self.addCleanup(os.chmod, path, 0o600)
        done, begin = os.pipe()
        child = os.fork()
        if child == 0:
            held = []
            try:
                os.setgroups([])
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
                for _ in range(80):
                    held.append(socket.socket(socket.AF_UNIX))
                    held[-1].setblocking(False)
                    held[-1].connect_ex(path)
                    time.sleep(0.01)
                os.write(begin, b"x")
                time.sleep(60 * PATIENCE)
            finally:
                os._exit(0)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.kill, child, 9)
        os.close(begin)
        self.assertEqual(os.read(done, 1), b"x")
        os.close(done)
        for _ in range(5):
            self.assertIn("Alpha", self.a.ask("status").last["org"])


if __name__ == "__main__":
    unittest.main()
