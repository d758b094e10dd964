"""What scripts lean on: that an answer is whole or an error, that every key is there, that no word of a command is lost."""

import contextlib
import gzip
import json
import os
import subprocess
import time
import unittest

from api import Api
from world import FAILED, FORBIDDEN, KAIRAN, PATIENCE, USAGE, Lines, WorldCase, addresses, bundle, indicator, keys_of, until

ITEM_KEYS = ("id type value values label pap exercise origin origin_name via audience first_seen created valid_from "
             "valid_until withdrawn recalled disputed exportable stix")
AUDIENCE_KEYS = "id name kind ceiling owner stewards relays history history_days one_steward members epoch member"
NO_TEXT = os.fsdecode(b"\x83\xff")


class Promises(WorldCase):
    """A founder, a member whose terms have an attribute, and one below that."""

    @classmethod
    def build(cls, world):
        cls.a = world.found("Alpha")
        cls.b = world.join(cls.a, "Beta", "--attr", "sector=gov", "--may-admit", "2", "--clearance", "AMBER")
        cls.b.run()
        until("Beta is live", lambda: cls.b.live_with(1), 30)
        cls.c = world.join(cls.b, "Gamma")
        cls.a.publish(bundle([indicator("one.example"), indicator("two.example"), indicator("192.0.2.7")]))
        cls.a.publish("list1.example\nlist2.example\n", "--label", "GREEN")

    def sh(self, home, line, *args):
        """A line of sh in which \"$@\" is the program with these arguments; its status and what it said."""
        done = subprocess.run(["sh", "-c", line, "sh", *home.command([str(a) for a in args])], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.world.environment(), timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def usage(self, result, code):
        self.assertEqual(USAGE, result.status, result)
        self.assertEqual((code, USAGE, ""), (result.error["error"], result.error["exit"], result.out), result)

    # ---- Standard output.
    def test_answer_that_cannot_be_written(self):
        for verb in (["status"], ["query"], ["org", "list"], ["get", self.a.query("one.example")[0]["id"]]):
            for json_too in ([], ["--json"]):
                status, _, err = self.sh(self.a, '"$@" >/dev/full', *verb, *json_too)
                self.assertEqual(FAILED, status, (verb, json_too))
                self.assertIn("output.cut" if json_too else "standard output", err, (verb, json_too))
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(self.a.command(["query", "--json"]), stdin=subprocess.DEVNULL, stdout=writer,
                              stderr=subprocess.PIPE, env=self.world.environment(), timeout=60)
        os.close(writer)
        self.assertEqual((FAILED, b""), (done.returncode, done.stderr), "nobody reads: no answer, and nothing to tell")

    def test_closed_streams_are_no_files(self):
        """Else what is said goes into the store, which has the number of the stream."""
        stopped = self.c
        status, out, err = self.sh(stopped, 'exec "$@" <&- >&- 2>&-', "status", "--json")
        self.assertEqual((FAILED, "", ""), (status, out, err))
        status, out, err = self.sh(stopped, 'exec "$@" <&- 2>&-', "query", "ip:none")
        self.assertEqual((USAGE, "", ""), (status, out, err))
        for name in ("store.lock", "acked"):
            with open(os.path.join(stopped.dir, "store", name), "rb") as f:
                self.assertNotIn(b"kairan:", f.read())
        node = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *stopped.command(["run"])],
                                env=self.world.environment(), start_new_session=True)
        self.world.processes.append(node)
        until("it runs", lambda: os.path.exists(os.path.join(stopped.dir, "api.sock")))
        for fd in range(3):
            self.assertEqual("/dev/null", os.readlink("/proc/%d/fd/%d" % (node.pid, fd)))
        node.terminate()
        self.assertEqual(0, node.wait(20))

    def test_home_that_somebody_else_has_just_opened(self):
        """A verb on a stopped node's home holds it for a moment: others, and a node that begins, wait for it."""
        home = self.world.home("Gamma")
        for _ in range(6):
            verbs = [home.spawn("status", "--json") for _ in range(6)]
            node = home.run()
            verbs += [home.spawn("status", "--json") for _ in range(4)]
            for verb in verbs:
                out, err = verb.communicate(timeout=60)
                self.assertEqual((0, b""), (verb.returncode, err))
                self.assertEqual("Gamma", json.loads(out)["org"])
            self.assertEqual(0, node.stop()[0])

    def test_no_answer_beside_an_error(self):
        for form in ("stix", "csv", "table", "json"):
            result = self.a.call("query", "ip:none", "--format", form)
            self.assertEqual((USAGE, ""), (result.status, result.out), form)

    def test_bundle_of_a_query_is_json(self):
        """Also where a row that is no object comes first."""
        objects = json.loads(self.a.call("query", "", "--format", "stix").out)["objects"]
        self.assertEqual(3, len([o for o in objects if o["type"] == "indicator"]))
        self.assertEqual([], json.loads(self.a.call("query", "none.example", "--format", "stix").out)["objects"])

    def test_json_means_json(self):
        self.assertEqual(["version"], list(self.a.call("version", "--json").rows[0]))
        verbs = self.a.call("help", "--json").rows
        self.assertIn("publish", [v["command"] for v in verbs])
        self.assertEqual([v for v in verbs if v["command"] == "get"], self.a.call("help", "get", "--json").rows)
        self.assertEqual([v for v in verbs if v["command"] == "get"], self.a.call("get", "--help", "--json").rows)

    # ---- Words of the command line.
    def test_query_that_is_too_long_asks_for_nothing(self):
        for size in (5000, 70000, 120000):
            for verb in (["query"], ["watch"], ["relevant"], ["export", "--format", "csv", "--out", self.world.path("none.csv")]):
                self.usage(self.a.call(*verb, "x" * size, "--json"), "query.too-long")

    def test_words_that_are_no_text(self):
        listed = self.world.file("label.example\n", "list.txt")
        for args in (["query", NO_TEXT], ["watch", NO_TEXT], ["get", NO_TEXT], ["org", "show", NO_TEXT],
                     ["audit", "show", "--since", NO_TEXT], ["query", "--after", NO_TEXT],
                     ["publish", listed, "--to", "all", "--label", "GREEN", "--pap", NO_TEXT],
                     ["publish", listed, "--to", NO_TEXT, "--label", "GREEN"],
                     ["token", "add", NO_TEXT, "--clearance", "GREEN", "--role", "reader"]):
            self.usage(self.a.call(*args, "--json"), "usage.bytes")
        self.assertEqual([], self.a.query("label.example"))

    def test_options_stand_anywhere(self):
        want = self.a.ask("org", "list").out
        for args in (["--json", "org", "list"], ["org", "--json", "list"], ["org", "--lang", "ja", "list", "--json"],
                     ["--lang=ja", "org", "--json", "list"]):
            self.assertEqual(want, self.a.call(*args).out, args)
        self.assertEqual(1, len(self.a.call("query", "one.example", "--limit", "1", "--json").rows))
        self.usage(self.a.call("org", "--json"), "usage.verb")

    def test_option_that_is_given_twice(self):
        listed = self.world.file("twice.example\n", "list.txt")
        self.usage(self.a.call("publish", listed, "--to", "all", "--label", "CLEAR", "--label", "GREEN", "--json"), "usage.twice")
        self.usage(self.a.call("publish", listed, "--to", "all", "--to=public", "--label", "CLEAR", "--json"), "usage.twice")
        self.assertEqual([], self.a.query("twice.example"))
        self.a.ask("publish", listed, "--to", "all", "--also", "public", "--also", "all", "--label", "CLEAR")

    def test_paths_that_are_no_text(self):
        path = os.path.join(self.world.dir, NO_TEXT)
        with open(path, "w") as f:
            f.write("path.example\n")
        self.assertEqual(1, self.a.ask("publish", path, "--to", "all", "--label", "GREEN").last["accepted"])
        self.assertEqual(1, len(self.a.ask("hunt", path).rows))
        self.assertEqual(1, self.a.ask("inventory", "import", path).last["values"])
        out = self.a.ask("export", "path.example", "--format", "csv", "--out", path + ".csv").last
        self.assertEqual(1, out["values"])
        self.assertTrue(out["file"].endswith("\ufffd\ufffd.csv"), out)
        words = self.world.home("Delta").ask("org", "request", "--name", "Delta", "--out", path + ".request").last["words"]
        self.assertEqual(8, len(words.split()))

    def test_passphrase_that_nobody_gave(self):
        none = {"KAIRAN_PASSPHRASE": None}
        self.usage(self.world.home("None").call("network", "create", "--name", "N", "--org", "O", "--json", env=none),
                   "passphrase.none")

    def test_home_without_a_name(self):
        done = subprocess.run([KAIRAN, "--home", "", "status", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.world.environment({"KAIRAN_HOME": self.a.dir}), timeout=60)
        self.assertEqual((USAGE, b""), (done.returncode, done.stdout))

    def test_all_files_are_waited_for_together(self):
        files = [self.world.file("wait%d.example\n" % i, "wait.txt") for i in range(8)]
        began = time.monotonic()
        answer = self.a.ask("publish", *files, "--to", "all", "--label", "GREEN", "--wait", "9", "--timeout", "1s", status=FAILED).last
        self.assertEqual(8, answer["accepted"])
        self.assertLess(time.monotonic() - began, 4 * PATIENCE)

    def test_input_that_cannot_be_read_is_not_empty(self):
        self.a.ask("inventory", "import", self.world.file("kept.example\n"))
        status, out, err = self.sh(self.a, '"$@" </', "inventory", "import", "-", "--json")
        self.assertEqual((FAILED, "", "file.read"), (status, out, json.loads(err)["error"]))
        self.assertEqual(["kept.example"], [row["text"] for row in self.a.ask("inventory", "list").rows])

    def test_table_that_is_too_large(self):
        """It is said, and what to do instead."""
        long = "x" * 4000
        self.a.publish("".join("http://long.example/%d/%s\n" % (i, long) for i in range(18000)), "--label", "GREEN")
        until("indexed", lambda: self.a.ask("status").last["index_lag_ms"] == 0 and self.a.query("url:*/17999/" + long))
        result = self.a.call("query", "url:http://long.example/*")
        self.assertEqual((FAILED, ""), (result.status, result.out))
        self.assertIn("--format csv", result.err)
        result = self.a.call("query", "url:http://long.example/*", "--format", "csv")
        self.assertEqual(18001, result.out.count("\n"))

    def test_limits_are_named(self):
        api = Api(self.a)
        api.request("POST", "/v1/query", b"x" * (2 << 20))
        answer = api.getresponse()
        self.assertEqual((413, "usage.arguments-size"), (answer.status, json.loads(answer.read())["error"]))
        api.close()
        path = self.world.file("x" * 70000 + "\n", "long.txt")
        rows = self.a.ask("publish", path, "--to", "all", "--label", "GREEN", status=FAILED).rows
        self.assertEqual("value.long", rows[0]["refused"]["code"])
        self.assertIn("70000", rows[0]["refused"]["reason"])

    def test_release_to_any_needs_a_label(self):
        self.usage(self.a.call("release", "grant", self.a.query("one.example")[0]["id"], "--any", "--json"), "release.any")

    # ---- Keys.
    def test_every_row_has_every_key(self):
        request = self.world.path("ana.request")
        self.a.ask("person", "key", "--name", "Ana", "--out", request)
        self.a.ask("person", "add", request)
        self.a.ask("audience", "create", "Case", "--kind", "persons", "--member", "Ana")
        self.a.publish(bundle([indicator("red.example", "red")]), to="Case")
        rows = self.a.query("")
        self.assertLessEqual({"TLP:RED", "TLP:GREEN"}, {row["label"] for row in rows})
        self.assertIn(2, [row.get("list_values") for row in rows])
        for row in rows:
            keys_of(self, row, ITEM_KEYS)
            self.assertEqual("list_values" not in row and row["label"] != "TLP:RED", row["stix"] is not None, row)
        red = [row for row in rows if row["label"] == "TLP:RED"][0]["id"]
        error = self.a.ask("get", red, "--format", "stix", status=FORBIDDEN).error
        self.assertEqual(("read.sealed", "read.sealed"), (error["error"], error["rule"]))
        for row in self.a.ask("audience", "list").rows:
            keys_of(self, row, AUDIENCE_KEYS)
        for row in self.a.ask("org", "list").rows:
            keys_of(self, row, "parent parent_id")
        for row in self.a.ask("peers").rows:
            self.assertNotIn("", row["audiences"])

    def test_ceiling_is_named(self):
        self.a.ask("audience", "create", "Group", "--kind", "group", "--label", "AMBER", "--member", "Beta")
        self.a.publish(bundle([indicator("ceiling.example", "amber")]), to="Group")
        row = self.b.sees("ceiling.example")[0]
        error = self.b.ask("reshare", row["id"], "--to", "all", status=FORBIDDEN).error
        self.assertEqual("label.ceiling", error["rule"])
        self.assertIn("TLP:GREEN", error["what"])

    def test_community_of_a_rule(self):
        """Its owner is in it, whom the rule does not name: a founder has no attributes."""
        made = self.a.ask("audience", "create", "Government", "--kind", "community", "--rule", "sector=gov").last
        self.assertEqual(("Government", 2, True), (made["name"], made["members"], made["member"]))
        self.assertEqual(["Alpha", "Beta"], sorted(self.a.ask("audience", "show", "Government").last["member_names"]))
        until("Beta hears of it", lambda: any(x["name"] == "Government" for x in self.b.ask("audience", "list").rows), 30)
        self.assertEqual(1, self.b.publish(bundle([indicator("gov.example")]), to="Government")["accepted"])
        self.a.sees("gov.example")

    # ---- For people.
    def test_organisations_are_a_tree(self):
        names = [line[:10].rstrip() for line in self.b.call("org", "list").out.splitlines()[1:] if line]
        self.assertEqual(["Alpha", "  Beta", "    Gamma"], names)

    def test_help_says_what_the_option_of_this_command_does(self):
        self.assertIn("leave the nodes running", self.a.call("help", "demo").out)
        self.assertIn("strictest label that it may carry", self.a.call("help", "audience", "create").out)

    def test_watch_shows_and_does_not_obey(self):
        name = "a\u202eb"  # Whatever follows is shown from right to left.
        self.a.ask("audience", "create", name, "--kind", "group", "--member", "Beta")
        watch = self.a.spawn("watch", "value:rtl.example")
        with contextlib.closing(watch.stderr):
            watch.stderr.readline()
            self.a.publish(bundle([indicator("rtl.example")]), to=name)
            line = Lines(watch).next()
        watch.terminate()
        self.assertIn("rtl.example", line)
        self.assertNotIn("\u202e", line)

    def test_reindex_says_that_a_node_runs(self):
        self.assertIn("a node runs", self.a.ask("reindex", status=FAILED).error["what"])

    def test_what_stands_before_the_cut_of_a_file(self):
        text = "".join("line %d %s\n" % (i, v) for i, v in enumerate(addresses(3000))) + "one.example two.example\n" * 9
        whole = gzip.compress(text.encode())
        for data in (whole[:-9], whole[:-8] + b"\0" * 8):
            result = self.a.call("hunt", self.world.file(data, "cut.gz"), "--json")
            self.assertEqual(FAILED, result.status)
            self.assertGreaterEqual(len(result.rows), 16, "the lines that are whole")
        none = self.a.call("hunt", self.world.file(gzip.compress(b"one.example.org\n" * 1)[:-12], "cut.gz"), "--json")
        self.assertEqual((FAILED, []), (none.status, none.rows), "a line without its end may be another")


if __name__ == "__main__":
    unittest.main(verbosity=2)
