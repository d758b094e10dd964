"""The walk of a user: found, admit, join, publish, ask, on real processes."""

import hashlib
import json
import os
import unittest

from world import (DATA, DONE, FAILED, FORBIDDEN, NOTHING, SAMPLES, USAGE, Lines, WorldCase, addresses, bundle,
                   indicator, keys_of, until)

LIST_N = 100000
STATUS_KEYS = "network org node address label_max peers logs entries items index_lag_ms unsent alarms"
PEER_KEYS = "org node endpoint direction state since rtt_ms in_bytes out_bytes audiences"
ORG_KEYS = "id name kind parent status label_max may_admit expires"
AUDIENCE_KEYS = "id name kind ceiling owner stewards members epoch"
PUBLISH_KEYS = "accepted skipped refused entries durable_ms held_by"
REFUSED_KEYS = "file line path id reason"
ITEM_KEYS = ("id type value label pap exercise origin origin_name via audience first_seen created valid_from valid_until "
             "withdrawn exportable stix")


def raw_objects(text):
    """The objects of a bundle as the very bytes that stand in the file."""
    decoder = json.JSONDecoder()
    at = text.index('"objects"')
    at = text.index("[", at) + 1
    objects = []
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return objects
        value, end = decoder.raw_decode(text, at)
        objects.append((value, text[at:end]))
        at = end


class Walk(WorldCase):
    """Three organisations in one network."""

    @classmethod
    def build(cls, world):
        cls.a, cls.b, cls.c = world.network("Alpha", "Beta", "Gamma")

    def test_promised_keys(self):
        status = self.b.status()
        keys_of(self, status, STATUS_KEYS)
        self.assertEqual("Beta", status["org"])
        self.assertRegex(status["address"], r"^tcp://127\.0\.0\.1:\d+/[a-z2-7]{52}$")
        self.assertIn(status["address"], self.b.node.ready_line())
        self.assertEqual(self.a.status()["network"], status["network"])
        peers = self.a.ask("peers").rows
        self.assertEqual({"Beta", "Gamma"}, {p["org"] for p in peers})
        for peer in peers:
            keys_of(self, peer, PEER_KEYS)
            self.assertIn(peer["direction"], ("in", "out"))
        orgs = {o["name"]: o for o in self.b.ask("org", "list").rows}
        self.assertEqual({"Alpha", "Beta", "Gamma"}, set(orgs))
        for org in orgs.values():
            keys_of(self, org, ORG_KEYS)
            self.assertEqual("active", org["status"])
        self.assertEqual("Alpha", orgs["Gamma"]["parent"])
        audiences = {o["name"]: o for o in self.b.ask("audience", "list").rows}
        for name in ("public", "all"):
            keys_of(self, audiences[name], AUDIENCE_KEYS)
            self.assertEqual("Alpha", audiences[name]["owner"])
        self.assertEqual(3, audiences["all"]["members"])
        self.assertEqual("TLP:GREEN", audiences["all"]["ceiling"])

    def test_network_show(self):
        row = self.c.ask("network", "show").last
        self.assertEqual("Testnet", row["name"])
        self.assertEqual(self.a.status()["network"], row["id"])
        self.assertEqual({"ja", "en"}, {t["lang"] for t in row["texts"]}, "the charter's texts travel to who joins")
        self.assertEqual(row, self.a.ask("network", "show").last)

    def test_stix_of_every_type_byte_for_byte(self):
        path = os.path.join(SAMPLES, "every-type.json")
        # The sample holds CLEAR to AMBER, so it goes where AMBER may go.
        self.a.ask("audience", "create", "everything", "--kind", "group", "--label", "AMBER", "--member", "Beta")
        answer = self.a.ask("publish", path, "--to", "everything", "--wait", "1").last
        keys_of(self, answer, PUBLISH_KEYS)
        with open(path, encoding="utf-8", newline="") as f:
            objects = raw_objects(f.read())
        self.assertEqual(len(objects), answer["accepted"])
        self.assertEqual(0, answer["refused"] + answer["skipped"])
        self.assertGreaterEqual(answer["held_by"], 1)
        until("all objects are found", lambda: len(self.b.query("audience:everything")) == len(objects))
        for value, text in objects:
            got = self.b.call("get", value["id"], "--format", "stix")
            self.assertEqual((DONE, text.encode()), (got.status, got.out_bytes), value["id"])
        for row in self.b.query("audience:everything"):
            keys_of(self, row, ITEM_KEYS)
            self.assertEqual(("Alpha", "everything", None), (row["origin_name"], row["audience"], row["via"]))
            self.assertEqual(row["stix"], json.loads(self.b.call("get", row["id"], "--format", "stix").out))

    def real_file(self, name, *options):
        path = os.path.join(DATA, "stix21", name)
        if not DATA or not os.path.exists(path):
            self.skipTest("KAIRAN_DATA names no folder with " + name)
        answer = self.a.ask("publish", path, "--to", "all", "--label", "GREEN", "--wait", "2", *options).last
        with open(path, encoding="utf-8", newline="") as f:
            objects = raw_objects(f.read())
        self.assertEqual(len(objects), answer["accepted"] + answer["skipped"])
        for value, text in objects[:: max(1, len(objects) // 25)]:
            def same(value=value, text=text):
                got = self.b.call("get", value["id"], "--format", "stix")
                return got.status == DONE and got.out_bytes == text.encode()
            until("the bytes of " + value["id"], same)
        again = self.a.ask("publish", path, "--to", "all", "--label", "GREEN").last
        self.assertEqual((0, len(objects)), (again["accepted"], again["skipped"]))

    def test_real_pegasus(self):
        self.real_file("amnesty-pegasus.json")

    def test_real_poisonivy(self):
        self.real_file("oasis-poisonivy.json")

    def test_list_of_100000(self):
        values = addresses(LIST_N)
        text = "\n".join(values) + "\n"
        path = self.world.file(text, "list.txt")
        answer = self.a.ask("publish", path, "--to", "all", "--label", "CLEAR", "--wait", "2").last
        self.assertEqual((LIST_N, 0, 0), (answer["accepted"], answer["skipped"], answer["refused"]))
        for node in (self.b, self.c):
            until("all of it is in the index", lambda node=node: node.ask("status").last["index_lag_ms"] == 0
                  and node.query("value:" + values[-1]))
        result = self.b.call("query", "ip:198.18.0.0/15", "--format", "csv")
        got = sorted(line.split(",")[0].strip('"') for line in result.out.splitlines()[1:] if line.startswith('"198.1'))
        self.assertEqual(LIST_N, len(got))
        self.assertEqual(sorted(values), got, "each value once and only once")
        row = self.b.query("value:" + values[77777])[0]
        keys_of(self, row, ITEM_KEYS)
        self.assertEqual(("TLP:CLEAR", "indicator"), (row["label"], row["stix"]["type"]))
        self.assertIn(values[77777], row["stix"]["pattern"])
        again = self.a.ask("publish", path, "--to", "all", "--label", "CLEAR").last
        self.assertEqual((0, LIST_N, 0), (again["accepted"], again["skipped"], again["entries"]))

    def test_same_again_is_nothing_also_after_restart(self):
        data = bundle(indicator("again%d.example" % i) for i in range(20))
        self.assertEqual(20, self.b.publish(data)["accepted"])
        for _ in range(2):
            again = self.b.publish(data)
            self.assertEqual((0, 20, 0), (again["accepted"], again["skipped"], again["entries"]))
            self.b.node.stop()
            self.b.run()
        until("Beta is live again", lambda: self.b.live_with(1), 30)
        self.assertEqual(1, len(self.a.sees("again7.example")))

    def test_get_by_id_prefix_and_stix_id(self):
        o = indicator("get-me.example")
        self.a.publish(json.dumps(o))
        row = self.b.sees("get-me.example")[0]
        for name in (row["id"], row["id"][:12], o["id"]):
            self.assertEqual(row["id"], self.b.ask("get", name).last["id"])
        self.assertEqual(NOTHING, self.b.call("get", "ffff" * 16).status)
        self.assertIn("get-me.example", self.b.call("get", o["id"]).out)

    def test_watch_prints_what_comes(self):
        process = self.b.spawn("watch", "domain:*.watched.example", "--json")
        lines = Lines(process)
        self.a.publish(bundle([indicator("first.example"), indicator("x1.watched.example")]))
        self.a.publish(json.dumps(indicator("x2.watched.example")))
        # It may begin to watch after the first arrived: a third comes for certain.
        seen = []
        for i in range(3, 40):
            self.a.publish(json.dumps(indicator("x%d.watched.example" % i)))
            try:
                seen.append(json.loads(lines.next(1)))
                break
            except AssertionError:
                continue
        self.assertTrue(seen, "nothing was printed")
        keys_of(self, seen[0], ITEM_KEYS)
        self.assertIn(".watched.example", seen[0]["value"])
        self.assertTrue(process.poll() is None, "it goes on")

    def test_visible_soon_after_it_is_durable(self):
        self.a.publish(json.dumps(indicator("soon.example")), "--wait", "1")
        self.assertEqual(1, len(self.b.sees("soon.example", 2)))

    def test_publish_wait_and_its_time_out(self):
        o = indicator("wait.example")
        self.assertGreaterEqual(self.a.publish(json.dumps(o), "--wait", "1")["held_by"], 1)
        late = self.a.publish(json.dumps(indicator("wait2.example")), "--wait", "9", "--timeout", "1s", status=FAILED)
        self.assertEqual((1, 2), (late["accepted"], late["held_by"]), "it says how many hold it")
        self.assertEqual(1, len(self.c.sees("wait2.example")), "and it is published all the same")

    def test_dry_run_changes_nothing(self):
        before = self.a.status()["entries"]
        answer = self.a.publish(bundle([indicator("dry.example")]), "--dry-run")
        self.assertEqual((1, 0), (answer["accepted"], answer["entries"]))
        self.assertEqual(before, self.a.status()["entries"])
        self.assertEqual([], self.a.query("value:dry.example"))

    def test_standard_input(self):
        done = self.a.call("publish", "-", "--to", "all", "--label", "GREEN", "--json", stdin=b"stdin.example\n")
        self.assertEqual((DONE, 1), (done.status, done.last["accepted"]), done)
        self.b.sees("stdin.example")

    def test_several_files(self):
        paths = [self.world.file(json.dumps(indicator("file%d.example" % i))) for i in range(3)]
        answer = self.a.ask("publish", *paths, "--to", "all").last
        self.assertEqual(3, answer["accepted"])

    def test_label_rules(self):
        unlabelled = json.dumps(indicator("nolabel.example", label=None))
        refused = self.a.ask("publish", self.world.file(unlabelled), "--to", "all", status=FORBIDDEN).rows
        keys_of(self, refused[0]["refused"], REFUSED_KEYS)
        self.assertEqual((0, 1), (refused[-1]["accepted"], refused[-1]["refused"]))
        self.assertEqual(1, self.a.publish(unlabelled, "--label", "GREEN")["accepted"])
        amber = json.dumps(indicator("amber.example", label="amber"))
        self.assertEqual(0, self.a.publish(amber, status=FORBIDDEN)["accepted"], "above the ceiling")
        self.assertEqual(0, self.a.publish(amber, "--label", "GREEN", status=FORBIDDEN)["accepted"], "never lowered")
        raised = json.dumps(indicator("raised.example", label="clear"))
        self.a.publish(raised, "--label", "GREEN")
        self.assertEqual("TLP:GREEN", self.b.sees("raised.example")[0]["label"])
        self.assertEqual(0, self.a.publish(json.dumps(indicator("g.example")), to="public", status=FORBIDDEN)["accepted"])
        self.assertEqual(1, self.a.publish(json.dumps(indicator("p.example", label="clear")), to="public")["accepted"])
        self.assertEqual("public", self.c.sees("p.example")[0]["audience"])

    def test_pap_and_exercise(self):
        self.a.publish(json.dumps(indicator("drill.example")), "--exercise", "--pap", "AMBER")
        row = self.b.sees("drill.example")[0]
        self.assertEqual((True, False), (row["exercise"], row["exportable"]))
        self.assertIn("AMBER", row["pap"])

    def test_queries(self):
        md5, sha = hashlib.md5(b"kairan").hexdigest(), hashlib.sha256(b"kairan").hexdigest()
        ip = dict(pattern="[ipv4-addr:value = '203.0.113.77']")
        net = dict(pattern="[ipv4-addr:value ISSUBSET '203.0.113.64/27']")
        hashes = dict(pattern="[file:hashes.MD5 = '%s' OR file:hashes.'SHA-256' = '%s']" % (md5, sha))
        url = dict(pattern="[url:value = 'http://down.q.example/a.exe']")
        objects = [indicator("q.example", serial="q1"), indicator("sub.q.example", serial="q2"),
                   indicator("x", serial="q3", **ip), indicator("x", serial="q4", **net), indicator("x", serial="q5", **hashes),
                   indicator("x", serial="q6", label="clear", **url)]
        self.c.publish(bundle(objects))
        self.a.publish(json.dumps(indicator("other-q.example", serial="q7")))
        until("both are there", lambda: self.b.query("hash:" + md5) and self.b.query("value:other-q.example"))
        ids = {o["id"]: "q%d" % (i + 1) for i, o in enumerate(objects)}

        def found(*expr):
            return sorted({ids.get(r["stix"]["id"], "?") for r in self.b.query(*expr)})
        table = [
            (["value:q.example"], ["q1"]), (["domain:q.example"], ["q1"]), (["domain:*.q.example"], ["q1", "q2"]),
            (["ip:203.0.113.77"], ["q3", "q4"]), (["ip:203.0.113.0/24"], ["q3", "q4"]), (["ip:203.0.113.64/27"], ["q3", "q4"]),
            (["ip:203.0.113.65"], ["q4"]), (["ip:203.0.113.200"], []), (["hash:" + md5], ["q5"]), (["hash:" + sha.upper()], ["q5"]),
            (["url:http://down.q.example/a.exe"], ["q6"]), (["hxxp://down[.]q[.]example/a.exe"], ["q6"]),
            (["sub[.]q[.]example"], ["q2"]), (["q.example"], ["q1"]),
            (["value:q.example", "OR", "hash:" + md5], ["q1", "q5"]),
            (["(value:q.example OR value:sub.q.example) NOT domain:sub.q.example"], ["q1"]),
            (["by:Gamma", "type:indicator", "label:CLEAR"], ["q6"]), (["by:Gamma", "audience:all", "value:q.example"], ["q1"]),
            (["by:Alpha", "value:q.example"], []), (["value:q.example", "since:1h"], ["q1"]),
            (["value:q.example", "until:2020-01-01"], []), (["value:q.example", "NOT", "label:GREEN"], []),
        ]
        for expr, want in table:
            with self.subTest(expr=expr):
                # What other tests publish below q.example is not of these objects.
                self.assertEqual(want, [i for i in found(*expr) if i != "?"])
        self.assertEqual(2, len(self.b.query("by:Gamma", "--limit", "2")))

    def test_query_formats(self):
        self.a.publish(json.dumps(indicator("format.example")))
        self.b.sees("format.example")
        stix = json.loads(self.b.call("query", "value:format.example", "--format", "stix").out)
        self.assertEqual(("bundle", ["indicator"]), (stix["type"], [o["type"] for o in stix["objects"]]))
        csv = self.b.call("query", "value:format.example", "--format", "csv").out.splitlines()
        self.assertEqual(2, len(csv))
        self.assertIn("format.example", csv[1])
        table = self.b.call("query", "value:format.example")
        self.assertIn("format.example", table.out)
        self.assertEqual("", table.err)

    def test_exit_statuses(self):
        for status, args in [(DONE, ["status"]), (FAILED, ["org", "show", "Nobody"]), (USAGE, ["query", "--format", "x"]),
                             (USAGE, ["query", "((("]), (USAGE, ["nonsense"]), (USAGE, ["status", "--nonsense"]), (USAGE, ["get"]),
                             (NOTHING, ["query", "value:nothing-like-it.example"]), (NOTHING, ["get", "0123456789abcdef"])]:
            with self.subTest(args=args):
                self.assertEqual(status, self.a.call(*args).status)
        amber = self.world.file(json.dumps(indicator("x.example", label="amber")))
        self.assertEqual(FORBIDDEN, self.a.call("publish", amber, "--to", "all").status)

    def test_help(self):
        text = self.a.call("help").out
        for verb in ("network create", "org request", "org admit", "org join", "publish", "query", "watch", "audience create"):
            self.assertIn(verb, text)
        one = self.a.call("help", "publish")
        self.assertEqual(DONE, one.status)
        self.assertIn("--skip-bad", one.out)


class Groups(WorldCase):
    """A group of two of three."""

    @classmethod
    def build(cls, world):
        cls.a, cls.b, cls.c = world.network("Alpha", "Beta", "Gamma")

    def test_third_holds_nothing_until_it_is_added(self):
        row = self.a.ask("audience", "create", "inner-circle-of-two", "--kind", "group", "--member", "Beta").last
        keys_of(self, row, AUDIENCE_KEYS)
        self.assertEqual(("group", 2, "TLP:AMBER+STRICT"), (row["kind"], row["members"], row["ceiling"]))
        early = [indicator("secret%d.example" % i, label="amber+strict") for i in range(300)]
        self.a.publish(bundle(early), "--wait", "1", to="inner-circle-of-two")
        secrets = self.world.file("\n".join(addresses(3000)) + "\n")
        self.a.ask("publish", secrets, "--to", "inner-circle-of-two", "--label", "AMBER")
        self.b.sees("secret299.example")
        self.b.sees("198.18.11.183")
        self.a.publish(json.dumps(indicator("for-all.example")), "--wait", "2")
        self.c.sees("for-all.example")  # What came later by the same link is there.
        self.assertEqual([], self.c.query("value:secret7.example"))
        self.assertEqual([], self.c.query("ip:198.18.0.0/15"))
        self.assertNotIn("inner-circle-of-two", [r["name"] for r in self.c.ask("audience", "list").rows])
        self.assertNotIn("inner-circle", self.c.call("audience", "list", "--all", "--json").out)
        self.assertEqual(FAILED, self.c.call("audience", "show", "inner-circle-of-two").status)
        log = self.c.node.log().encode()
        self.c.node.stop()
        needles = [b"inner-circle", b"secret1.example", b"secret299", b"198.18.11.183", b"198.18.5.5", early[0]["id"].encode()]
        for needle in needles:
            self.assertNotIn(needle, log)
        self.assertEqual(set(), self.c.scan(*needles))
        self.assertTrue(self.c.scan(b"Gamma"), "the scan reads what is there")
        # Neither do those who hold it write it down in the clear, but for their index.
        for home in (self.a, self.b):
            with open(os.path.join(home.dir, "store", "data.mdb"), "rb") as f:
                self.assertNotIn(b"secret299.example", f.read())
        self.c.run()
        until("Gamma is live", lambda: self.c.live_with(1), 30)

        added = self.a.ask("audience", "add", "inner-circle-of-two", "--member", "Gamma").last
        self.assertEqual(3, added["members"])
        until("its name is known", lambda: "inner-circle-of-two" in [r["name"] for r in self.c.ask("audience", "list").rows], 30)
        new = indicator("new-secret.example", label="amber+strict")
        self.a.publish(json.dumps(new), to="inner-circle-of-two")
        self.assertEqual("inner-circle-of-two", self.c.sees("new-secret.example", 30)[0]["audience"])
        answer = self.c.publish(json.dumps(indicator("from-gamma.example", label="amber")), "--wait", "1", to="inner-circle-of-two")
        self.assertEqual(1, answer["accepted"])
        self.b.sees("from-gamma.example", 30)
        self.assertEqual({"Alpha", "Beta", "Gamma"}, set(self.b.ask("audience", "show", "inner-circle-of-two").last["member_names"]))

    def test_only_the_owner_adds(self):
        self.a.ask("audience", "create", "pair", "--kind", "group", "--member", "Beta")
        until("Beta knows it", lambda: "pair" in [r["name"] for r in self.b.ask("audience", "list").rows])
        self.assertEqual(FORBIDDEN, self.b.call("audience", "add", "pair", "--member", "Gamma").status)
        self.assertEqual(FAILED, self.a.call("audience", "create", "pair", "--kind", "group").status)

    def test_who_is_no_member_cannot_publish(self):
        row = self.a.ask("audience", "create", "without-gamma", "--kind", "group", "--member", "Beta").last
        until("Gamma knows of it", lambda: self.c.call("audience", "show", row["id"]).status == DONE)
        path = self.world.file(json.dumps(indicator("intruder.example")))
        error = self.c.ask("publish", path, "--to", row["id"], status=FORBIDDEN).error
        self.assertEqual(("publish.not-member", row["id"]), (error["rule"], error["where"]))
        self.assertIn(row["id"], error["what"])
        self.assertEqual([], self.c.query("value:intruder.example"))

    def test_also(self):
        self.a.ask("audience", "create", "first", "--kind", "group", "--member", "Beta")
        self.a.ask("audience", "create", "second", "--kind", "group", "--member", "Gamma")
        answer = self.a.publish(json.dumps(indicator("also.example")), "--also", "second", to="first")
        self.assertEqual(1, answer["accepted"])
        self.assertEqual("first", self.b.sees("also.example")[0]["audience"])
        unknown = self.a.call("publish", self.world.file("x.example\n"), "--to", "first", "--also", "third", "--label", "GREEN")
        self.assertEqual(FAILED, unknown.status)
        self.assertEqual([], self.c.query("value:also.example"), "--also allows, it does not send")


class Ceremony(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a = world.found()

    def test_wrong_words_are_refused(self):
        home = self.world.home("Words")
        request, admission = self.world.path("request"), self.world.path("admission")
        words = home.ask("org", "request", "--name", "Words", "--out", request).last["words"].split()
        self.assertEqual(8, len(words))
        with open(request) as f:
            self.assertTrue(all(len(line) <= 100 for line in f), "mailable")
        wrong = " ".join(words[1:] + words[:1])
        no = self.a.ask("org", "admit", request, "--out", admission, "--fingerprint", wrong, status=FAILED)
        self.assertEqual("words.mismatch", no.error["error"])
        self.assertFalse(os.path.exists(admission), "nothing was written")
        self.assertNotIn("Words", [o["name"] for o in self.a.ask("org", "list").rows])
        back = self.a.ask("org", "admit", request, "--out", admission, "--fingerprint", " ".join(words)).last["words"]
        no = home.ask("org", "join", admission, "--fingerprint", wrong, status=FAILED)
        self.assertEqual("words.mismatch", no.error["error"])
        self.assertNotEqual(DONE, home.call("status").status, "it has not joined")
        home.ask("org", "join", admission, "--fingerprint", back)
        self.assertEqual("Words", home.status()["org"])

    def test_japanese_words(self):
        home = self.world.home("Kanto")
        request = self.world.path("request")
        said = home.ask("org", "request", "--name", "Kanto", "--out", request, "--lang", "ja").last["words"]
        self.assertFalse(said.isascii())
        self.a.ask("org", "admit", request, "--out", self.world.path("a"), "--fingerprint", said)

    def test_admission_of_another_is_refused(self):
        one, other = self.world.home("One"), self.world.home("Other")
        r1, a1 = self.world.path("r1"), self.world.path("a1")
        one.ask("org", "request", "--name", "One", "--out", r1)
        other.ask("org", "request", "--name", "Other", "--out", self.world.path("r2"))
        self.a.ask("org", "admit", r1, "--out", a1)
        no = other.ask("org", "join", a1, status=FORBIDDEN)
        self.assertEqual("admission.other", no.error["error"])
        self.assertEqual(FAILED, self.a.call("org", "admit", a1, "--out", self.world.path("x")).status, "no request")
        self.assertEqual(FAILED, one.call("org", "join", r1).status, "no admission")

    def test_newcomer_publishes_at_once(self):
        """Also before anybody told it what its audiences are called; a name that is none is refused as soon as it knows them."""
        home = self.world.join(self.a, "Fresh")
        home.run()
        home.publish("fresh.example\n", "--label", "GREEN")
        self.a.sees("fresh.example")
        error = home.ask("publish", self.world.file("fresh.example\n"), "--label", "GREEN", "--to", "nobody", status=FAILED).error
        self.assertEqual("name.unknown", error["error"])

    def test_member_may_not_admit_unless_it_may(self):
        plain = self.world.join(self.a, "Plain")
        request = self.world.path("request")
        self.world.home("Below").ask("org", "request", "--name", "Below", "--out", request)
        self.assertEqual(FORBIDDEN, plain.call("org", "admit", request, "--out", self.world.path("x")).status)
        able = self.world.join(self.a, "Able", "--may-admit", "1", "--clearance", "GREEN")
        self.assertEqual(FORBIDDEN, able.call("org", "admit", request, "--out", self.world.path("x"), "--clearance", "AMBER").status,
                         "no more than its own clearance")
        self.assertEqual(DONE, able.call("org", "admit", request, "--out", self.world.path("y"), "--clearance", "GREEN").status)

    def test_further_node_of_one_organisation_is_a_full_replica(self):
        self.a.ask("audience", "create", "alone", "--kind", "group")
        self.a.publish(bundle(indicator("own%d.example" % i, label="amber") for i in range(50)), to="alone")
        self.a.publish("\n".join(addresses(2000)) + "\n", "--label", "GREEN")
        second = self.world.join(self.a, "Second", verb="node")
        second.run()
        until("live", lambda: second.live_with(1), 30)
        second.sees("own49.example")
        second.sees("198.18.7.207")
        self.assertEqual(self.a.status()["org"], second.status()["org"])
        self.assertNotEqual(self.a.status()["node"], second.status()["node"])
        until("the same", lambda: [second.status()[k] for k in ("entries", "items", "state")] ==
              [self.a.status()[k] for k in ("entries", "items", "state")], 30)
        self.assertEqual({"Second"}, {n["name"] for n in self.a.ask("node", "list").rows} - {"Alpha"})
        self.assertEqual(1, second.publish(json.dumps(indicator("by-second.example", label="amber")), to="alone")["accepted"])
        self.assertEqual("Alpha", self.a.sees("by-second.example")[0]["origin_name"])
        second.node.stop()

    def test_node_is_admitted_only_by_the_organisation_it_asks(self):
        other = self.world.join(self.a, "Elsewhere")
        home, request = self.world.home("Wanderer"), self.world.path("request")
        ask = ["node", "request", "--name", "Wanderer", "--out", request]
        for org in ([], ["--org", "Alpha"], ["--org", "ab" * 31]):
            self.assertEqual(USAGE, home.call(*ask, *org).status, org)
        home.ask(*ask, "--org", self.a.org_id())
        no = other.ask("node", "admit", request, "--out", self.world.path("x"), status=FORBIDDEN)
        self.assertEqual("request.other-org", no.error["error"])
        self.assertEqual("request.other-home", home.ask(*ask, "--org", "cd" * 32, status=FAILED).error["error"])
        self.a.ask("node", "admit", request, "--out", self.world.path("y"))

    def test_dial_out_only_node_is_a_full_member(self):
        home = self.world.join(self.a, "Inside")
        home.run(listen=False)
        until("live", lambda: home.live_with(1), 30)
        self.assertIsNone(home.status()["address"])
        self.assertEqual("out", home.ask("peers").last["direction"])
        self.a.publish(json.dumps(indicator("to-inside.example")))
        home.sees("to-inside.example")
        self.assertGreaterEqual(home.publish(json.dumps(indicator("from-inside.example")), "--wait", "1")["held_by"], 1)
        self.assertEqual("Inside", self.a.sees("from-inside.example")[0]["origin_name"])


class Stopped(WorldCase):
    """Verbs work while the node does not run."""

    @classmethod
    def build(cls, world):
        cls.a, cls.b = world.network("Alpha", "Beta")

    def test_stopped_node(self):
        self.a.publish(bundle(indicator("before%d.example" % i) for i in range(10)), "--wait", "1")
        self.b.node.stop()
        self.assertFalse(self.b.status()["running"])
        self.assertEqual(1, len(self.b.query("value:before3.example")))
        self.assertEqual({"Alpha", "Beta"}, {o["name"] for o in self.b.ask("org", "list").rows})
        self.assertEqual([], self.b.ask("peers").rows)
        self.assertIn("all", [o["name"] for o in self.b.ask("audience", "list").rows])
        self.assertEqual("Testnet", self.b.ask("network", "show").last["name"])
        answer = self.b.publish(json.dumps(indicator("while-stopped.example")))
        self.assertEqual((1, 0), (answer["accepted"], answer["held_by"]))
        self.assertEqual(1, len(self.b.query("value:while-stopped.example")))
        self.a.publish(json.dumps(indicator("missed.example")))
        self.assertEqual([], self.a.query("value:while-stopped.example"))
        self.b.run()
        self.a.sees("while-stopped.example", 30)
        self.b.sees("missed.example", 30)
        again = self.b.publish(json.dumps(indicator("while-stopped.example")))
        self.assertEqual((0, 1), (again["accepted"], again["skipped"]))

    def test_reindex_gives_the_same(self):
        self.b.publish(bundle(indicator("idx%d.example" % i) for i in range(30)))
        until("indexed", lambda: len(self.b.query("domain:idx29.example")) == 1)
        busy = self.b.ask("reindex", status=FAILED)
        self.assertEqual("reindex.running", busy.error["error"])
        self.b.node.stop()
        before = sorted(r["id"] for r in self.b.query(""))
        self.b.ask("reindex")
        self.assertEqual(before, sorted(r["id"] for r in self.b.query("")))
        self.b.run()


if __name__ == "__main__":
    unittest.main(verbosity=2)
