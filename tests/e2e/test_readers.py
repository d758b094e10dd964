"""What local readers see and may do: users, tokens, the API on loopback, the audit log."""

import concurrent.futures
import http.client
import json
import os
import pwd
import subprocess
import threading
import time
import unittest

from world import (DONE, FAILED, FORBIDDEN, NOTHING, PATIENCE, USAGE, Result, World, WorldCase, addresses, bundle,
                   indicator, until)

LABELS = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"]
CLEARANCES = LABELS + ["RED"]
SHARED = "203.0.113.99"  # Stands under every label.


class Answer:
    """What the API said: status, headers, lines."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, dict(response.getheaders()), response.read()

    @property
    def rows(self):
        return [json.loads(line) for line in self.body.splitlines() if line.strip()]

    @property
    def last(self):
        return self.rows[-1]


class Client:
    """A program with a token."""

    def __init__(self, address, token=None):
        self.host, self.port = address[len("tcp://"):].rsplit(":", 1)
        self.token = token

    def open(self, verb, args=None, body=None, method="POST", headers=None, timeout=60):
        connection = http.client.HTTPConnection(self.host, int(self.port), timeout=timeout * PATIENCE)
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        connection.request(method, "/v1/" + verb, body if body is not None else json.dumps(args or {}), headers)
        return connection, connection.getresponse()

    def ask(self, verb, args=None, **kw):
        connection, response = self.open(verb, args, **kw)
        try:
            return Answer(response)
        finally:
            connection.close()

    def rows(self, verb, args=None):
        answer = self.ask(verb, args)
        if answer.status != 200:
            raise AssertionError("%s %r: %d %r" % (verb, args, answer.status, answer.body))
        return answer.rows


def fill(home):
    """One value and one object of each label, one value under all, and a history of one object."""
    home.ask("audience", "create", "Trusted", "--kind", "group", "--label", "amber+strict")
    for i, label in enumerate(LABELS):
        to = "public" if label == "CLEAR" else "all" if label == "GREEN" else "Trusted"
        home.publish("192.0.2.%d\n%s\n" % (i + 1, SHARED), "--label", label, to=to)
        home.publish(bundle([indicator("198.51.100.%d" % (i + 1), label=label.lower())]), to=to)
    # A later version under a stricter label: those who may not see it keep the one before.
    home.publish(bundle([indicator("versions.example", label="green", serial="v")]), to="all")
    home.publish(bundle([indicator("versions.example", label="amber", serial="v", name="second",
                                   modified="2026-02-01T00:00:00.000Z")]), to="Trusted")


class Readers(WorldCase):
    @classmethod
    def build(cls, world):
        cls.alpha = world.found("Alpha", run=False)
        cls.alpha.run("--api", "tcp://127.0.0.1:0")
        cls.api = cls.alpha.status()["api"]
        fill(cls.alpha)
        until("everything is indexed", lambda: len(cls.alpha.query()) == 9)
        cls.tokens = {c: cls.make(cls.alpha, "r-" + c.replace("+", "."), c, "reader") for c in CLEARANCES}

    @classmethod
    def make(cls, home, name, clearance, role, *options):
        return home.ask("token", "add", name, "--clearance", clearance, "--role", role, *options).last["token"]

    def client(self, clearance):
        return Client(self.api, self.tokens[clearance])

    def allowed(self, clearance):
        return {"TLP:" + label for label in LABELS[:CLEARANCES.index(clearance) + 1]}

    def test_what_a_clearance_does_not_cover_is_nowhere(self):
        everything = self.client("RED").rows("query")
        self.assertEqual({row["label"] for row in everything}, {"TLP:" + label for label in LABELS})
        for clearance in CLEARANCES:
            with self.subTest(clearance=clearance):
                client, allowed = self.client(clearance), self.allowed(clearance)
                rows = client.rows("query")
                self.assertEqual({row["label"] for row in rows}, allowed)
                # By value, by address range, by page, by label: the same.
                self.assertEqual({row["label"] for row in client.rows("query", {"expr": "value:" + SHARED})}, allowed)
                self.assertEqual({row["label"] for row in client.rows("query", {"expr": "ip:192.0.2.0/24"})}, allowed)
                self.assertLessEqual(len(client.rows("query", {"limit": 1})), 1)
                for label in LABELS:
                    found = client.rows("query", {"expr": "label:" + label})
                    self.assertEqual(bool(found), "TLP:" + label in allowed, label)
                for row in everything:
                    self.look_up(client, row, row["label"] in allowed)

    def look_up(self, client, row, shown):
        """One item by its id, by a prefix of it, by its STIX id, in words."""
        for verb in ("get", "explain"):
            for name in (row["id"], row["id"][:10]):
                answer = client.ask(verb, {"id": name})
                self.assertEqual(answer.status, 200 if shown else 404, (verb, row["label"]))
                if not shown:
                    self.assertEqual(answer.last["error"], "item.unknown")
                    self.assertEqual(answer.last["exit"], NOTHING)
        if row["stix"] and row["value"] and row["value"].startswith("198.51.100."):
            answer = client.ask("get", {"id": row["stix"]["id"], "format": "stix"})
            self.assertEqual(answer.status, 200 if shown else 404)
            self.assertEqual(row["value"].encode() in answer.body, shown)

    def test_same_value_within_the_clearance(self):
        for clearance in CLEARANCES:
            with self.subTest(clearance=clearance):
                client, allowed = self.client(clearance), self.allowed(clearance)
                (own,) = client.rows("query", {"expr": "label:clear value:" + SHARED})
                got = client.rows("get", {"id": own["id"]})[0]
                self.assertEqual({row["label"] for row in got["same_value"]}, allowed - {"TLP:CLEAR"})
                self.assertEqual({row["value"] for row in got["same_value"]} - {SHARED}, set())
                self.assertEqual(got["same_value_more"], 0)
                for row in got["same_value"]:
                    self.assertEqual(client.ask("get", {"id": row["id"]}).last["value"], SHARED)

    def test_a_version_above_the_clearance_hides_nothing(self):
        for clearance in CLEARANCES[1:]:
            rows = self.client(clearance).rows("query", {"expr": "value:versions.example"})
            want = "TLP:GREEN" if clearance == "GREEN" else "TLP:AMBER"
            self.assertEqual([row["label"] for row in rows], [want], clearance)

    def test_counts_tell_nothing(self):
        items = [self.client(c).rows("status")[0]["items"] for c in CLEARANCES]
        self.assertEqual(items, sorted(items))
        self.assertEqual(len(set(items[:4])), 4)
        for clearance in CLEARANCES[:-1]:
            status = self.client(clearance).rows("status")[0]
            for key in ("logs", "entries", "used_bytes", "bytes_in", "bytes_out", "quarantined", "unsent", "index_lag_ms"):
                self.assertIsNone(status[key], key)
        self.assertIsNotNone(self.client("RED").rows("status")[0]["entries"])
        before = self.client("GREEN").rows("status")[0]
        self.alpha.publish("192.0.2.77\n", "--label", "amber", to="Trusted")
        until("it is indexed", lambda: self.alpha.query("value:192.0.2.77"))
        after = self.client("GREEN").rows("status")[0]
        for key in before:
            if key not in ("uptime_ms", "peers"):
                self.assertEqual(before[key], after[key], key)

    def test_watch_shows_what_is_covered(self):
        connection, response = self.client("GREEN").open("watch")
        self.assertEqual(response.readline(), b"\n")
        self.alpha.publish("192.0.2.201\n", "--label", "amber", to="Trusted")
        self.alpha.publish("192.0.2.202\n", "--label", "green")
        row = json.loads(response.readline())
        self.assertEqual(row["label"], "TLP:GREEN")
        connection.close()

    def test_stream_goes_no_higher(self):
        """Who asks for a stricter label than they are cleared for gets nothing; for their own, nothing above it."""
        for i, own in enumerate(LABELS):
            for j, asked in enumerate(LABELS):
                connection, response = self.client(own).open("stream", {"expr": "value:" + SHARED, "clearance": asked, "from": "begin"})
                self.assertEqual(response.status, 200 if j <= i else 403, (own, asked))
                labels = set()
                for line in iter(response.readline, b""):
                    row = json.loads(line) if line.strip() else {}
                    if row.get("current") or j > i:
                        break
                    labels |= {row["label"]} if "label" in row else set()
                self.assertEqual(labels, {"TLP:" + label for label in LABELS[:j + 1]} if j <= i else set(), (own, asked))
                connection.close()

    def test_a_token_that_is_revoked_ends_what_it_began(self):
        client = Client(self.api, self.make(self.alpha, "short", "green", "reader"))
        connection, response = client.open("watch")
        self.assertEqual(response.readline(), b"\n")
        self.alpha.ask("token", "revoke", "short")
        line = response.readline()
        while line == b"\n":
            line = response.readline()
        self.assertEqual(json.loads(line)["error"], "reader.changed")
        self.assertEqual(response.read(), b"")
        connection.close()
        self.assertEqual(client.ask("status").status, 401)

    def test_tokens(self):
        alpha = self.alpha
        token = self.make(alpha, "once", "amber", "reader", "--expires", "1h")
        old = self.make(alpha, "old", "amber", "reader", "--expires", "2001-01-01")
        self.assertEqual(Client(self.api, token).ask("status").status, 200)
        listed = {row["name"]: row for row in alpha.ask("token", "list").rows}
        self.assertNotIn("token", listed["once"])
        self.assertTrue(listed["old"]["expired"])
        self.assertEqual((listed["once"]["clearance"], listed["once"]["role"]), ("TLP:AMBER", "reader"))
        flipped = token[:-5] + ("a" if token[-5] != "a" else "b") + token[-4:]
        for wrong, code in ((None, "token.missing"), (old, "token.wrong"), (flipped, "token.wrong"), ("", "token.missing"),
                            ("x" * 5000, "token.wrong"), (token + "a", "token.wrong")):
            answer = Client(self.api, wrong).ask("query")
            self.assertEqual((answer.status, answer.last["error"], answer.last["exit"]), (401, code, FORBIDDEN), wrong)
            self.assertIn("WWW-Authenticate", answer.headers)
        self.assertEqual(alpha.scan(token.encode(), token.upper().encode()), set())
        self.assertEqual(alpha.ask("token", "add", "once", "--clearance", "red", "--role", "admin", status=FAILED)
                         .error["error"], "token.exists")
        alpha.ask("token", "revoke", "once")
        self.assertEqual(Client(self.api, token).ask("status").status, 401)
        self.assertEqual(alpha.ask("token", "revoke", "once", status=FAILED).error["error"], "token.unknown")
        for options in (("--role", "reader"), ("--clearance", "green")):
            self.assertEqual(alpha.call("token", "add", "x", *options).status, USAGE)

    def test_nobody_elses_page_is_answered(self):
        client = self.client("RED")
        for host in ("evil.example", "evil.example:%s" % client.port, "127.0.0.1.example", "192.0.2.1"):
            answer = client.ask("status", headers={"Host": host})
            self.assertEqual((answer.status, answer.last["error"]), (403, "api.host"))
        for host in ("localhost", "127.0.0.1:%s" % client.port, "[::1]:1"):
            self.assertEqual(client.ask("status", headers={"Host": host}).status, 200)
        for method in ("GET", "OPTIONS", "PUT"):
            self.assertEqual(client.ask("status", method=method).status, 404)
        answer = client.ask("status", headers={"Origin": "https://evil.example"})
        self.assertFalse([name for name in answer.headers if name.lower().startswith("access-control")])

    def test_a_large_body_is_refused(self):
        answer = self.client("RED").ask("query", body=b'{"expr":"' + b"a" * (1 << 20) + b'"}')
        self.assertEqual(answer.status, 413)

    def test_roles(self):
        analyst = Client(self.api, self.make(self.alpha, "an", "green", "analyst"))
        reader = self.client("GREEN")
        args = "publish?args=%7B%22to%22%3A%22all%22%2C%22label%22%3A%22TLP%3AGREEN%22%7D"
        answer = reader.ask(args, body=b"192.0.2.150\n")
        self.assertEqual((answer.status, answer.last["error"], answer.last["exit"]), (403, "role.lower", FORBIDDEN))
        self.assertEqual(analyst.ask(args, body=b"192.0.2.151\n").last["accepted"], 1)
        answer = analyst.ask(args.replace("GREEN", "AMBER").replace("all", "Trusted"), body=b"192.0.2.152\n")
        self.assertEqual(answer.rows[0]["refused"]["code"], "read.clearance")
        for verb in ("org-admit", "org-revoke", "node-admit", "node-revoke", "audience-create", "audience-add",
                     "audience-remove", "user-set", "user-list", "user-remove", "token-add", "token-list", "token-revoke",
                     "audit-show", "audit-verify", "reindex", "person-add", "person-revoke",
                     "carry-pack", "carry-unpack"):
            for client in (reader, analyst):
                answer = client.ask(verb)
                self.assertEqual((answer.status, answer.last["rule"]), (403, "role.lower"), verb)
        self.assertFalse(self.alpha.query("value:192.0.2.150"))

    def test_only_loopback(self):
        other = self.world.home("Solo")
        other.ask("network", "create", "--name", "S", "--org", "Solo")
        for api in ("tcp://0.0.0.0:0", "tcp://192.0.2.1:80", "tcp://host.example:1"):
            result = other.call("run", "--api", api)
            self.assertEqual(result.status, USAGE if "usage" in result.err else FAILED, result)
            self.assertIn("127.0.0.1", result.err)

    @unittest.skipUnless(os.geteuid() == 0, "takes root, to be somebody else")
    def test_another_user(self):
        nobody = pwd.getpwnam("nobody")
        os.chmod(self.world.dir, 0o711)
        socket = os.path.join(self.alpha.dir, "api.sock")

        def as_nobody(*args):
            def become():
                os.setgroups([])
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
            done = subprocess.run(self.alpha.command([str(a) for a in args]), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.world.environment(),
                                  preexec_fn=become, timeout=60 * PATIENCE)
            return Result(args, done.returncode, done.stdout, done.stderr)

        closed = as_nobody("query", "--json")
        self.assertEqual((closed.status, closed.error["error"]), (FORBIDDEN, "api.forbidden"))
        os.chmod(socket, 0o666)  # As membership of the group `kairan` would let it.
        stranger = as_nobody("query", "--json")
        self.assertEqual((stranger.status, stranger.error["error"], stranger.out), (FORBIDDEN, "reader.unknown", ""))
        self.assertIn("kairan user set nobody", stranger.error["do"])
        self.assertEqual(as_nobody("status", "--json").status, FORBIDDEN)
        self.alpha.ask("user", "set", "nobody", "--clearance", "green", "--role", "reader")
        self.assertEqual({row["label"] for row in as_nobody("query", "--json").rows}, self.allowed("GREEN"))
        self.assertEqual(as_nobody("query", "label:amber", "--json").status, NOTHING)
        no = as_nobody("publish", self.world.file("192.0.2.160\n"), "--to", "all", "--label", "green", "--json")
        self.assertEqual((no.status, no.error["rule"]), (FORBIDDEN, "role.lower"), no)
        self.assertEqual(as_nobody("audience", "create", "x", "--kind", "group", "--json").status, FORBIDDEN)
        self.assertEqual(as_nobody("user", "set", "nobody", "--clearance", "red", "--role", "admin", "--json").status,
                         FORBIDDEN)
        self.alpha.ask("user", "set", "nobody", "--clearance", "amber", "--role", "reader")
        self.assertTrue(as_nobody("query", "label:amber", "--json").rows)
        self.assertIn("user:nobody", {row["who"] for row in self.alpha.ask("audit", "show").rows})
        self.alpha.ask("user", "remove", "nobody")
        self.assertEqual(as_nobody("query", "--json").status, FORBIDDEN)
        os.chmod(socket, 0o600)


class Spoilt(unittest.TestCase):
    """Each test has its own node, which is not the same after it."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.alpha = self.world.found("Alpha", run=False)
        self.alpha.run("--api", "tcp://127.0.0.1:0")
        self.alpha.ask("audience", "create", "Trusted", "--kind", "group", "--label", "amber+strict")
        self.log = os.path.join(self.alpha.dir, "audit.log")

    def client(self, name="sensor"):
        token = Readers.make(self.alpha, name, "red", "reader")
        return Client(self.alpha.status()["api"], token)

    def lines(self):
        with open(self.log, "rb") as f:
            return f.read().splitlines(keepends=True)

    def verify(self, status=DONE):
        return self.alpha.ask("audit", "verify", status=status)

    def test_many_wrong_tokens_lock_out_nobody(self):
        client, api = self.client(), self.alpha.status()["api"]
        seen = {Client(api, "a" * 52).ask("status").status for _ in range(40)}
        self.assertEqual(seen, {401, 429})
        self.assertEqual(client.ask("status").status, 200)
        self.assertIn("alarm.tokens", [a["code"] for a in self.alpha.status()["alarms"]])

    def test_each_read_is_a_line(self):
        self.alpha.publish("\n".join(addresses(20)), "--label", "green")
        self.alpha.publish("192.0.2.1\n192.0.2.2\n", "--label", "amber", to="Trusted")
        client = self.client()
        until("it is indexed", lambda: len(self.alpha.query("label:amber")) == 1)
        start = len(self.lines())
        self.assertEqual(len(client.rows("query", {"expr": "label:green"})), 1)
        self.assertEqual(len(self.lines()), start)
        row = client.rows("query", {"expr": "label:amber"})[0]
        value = client.rows("query", {"expr": "value:192.0.2.2"})[0]
        client.rows("get", {"id": row["id"]})
        client.rows("explain", {"id": row["id"]})
        client.ask("get", {"id": value["id"], "format": "stix"})
        self.alpha.ask("get", row["id"])
        got = [json.loads(line) for line in self.lines()[start:]]
        who = "user:" + pwd.getpwuid(os.geteuid()).pw_name
        self.assertEqual([(g["who"], g["verb"], g["item"], g["label"]) for g in got],
                         [("token:sensor", "query", row["id"], "TLP:AMBER"), ("token:sensor", "query", value["id"], "TLP:AMBER"),
                          ("token:sensor", "get", row["id"], "TLP:AMBER"), ("token:sensor", "explain", row["id"], "TLP:AMBER"),
                          ("token:sensor", "get", value["id"], "TLP:AMBER"), (who, "get", row["id"], "TLP:AMBER")])
        self.assertEqual(self.verify().last["lines"], len(self.lines()))
        self.assertEqual(self.alpha.ask("audit", "show").rows[start:], got)
        self.assertEqual(self.alpha.ask("audit", "show", "--since", "2100-01-01").rows, [])
        self.assertEqual(os.stat(self.log).st_mode & 0o777, 0o600)
        self.assertNotIn(b"192.0.2", b"".join(self.lines()))  # Never what was read.

    def test_thousands_are_written_in_one_go(self):
        n = 10000
        self.alpha.publish("\n".join(addresses(n)), "--label", "amber", to="Trusted")
        client = self.client()
        until("it is indexed", lambda: self.alpha.query("value:" + addresses(n)[-1]))
        start = len(self.lines())
        began = time.monotonic()
        rows = client.rows("query", {"expr": "ip:198.18.0.0/15"})
        took = time.monotonic() - began
        self.assertEqual(len(rows), n)
        got = [json.loads(line)["item"] for line in self.lines()[start:]]
        self.assertEqual(got, [row["id"] for row in rows])
        began = time.monotonic()
        self.verify()
        print("10,000 AMBER values asked for and recorded: %.2f s; verified: %.2f s" % (took, time.monotonic() - began), flush=True)

    def test_after_a_kill_every_answer_is_in_the_log(self):
        self.alpha.publish("\n".join(addresses(50)), "--label", "amber", to="Trusted")
        until("it is indexed", lambda: self.alpha.query("value:" + addresses(50)[-1]))
        for round_no in range(3):
            client = self.client("s%d" % round_no)
            answered, stop = [], threading.Event()

            def read_on(client=client, answered=answered, stop=stop):
                while not stop.is_set():
                    try:
                        answered.extend(row["id"] for row in client.rows("query", {"expr": "ip:198.18.0.0/15"}))
                    except (OSError, http.client.HTTPException, AssertionError, ValueError):
                        return

            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                readers = [pool.submit(read_on) for _ in range(4)]
                until("answers come", lambda answered=answered: len(answered) > 400)
                self.alpha.node.kill()
                stop.set()
                for reader in readers:
                    reader.result()
            written = [json.loads(line) for line in self.lines() if line.endswith(b"}\n")]
            mine = [w["item"] for w in written if w["who"] == "token:s%d" % round_no]
            for item in set(answered):
                self.assertGreaterEqual(mine.count(item), answered.count(item))
            self.alpha.run("--api", "tcp://127.0.0.1:0")
            self.assertEqual(self.verify().last["lines"], len(self.lines()))

    def test_what_is_changed_is_named(self):
        self.alpha.publish("\n".join(addresses(6)), "--label", "amber", to="Trusted")
        until("it is indexed", lambda: self.alpha.query("value:" + addresses(6)[-1]))
        self.alpha.query("ip:198.18.0.0/15")
        good = self.lines()
        self.assertGreater(len(good), 6)
        changes = {
            "altered": (good[:2] + [good[2].replace(b"AMBER", b"GREEN")] + good[3:], 3, "audit.altered"),
            "removed": (good[:3] + good[4:], 4, "audit.gap"),
            "swapped": (good[:1] + [good[2], good[1]] + good[3:], 2, "audit.gap"),
            "cut": (good[:-1], len(good), "audit.end"),
            "cut in a line": (good[:-1] + [good[-1][:40]], len(good), "audit.form"),
            "foreign": (good + [b"hello\n"], len(good) + 1, "audit.form"),
            "gone": ([], 1, "audit.end"),
        }
        for name, (lines, bad, code) in changes.items():
            with self.subTest(name):
                with open(self.log, "r+b") as f:
                    f.truncate(0)
                    f.write(b"".join(lines))
                result = self.verify(status=FAILED)
                self.assertEqual(result.error["error"], code)
                self.assertIn("line %d" % bad, result.error["where"])
        with open(self.log, "r+b") as f:
            f.truncate(0)
            f.write(b"".join(good))
        self.verify()
        self.assertEqual(self.alpha.node.stop()[0], 0)
        self.verify()  # On a stopped node too.
        os.remove(self.log)
        self.verify(status=FAILED)

    def test_what_cannot_be_recorded_is_not_shown(self):
        self.alpha.publish("192.0.2.1\n", "--label", "amber", to="Trusted")
        self.alpha.publish("192.0.2.2\n", "--label", "green")
        until("it is indexed", lambda: len(self.alpha.query()) == 2)
        os.rename(self.log, self.log + ".away")
        os.mkdir(self.log)
        result = self.alpha.call("query", "value:192.0.2.1", "--json")
        self.assertEqual((result.status, result.error["error"]), (FAILED, "audit.write"))
        self.assertNotIn("192.0.2.1", result.out)
        self.assertTrue(self.alpha.query("value:192.0.2.2"))  # Needs no line.
        os.rmdir(self.log)
        os.rename(self.log + ".away", self.log)
        self.assertTrue(self.alpha.query("value:192.0.2.1"))
        self.verify()


if __name__ == "__main__":
    unittest.main(verbosity=2)
