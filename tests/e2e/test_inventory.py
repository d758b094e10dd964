"""What an organisation has itself, and what of the store touches it; on arrival too."""

import json
import os
import unittest
import uuid

from test_readers import Client
from world import DATA, DONE, FAILED, FORBIDDEN, NOTHING, Lines, WorldCase, bundle, indicator, until

TIME = "2026-01-15T09:30:00.000Z"
CPE = "cpe:2.3:a:%s:%s:%s:*:*:*:*:*:*:*"


def vulnerability(name, **more):
    o = {"type": "vulnerability", "spec_version": "2.1", "id": "vulnerability--%s" % uuid.uuid4(), "created": TIME, "modified": TIME,
         "name": name, "object_marking_refs": indicator("x")["object_marking_refs"]}
    o.update(more)
    return o


class Inventory(WorldCase):
    @classmethod
    def build(cls, world):
        cls.home = world.found("Alpha", run=False)
        cls.home.publish("198.51.100.7\n203.0.113.0/24\n192.0.2.1\n", "--label", "GREEN")
        cls.home.publish("www.town.example\ntown.example.evil.example\nother.example\n", "--label", "GREEN")
        cls.home.publish(bundle([
            indicator("198.51.100.0/25"), indicator("mail.town.example"),
            vulnerability("CVE-2026-0001", description="A flaw in Acme Corp. Portal Suite before 2.4"),
            vulnerability("CVE-2026-0002", x_affected=[{"criteria": CPE % ("apache", "http_server", "*"),
                                                        "versionStartIncluding": "2.4.0", "versionEndExcluding": "2.4.50"}]),
            vulnerability("CVE-2026-0003", x_affected=[{"criteria": CPE % ("apache", "http_server", "*"),
                                                        "versionEndExcluding": "2.4.10"}]),
            vulnerability("CVE-2026-0004", description="nothing of ours"),
        ]))

    def put(self, text, status=DONE):
        return self.home.ask("inventory", "import", self.world.file(text, "own"), status=status)

    def touched(self, *args):
        result = self.home.call("relevant", *args, "--json")
        self.assertIn(result.status, (DONE, NOTHING), result)
        return {(r["value"] or r["stix"]["name"], r["touches_by"]) for r in result.rows}

    VALUES = {("198.51.100.7", "value"), ("198.51.100.0/25", "value"), ("203.0.113.0/24", "value"),
              ("www.town.example", "value"), ("mail.town.example", "value")}

    def test_plain(self):
        self.assertEqual({"values": 3, "products": 1}, self.put(
            "# ours\n198.51.100.0/24\n203.0.113.77\r\ntown.example\n\n%s\n" % (CPE % ("apache", "http_server", "2.4.41"))).last)
        self.assertEqual(self.VALUES | {("CVE-2026-0002", "cpe")}, self.touched())
        self.assertEqual({("www.town.example", "value"), ("mail.town.example", "value")}, self.touched("type:domain-name"))
        self.assertEqual(2, len(self.touched("--limit", "2")))
        mode = os.stat(os.path.join(self.home.dir, "inventory")).st_mode & 0o777
        self.assertEqual(0o600, mode)
        self.assertEqual(["ipv4-addr", "ipv4-addr", "domain-name", "product"],
                         [r["kind"] for r in self.home.ask("inventory", "list").rows])

    def test_csv_and_json(self):
        self.put("\ufeffVendor,Product,Version,IP,Domain\r\n\"Acme Corp.\",Portal Suite,2.3,,\r\nApache,HTTP Server,2.4.9,198.51.100.0/24,town.example\r\n"
                 ",,,203.0.113.77,\r\n")
        want = self.VALUES | {("CVE-2026-0001", "text"), ("CVE-2026-0002", "cpe"), ("CVE-2026-0003", "cpe")}
        self.assertEqual(want, self.touched())
        self.put(json.dumps(["198.51.100.0/24", {"ip": "203.0.113.77", "domain": "town.example"},
                             {"vendor": "acme corp.", "product": "portal SUITE"},
                             {"cpe": CPE % ("apache", "http_server", "2.4.9")}, "CVE-2026-0004"]))
        self.assertEqual(want | {("CVE-2026-0004", "value")}, self.touched())

    def test_refused(self):
        before = self.put("198.51.100.0/24\n").last
        self.assertEqual({"values": 1, "products": 0}, before)
        for text, code, line in (("198.51.100.0/24\nnot a thing at all\n", "inventory.value", 2), ("[\"192.0.2.1\",", "inventory.form", 1),
                                 ("{}", "inventory.form", 1), ("ip,domain\n192.0.2.1\n", "inventory.form", 2),
                                 ("ip\n\"192.0.2.1", "inventory.form", 2), ("vendor,product\nacme,\n", "inventory.form", 2),
                                 ("cpe:2.3:a:b\n", "inventory.value", 1), ("\x00", "inventory.form", 0)):
            with self.subTest(text=text):
                error = self.put(text, status=FAILED).error
                self.assertEqual(code, error["error"])
                if line:
                    self.assertIn("line %d:" % line, error["where"])
        self.assertEqual(["198.51.100.0/24"], [r["text"] for r in self.home.ask("inventory", "list").rows])
        self.put("")
        self.assertEqual(NOTHING, self.home.call("inventory", "list").status)
        self.assertEqual(NOTHING, self.home.call("relevant").status)

    @unittest.skipUnless(DATA, "no KAIRAN_DATA")
    def test_real(self):
        self.home.ask("publish", os.path.join(DATA, "stix21/oasis-poisonivy.json"), "--to", "all", "--label", "green")
        self.put("vendor,product\nMicrosoft,Internet Explorer\n")
        self.assertLess(len(self.touched()), 8)
        for row in self.home.call("relevant", "--json").rows:
            self.assertIn("nternet", json.dumps(row["stix"]))


class Arrival(WorldCase):
    @classmethod
    def build(cls, world):
        cls.home = world.found("Alpha")

    def test_watch(self):
        self.home.ask("inventory", "import", self.world.file("town.example\n", "own"))
        process = self.home.spawn("watch", "--relevant", "--json")
        os.set_blocking(process.stderr.fileno(), False)
        said = [b""]

        def ready():
            said[0] += process.stderr.read() or b""
            return b"Watching" in said[0]
        until("it watches", ready)
        self.home.publish("a.example\nb.town.example\nc.example\n", "--label", "GREEN")
        self.home.publish(bundle([indicator("d.example"), indicator("e.town.example")]))
        lines = Lines(process)
        got = [json.loads(lines.next()) for _ in range(2)]
        self.assertEqual(["b.town.example", "e.town.example"], [r["value"] for r in got])
        self.assertEqual({"town.example"}, {r["touches"] for r in got})
        process.kill()


class Alarm(WorldCase):
    """The alarm inventory.touched: what came and was not looked at, within the clearance of who asks."""

    @classmethod
    def build(cls, world):
        cls.home = world.found("Alpha", run=False)
        cls.home.run("--api", "tcp://127.0.0.1:0")
        cls.home.ask("audience", "create", "Trusted", "--kind", "group", "--label", "amber")
        cls.tokens = {(c, r): cls.home.ask("token", "add", c + r, "--clearance", c, "--role", r).last["token"]
                      for c in ("green", "amber") for r in ("reader", "analyst")}

    def own(self, text):
        self.home.ask("inventory", "import", self.world.file(text, "own"))

    def alarm(self):
        found = [a for a in self.home.status()["alarms"] if a["code"] == "inventory.touched"]
        self.assertLessEqual(len(found), 1)
        self.assertTrue(all(a["since"] and a["what"] and "relevant" in a["do"] for a in found))
        return len(found) == 1

    def alarm_of(self, clearance, role):
        rows = Client(self.home.status()["api"], self.tokens[clearance, role]).rows("status")
        return any(a["code"] == "inventory.touched" for a in rows[-1]["alarms"])

    def test_until_it_is_looked_at(self):
        self.own("looked.example\n%s\n" % (CPE % ("looked", "portal", "1.0")))
        self.assertFalse(self.alarm())
        self.home.publish("a.other.example\n", "--label", "GREEN")
        self.home.publish("a.looked.example\n", "--label", "GREEN")
        until("the alarm", self.alarm)
        self.home.node.stop()
        self.home.run("--api", "tcp://127.0.0.1:0")
        self.assertTrue(self.alarm())
        self.home.call("relevant", "--limit", "1")
        self.home.call("relevant", "domain:looked.example")
        self.assertTrue(self.alarm(), "a part is not all")
        self.assertEqual(DONE, self.home.call("relevant").status)
        self.assertFalse(self.alarm())
        self.home.node.kill()
        os.remove(os.path.join(self.home.dir, "index", "state"))  # It is made anew: rows have other numbers.
        self.home.run("--api", "tcp://127.0.0.1:0")
        until("its index", lambda: self.home.query("value:a.looked.example"))
        self.assertFalse(self.alarm())
        self.home.publish(bundle([vulnerability("CVE-2026-0009", x_affected=[{"criteria": CPE % ("looked", "portal", "*")}])]))
        until("the alarm of a product", self.alarm)
        self.own("looked.example\n")
        until("the alarm of another inventory", self.alarm)
        self.own("nothing-of-it.example\n")
        self.assertFalse(self.alarm())

    def test_only_what_is_current(self):
        self.own("withdrawn.example\n")
        gone = indicator("a.withdrawn.example")
        self.home.publish(bundle([gone]))
        until("the alarm", self.alarm)
        self.home.ask("withdraw", gone["id"])
        until("no alarm", lambda: not self.alarm())

    def test_clearance(self):
        self.own("secret.example\n")
        self.home.publish("a.secret.example\n", "--label", "AMBER", to="Trusted")
        until("the alarm", self.alarm)
        self.assertEqual([False, False, False, True], [self.alarm_of(c, r) for c in ("green", "amber") for r in ("reader", "analyst")])
        self.home.publish("later.example\n", "--label", "GREEN")
        self.home.sees("later.example")
        Client(self.home.status()["api"], self.tokens["green", "analyst"]).rows("relevant")
        self.assertTrue(self.alarm(), "who may not see it has not looked at it")
        Client(self.home.status()["api"], self.tokens["amber", "analyst"]).rows("relevant")
        until("no alarm", lambda: not self.alarm())

    def test_looked_at_below_what_is_hidden(self):
        self.own("below.example\n")
        self.home.publish("a.below.example\n", "--label", "GREEN")
        self.home.sees("a.below.example")
        self.home.publish("above-it.example\n", "--label", "AMBER", to="Trusted")
        self.home.sees("above-it.example")
        Client(self.home.status()["api"], self.tokens["green", "analyst"]).rows("relevant")
        self.assertFalse(self.alarm())
        self.home.node.kill()
        os.remove(os.path.join(self.home.dir, "index", "state"))  # By their time alone it is known what was looked at.
        self.home.run("--api", "tcp://127.0.0.1:0")
        self.home.sees("above-it.example")
        self.assertFalse(self.alarm())


if __name__ == "__main__":
    unittest.main()
