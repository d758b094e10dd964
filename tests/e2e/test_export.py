"""What goes into a sensor's file and what never does; the file is whole at every moment; --follow keeps it current."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from world import DATA, DONE, FAILED, FORBIDDEN, NOTHING, USAGE, PATIENCE, WorldCase, addresses, bundle, indicator, until


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return f.read()


def zone_ok(path):
    """What BIND's own checker says of a zone; it says nothing where there is none on this machine."""
    checker = shutil.which("named-checkzone") or shutil.which("named-checkzone", path="/usr/sbin:/sbin")
    if not checker:
        return None
    done = subprocess.run([checker, "rpz.test", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0 and "ignoring" not in done.stdout and "OK" in done.stdout, done.stdout


def zeek_rows(text):
    """As Zeek's Input framework reads it: fields by the header, comments and \\xHH; all values are set."""
    lines = [line for line in text.split("\n") if line]
    head = lines[0].split("\t")
    assert head[0] == "#fields", head
    rows = []
    for line in lines[1:]:
        assert not line.startswith("#"), line
        fields = line.split("\t")
        assert len(fields) == len(head) - 1, line
        assert fields[0] not in ("", "-", "(empty)") and fields[2] not in ("", "-"), line
        rows.append({k: v.encode().decode("unicode_escape") if "\\x" in v else v for k, v in zip(head[1:], fields)})
    return rows


class Export(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a, cls.b = world.network("Alpha", "Beta")
        cls.a.ask("audience", "create", "Case", "--kind", "group", "--label", "AMBER", "--member", "Beta")

    def put(self, values, label="green", **more):
        """STIX indicators of these values; published at Alpha, seen at Beta."""
        objects = [indicator(v, label, **more) for v in values]
        self.a.publish(bundle(objects), to="Case" if label == "amber" else "all")
        for v in values:
            self.b.sees(v + " expired:any", 60)
        return objects

    def export(self, form, *expr, status=DONE, home=None, out=None):
        path = out or self.world.path(form)
        result = (home or self.b).ask("export", *expr, "--format", form, "--out", path, status=status)
        return path, result

    def test_1_forms(self):
        self.put(["192.0.2.7", "198.51.100.0/24", "evil.example", "xn--bcher-kva.example"], name="C2\tserver")
        self.put(["2001:db8::1"], pattern="[ipv6-addr:value = '2001:db8::1']", name="=1+1")
        path, r = self.export("zeek")
        rows = zeek_rows(read(path))
        self.assertEqual({"192.0.2.7": "Intel::ADDR", "198.51.100.0/24": "Intel::SUBNET", "evil.example": "Intel::DOMAIN",
                          "xn--bcher-kva.example": "Intel::DOMAIN", "2001:db8::1": "Intel::ADDR"},
                         {x["indicator"]: x["indicator_type"] for x in rows})
        self.assertEqual({"Alpha"}, {x["meta.source"] for x in rows})
        self.assertIn("C2\tserver", [x["meta.desc"] for x in rows])
        self.assertEqual(5, r.last["values"])
        path, _ = self.export("rpz")
        ok = zone_ok(path)
        self.assertTrue(ok is None or ok[0], ok)
        text = read(path)
        for line in ("evil.example CNAME .", "*.evil.example CNAME .", "32.7.2.0.192.rpz-ip CNAME .",
                     "128.1.zz.db8.2001.rpz-ip CNAME ."):
            self.assertIn(line, text.split("\n"))
        path, r = self.export("hosts")
        self.assertEqual(["0.0.0.0 evil.example", "0.0.0.0 xn--bcher-kva.example"],
                         sorted(line for line in read(path).splitlines() if not line.startswith("#")))
        self.assertEqual(3, r.last["left_out"]["type"])
        path, _ = self.export("csv")
        self.assertIn("\"'=1+1\"", read(path))
        path, _ = self.export("suricata")
        self.assertIn("kairan.rules", os.listdir(path))
        for line in read(os.path.join(path, "kairan.rules")).splitlines():
            self.assertRegex(line, r"^alert [a-z]+ any any -> any any \(msg:\"[^\";:\\]+\"; .*; sid:12710\d\d; rev:1;\)$")

    def test_2_gates(self):
        """What a rule, or reason, keeps out of a sensor is nowhere in its file."""
        self.put(["amber.gates.example"], "amber")
        self.a.publish(bundle([indicator("papred.gates.example")]), "--pap", "RED")
        self.a.publish(bundle([indicator("papamber.gates.example")]), "--pap", "AMBER")
        self.a.publish(bundle([indicator("drill.gates.example")]), "--exercise")
        self.put(["old.gates.example"], valid_until="2026-01-16T00:00:00Z")
        self.put(["fine.gates.example"], indicator_types=["benign"])
        self.put(["and.gates.example"], pattern="[domain-name:value = 'and.gates.example' AND domain-name:value = 'b.gates.example']")
        self.put(["10.1.2.3", "co.jp"])
        self.b.sees("papred.gates.example")
        self.b.sees("papamber.gates.example")
        until("the drill is there", lambda: self.b.query("exercise:yes"))
        for form, may in (("zeek", {"amber", "papamber"}), ("rpz", {"amber"}), ("hosts", {"amber"}), ("csv", {"amber", "papamber"})):
            path, r = self.export(form)
            got = read(path)
            for name in ("amber", "papred", "papamber", "drill", "old", "fine", "and", "b"):
                self.assertEqual(name in may, name + ".gates.example" in got, (form, name, got))
            self.assertNotIn("10.1.2.3", got)
            self.assertNotIn("co.jp", got.replace("example.co.jp", ""))
            self.assertGreater(r.last["left_out"]["range"], 0)
            self.assertGreater(r.last["left_out"]["suffix"], 0)
            self.assertGreater(r.last["left_out"]["partial"], 0)
        # Also where it is asked for by name.
        for term, code in (("exercise:yes", "export.exercise"), ("expired:yes", "item.expired"),
                           ("papred.gates.example", "export.pap-detect")):
            path, r = self.export("zeek", term, status=FORBIDDEN)
            self.assertEqual(code, r.error["rule"])
            self.assertEqual([], zeek_rows(read(path)))  # A sensor's file is there all the same.
        path, _ = self.export("zeek", "nothing.gates.example", status=NOTHING)
        self.assertEqual([], zeek_rows(read(path)))

    def test_2_warninglists(self):
        """What everybody meets is in no file, as soon as the home has the list."""
        self.put(["8.8.8.8", "cdn.lists.example"])
        path, _ = self.export("zeek", "8.8.8.8")
        self.assertEqual(1, len(zeek_rows(read(path))))
        folder = os.path.join(self.b.dir, "warninglists")
        os.mkdir(folder)
        with open(os.path.join(folder, "a.json"), "w", encoding="utf-8") as f:
            json.dump({"name": "Resolvers", "type": "cidr", "list": ["8.8.8.0/24"]}, f)
        with open(os.path.join(folder, "b.json"), "w", encoding="utf-8") as f:
            json.dump({"name": "Big names", "type": "hostname", "list": ["lists.example"]}, f)
        path, r = self.export("zeek", "8.8.8.8 OR cdn.lists.example", status=NOTHING)
        self.assertEqual([], zeek_rows(read(path)))
        self.assertEqual(2, r.last["left_out"]["warninglist"])
        shutil.rmtree(folder)

    def test_3_clearance(self):
        """What is above the clearance of who asks does not exist."""
        self.put(["clear.place.example"], "clear")
        self.put(["amber.place.example"], "amber")
        self.b.ask("user", "set", "nobody", "--clearance", "TLP:GREEN", "--role", "reader")
        path = self.world.path("zeek")
        rows = self.b.ask("audit", "show").rows
        self.export("zeek", "amber.place.example", out=path)
        more = self.b.ask("audit", "show").rows[len(rows):]
        self.assertEqual(["export"], [r["verb"] for r in more])  # A read of AMBER is one, whoever makes it.

    def test_4_lists(self):
        values = addresses(5000)
        self.a.publish("\n".join(values) + "\n", "--label", "TLP:GREEN")
        self.b.sees(values[-1], 60)
        path, r = self.export("zeek", "type:ipv4-addr")
        self.assertEqual(set(values), {x["indicator"] for x in zeek_rows(read(path))} & set(values))
        path, r = self.export("hosts", "ip:198.18.0.1", status=NOTHING)
        path, r = self.export("csv", "ip:198.18.0.1")
        self.assertEqual(1, r.last["values"])
        # Each value's object says what the signed label says, beside a list whose label adds nothing to the words in it.
        self.a.publish("one.pap.example\ntwo.pap.example\n", "--label", "TLP:GREEN", "--pap", "GREEN")
        self.b.sees("two.pap.example")
        path, r = self.export("stix")
        with open(path, encoding="utf-8") as f:
            objects = [o for o in json.load(f)["objects"] if o["type"] == "indicator"]
        self.assertGreater(len(objects), len(values))
        self.assertEqual({"one.pap.example", "two.pap.example"},
                         {o["pattern"].split("'")[1] for o in objects if o.get("labels") == ["PAP:GREEN"]})

    def test_5_round_trip(self):
        """Objects come back as the bytes they were, and publishing them again changes nothing."""
        objects = self.put(["trip.example"], name="日本語 \" \\ \t", labels=["a"])
        path, _ = self.export("stix", "value:trip.example")
        self.assertIn(json.dumps(objects[0], ensure_ascii=False), read(path))
        before = self.a.state()
        done = self.a.ask("publish", path, "--to", "all").last
        self.assertEqual((0, 0), (done["accepted"], done["refused"]))
        self.assertEqual(before[3], self.a.state()[3])
        path, _ = self.export("misp", "value:trip.example")
        with open(os.path.join(path, "manifest.json"), encoding="utf-8") as f:
            (uuid, about), = json.load(f).items()
        with open(os.path.join(path, uuid + ".json"), encoding="utf-8") as f:
            event = json.load(f)["Event"]
        self.assertEqual(["trip.example"], [x["value"] for x in event["Attribute"]])
        self.assertEqual([{"name": "tlp:green"}], about["Tag"])
        # The next edition takes away the events that it does not have.
        self.export("misp", "value:nothing.example", out=path, status=NOTHING)
        self.assertEqual({"manifest.json", "hashes.csv"}, set(os.listdir(path)))

    def test_6_replaced_whole(self):
        """Mode stays, the folder is left clean, and what cannot be written leaves the old file."""
        self.put(["whole.example"])
        path, _ = self.export("hosts", "whole.example")
        os.chmod(path, 0o604)
        link = self.world.path("link")
        os.symlink(path, link)
        inode = os.stat(path).st_ino
        self.export("hosts", "whole.example", out=link)
        self.assertTrue(os.path.islink(link))
        self.assertNotEqual(inode, os.stat(path).st_ino)
        self.assertEqual(0o604, os.stat(path).st_mode & 0o7777)
        self.assertEqual([], [n for n in os.listdir(os.path.dirname(path)) if n.endswith(".new")])
        self.export("hosts", "whole.example", out=os.path.join(self.world.dir, "no", "such"), status=FAILED)
        self.export("hosts", "whole.example", out=self.world.dir, status=FAILED)
        self.export("hosts", "whole.example", out="/dev/null", status=FAILED)
        self.export("nonsense", out=path, status=USAGE)
        self.export("hosts", "(", out=path, status=USAGE)
        self.assertIn("0.0.0.0 whole.example\n", read(path))

    def test_7_killed(self):
        """kill -9 at any moment: the old file or the new one, whole, and nothing else in the folder."""
        values = ["n%d.kill.example" % i for i in range(20000)]
        self.a.publish("\n".join(values) + "\n", "--label", "TLP:GREEN")
        self.b.sees(values[-1], 60)
        folder = self.world.path("killed")
        os.mkdir(folder)
        path = os.path.join(folder, "hosts")
        with open(path, "w", encoding="ascii") as f:
            f.write("old\n")
        whole = 0
        for i in range(12):
            p = self.b.spawn("export", "domain:*.kill.example", "--format", "hosts", "--out", path)
            with self.assertRaises(subprocess.TimeoutExpired):
                p.wait(0.02 * i) if i else p.wait(0)
                raise subprocess.TimeoutExpired("", 0)  # It was faster.
            p.kill()
            p.wait()
            text = read(path)
            whole += text != "old\n"
            self.assertIn(text.count("\n"), (1, 1 + len(values)))
            self.assertLessEqual(set(os.listdir(folder)) - {"hosts"}, {n for n in os.listdir(folder) if n.endswith(".new")})
        self.export("hosts", "domain:*.kill.example", out=path)
        self.assertEqual(1 + len(values), read(path).count("\n"))

    def follow(self, *expr, form="hosts"):
        path = self.world.path(form)
        p = self.b.spawn("export", *expr, "--format", form, "--out", path, "--follow")
        until("the first file", lambda: os.path.exists(path), 30)
        return p, path

    def within(self, what, condition, seconds=1.0):
        began = time.monotonic()
        until(what, condition, 10)
        took = time.monotonic() - began
        print("%s: %.3f s" % (what, took), flush=True)
        return took

    def test_8_follow(self):
        p, path = self.follow("domain:*.follow.example")
        self.assertNotIn("follow.example", read(path))
        object_ = indicator("one.follow.example")
        self.a.publish(bundle([object_]))
        self.b.sees("one.follow.example")
        came = self.within("arrival", lambda: "0.0.0.0 one.follow.example" in read(path))
        item = self.a.query("value:one.follow.example")[0]["id"]
        self.a.ask("withdraw", item)
        until("Beta knows", lambda: not self.b.query("value:one.follow.example"))
        gone = self.within("withdrawal", lambda: "one.follow.example" not in read(path))
        if PATIENCE == 1:
            self.assertLess(came, 2.0)  # One second, and a busy machine.
            self.assertLess(gone, 2.0)
        # What does not touch it does not write it.
        before = os.stat(path).st_ino
        self.put(["elsewhere.example"])
        self.put(["two.follow.example"])
        self.within("the second", lambda: "two.follow.example" in read(path))
        self.assertNotEqual(before, os.stat(path).st_ino)
        # The node restarts: the file stays, and is current afterwards.
        self.b.node.stop()
        self.assertIn("two.follow.example", read(path))
        self.assertIsNone(p.poll())
        self.b.run_again()
        self.put(["three.follow.example"])
        self.within("the third, after a restart", lambda: "three.follow.example" in read(path))
        p.send_signal(signal.SIGTERM)
        self.assertEqual(0, p.wait(10 * PATIENCE))
        self.assertIn("three.follow.example", read(path))

    def test_9_expires_while_followed(self):
        p, path = self.follow("domain:*.soon.example")
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5 * PATIENCE))
        self.put(["a.soon.example"], valid_until=end)
        until("it is there", lambda: "a.soon.example" in read(path), 5)
        began, spent = time.monotonic(), self.b.node.processor()
        until("it has expired", lambda: "a.soon.example" not in read(path), 10)
        self.assertLess(self.b.node.processor() - spent, 0.3 * (time.monotonic() - began), "who waits does not look all the time")
        p.send_signal(signal.SIGINT)
        self.assertEqual(0, p.wait(10 * PATIENCE))

    def test_real_data(self):
        """Real lists and bundles: every form is what its reader takes, and the bundle published again changes nothing."""
        files = [(os.path.join(DATA, *p.split("/"))) for p in ("stix21/amnesty-pegasus.json", "stix21/oasis-poisonivy.json",
                                                               "lists/ipsum-ips.txt", "lists/maltrail-domains.txt")]
        if not DATA or not all(map(os.path.exists, files)):
            self.skipTest("KAIRAN_DATA names no folder with the files")
        for path in files:
            self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--skip-bad", "--json", seconds=300)
        until("all of it is at Beta", lambda: self.a.state()[3] == self.b.state()[3] and self.b.status()["index_lag_ms"] == 0, 60)
        made = {}
        for form in ("zeek", "suricata", "rpz", "hosts", "csv", "stix", "misp"):
            began = time.monotonic()
            path, r = self.export(form)
            made[form] = path, r.last
            print("%s: %d values, %.2f s, left out %r" % (form, r.last["values"], time.monotonic() - began,
                                                         {k: n for k, n in r.last["left_out"].items() if n}), flush=True)
            self.assertGreater(r.last["values"], 200)
        rows = zeek_rows(read(made["zeek"][0]))
        self.assertEqual(made["zeek"][1]["values"], len(rows))
        ok = zone_ok(made["rpz"][0])
        self.assertTrue(ok is None or ok[0], ok)
        with open(made["stix"][0], encoding="utf-8") as f:
            self.assertGreater(len(json.load(f)["objects"]), 1000)
        folder = made["misp"][0]
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
            events = json.load(f)
        n = 0
        for uuid in events:
            with open(os.path.join(folder, uuid + ".json"), encoding="utf-8") as f:
                n += len(json.load(f)["Event"]["Attribute"])
        self.assertEqual(made["misp"][1]["values"], n)
        self.assertEqual(n, read(os.path.join(folder, "hashes.csv")).count("\n"))
        folder = made["suricata"][0]
        for name in os.listdir(folder):
            for line in read(os.path.join(folder, name)).splitlines():
                self.assertTrue(line and (not name.endswith(".lst") or len(line) <= 1023), (name, line))
        path, _ = self.export("stix", "type:malware OR type:report OR type:identity")
        # What was labelled by --label alone has its marking now, and so is news once.
        self.assertEqual(0, self.a.ask("publish", path, "--to", "all", "--label", "GREEN").last["refused"])
        path, _ = self.export("stix", "type:malware OR type:report OR type:identity")
        before = self.a.state()[3]
        done = self.a.ask("publish", path, "--to", "all", "--label", "GREEN").last
        self.assertEqual((0, 0), (done["accepted"], done["refused"]), done)
        self.assertEqual(before, self.a.state()[3])


if __name__ == "__main__":
    unittest.main(verbosity=2)
