"""What is imported is found as it is after `reindex`, also where a kill came between the acknowledgement and the index, or in the
middle of a file."""

import contextlib
import http.client
import os
import random
import threading
import unittest

from api import Api, Refused
from world import WorldCase, addresses, bundle, indicator

OBJECTS = 3000
VALUES = 20000
KILLS = 4
TRIES = 20


class Import(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a = world.found()

    def objects(self, name, n=OBJECTS):
        return bundle(indicator("%s-%d.example" % (name, i)) for i in range(n))

    def publish(self, data, to="all"):
        with contextlib.closing(Api(self.a)) as api:
            return api.publish(data, to=to, label="TLP:GREEN")["accepted"]

    def rows(self, *exprs):
        """What they find once all is indexed, in the order of the index."""
        with contextlib.closing(Api(self.a)) as api:
            api.rows("query", {"expr": "value:nothing.example", "settle": True})
            return [(r["id"], r["value"]) for e in exprs for r in api.rows("query", {"expr": e, "limit": 1000000})]

    def items(self):
        self.rows()
        return self.a.status()["items"]

    def as_made_again(self):
        everything = ("domain:*.example", "ip:198.18.0.0/15")
        was = self.rows(*everything)
        self.a.node.stop()
        self.a.ask("reindex", seconds=300)
        self.a.run_again()
        self.assertEqual(was, self.rows(*everything))
        self.assertEqual(len(was), len(set(was)))
        return was

    def test_1_at_once(self):
        """Publications at once, to two audiences, and small ones meanwhile: each as the store has them."""
        self.a.ask("audience", "create", "Other", "--kind", "group")
        files = ((self.objects("one"), "all"), (self.objects("two"), "Other"), ("\n".join(addresses(VALUES)).encode(), "all"))
        accepted = []
        threads = [threading.Thread(target=lambda f=f: accepted.append(self.publish(*f))) for f in files]
        for t in threads:
            t.start()
        small = 0
        while any(t.is_alive() for t in threads):
            small += self.publish(b"small-%d.example\n" % small)
        for t in threads:
            t.join()
        self.assertEqual(sorted(accepted), [OBJECTS, OBJECTS, VALUES])
        self.assertEqual(len(self.as_made_again()), 2 * OBJECTS + VALUES + small)

    def test_2_found_by_who_published(self):
        """At once, item by item; and an export has it."""
        for i in range(KILLS):
            last = "mine%d-%d.example" % (i, OBJECTS - 1)
            self.a.publish(self.objects("mine%d" % i))
            self.assertEqual(1, len(self.a.query("value:" + last)))
            self.a.publish(self.objects("told%d" % i))
            path = self.world.path("hosts")
            self.a.ask("export", "--format", "hosts", "--out", path, "domain:*.example")
            with open(path, encoding="utf-8") as f:
                self.assertIn(" told%d-%d.example\n" % (i, OBJECTS - 1), f.read())

    def test_3_killed_behind_the_answer(self):
        for i in range(KILLS):
            before = self.items()
            self.assertEqual(self.publish(self.objects("kill%d" % i)), OBJECTS)
            self.a.node.kill()
            self.a.run_again()
            self.assertEqual(self.items(), before + OBJECTS)
        self.as_made_again()

    def test_4_killed_in_the_middle(self):
        """Whole or not at all."""
        rng = random.Random(7)
        for i in range(KILLS):
            before = self.items()
            data, accepted = self.objects("middle%d" % i), []

            def publish():
                with contextlib.suppress(OSError, http.client.HTTPException, Refused, ValueError, IndexError):
                    accepted.append(self.publish(data))
            t = threading.Thread(target=publish)
            t.start()
            t.join(rng.random() * 0.3)
            self.a.node.kill()
            t.join()
            self.a.run_again()
            self.assertIn(self.items() - before, (OBJECTS,) if accepted else (0, OBJECTS))
        self.as_made_again()

    def written_to_meanwhile(self, name):
        """Whether it was: a busy machine may be done before anybody looks."""
        path = self.world.file(self.objects(name), name + ".json")
        process = self.a.spawn("publish", path, "--to", "all", "--label", "TLP:GREEN", "--json")
        copied = False
        while process.poll() is None:
            with contextlib.suppress(OSError), open("/proc/%d/maps" % process.pid, encoding="utf-8") as f:
                maps = f.read()
                self.assertFalse(path in maps, "the file itself is read")
                if not copied and "/memfd:held" in maps:
                    copied = True
                    os.truncate(path, 0)
        self.assertEqual(process.returncode, 0, process.stderr.read())
        return copied

    def until_written_to(self, name):
        """How often it took."""
        for i in range(TRIES):
            if self.written_to_meanwhile("%s%d" % (name, i)):
                return i + 1
        return self.fail("nobody saw the bytes that were held, in %d tries" % TRIES)

    def test_5_written_to_meanwhile(self):
        """What goes out are the bytes that were judged, whoever writes to the file meanwhile; also where no node runs."""
        before = self.items()
        times = self.until_written_to("node")
        self.a.node.stop()
        times += self.until_written_to("home")
        self.a.run_again()
        self.assertEqual(self.items(), before + times * OBJECTS)


if __name__ == "__main__":
    unittest.main()
