"""TLP:RED: sealed by one person's command line, opened by another's; no node ever sees what is in it."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time
import unittest

from world import (DONE, FAILED, FORBIDDEN, KAIRAN, NOTHING, USAGE, WorldCase, bundle, indicator, until)

SECRET = "very-secret-host.example"
WORDS = (SECRET.encode(), b"Lantern-Of-The-North", b"secret-list-entry.example")
PASS = {"Ana": "ana correct horse", "Ben": "ben battery staple", "Cho": "cho no slot", "Eve": "eve lent expert"}


def secret_object(serial="one"):
    return indicator(SECRET, label="red", serial="red-" + serial, description="Operation Lantern-Of-The-North")


class Persons:
    """What a person does, on the machine of their node."""

    def key(self, home, name, **kw):
        out = home.world.path(name + ".request")
        words = home.ask("person", "key", "--name", name, "--out", out, env={"KAIRAN_PASSPHRASE": PASS[name]}, **kw).last["words"]
        return out, words

    def add(self, home, name, *options, at=None):
        """The person makes a key at `at` (else here) and gets a place in the organisation of home."""
        request, words = self.key(at or home, name)
        return home.ask("person", "add", request, "--fingerprint", words, *options).last["id"]

    def open(self, home, item, name, *options, status=DONE, passphrase=None):
        env = {"KAIRAN_PASSPHRASE": passphrase or PASS[name]}
        result = home.call("open", item, "--name", name, *options, env=env)
        self.assertEqual(status, result.status, result)
        return result

    def sealed_rows(self, home, n=1):
        return until("%s holds %d RED items" % (home.name, n),
                     lambda: (lambda rows: rows if len(rows) >= n else None)(home.query("label:red")), 60)


class Red(WorldCase, Persons):
    """Two organisations cleared for RED, and one person of each; a person without a slot; one whose place has ended."""

    @classmethod
    def build(cls, world):
        cls.a = world.found("Alpha")
        cls.b = world.join(cls.a, "Beta", "--clearance", "RED")
        cls.b.run()
        until("Beta is live", lambda: cls.b.live_with(1), 60)
        self = cls()
        cls.ids = {"Ana": self.add(cls.a, "Ana"), "Ben": self.add(cls.b, "Ben"), "Cho": self.add(cls.b, "Cho")}
        until("Beta's persons are known", lambda: len(cls.a.ask("person", "list", "--all").rows) == 3, 60)
        cls.a.ask("audience", "create", "inner", "--kind", "persons", "--member", "Ana", "--member", cls.ids["Ben"])
        until("Beta is a member", lambda: [r for r in cls.b.ask("audience", "list").rows if r["name"] == "inner"], 60)
        # As a person does it: the file is outside of every home, and gone afterwards.
        cls.object = json.dumps(secret_object())
        path = world.file(cls.object)
        cls.published = cls.a.ask("publish", path, "--to", "inner", "--label", "RED", "--wait", "1").last
        os.unlink(path)
        cls.row = self.sealed_rows(cls.b)[0]

    def test_what_a_node_shows_of_it(self):
        self.assertEqual(1, self.published["accepted"])
        self.assertEqual([self.row["id"]], self.published["ids"])
        for home in (self.a, self.b):
            row = [r for r in self.sealed_rows(home) if r["id"] == self.row["id"]][0]
            self.assertEqual("TLP:RED", row["label"])
            self.assertEqual("Alpha", row["origin_name"])
            self.assertEqual("inner", row["audience"])
            self.assertIsNone(row.get("stix"))
            self.assertEqual(self.row["id"], row["id"])
            self.assertEqual([], home.query("value:" + SECRET), "a value of it is found by nobody")

    def test_both_persons_open_it_exactly(self):
        self.assertEqual(self.object, self.open(self.a, self.row["id"], "Ana").out)
        self.assertEqual(self.object, self.open(self.b, self.row["id"][:12], "Ben").out)
        out = self.world.path("opened")
        self.open(self.b, self.row["id"], "Ben", "--out", out)
        with open(out) as f:
            self.assertEqual(self.object, f.read())
        self.assertEqual(0o600, os.stat(out).st_mode & 0o777)
        os.unlink(out)

    def test_who_has_no_slot_opens_nothing(self):
        result = self.open(self.b, self.row["id"], "Cho", "--json", status=FORBIDDEN)
        self.assertEqual("red.no-slot", result.error["rule"])
        self.assertEqual("", result.out)

    def test_wrong_passphrase(self):
        result = self.open(self.b, self.row["id"], "Ben", "--json", status=FAILED, passphrase="not it")
        self.assertEqual("key.passphrase", result.error["error"])
        self.assertEqual("", result.out)

    def test_several_keys_need_a_name(self):
        result = self.b.call("open", self.row["id"], "--json", env={"KAIRAN_PASSPHRASE": PASS["Ben"]})
        self.assertEqual(FAILED, result.status)
        self.assertEqual("person.which", result.error["error"])
        key = os.path.join(self.b.dir, "keys", "persons", "Ben.key")
        result = self.b.call("open", self.row["id"], "--key", key, env={"KAIRAN_PASSPHRASE": PASS["Ben"]})
        self.assertEqual((DONE, self.object), (result.status, result.out))

    def test_unknown_and_unsealed_items(self):
        self.assertEqual(NOTHING, self.b.call("open", "00ff00ff00ff", "--name", "Ben").status)
        self.b.publish(bundle([indicator("198.51.100.77", label="green")]), to="all")
        row = self.b.sees("198.51.100.77")[0]
        result = self.b.call("open", row["id"], "--name", "Ben", "--json")
        self.assertEqual("red.not-sealed", result.error["error"])

    def test_red_goes_to_persons_only(self):
        path = self.world.file(json.dumps(indicator("203.0.113.9", label=None)))
        for audience in ("all", "public"):
            result = self.a.ask("publish", path, "--to", audience, "--label", "RED", status=FORBIDDEN)
            self.assertEqual("label.red", result.error["rule"])
        self.a.ask("audience", "create", "strict", "--kind", "group", "--member", "Beta")
        self.assertEqual(FORBIDDEN, self.a.call("publish", path, "--to", "strict", "--label", "tlp:red").status)

    def test_what_is_red_never_reaches_the_node(self):
        """Without --label RED, or to others than persons: refused here, and the node was not even called."""
        words = ("never-sent.example", "Silent-Running")
        red = indicator(words[0], label="red", serial="never", description=words[1])
        red_1 = dict(red, object_marking_refs=["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"])
        granular = dict(indicator(words[0], label="green", serial="never", description=words[1]), granular_markings=[
            {"marking_ref": red["object_marking_refs"][0], "selectors": ["description"]}])
        broken = dict(red, pattern=7)
        own = {"type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--7f3b1c1e-9d3a-4f0e-8a61-0c9f2a7f5b10",
               "created": "2026-01-15T09:30:00.000Z", "definition_type": "tlp", "name": "TLP:RED", "definition": {"tlp": "red"}}
        marked = dict(red, object_marking_refs=[own["id"]])
        green = indicator("beside-it.example", label="green")
        escaped = json.dumps(broken).replace("marking-definition--e8", "marking-definition\\u002d-\\u00658")
        misp = {"Event": {"info": words[1], "Tag": [{"name": "tlp:red"}]}}
        texts = {"one": json.dumps(red), "tlp1": json.dumps(red_1), "granular": json.dumps(granular), "broken": json.dumps(broken),
                 "cut": bundle([red, green])[:-40], "beside": bundle([green, red]), "own": bundle([own, marked]), "escaped": escaped,
                 "misp": json.dumps(misp), "labels": json.dumps(dict(green, labels=["tlp:red"], name=words[0])),
                 "list": "# TLP:RED\n%s\n" % words[0], "first": "TLP:RED\n%s\n" % words[0], "table": "# TLP: RED\nvalue,note\n%s,\n" % words[0],
                 "utf16": json.dumps(red).encode("utf-16")}
        self.a.ask("audience", "create", "closed", "--kind", "group", "--member", "Beta")
        items = self.a.status()["items"]
        for name, text in texts.items():
            path = self.world.file(text, name)
            for options in (["--to", "all"], ["--to", "closed"], ["--to", "closed", "--label", "AMBER+STRICT"], ["--through", "Beta"],
                            ["--to", "all", "--skip-bad"], ["--to", "all", "--dry-run"], ["--to", "inner", "--label", "GREEN"]):
                with self.subTest(name=name, options=options):
                    result = self.a.ask("publish", path, *options, status=FORBIDDEN)
                    self.assertEqual({"label.red"}, {r["refused"]["code"] for r in result.rows[:-1]})
                    self.assertEqual((0, len(result.rows) - 1), (result.last["accepted"], result.last["refused"]))
            os.unlink(path)
        self.assertEqual(items, self.a.status()["items"])
        self.assertEqual(set(), self.a.scan(*(w.encode() for w in words)))
        self.assertEqual([], self.a.query("value:beside-it.example"))

        # And what goes over the socket, all of it, at one that only listens: nothing of what is RED.
        for name, text in texts.items():
            for options in (["--label", "GREEN"], ["--label", "AMBER+STRICT", "--dry-run"]):
                status, heard = self.overhear(text, "--to", "all", *options)
                self.assertEqual((FORBIDDEN, b""), (status, heard), name)
        status, heard = self.overhear(texts["one"], "--to", "all")  # Asks of what kind `all` is, and no more.
        self.assertIn(b"red-begin", heard)
        self.assertFalse([w for w in words if w.encode() in heard], heard)
        self.assertEqual(FORBIDDEN, status)
        self.assertEqual((FORBIDDEN, b""), self.overhear(texts["one"], "--through", "Beta"))
        self.assertEqual((FORBIDDEN, b""), self.overhear(words[0] + "\n", "--through", "Beta", "--label", "RED"))
        # What is not RED does go, and is heard: that which hears nothing above is not deaf.
        status, heard = self.overhear(bundle([green]), "--to", "all", "--label", "GREEN")
        self.assertIn(b"beside-it.example", heard)
        self.a.ask("publish", "-", "--to", "all", stdin=bundle([green]).encode())
        self.a.sees("beside-it.example")

    def overhear(self, text, *options):
        """Publish from standard input to something that only takes down what it is told: exit status, and that."""
        home = self.world.home("Overheard")
        os.makedirs(home.dir, 0o700, exist_ok=True)
        place = os.path.join(home.dir, "api.sock")
        heard = []
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(place)
            s.listen(16)

            def serve():
                while True:
                    try:
                        call, _ = s.accept()
                    except OSError:
                        return
                    with call:
                        part = call.recv(1 << 16)
                        while part:
                            heard.append(part)
                            if b"red-begin" in part:  # A community.
                                call.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"kind":2}\n')
                                break
                            if b"beside-it" in part:
                                break
                            part = call.recv(1 << 16)
            thread = threading.Thread(target=serve)
            thread.start()
            try:
                result = home.call("publish", "-", *options, stdin=text if isinstance(text, bytes) else text.encode())
            finally:
                s.shutdown(socket.SHUT_RDWR)
                thread.join()
                os.unlink(place)
        return result.status, b"".join(heard)

    def test_persons_take_red_only(self):
        path = self.world.file(json.dumps(indicator("203.0.113.10", label="amber+strict")))
        result = self.a.ask("publish", path, "--to", "inner", status=FORBIDDEN)
        self.assertEqual("label.persons", result.rows[0]["refused"]["code"])
        result = self.a.ask("publish", path, "--to", "inner", "--label", "AMBER+STRICT", status=FORBIDDEN)
        self.assertEqual("label.persons", result.error["rule"] if result.error else result.rows[0]["refused"]["code"])
        self.assertEqual([], self.a.query("value:203.0.113.10"))

    def test_a_list_and_many_objects(self):
        objects = [indicator("many-%d.example" % i, label="red", description="x" * 900) for i in range(120)]
        path = self.world.file(bundle(objects))
        sum_ = self.a.ask("publish", path, "--to", "inner").last
        self.assertEqual(120, sum_["accepted"])
        self.assertGreater(sum_["entries"], 1, "more than one payload")
        path = self.world.file("secret-list-entry.example\n198.51.100.200\n")
        self.a.ask("publish", path, "--to", "inner", "--label", "RED", "--pap", "AMBER")
        os.unlink(path)

        def opened():
            found = []
            for row in self.b.query("label:red"):
                found += [json.loads(line) for line in self.open(self.b, row["id"], "Ben").out.splitlines()]
            return found if len(found) >= 123 else None
        found = until("Ben opens them all", opened, 60)
        self.assertTrue(any("secret-list-entry.example" in o["pattern"] for o in found))
        self.assertEqual({o["id"] for o in objects}, {o["id"] for o in found} & {o["id"] for o in objects})

    def test_too_large(self):
        path = self.world.file(json.dumps(indicator("large.example", label="red", description="y" * 60000)))
        result = self.a.ask("publish", path, "--to", "inner", status=FAILED)
        self.assertEqual("red.large", result.rows[0]["refused"]["code"])

    def test_place_that_has_ended_gets_no_slot(self):
        """An expert lent for seconds: a slot while it lasts, none afterwards, and nobody had to do anything."""
        expert = self.add(self.a, "Eve", "--expires", "20s", at=self.b)
        lent = [r for r in self.a.ask("person", "list").rows if r["id"] == expert][0]
        self.assertEqual("active", lent["status"])
        self.a.ask("audience", "create", "lent", "--kind", "persons", "--member", "Ana", "--member", "Eve")
        path = self.world.file(json.dumps(secret_object("while")))
        first = self.a.ask("publish", path, "--to", "lent", "--label", "RED").last["ids"][0]
        self.assertIn("Lantern", self.open_anywhere(first, "Eve"))
        until("the place has ended", lambda: [r for r in self.a.ask("person", "list").rows
                                             if r["id"] == expert and r["status"] == "expired"], 60)
        path2 = self.world.file(json.dumps(secret_object("after")))
        second = self.a.ask("publish", path2, "--to", "lent", "--label", "RED").last["ids"][0]
        self.assertIn("Lantern", self.open_anywhere(second, "Ana"))
        result = self.call_with_key(second, "Eve")
        self.assertEqual((FORBIDDEN, "red.no-slot"), (result.status, result.error["rule"]))
        # And when nobody is left it is refused, not sent to nobody.
        self.a.ask("audience", "remove", "lent", "--member", "Ana")
        result = self.a.ask("publish", path2, "--to", "lent", "--label", "RED", status=FORBIDDEN)
        self.assertEqual("red.nobody", result.error["rule"])
        os.unlink(path)
        os.unlink(path2)

    def call_with_key(self, item, name):
        """Alpha's node hands out the sealed bytes; the key lies where it was made."""
        for home in (self.a, self.b):
            key = os.path.join(home.dir, "keys", "persons", name + ".key")
            if os.path.exists(key):
                until("it is in the index", lambda: self.a.call("get", item).status != NOTHING, 30)
                return self.a.call("open", item, "--key", key, "--json", env={"KAIRAN_PASSPHRASE": PASS[name]})
        raise AssertionError("no key of " + name)

    def open_anywhere(self, item, name):
        result = self.call_with_key(item, name)
        self.assertEqual(DONE, result.status, result)
        return result.out

    def test_revoked_person_gets_no_slot(self):
        request, words = self.key(self.a, "Cho")
        person = self.a.ask("person", "add", request, "--fingerprint", words).last["id"]
        self.a.ask("audience", "create", "short", "--kind", "persons", "--member", "Ana", "--member", person)
        next_ = self.a.ask("person", "revoke", person, "--reason", "compromise").last
        self.assertTrue(next_["next"])
        path = self.world.file(json.dumps(secret_object("revoked")))
        item = self.a.ask("publish", path, "--to", "short", "--label", "RED").last["ids"][0]
        os.unlink(path)
        self.assertEqual(FORBIDDEN, self.call_with_key(item, "Cho").status)
        self.assertIn("Lantern", self.open_anywhere(item, "Ana"))

    def test_z_no_trace_of_it_anywhere(self):
        """All files of both homes, what the nodes said and say, and their environments: the author's, too."""
        for home in (self.a, self.b):
            self.assertEqual(set(), home.scan(*WORDS), home.name)
            for verb in (["query"], ["query", "label:red"], ["status"], ["peers"], ["audience", "list", "--all"],
                         ["person", "list", "--all"], ["get", self.row["id"]], ["explain", self.row["id"]]):
                result = home.call(*verb, "--json")
                for word in WORDS:
                    self.assertNotIn(word.decode(), result.out + result.err, verb)
            self.assertNotIn(SECRET, home.node.log())
            with open("/proc/%d/environ" % home.node.pid, "rb") as f:
                environment = f.read()
            for word in WORDS + tuple(p.encode() for p in PASS.values()):
                self.assertNotIn(word, environment)
        home.node.stop()
        self.assertEqual(set(), home.scan(*WORDS), "nor after it has stopped")
        home.run()

    def test_names_stay_at_home(self):
        rows = {r["id"]: r for r in self.a.ask("person", "list", "--all").rows}
        self.assertEqual("Ana", rows[self.ids["Ana"]]["name"])
        self.assertIsNone(rows[self.ids["Ben"]]["name"])
        self.assertEqual("Beta", rows[self.ids["Ben"]]["org"])
        self.assertEqual(set(), self.a.scan(b"Ben.key", b"Person: Ben"))


class Passphrases(unittest.TestCase):
    """At a terminal: echo is off while one is typed, and on again whatever ends the prompt."""

    def setUp(self):
        from world import World
        self.world = World()
        self.addCleanup(self.world.close)
        self.home = self.world.home("Solo")

    def start(self):
        master, slave = pty.openpty()
        env = self.world.environment({"KAIRAN_PASSPHRASE": None})

        def own_terminal():
            import fcntl
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        process = subprocess.Popen(self.home.command(["person", "key", "--name", "Dee", "--out", self.world.path("r")]), stdin=slave,
                                   stdout=slave, stderr=slave, env=env, preexec_fn=own_terminal, close_fds=True)
        self.world.processes.append(process)
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        return process, master, slave

    def read_until(self, master, text, seconds=30):
        got = b""
        deadline = time.monotonic() + seconds
        while text not in got:
            ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, "waited for %r, got %r" % (text, got))
            got += os.read(master, 4096)
        return got

    def echo(self, slave):
        return bool(termios.tcgetattr(slave)[3] & termios.ECHO)

    def test_signals_restore_echo(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            process, master, slave = self.start()
            self.read_until(master, b"Dee:")
            until("echo is off", lambda slave=slave: not self.echo(slave), 30)
            process.send_signal(number)
            self.assertEqual(-number, process.wait(30))
            self.assertTrue(self.echo(slave), "echo is back after %s" % number)

    def test_typed_twice(self):
        process, master, slave = self.start()
        self.read_until(master, b"Dee:")
        until("echo is off", lambda: not self.echo(slave), 30)
        os.write(master, b"correct horse\n")
        shown = self.read_until(master, b"Once more:")
        until("echo is off", lambda: not self.echo(slave), 30)
        os.write(master, b"correct horse\n")
        shown += self.read_until(master, b"telephone")
        self.assertNotIn(b"correct horse", shown)
        self.assertEqual(0, process.wait(30))
        self.assertTrue(self.echo(slave))

    def test_whole_or_refused(self):
        out = self.world.path("r")
        result = self.home.call("person", "key", "--name", "Dee", "--out", out, "--json", env={"KAIRAN_PASSPHRASE": "x" * 1025})
        self.assertEqual((USAGE, "passphrase.long"), (result.status, result.error["error"]))
        path = self.world.file("y" * 1025 + "\n")
        result = self.home.call("person", "key", "--name", "Dee", "--out", out, "--passphrase-file", path, "--json")
        self.assertEqual((USAGE, "passphrase.long"), (result.status, result.error["error"]))
        self.assertFalse(os.path.exists(out))
        path = self.world.file("z" * 1024 + "\nmore\n")
        self.assertEqual(DONE, self.home.call("person", "key", "--name", "Dee", "--out", out, "--passphrase-file", path).status)

    def test_names_that_are_no_files(self):
        for name in ("../Dee", ".Dee", "a/b", "n" * 252):
            result = self.home.call("person", "key", "--name", name, "--out", self.world.path("r"), "--json")
            self.assertIn(result.status, (FAILED, USAGE), name)
            self.assertTrue(re.match("person.name|usage.name", result.error["error"]), name)
        self.assertFalse(os.path.exists(os.path.join(self.home.dir, "Dee.key")))


if __name__ == "__main__":
    assert os.access(KAIRAN, os.X_OK), KAIRAN
    unittest.main(verbosity=2)
