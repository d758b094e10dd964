"""What is brought in from other formats: published, found by its values, nothing on the second time, nothing by half."""

import contextlib
import copy
import hashlib
import json
import os
import unittest

from api import Api, Refused
from world import DATA, DONE, FAILED, WorldCase, bundle, indicator


class Warninglists(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a = world.found(run=False)
        os.mkdir(os.path.join(cls.a.dir, "warninglists"))
        with open(os.path.join(cls.a.dir, "warninglists", "top.json"), "w") as f:
            json.dump({"name": "Top sites", "type": "hostname", "list": ["top.example"]}, f)

    def set(self, text):
        with open(os.path.join(self.a.dir, "kairan.conf"), "w") as f:
            f.write(text)

    def test_warn_then_block(self):
        path = self.world.file("www.top.example\nevil1.example\n")
        result = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json")
        self.assertEqual(DONE, result.status, result)
        warned, = [r["warned"] for r in result.rows[:-1]]
        self.assertEqual("warn.listed", warned["code"])
        self.assertIn("www.top.example", warned["reason"])
        self.assertIn("Top sites", warned["reason"])
        self.assertEqual((2, 0, 1), tuple(result.rows[-1][k] for k in ("accepted", "refused", "warned")))
        self.set("warninglists = block\n")
        path = self.world.file("www.top.example\nevil2.example\n")
        for option in ([], ["--dry-run"]):
            result = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json", *option)
            self.assertEqual(FAILED, result.status, result)
            self.assertEqual("warn.listed", result.rows[0]["refused"]["code"])
            self.assertEqual((0, 1), (result.rows[-1]["accepted"], result.rows[-1]["refused"]))
        self.assertEqual([], self.a.query("value:evil2.example"))
        self.set("warninglists = perhaps\n")
        self.assertEqual("config.warninglists", self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json").error["error"])
        self.red()
        self.set("")
        with open(os.path.join(self.a.dir, "warninglists", "broken.json"), "w") as f:
            f.write("{")
        error = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json").error
        self.assertIn("broken.json", error["where"])
        self.assertIn("broken.json", self.seal("evil4.example\n").error["where"])

    def seal(self, text, *options):
        return self.a.call("publish", self.world.file(text), "--to", "inner", "--label", "RED", "--json", *options)

    def red(self):
        """What the command line seals, no node sees: so it asks the lists itself."""
        out = self.world.path("ana.request")
        words = self.a.ask("person", "key", "--name", "Ana", "--out", out, env={"KAIRAN_PASSPHRASE": "ana correct horse"}).last["words"]
        self.set("")
        self.a.ask("person", "add", out, "--fingerprint", words)
        self.a.ask("audience", "create", "inner", "--kind", "persons", "--member", "Ana")
        listed = "mail.top.example\nevil3.example\n"
        objects = bundle([indicator("evil3.example", label="red"), indicator("top.example", label="red")])
        for option in (["--dry-run"], []):
            result = self.seal(listed, *option)
            self.assertEqual(DONE, result.status, result)
            warned, = [r["warned"] for r in result.rows[:-1]]
            self.assertEqual("warn.listed", warned["code"])
            self.assertIn("mail.top.example", warned["reason"])
            self.assertEqual((0, 1), tuple(result.rows[-1][k] for k in ("refused", "warned")))
        self.set("warninglists = block\n")
        for option in ([], ["--dry-run"]):
            result = self.seal(listed, *option)
            self.assertEqual(FAILED, result.status, result)
            self.assertEqual("warn.listed", result.rows[0]["refused"]["code"])
            self.assertEqual((0, 1), (result.rows[-1]["accepted"], result.rows[-1]["refused"]))
            self.assertEqual(FAILED, self.seal(objects, *option).status)
        result = self.seal(objects, "--skip-bad")
        self.assertEqual((1, 1), (result.rows[-1]["accepted"], result.rows[-1]["refused"]), result)
        folder = os.path.join(self.a.dir, "warninglists")
        os.rename(folder, folder + ".away")
        open(folder, "w").close()  # As for a user that may not read them.
        self.assertEqual("file.read", self.seal("evil5.example\n").error["error"])
        self.set("")
        result = self.seal("evil5.example\n", "--dry-run")
        self.assertEqual(DONE, result.status, result)
        self.assertIn(folder, result.err)
        os.unlink(folder)
        os.rename(folder + ".away", folder)
        self.assertEqual(2, len(self.a.query("label:red")))  # That under `warn`, and what is on no list.
        self.assertEqual(set(), self.a.scan(b"top.example\nevil3", b"mail.top.example"))


EVENT = {"Event": {"uuid": "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd00", "info": "Case", "date": "2026-01-02", "timestamp": "1767400000",
                   "Tag": [{"name": "tlp:green"}], "Attribute": [
                       {"uuid": "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd01", "type": "domain|ip", "value": "m1.example|192.0.2.77", "to_ids": "1"},
                       {"uuid": "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd02", "type": "ip-dst", "value": "198.51.100.1", "to_ids": False},
                       {"uuid": "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd03", "type": "sorcery", "value": "x", "to_ids": True}]}}


class Bring(WorldCase):
    """Each format on a running node."""

    @classmethod
    def build(cls, world):
        cls.a = world.found()

    def brought(self, path, accepted, *options):
        """Nothing by --dry-run, all of it, and nothing again."""
        entries = self.a.status()["entries"]
        dry = self.a.ask("publish", path, "--to", "all", "--dry-run", *options)
        self.assertEqual((accepted, 0), (dry.last["accepted"], dry.last["refused"]), dry)
        self.assertEqual(entries, self.a.status()["entries"])
        first = self.a.ask("publish", path, "--to", "all", *options)
        self.assertEqual((accepted, 0, 0), tuple(first.last[k] for k in ("accepted", "skipped", "refused")), first)
        entries = self.a.status()["entries"]
        again = self.a.ask("publish", path, "--to", "all", *options)
        self.assertEqual((0, accepted, 0), tuple(again.last[k] for k in ("accepted", "skipped", "refused")), again)
        self.assertEqual(entries, self.a.status()["entries"], "the same again is nothing")
        return first

    def refused(self, path, *codes, options=(), status=FAILED):
        entries = self.a.status()["entries"]
        result = self.a.call("publish", path, "--to", "all", "--json", *options)
        self.assertEqual(status, result.status, result)
        self.assertEqual(list(codes), [r["refused"]["code"] for r in result.rows[:-1] if "refused" in r])
        self.assertEqual(0, result.rows[-1]["accepted"])
        self.assertEqual(entries, self.a.status()["entries"], "nothing by half")
        return result

    def test_misp_event(self):
        path = self.world.file(json.dumps(EVENT))
        result = self.brought(path, 2)
        noted, = [r["noted"] for r in result.rows[:-1]]
        self.assertEqual("misp.skipped", noted["code"])
        self.assertIn("sorcery", noted["reason"])
        self.assertIn("sorcery", self.a.call("publish", path, "--to", "all").err)
        self.a.sees("m1.example")
        self.assertEqual(["indicator"], [r["type"] for r in self.a.query("domain:m1.example")])
        self.assertEqual(["TLP:GREEN"], [r["label"] for r in self.a.query("ip:192.0.2.77")])
        self.assertEqual([], self.a.query("value:198.51.100.1"), "context is no value")
        report, = self.a.query("type:report")
        self.assertEqual("198.51.100.1", report["stix"]["x_misp_context"][0]["value"])

    def test_misp_refusals(self):
        event = copy.deepcopy(EVENT)
        event["Event"]["Attribute"].append({"type": "md5", "value": "zz", "to_ids": True})
        event["Event"]["Attribute"].append({"type": "domain", "value": "mr.example", "to_ids": True})
        path = self.world.file(json.dumps(event))
        result = self.refused(path, "value.hash")
        self.assertEqual("Event.Attribute[3]", result.rows[0]["refused"]["path"])
        self.assertEqual([], self.a.query("value:mr.example"))
        self.assertEqual(1, self.a.ask("publish", path, "--to", "all", "--skip-bad", "--dry-run").last["refused"])
        event["Event"]["Attribute"] = EVENT["Event"]["Attribute"]
        event["Event"]["distribution"] = "0"
        path = self.world.file(json.dumps(event))
        self.refused(path, "misp.own-only")
        self.a.ask("publish", path, "--to", "all", "--label", "GREEN", "--dry-run")
        event["Event"].update(distribution="1", Tag=[{"name": "tlp:red"}])
        result = self.a.call("publish", self.world.file(json.dumps(event)), "--to", "all", "--json")
        self.assertEqual(3, result.status, result)

    def test_misp_feed(self):
        folder = self.world.path("feed")
        os.mkdir(folder)
        manifest = {}
        for i in range(3):
            event = copy.deepcopy(EVENT)
            uuid = "8e2e2d2b-17d4-4cbf-938f-98ee46b3ce0%d" % i
            event["Event"].update(uuid=uuid, Attribute=[{"type": "domain", "value": "feed%d.example" % i, "to_ids": True}])
            text = json.dumps(event)
            with open(os.path.join(folder, uuid + ".json"), "w") as f:
                f.write(text)
            manifest[uuid] = {"info": "x", "integrity:sha256": hashlib.sha256(text.encode()).hexdigest()}
        with open(os.path.join(folder, "not-listed.json"), "w") as f:
            f.write("{")
        self.assertEqual(FAILED, self.a.call("publish", folder, "--to", "all").status)
        with open(os.path.join(folder, "manifest.json"), "w") as f:
            json.dump(manifest, f)
        self.brought(folder, 6)
        self.a.sees("feed2.example")
        for rows, code in (({uuid: {"integrity:sha256": "00" * 32}}, "misp.integrity"), ({"../x": {}}, "misp.manifest"), ([], "misp.manifest")):
            with open(os.path.join(folder, "manifest.json"), "w") as f:
                json.dump(rows, f)
            result = self.a.call("publish", folder, "--to", "all", "--json")
            self.assertEqual((FAILED, code), (result.status, result.error["error"]), result)

    def test_too_large(self):
        path = self.world.path("huge")
        with open(path, "wb") as f:
            f.write(b'{"Event": {' + b" " * 8192)
            f.truncate(1 << 30)  # Sparse.
        result = self.a.call("publish", path, "--to", "all", "--label", "GREEN", "--json")
        self.assertEqual((FAILED, "file.size"), (result.status, result.error["error"]), result)
        os.unlink(path)

    def test_stix20(self):
        stamp = "2026-01-01T00:00:00Z"
        objects = [{"type": "indicator", "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd20", "created": stamp, "modified": stamp,
                    "labels": ["malicious-activity"], "pattern": "[domain-name:value = 'twenty.example']", "valid_from": stamp},
                   {"type": "observed-data", "id": "observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd21", "created": stamp, "modified": stamp,
                    "first_observed": stamp, "last_observed": stamp, "number_observed": 1,
                    "objects": {"0": {"type": "domain-name", "value": "seen20.example"}}}]
        text = {"type": "bundle", "id": "bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd22", "spec_version": "2.0", "objects": objects}
        self.refused(self.world.file(json.dumps(text)), *["label.missing"] * 3, status=3)
        self.brought(self.world.file(json.dumps(text)), 3, "--label", "GREEN")
        self.a.sees("twenty.example")
        got, = self.a.query("domain:twenty.example")
        self.assertEqual(["2.1", ["malicious-activity"], "stix"], [got["stix"][k] for k in ("spec_version", "indicator_types", "pattern_type")])
        self.assertEqual(["domain-name"], [r["type"] for r in self.a.query("value:seen20.example")])

    def test_csv(self):
        path = self.world.file("IoC,Type,TLP,Malware\r\ncsv1[.]example,Domain,Green,\"a\r\nb\"\r\ncsv2.example,Domain,White,x\r\n")
        self.brought(path, 2)
        self.a.sees("csv1.example")
        got, = self.a.query("domain:csv1.example")
        self.assertEqual(("TLP:GREEN", "Malware: a  b"), (got["label"], got["stix"]["description"]))
        self.assertEqual(["TLP:CLEAR"], [r["label"] for r in self.a.query("domain:csv2.example")])
        path = self.world.file("IoC,Type,TLP\ncsv3.example,Domain,Green\nDomain,csv4.example,Green\n")
        result = self.refused(path, "csv.type")
        self.assertEqual((3, "column 2 (Type)"), (result.rows[0]["refused"]["line"], result.rows[0]["refused"]["path"]))
        self.assertEqual([], self.a.query("domain:csv3.example"))

    def test_extract(self):
        text = ("From: x@cert.example\nSeen: hxxps://cdn[.]extract1[.]com/a?b=1, 203.0.113[.]77:443 and extract2[.]com.\n"
                "10.0.0.1, setup.exe; 攻撃元はextract3.comです (CVE-2031-1234).\n")
        path = self.world.file(text)
        self.refused(path, "label.missing", options=("--extract",), status=3)
        self.assertEqual(FAILED, self.a.call("publish", path, "--to", "all", "--label", "GREEN").status, "a text is no list")
        dry = self.a.ask("publish", path, "--to", "all", "--extract", "--label", "GREEN", "--dry-run")
        found = [(r["found"]["type"], r["found"]["value"]) for r in dry.rows if "found" in r]
        self.assertEqual([("ipv4-addr", "203.0.113.77"), ("domain-name", "extract2.com"), ("domain-name", "extract3.com"),
                          ("url", "https://cdn.extract1.com/a?b=1"), ("vulnerability", "CVE-2031-1234")], found)
        first = self.brought(path, 5, "--extract", "--label", "GREEN")
        self.assertEqual([], [r for r in first.rows if "found" in r])
        self.assertEqual({"extract.range": 3, "extract.file": 3, "extract.suffix": 1},
                         {r["noted"]["code"]: r["noted"]["line"] for r in first.rows if "noted" in r})
        self.a.sees("extract3.com")
        self.assertEqual(["TLP:GREEN"], [r["label"] for r in self.a.query("domain:extract2.com")])
        human = self.a.call("publish", self.world.file("extract9.com\n"), "--to", "all", "--extract", "--label", "GREEN", "--dry-run")
        self.assertIn("extract9.com", human.out)
        # What is marked more strictly is not lowered, and what is RED does not even get to the node.
        path = self.world.file("one\nTLP:AMBER extract4.com\n")
        result = self.refused(path, "label.lower", options=("--extract", "--label", "GREEN"), status=3)
        self.assertEqual(2, result.rows[0]["refused"]["line"])
        for said in ("TLP:AMBER", "TLP AMBER\nSTRICT", "ＰＡＰ：AMBER"):
            path = self.world.file("%s\n\nextract7.com\n" % said)  # A heading, and all that is below it.
            self.refused(path, "label.lower", options=("--extract", "--label", "GREEN", "--skip-bad"), status=3)
        for said in ("TLP:AMBER", "TLP：RED"):
            with contextlib.closing(Api(self.a)) as api, self.assertRaisesRegex(Refused, '"code":"label.lower"'):
                api.rows("publish", {"to": "all", "name": "f", "label": "GREEN", "extract": True, "skip_bad": True},
                         ("%s\nextract8.com\n" % said).encode())
        for said in ("TLP:RED", "tlp red", "TLP-RED", "TLP：RED", "**TLP:** RED", "TLP:\nRED", "TLP\u00a0= RED"):
            result = self.a.call("publish", self.world.file(said + " extract5.com\n"), "--to", "all", "--json", "--extract", "--label",
                                 "GREEN", "--skip-bad")
            self.assertEqual((3, 0), (result.status, result.rows[-1]["accepted"]), result)
        path = self.world.file("extract6.com\n\udcff\n".encode("utf-8", "surrogateescape"))
        self.assertEqual(2, self.refused(path, "extract.encoding", options=("--extract", "--label", "GREEN")).rows[0]["refused"]["line"])
        self.refused(self.world.file(json.dumps(EVENT)), "extract.json", options=("--extract", "--label", "GREEN"))
        self.refused(self.world.file("nothing\n"), "extract.nothing", options=("--extract", "--label", "GREEN"))
        self.assertEqual([], self.a.query("domain:extract4.com OR domain:extract5.com OR domain:extract6.com OR domain:extract7.com OR domain:extract8.com"))

    def test_hosts(self):
        path = self.world.file("# block\n127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 hosts1.example # x\n0.0.0.0 hosts2.example Hosts3.example\n")
        first = self.brought(path, 3, "--label", "GREEN")
        noted, = [r["noted"] for r in first.rows if "noted" in r]
        self.assertEqual(("hosts.own", 2), (noted["code"], noted["line"]))
        self.a.sees("hosts3.example")
        result = self.refused(self.world.file("0.0.0.0 hosts4.example\n0.0.0.0 a..b\n"), "value.domain", options=("--label", "GREEN"))
        self.assertEqual(2, result.rows[0]["refused"]["line"])

    @unittest.skipUnless(DATA, "KAIRAN_DATA is not set")
    def test_real_csv(self):
        self.brought(os.path.join(DATA, "csv", "mstic-nobelium-2021.csv"), 203)
        self.brought(os.path.join(DATA, "csv", "volexity-evilbamboo.csv"), 243, "--label", "GREEN")

    def test_kev(self):
        text = {"title": "t", "catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2025-48384", "dateAdded": "2025-08-25", "product": "Git"}]}
        self.brought(self.world.file(json.dumps(text)), 1, "--label", "CLEAR")
        self.a.sees("CVE-2025-48384")
        text["vulnerabilities"].append({"cveID": "x"})
        self.refused(self.world.file(json.dumps(text)), "vuln.field", options=("--label", "CLEAR"))

    @unittest.skipUnless(DATA, "KAIRAN_DATA is not set")
    def test_real_stix20(self):
        self.brought(os.path.join(DATA, "stix20", "unit42-icedid.json"), 891, "--label", "GREEN")

    @unittest.skipUnless(DATA, "KAIRAN_DATA is not set")
    def test_real_misp(self):
        self.brought(os.path.join(DATA, "misp", "circl-osint-qakbot.json"), 64)


if __name__ == "__main__":
    unittest.main()
