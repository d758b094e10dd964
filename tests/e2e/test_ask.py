"""What analysts ask: every term of a query, on a stopped node and on a running one, and on real files where they are."""

import base64
import contextlib
import os
import unittest

from api import Api, Refused
from world import DATA, DONE, NOTHING, USAGE, WorldCase, bundle, indicator


class Query(WorldCase):
    @classmethod
    def build(cls, world):
        cls.home = world.found(run=False)
        fox = indicator("fox.evil.example", "green")
        fox.update(name="Red Fox", description="回覧板 over \"SMTP\"")
        cls.home.publish(bundle([fox, indicator("other.example", "green")]))
        cls.home.publish("192.0.2.7\n192.0.2.128/25\n198.51.100.9\n2001:db8::7\n", "--label", "GREEN")
        cls.home.publish("https://evil.example/a/b?c=1\nhttps://good.example/a*b\n", "--label", "GREEN", "--pap", "amber")
        cls.home.publish("d41d8cd98f00b204e9800998ecf8427e\n", "--label", "GREEN", "--exercise")

    def check(self, table):
        for expr, want in table:
            with self.subTest(expr=expr):
                self.assertEqual(sorted(want), self.home.values(expr))

    def test_terms(self):
        self.check((
            ("ip:192.0.2.7", ["192.0.2.7"]),
            ("ip:192.0.2.7 since:2020-01-01T09:00:00+09:00", ["192.0.2.7"]),
            ("ip:192.0.2.200", ["192.0.2.128/25"]),
            ("ip:192.0.2.0/24", ["192.0.2.7", "192.0.2.128/25"]),
            ("192[.]0[.]2[.]7 OR ip:2001:db8::/32", ["192.0.2.7", "2001:db8::7"]),
            ("domain:*.evil.example", ["fox.evil.example"]),
            ("*.evil[.]example", ["fox.evil.example"]),
            ("domain:evil.example", []),
            ("hxxps://evil[.]example/a/b?c=1", ["https://evil.example/a/b?c=1"]),
            ("url:*/a/*", ["https://evil.example/a/b?c=1"]),
            ("url:https://*a*b*", ["https://evil.example/a/b?c=1", "https://good.example/a*b"]),
            ("url:\"https://good.example/a*b\"", ["https://good.example/a*b"]),
            ("ip:192.0.2.* NOT ip:192.0.2.7", ["192.0.2.128/25"]),
            ("value:*.EXAMPLE", ["fox.evil.example", "other.example"]),
            ("hash:d41d8cd98f00b204e9800998ecf8427e exercise:yes", ["d41d8cd98f00b204e9800998ecf8427e"]),
            ("hash:* exercise:no", []),
            ("url:* pap:amber", ["https://evil.example/a/b?c=1", "https://good.example/a*b"]),
            ("(value:other.example OR ip:198.51.100.9) by:Alpha audience:all since:1h", ["198.51.100.9", "other.example"]),
            ("value:other.example until:1h", []),
            ("value:other.example label:<=green seen:1h expired:no withdrawn:no", ["other.example"]),
        ))

    def test_text(self):
        for expr in ("text:\"red fox\"", "\"Red Fox\"", "回覧板", "text:smtp type:indicator", "smtp NOT value:other.example"):
            with self.subTest(expr=expr):
                rows = self.home.query(expr)
                self.assertEqual(["Red Fox"], [r["stix"]["name"] for r in rows])
        self.assertEqual([], self.home.query("text:nothing-like-it"))
        self.assertEqual(NOTHING, self.home.call("query", "text:nothing-like-it").status)
        self.assertEqual(USAGE, self.home.call("query", "text:").status)

    def test_limit_and_tables(self):
        self.assertEqual(2, len(self.home.query("ip:*", "--limit", "2")))
        lines = self.home.call("query", "type:indicator", "--lang", "ja").out.splitlines()
        width = lambda text: sum(2 if ord(c) > 0x2e7f else 1 for c in text)
        heads = {width(line[:line.index("TLP:")]) for line in lines[1:]}
        self.assertEqual({width(lines[0][:lines[0].index("ラベル")])}, heads)


class Lookup(WorldCase):
    @classmethod
    def build(cls, world):
        cls.home = world.found("Alpha")
        cls.home.publish("192.0.2.0/24\n192.0.2.128/25\n198.51.100.9\n", "--label", "GREEN")
        cls.home.publish(bundle([indicator("198.51.100.9"), indicator("gone.example"), indicator("here.example")]))
        cls.home.ask("withdraw", cls.home.query("value:gone.example")[0]["id"])
        cls.api = Api(cls.home)
        cls.addClassCleanup(cls.api.close)

    def test_lookup(self):
        rows = self.api.rows("lookup", {"values": ["192[.]0[.]2[.]200", "198.51.100.9", "hxxp://nowhere.example/", "gone.example",
                                                   "HERE.example.", "203.0.113.1", "", "no value at all", "192.0.2.1/32"]})
        self.assertEqual([("192[.]0[.]2[.]200", "192.0.2.128/25", 1), ("198.51.100.9", "198.51.100.9", 2),
                          ("HERE.example.", "here.example", 1), ("192.0.2.1/32", "192.0.2.0/24", 1)],
                         [(r["asked"], r["value"], r["items"]) for r in rows])
        for row in rows:
            self.assertEqual(row["value"], self.home.ask("get", row["id"]).last["values"][0])

    def test_bounds(self):
        self.assertEqual([], self.api.rows("lookup", {"values": []}))
        for bad in ({}, {"values": "x"}, {"values": [1]}, {"values": ["x"] * 10001}):
            with self.assertRaisesRegex(Refused, "usage.argument"), contextlib.closing(Api(self.home)) as api:
                api.rows("lookup", bad)


@unittest.skipUnless(DATA, "no KAIRAN_DATA")
class Real(WorldCase):
    @classmethod
    def build(cls, world):
        cls.home = world.found(run=False)
        for name, label in (("stix21/amnesty-pegasus.json", "green"), ("stix21/oasis-poisonivy.json", "green"),
                            ("lists/ipsum-ips.txt", "green")):
            cls.home.ask("publish", os.path.join(DATA, name), "--to", "all", "--label", label)

    def test_found(self):
        self.assertLessEqual(1549, len(self.home.query("type:indicator value:*", "NOT type:ipv4-addr")))
        self.assertLessEqual(120430, len(self.home.query("type:ipv4-addr")))
        self.assertTrue(self.home.query("cve:CVE-2009-4324") or self.home.query("type:vulnerability"))
        self.assertEqual({"malware"}, {r["type"] for r in self.home.query("text:pegasus NOT type:indicator NOT type:relationship")})
        with open(os.path.join(DATA, "lists/ipsum-ips.txt"), encoding="utf-8") as f:
            address = next(line.split()[0] for line in f if line[0].isdigit())
        self.assertEqual([address], self.home.values("ip:" + address))
        block = address.rsplit(".", 1)[0]
        self.assertEqual(self.home.values("ip:%s.0/24" % block), self.home.values("ip:%s.*" % block))



class Pages(WorldCase):
    """An answer page by page, over calls: each answer once, whatever comes meanwhile, and after a restart."""

    @classmethod
    def build(cls, world):
        cls.home = world.found()
        cls.home.publish("\n".join("n%03d.example" % i for i in range(300)) + "\n", "--label", "GREEN")
        cls.home.publish(bundle(indicator("o%d.example" % i, "green") for i in range(40)))
        cls.home.sees("o39.example")

    def page(self, after, expr=None, limit=37):
        api = Api(self.home)
        with contextlib.closing(api):
            rows = api.rows("query", dict({"after": after, "limit": limit, "settle": True}, **({} if expr is None else {"expr": expr})))
        self.assertEqual({"after"}, set(rows[-1]))
        self.assertTrue(all("id" in r for r in rows[:-1]))
        return [(r["id"], r["value"]) for r in rows[:-1]], rows[-1]["after"]

    def refused(self, code, after, expr=None, limit=37):
        with self.assertRaisesRegex(Refused, '"error":"%s"' % code):
            self.page(after, expr, limit)

    def test_pages(self):
        for expr in ("domain:*", "type:indicator", "text:o1 OR domain:n1*", ""):
            with self.subTest(expr=expr):
                whole = [(r["id"], r["value"]) for r in self.home.query(*([expr] if expr else []))]
                seen, after = self.page("", expr)
                for turn in range(100):
                    if turn == 1:
                        self.home.publish("later-%d.example\n" % len(expr), "--label", "GREEN")
                    if turn == 2:
                        self.home.node.stop()
                        self.home.run()
                    if after is None:
                        break
                    more, after = self.page(after, expr if turn % 2 else None)
                    self.assertLessEqual(len(more), 37)
                    seen += more
                self.assertIsNone(after)
                self.assertEqual(len(set(seen)), len(seen), "none twice")
                self.assertEqual(set(), set(whole) - set(seen), "none missing")

    def test_durations_are_of_the_first_page(self):
        rows, after = self.page("", "domain:n* since:1h", 10)
        self.assertEqual(10, len(rows))
        self.assertEqual(10, len(self.page(after, None, 10)[0]))

    def test_wrong_ones(self):
        _, after = self.page("", "domain:*")
        self.refused("query.after", after, "domain:o*")
        self.refused("query.after", after[:-3])
        self.refused("query.after", ("B" if after[20] == "A" else "A").join((after[:20], after[21:])))
        self.refused("query.after", "nothing of the kind")
        self.refused("usage.argument", "", "domain:*", limit=0)
        self.refused("query.syntax", "", "(domain:*")
        self.refused("query.too-long", "", " OR ".join(["n%04d.example" % i for i in range(400)]))

    def test_places_tell_nothing(self):
        """Rows of what is hidden are counted in a place: nobody reads it, nor sees two that are the same."""
        one, two = (self.page("", "type:indicator", 10)[1] for _ in range(2))
        self.assertEqual(len(one), len(two))
        self.assertNotEqual(one, two)
        self.assertNotIn(b"indicator", base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)))

    def test_index_made_anew(self):
        _, after = self.page("", "domain:*")
        self.home.node.stop()
        self.home.ask("reindex")
        self.home.run()
        self.refused("query.after-gone", after)

    def test_command(self):
        first = self.home.call("query", "domain:n*", "--limit", "2", "--after", "start", "--json")
        self.assertEqual((DONE, 3), (first.status, len(first.rows)))
        second = self.home.call("query", "--limit", "2", "--after", first.last["after"], "--format", "csv")
        self.assertEqual((DONE, 3), (second.status, len(second.out.splitlines())))
        self.assertIn("--after ", second.err)
        self.assertEqual(USAGE, self.home.call("query", "--after", "x").status)


if __name__ == "__main__":
    unittest.main()
