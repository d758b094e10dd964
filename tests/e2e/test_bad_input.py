"""Bad input: each gives an error that says what, where and what to do, changes nothing by half, and the node survives it."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import unicodedata
import unittest

from world import (DONE, FAILED, FORBIDDEN, NOTHING, PRIVATE_MAX, SANITIZED, USAGE, WorldCase, addresses, bundle, indicator, keys_of,
                   until)


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Case(WorldCase):
    def refused(self, home, status, code, *args, where=None, **kw):
        """The same refusal as text, in Japanese, and as one JSON object; its object."""
        args = [str(a) for a in args]
        plain = home.call(*args, **kw)
        self.assertEqual(status, plain.status, plain)
        self.assertEqual("", plain.out)
        self.assertIn("kairan: ", plain.err)
        self.assertIn("What to do: ", plain.err)
        japanese = home.call(*args, "--lang", "ja", **kw)
        self.assertEqual(status, japanese.status, japanese)
        self.assertFalse(japanese.err.isascii())
        self.assertNotIn("What to do", japanese.err)
        result = home.call(*args, "--json", **kw)
        self.assertEqual(status, result.status, result)
        lines = [line for line in result.err.splitlines() if line]
        self.assertEqual(1, len([line for line in lines if line.startswith("{")]), result)
        error = result.error
        keys_of(self, error, "error rule what where do")
        self.assertTrue(error["what"] and error["do"], error)
        if code:
            self.assertIn(error["error"], code if isinstance(code, tuple) else (code,), error)
        if where is not None:
            self.assertIn(where, error["where"] or "", error)
        self.assertEqual(error["error"] if status == FORBIDDEN else None, error["rule"])
        return error

    def refusals(self, home, status, data, *options, to="all", name="input", n=1):
        """A file of which something is refused: nothing is accepted, each refusal says file, line, path, id, reason."""
        path = data if isinstance(data, str) and os.path.exists(data) else self.world.file(data, name)
        entries = home.status()["entries"]
        result = home.call("publish", path, "--to", to, *options, "--json")
        self.assertEqual(status, result.status, result)
        rows = result.rows
        self.assertEqual((0, n), (rows[-1]["accepted"], rows[-1]["refused"]), result)
        self.assertEqual(entries, home.status()["entries"], "nothing by half")
        for row in rows[:-1]:
            keys_of(self, row["refused"], "file line path id reason")
            self.assertEqual(path, row["refused"]["file"])
            self.assertTrue(row["refused"]["reason"])
        plain = home.call("publish", path, "--to", to, *options)
        self.assertEqual(status, plain.status)
        self.assertIn(path, plain.err)
        self.assertIn("What to do: ", plain.err)
        japanese = home.call("publish", path, "--to", to, *options, "--lang", "ja")
        self.assertFalse(japanese.err.replace(path, "").isascii())
        return [row["refused"] for row in rows[:-1]]


class Input(Case):
    """What is published and asked, on a running node."""

    @classmethod
    def build(cls, world):
        cls.a = world.found(run=False)
        with open(os.path.join(cls.a.dir, "kairan.conf"), "w") as f:
            f.write("# Small, so that a test can go over it.\nspool-max = 4MiB\n")
        cls.a.run()

    def tearDown(self):
        self.assertTrue(self.a.node.running(), self.a.node.log())
        self.assertEqual(1, self.a.publish(json.dumps(indicator("%s.example" % self._testMethodName.replace("_", "-"))))["accepted"])
        self.assert_memory(self.a.node)

    def test_malformed_json(self):
        whole = bundle([indicator("m%d.example" % i) for i in range(3)])
        for data in (whole[:-30], whole.replace('"objects"', '"objects'), whole + "}", '{"type": "bundle"', "[1, 2", '{"a": 1}', "{}",
                     "[" * 100000, '{"a":' * 5000):
            with self.subTest(data=data[-40:]):
                path = self.world.file(data)
                entries = self.a.status()["entries"]
                result = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json")
                self.assertEqual(FAILED, result.status, result)
                told = result.error or result.rows[0]["refused"]
                self.assertTrue(told["do"])
                self.assertIn(path, result.out + result.err, "it says which file")
                self.assertEqual(entries, self.a.status()["entries"])

    def test_line_of_a_syntax_error(self):
        data = '{"type": "bundle",\n "id": "bundle--6bf46c69-7d2c-4f82-aeea-cbe226e87555",\n "objects": [\n  {"type" 5}\n ]}\n'
        path = self.world.file(data)
        result = self.a.call("publish", path, "--to", "all", "--json")
        self.assertEqual(FAILED, result.status)
        self.assertIn("4", str((result.error or {}).get("where")) + str([r.get("refused") for r in result.rows]), result)

    def test_one_bad_object_in_10000(self):
        objects = [indicator("o%d.example" % i) for i in range(10000)]
        objects[6789] = dict(objects[6789], pattern="[domain-name:value = ")
        text = "{\"type\": \"bundle\", \"id\": \"bundle--6bf46c69-7d2c-4f82-aeea-cbe226e87555\", \"objects\": [\n" + \
            ",\n".join(json.dumps(o) for o in objects) + "\n]}\n"
        path = self.world.file(text)
        self.assertGreater(os.path.getsize(path), 3 << 20)
        refusal, = self.refusals(self.a, FAILED, path)
        self.assertEqual(objects[6789]["id"], refusal["id"])
        self.assertEqual(6791, refusal["line"])
        self.assertIn("6789", refusal["path"])
        self.assertEqual([], self.a.query("value:o1.example"))
        answer = self.a.ask("publish", path, "--to", "all", "--skip-bad")
        self.assertEqual((9999, 1), (answer.last["accepted"], answer.last["refused"]))
        self.assertEqual(objects[6789]["id"], answer.rows[0]["refused"]["id"])
        self.a.sees("o9999.example")

    def test_more_refusals_than_are_listed(self):
        refusals = self.refusals(self.a, FORBIDDEN, bundle(indicator("n%d.example" % i, label=None) for i in range(250)), n=250)
        self.assertEqual(100, len(refusals))

    def test_missing_label_and_both_kinds_of_refusal(self):
        refusal, = self.refusals(self.a, FORBIDDEN, json.dumps(indicator("u.example", label=None)))
        self.assertIn("label", refusal["code"])
        mixed = bundle([indicator("u.example", label=None), dict(indicator("v.example"), pattern="[")])
        self.refusals(self.a, FAILED, mixed, n=2)

    def test_file_over_the_limit(self):
        path = self.world.file("\n".join(addresses(131072) * 3) + "\n")
        self.assertGreater(os.path.getsize(path), 4 << 20)
        self.refused(self.a, FAILED, ("file.too-large", "file.size"), "publish", path, "--to", "all", "--label", "GREEN", where=path)

    def test_two_gigabytes(self):
        path = self.world.path("huge")
        with open(path, "wb") as f:
            f.truncate(2 << 30)  # Sparse.
        self.refused(self.a, FAILED, ("file.too-large", "file.size"), "publish", path, "--to", "all", "--label", "GREEN", where=path)
        # Nothing is uploaded to a home whose node does not run: other limits hold.
        stopped = self.world.home("Stopped")
        stopped.ask("network", "create", "--name", "N", "--org", "O")
        self.assertEqual(FAILED, stopped.call("publish", path, "--to", "all", "--label", "GREEN", "--json").status)
        self.assertEqual([], stopped.query(""))
        os.unlink(path)

    def test_files_that_are_none(self):
        self.refused(self.a, FAILED, ("file.read", "file.missing"), "publish", "/nonexistent/file", "--to", "all", where="/nonexistent/file")
        self.refused(self.a, FAILED, ("file.read",), "publish", self.world.dir, "--to", "all", where=self.world.dir)
        for data in (b"", bytes(range(256)) * 64, b"\x7fELF" + bytes(5000), b"\xff\xfe" + "text\n".encode("utf-16-le"), b"\n\n  \n"):
            with self.subTest(data=data[:8]):
                path = self.world.file(data)
                result = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json")
                self.assertEqual(FAILED, result.status, result)
                self.assertIn(path, result.out + result.err)
                self.assertEqual(0, result.rows[-1]["accepted"] if result.rows else 0)

    def test_one_bad_line_in_a_list(self):
        values = addresses(3000)
        values[1234] = "this is not a value"
        refusals = self.refusals(self.a, FAILED, "\n".join(values) + "\n", "--label", "GREEN")
        self.assertEqual(1235, refusals[0]["line"])
        self.assertEqual([], self.a.query("ip:198.18.0.0/24"))

    def test_names(self):
        path = self.world.file(json.dumps(indicator("x.example")))
        self.refused(self.a, FAILED, "name.unknown", "publish", path, "--to", "nowhere", where="nowhere")
        self.refused(self.a, FAILED, "name.unknown", "org", "show", "nobody")
        self.refused(self.a, FAILED, "name.unknown", "org", "revoke", "nobody")
        self.refused(self.a, FAILED, "name.unknown", "audience", "create", "n", "--kind", "group", "--member", "nobody")
        self.refused(self.a, FAILED, "name.unknown", "audience", "add", "nothing", "--member", "Alpha")
        self.assertEqual(NOTHING, self.a.call("get", "indicator--00000000-0000-4000-8000-000000000000").status)
        for _ in range(2):  # Two organisations of one name.
            request = self.world.path("request")
            self.world.home("Twin%d" % len(self.world.homes)).ask("org", "request", "--name", "Twin", "--out", request)
            self.a.ask("org", "admit", request, "--out", self.world.path("a"))
        error = self.refused(self.a, FAILED, "name.ambiguous", "org", "show", "Twin")
        self.assertIn("2", error["what"])
        self.refused(self.a, FAILED, "name.ambiguous", "org", "revoke", "Twin")
        twin = next(o for o in self.a.ask("org", "list").rows if o["name"] == "Twin")
        self.assertEqual(twin["id"], self.a.ask("org", "show", twin["id"][:16]).rows[0]["id"])

    def test_usage(self):
        path = self.world.file("x.example\n")
        table = [["frobnicate"], ["status", "--frobnicate"], ["publish"], ["publish", path],
                 ["publish", path, "--to", "all", "--label", "TLP:PURPLE"], ["publish", path, "--to", "all", "--label", "GREEN", "--pap", "X"],
                 ["publish", path, "--to", "all", "--wait", "many"], ["publish", path, "--to", "all", "--wait", "1", "--timeout", "soon"],
                 ["query", "value:"], ["query", "(value:x"], ["query", "ip:not-an-address"], ["query", "since:whenever"], ["query", "colour:red"],
                 ["query", "x", "--format", "xml"], ["query", "x", "--limit", "0"], ["query", "x", "--limit", "-5"], ["get"], ["get", "a", "b"],
                 ["audience", "create", "x"], ["audience", "create", "x", "--kind", "club"], ["audience", "create", "x", "--kind", "group",
                 "--history", "long"], ["org", "admit"], ["org", "revoke", "Alpha", "--reason", "boredom"], ["network", "create"],
                 ["org", "request", "--name", "x"], ["status", "--lang", "de"], ["help", "frobnicate"], ["network"], ["status", "extra"]]
        for args in table:
            with self.subTest(args=args):
                self.refused(self.a, USAGE, None, *args)

    def test_usage_line_is_whole(self):
        said = self.a.call("publish").err
        self.assertIn("Something is missing: FILE...", said.splitlines()[0])
        self.assertTrue(said.rstrip().endswith("[--dry-run]"), said)

    def test_option_without_its_value(self):
        for args in (["publish", "x", "--to"], ["status", "--home"], ["query", "--limit"]):
            result = self.a.call(*args)
            self.assertEqual(USAGE, result.status, result)
            self.assertIn(args[-1], result.err)

    def test_no_verb_at_all(self):
        result = self.a.call()
        self.assertEqual(USAGE, result.status)
        self.assertIn("publish", result.out + result.err)

    def test_strange_names_are_refused_or_kept_whole(self):
        for name in ("", "x" * 300, "a\nb", "a\x1b[31mb", b"\xff\xfe".decode("utf-8", "surrogateescape")):
            with self.subTest(name=name[:10]):
                result = self.a.call("audience", "create", name, "--kind", "group", "--json")
                self.assertNotEqual(DONE, result.status, result)
        name = "県内の自治体 🗾 'quoted\" \\ name"
        self.a.ask("audience", "create", name, "--kind", "group")
        self.assertIn(name, [r["name"] for r in self.a.ask("audience", "list").rows])
        self.refused(self.a, FAILED, "audience.exists", "audience", "create", name, "--kind", "group")

    def test_japanese_tables_are_aligned(self):
        self.a.ask("audience", "create", "県の組織", "--kind", "group")
        for args in (["audience", "list"], ["org", "list"], ["query", "by:Alpha", "--limit", "5"]):
            lines = self.a.call(*args, "--lang", "ja").out.splitlines()
            self.assertFalse(lines[0].isascii(), lines[0])
            header = lines[0]
            last = header.rstrip().rsplit("  ", 1)[-1].strip()
            column = width(header[:header.rindex(last)])
            for line in lines[1:]:
                at = 0
                for i, c in enumerate(line):
                    if at == column:
                        break
                    at += width(c)
                self.assertEqual(column, at, "the last column begins where its heading does: %r" % line)
                self.assertTrue(line[i:].strip() and line[i - 1] == " ", line)

    def test_queries_that_ask_much(self):
        for expr in (" OR ".join("value:v%d.example" % i for i in range(2000)), "(" * 500 + "value:x.example" + ")" * 500,
                     "NOT " * 300 + "value:x.example", "domain:" + "a." * 200 + "example", "x" * 60000):
            with self.subTest(expr=expr[:30]):
                self.assertIn(self.a.call("query", expr).status, (DONE, FAILED, USAGE, NOTHING))


class Homes(Case):
    """What is wrong with a home, before a node can run."""

    @classmethod
    def build(cls, world):
        cls.a = world.found(run=False)
        cls.a.ask("publish", world.file("198.51.100.9\n"), "--to", "all", "--label", "GREEN")

    def copy(self, name="copy"):
        path = self.world.path(name)
        shutil.copytree(self.a.dir, path)
        home = self.world.home(path)
        home.dir = path
        return home

    def cannot_run(self, home, code, *options):
        return self.refused(home, FAILED, code, "run", *(options or ("--listen", "tcp://127.0.0.1:0")))

    def test_corrupt_key_file(self):
        for flip in (0, 3, 40, -1):
            home = self.copy()
            path = os.path.join(home.dir, "keys", "node.key")
            with open(path, "r+b") as f:
                data = bytearray(f.read())
                data[flip] ^= 0x40
                f.seek(0)
                f.write(data)
            error = self.cannot_run(home, ("key.corrupt", "key.newer", "key.role"))
            self.assertIn("node.key", json.dumps(error))
        for length in (0, 20):
            home = self.copy()
            os.truncate(os.path.join(home.dir, "keys", "node.key"), length)
            self.cannot_run(home, "key.corrupt")

    def test_key_file_that_others_can_read(self):
        for name in ("node.key", "issuing.key"):
            home = self.copy()
            path = os.path.join(home.dir, "keys", name)
            os.chmod(path, 0o640)
            error = self.cannot_run(home, "key.mode")
            self.assertIn(name, json.dumps(error))
            os.chmod(path, 0o600)
            self.assertEqual(DONE, home.call("status").status, "the advice helps")

    def test_missing_key_file(self):
        home = self.copy()
        os.unlink(os.path.join(home.dir, "keys", "node.key"))
        self.cannot_run(home, ("key.missing", "home.no-network"))

    def test_home_of_a_newer_version(self):
        home = self.copy()
        with open(os.path.join(home.dir, "version"), "w") as f:
            f.write("99\n")
        self.cannot_run(home, "home.newer")
        self.refused(home, FAILED, "home.newer", "status")
        with open(os.path.join(home.dir, "version"), "w") as f:
            f.write("what\n")
        self.cannot_run(home, "home.damaged")

    def test_truncated_store(self):
        for keep in (0.3, 0.5):  # Less may cut off nothing but free pages, which is no harm.
            home = self.copy()
            path = os.path.join(home.dir, "store", "data.mdb")
            os.truncate(path, int(os.path.getsize(path) * keep) // 4096 * 4096)
            self.cannot_run(home, ("store.truncated", "store.corrupt"))
        home = self.copy()
        os.truncate(os.path.join(home.dir, "store", "data.mdb"), 100)
        self.cannot_run(home, ("store.truncated", "store.corrupt"))

    def test_store_of_rubbish(self):
        home = self.copy()
        with open(os.path.join(home.dir, "store", "data.mdb"), "r+b") as f:
            f.write(os.urandom(16384))
        self.cannot_run(home, ("store.truncated", "store.corrupt", "store.newer"))

    def test_damaged_index_is_made_anew(self):
        home = self.copy()
        with open(os.path.join(home.dir, "index", "data.mdb"), "r+b") as f:
            f.write(os.urandom(16384))
        self.assertEqual(1, len(home.query("value:198.51.100.9")))

    def test_path_too_long_for_a_socket(self):
        home = self.world.home("long")
        home.dir = os.path.join(self.world.dir, "x" * 60, "y" * 60)
        error = self.refused(home, FAILED, "home.path-long", "network", "create", "--name", "N", "--org", "O")
        self.assertIn("107", error["do"])
        self.assertFalse(os.path.exists(os.path.join(home.dir, "keys")), "nothing by half")

    def test_second_run_on_one_home(self):
        home = self.copy()
        node = home.run()
        self.cannot_run(home, ("store.locked", "api.socket"))
        self.assertEqual(DONE, home.call("status").status, "the first one goes on, and is asked")
        self.assertEqual(DONE, node.stop()[0])

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
            error = self.cannot_run(self.copy(), "port.in-use", "--listen", "tcp://127.0.0.1:%d" % port)
            self.assertIn(str(port), json.dumps(error))

    def test_bad_endpoints_and_settings(self):
        home = self.copy()
        for options in (["--listen", "127.0.0.1:1"], ["--listen", "tcp://127.0.0.1:99999"], ["--listen", "tcp://127.0.0.1"],
                        ["--dial", "tcp://127.0.0.1:1/short"], ["--dial", "udp://x:1"]):
            error = self.refused(home, FAILED, ("endpoint.syntax", "endpoint.key"), "run", *options)
            self.assertIn(options[1], error["what"] + (error["where"] or ""))
        for line, code in (("colour = red", "config.key"), ("no equals sign", "config.line"), ("spool-max = much", "config.size")):
            with open(os.path.join(home.dir, "kairan.conf"), "w") as f:
                f.write("# first\n%s\n" % line)
            error = self.cannot_run(home, code)
            self.assertIn("kairan.conf", error["where"])
            self.assertIn("2", error["where"])

    def test_home_that_is_none(self):
        self.cannot_run(self.world.home("nothing-here"), "home.missing")
        self.refused(self.world.home("nothing-here"), FAILED, "home.missing", "status")
        self.refused(self.world.home("nothing-here"), FAILED, "home.missing", "stream", "--to", "nats://127.0.0.1:1", "--stream", "X",
                     "--clearance", "GREEN")
        self.assertFalse(os.path.exists(self.world.home("nothing-here").dir), "asking makes nothing")
        file = self.world.home("a-file")
        with open(file.dir, "w"):
            pass
        self.refused(file, FAILED, None, "network", "create", "--name", "N", "--org", "O")

    def test_network_twice(self):
        self.refused(self.a, FAILED, ("home.exists", "key.exists"), "network", "create", "--name", "N", "--org", "O")
        self.assertEqual("Testnet", self.a.ask("network", "show").last["name"])

    def test_passphrases(self):
        none = {"KAIRAN_PASSPHRASE": None}
        fresh = self.world.home("fresh")
        self.refused(fresh, USAGE, "passphrase.none", "network", "create", "--name", "N", "--org", "O", env=none)
        self.assertFalse(os.path.exists(os.path.join(fresh.dir, "keys", "node.key")))
        file = self.world.file("from a file\n")
        fresh.ask("network", "create", "--name", "N", "--org", "O", "--passphrase-file", file, env=none)
        joiner, request, admission = self.world.home("joiner"), self.world.path("r"), self.world.path("a")
        joiner.ask("org", "request", "--name", "Joiner", "--out", request)
        self.a.ask("org", "admit", request, "--out", admission)
        self.refused(joiner, FAILED, "key.passphrase", "org", "join", admission, env={"KAIRAN_PASSPHRASE": "wrong"})
        self.assertNotEqual(DONE, joiner.call("status").status)
        joiner.ask("org", "join", admission)
        self.refused(fresh, FAILED, ("file.read", "file.missing"), "network", "create", "--name", "N", "--org", "O", "--passphrase-file",
                     "/nonexistent", where="/nonexistent")

    def test_mail_that_was_damaged(self):
        joiner, request = self.world.home("mailed"), self.world.path("r")
        joiner.ask("org", "request", "--name", "Mailed", "--out", request)
        with open(request) as f:
            text = f.read()
        middle = len(text) // 2
        spoilt = text[:middle] + ("a" if text[middle] != "a" else "b") + text[middle + 1:]
        for data in (spoilt, text[:middle], "", "hello\n", "\0" * 100):
            self.refused(self.a, FAILED, None, "org", "admit", self.world.file(data), "--out", self.world.path("x"))
        quoted = "".join("> " + line if line.strip() else line for line in text.replace("\n", "\r\n").splitlines(True))
        result = self.a.call("org", "admit", self.world.file("Dear sponsor,\r\n\r\n" + text.replace("\n", "\r\n") + "\r\nYours"), "--out",
                             self.world.path("x"))
        self.assertEqual(DONE, result.status, "a mail around it does no harm: %r %s" % (result, quoted[:0]))

    def test_private_files_are_private(self):
        home = self.copy()
        self.assertEqual(0o711, stat.S_IMODE(os.stat(home.dir).st_mode))
        for folder in ("keys", "store"):
            self.assertEqual(0, stat.S_IMODE(os.stat(os.path.join(home.dir, folder)).st_mode) & 0o77, folder)
        for path in home.files():
            if os.sep + "keys" + os.sep in path:
                self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode), path)
                with open(path, "rb") as f:
                    self.assertNotIn(self.world.passphrase.encode(), f.read())

    def test_full_disk(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to mount a small disk")
        mount = self.world.path("disk")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", mount], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("mount is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=True)
        home = self.world.home("disk")
        home.dir = os.path.join(mount, "h")
        home.ask("network", "create", "--name", "N", "--org", "O")
        home.run()
        self.addCleanup(lambda: home.node.kill())
        home.publish(json.dumps(indicator("kept.example")))
        home.sees("kept.example")  # In the index, too, before there is no room.
        filler = os.path.join(mount, "filler")
        with open(filler, "wb") as f:
            while True:
                try:
                    f.write(bytes(65536))
                    f.flush()
                except OSError:
                    break
        big = self.world.file("\n".join(addresses(60000)) + "\n")
        error = self.refused(home, FAILED, ("disk.full", "store.full"), "publish", big, "--to", "all", "--label", "GREEN")
        self.assertTrue(error["do"])
        self.assertTrue(home.node.running(), home.node.log())
        self.assertEqual(1, len(home.query("value:kept.example")), "what is stored stays readable")
        os.unlink(filler)
        self.assertEqual(1, home.publish(json.dumps(indicator("room.example")))["accepted"])
        self.assertEqual(DONE, home.node.stop()[0])
        home.run()
        self.assertEqual(1, len(home.query("value:kept.example")))
        self.assertEqual([], home.query("ip:198.18.0.0/15"), "nothing by half")


class Stalled(Case):
    """A peer that never reads costs bounded memory."""

    @classmethod
    def build(cls, world):
        cls.a, cls.b, cls.c = world.network("Alpha", "Beta", "Gamma")

    def test_peer_that_never_reads(self):
        self.c.node.signal(signal.SIGSTOP)
        try:
            worst = 0
            for i in range(4):
                path = self.world.file("\n".join("h%d-%d.example" % (i, k) for k in range(100000)) + "\n")
                answer = self.a.ask("publish", path, "--to", "all", "--label", "GREEN", "--wait", "1").last
                self.assertEqual((100000, 1), (answer["accepted"], answer["held_by"]), "others go on")
                worst = max(worst, self.a.node.private_bytes())
                os.unlink(path)
            print("private memory with a peer that never reads: %d MiB" % (worst >> 20), flush=True)
            if not SANITIZED:
                self.assertLess(worst, PRIVATE_MAX)
            self.b.sees("h3-99999.example", 30)
        finally:
            self.c.node.signal(signal.SIGCONT)
        self.c.sees("h3-99999.example", 60)
        until("the same", lambda: self.a.status()["entries"] == self.c.status()["entries"], 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
