"""TAXII 2.1: each request of the specification by curl, with the quirks of clients that are in use."""

import base64
import hashlib
import json
import os
import re
import subprocess
import unittest
import uuid

from world import CALL_S, World, WorldCase, addresses, bundle, indicator, until

TAXII = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
MICROS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
FIRST, LAST = "x-taxii-date-added-first", "x-taxii-date-added-last"
LATER = "2026-02-01T00:00:00.000Z"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def objects(self):
        return self.json.get("objects", [])

    @property
    def ids(self):
        return [o["id"] for o in self.objects]

    @property
    def patterns(self):
        return [o["pattern"].split("'")[1] for o in self.objects]


class Client:
    """curl, as somebody with a token."""

    def __init__(self, home, token, user="anybody"):
        self.home, self.token, self.user = home, token, user

    @property
    def base(self):
        return self.home.status()["api"].replace("tcp://", "http://") if self.home else ""

    def ask(self, path, *options, method=None, params=None, body=None, accept=None, kind=TAXII, auth="basic", base=None):
        headers, out = self.home.world.path("headers"), self.home.world.path("body")
        command = ["curl", "-sS", "-g", "-D", headers, "-o", out, "-w", "%{http_code}", "-G"]
        if body is not None:
            command[-1:] = ["-X", "POST", "-H", "Content-Type:" + (" " + kind if kind else ""), "--data-binary", "@-"]
        if method == "HEAD":
            command.append("-I")
        elif method:
            command += ["-X", method]
        for key, value in (params or {}).items():
            command += ["--data-urlencode", "%s=%s" % (key, value)]
        if auth == "basic" and self.token:
            command += ["-u", "%s:%s" % (self.user, self.token)]
        elif auth == "bearer":
            command += ["-H", "Authorization: Bearer " + self.token]
        command += ["-H", "Accept:" + (" " + accept if accept is not None else " " + TAXII)] if accept != "" else ["-H", "Accept:"]
        command += list(options) + [(self.base if base is None else base) + path]
        done = subprocess.run(command, input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=CALL_S, check=True)
        with open(headers, "rb") as f:
            lines = f.read().decode().replace("\r", "").strip().split("\n\n")[-1].splitlines()[1:]
        data = b""
        if os.path.exists(out):
            with open(out, "rb") as f:
                data = f.read()
        return Answer(int(done.stdout), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, data)

    def get(self, path, **params):
        """Of the API root; a good answer."""
        answer = self.ask("/taxii2/kairan/" + path, params={k: v for k, v in params.items() if v is not None})
        if answer.status != 200:
            raise AssertionError("%s %r: %d %r" % (path, params, answer.status, answer.body))
        return answer

    def post(self, collection, objects, **kw):
        body = objects if isinstance(objects, bytes) else json.dumps({"objects": objects}).encode()
        return self.ask("/taxii2/kairan/collections/%s/objects/" % collection, body=body, **kw)

    def delete(self, collection, name, **kw):
        return self.ask("/taxii2/kairan/collections/%s/objects/%s/" % (collection, name), method="DELETE", **kw)

    def collections(self):
        return {c["title"]: c for c in self.get("collections/").json.get("collections", [])}

    def pages(self, collection, what="objects", **params):
        """Page after page by next."""
        while True:
            answer = self.get("collections/%s/%s/" % (collection, what), **params)
            yield answer
            if not answer.json.get("more"):
                return
            params = {"next": answer.json["next"]}

    def all(self, collection, **params):
        return [o for page in self.pages(collection, **params) for o in page.objects]


def token(home, name, clearance, role="reader"):
    return Client(home, home.ask("token", "add", name, "--clearance", clearance, "--role", role).last["token"])


def match(**fields):
    return {"match[%s]" % key: value for key, value in fields.items()}


def collection_of(audience):
    """The UUID of an audience's collection, which stays the same for ever."""
    namespace = bytes.fromhex("d0cfa269a6224ad08748f211e9d251a9")
    return str(uuid.UUID(bytes=hashlib.sha1(namespace + bytes.fromhex(audience)).digest()[:16], version=5))


class Taxii(WorldCase):
    """What is read and written; Beta is another organisation."""

    @classmethod
    def build(cls, world):
        cls.alpha = world.found("Alpha", run=False)
        cls.alpha.run("--api", "tcp://127.0.0.1:0")
        cls.beta = world.join(cls.alpha, "Beta")
        cls.beta.run()
        until("they are linked", lambda: cls.beta.live_with(1), 30)
        cls.alpha.ask("audience", "create", "Trusted", "--kind", "group", "--label", "amber+strict", "--member", "Beta")
        cls.beta.ask("audience", "create", "Foreign", "--kind", "group", "--label", "amber")
        cls.green = token(cls.alpha, "green", "green")
        cls.reader = token(cls.alpha, "reader", "red")
        cls.analyst = token(cls.alpha, "analyst", "amber", "analyst")
        cls.all = cls.reader.collections()["all"]["id"]
        cls.public = cls.reader.collections()["public"]["id"]
        cls.trusted = cls.reader.collections()["Trusted"]["id"]

    # -- What there is.

    def test_discovery_root_and_collections(self):
        answer = self.reader.ask("/taxii2/")
        root = self.reader.base + "/taxii2/kairan/"
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, TAXII))
        self.assertEqual((answer.json["title"], answer.json["default"], answer.json["api_roots"]), ("Alpha", root, [root]))
        answer = self.reader.ask("", base=root)
        self.assertEqual(answer.json["versions"], [TAXII])
        self.assertGreater(answer.json["max_content_length"], 1 << 20)
        got = self.reader.collections()
        ours = {"public", "all", "Trusted", "mailbox"}
        self.assertLessEqual(ours, set(got))  # Other tests have more.
        for c in got.values():
            self.assertEqual(str(uuid.UUID(c["id"])), c["id"])
            self.assertEqual((c["can_read"], c["can_write"], c["media_types"]), (True, False, [STIX]))
            self.assertEqual(self.reader.get("collections/%s/" % c["id"]).json, c)
        self.assertEqual({t: c["can_write"] for t, c in self.analyst.collections().items() if t in ours},
                         {"public": True, "all": True, "Trusted": True, "mailbox": False})
        # Of another node it is the same collection.
        socket = ["--unix-socket", os.path.join(self.beta.dir, "api.sock")]
        there = Client(self.beta, "").ask("/taxii2/kairan/collections/", *socket, base="http://localhost")
        self.assertEqual({c["title"]: c["id"] for c in there.json["collections"] if c["title"] in ("all", "Trusted")},
                         {"all": self.all, "Trusted": self.trusted})
        self.assertIn("Foreign", [c["title"] for c in there.json["collections"]])
        self.assertNotIn("Foreign", got)
        foreign = [c["id"] for c in there.json["collections"] if c["title"] == "Foreign"][0]
        self.assertEqual(self.reader.ask("/taxii2/kairan/collections/%s/" % foreign).status, 404)
        self.assertEqual(self.reader.ask("/taxii2/kairan/collections/%s/objects/" % foreign).status, 404)

    def test_who_asks(self):
        path = "/taxii2/kairan/collections/"
        self.assertEqual(self.reader.ask(path, auth="bearer").status, 200)
        self.assertEqual(Client(self.alpha, self.reader.token, user="").ask(path).status, 200)
        for who in (Client(self.alpha, ""), Client(self.alpha, "wrong"), Client(self.alpha, "a" * 52)):
            answer = who.ask(path)
            self.assertEqual(answer.status, 401)
            self.assertTrue(answer.headers["www-authenticate"].startswith("Basic"))
            self.assertEqual((answer.json["http_status"], answer.json["error_code"][:6]), ("401", "token."))
        self.assertEqual(self.reader.ask(path, "-H", "Authorization: Basic !!!", auth=None).status, 401)
        self.assertEqual(self.reader.ask(path, "-H", "Host: evil.example").status, 403)
        # A password is for TAXII alone.
        self.assertEqual(self.reader.ask("/v1/status", body=b"{}").status, 401)

    def test_codes(self):
        c = "/taxii2/kairan/collections/%s/" % self.all
        for path in ("/taxii2/other/", "/taxii2/kairan/other/", "/taxii2/kairan/collections/%s/" % uuid.uuid4(), c + "other/",
                     "/taxii2/kairan/status/%s/" % uuid.uuid4(), c + "objects/indicator--%s/" % uuid.uuid4(), c + "objects/x/",
                     c + "objects/indicator--%s/versions/" % uuid.uuid4(), c + "objects/..%2f/", "/taxii2/kairan/collections/x/"):
            answer = self.reader.ask(path, "--path-as-is")
            self.assertEqual((answer.status, answer.headers["content-type"]), (404, TAXII), path)
            self.assertTrue({"title", "description", "error_code", "http_status"} <= set(answer.json))
        for bad in ({"limit": "0"}, {"limit": "x"}, {"added_after": "yesterday"}, {"added_after": "2026-01-01"}, {"next": "1"},
                    match(version="newest"), match(type=""), match(name="x"), match(id="a,"),
                    match(type="x" * 3000), {"limit": "1&limit=2"}):
            options = ("-G",) if "&" not in str(bad) else ()
            path = c + "objects/" if options else c + "objects/?limit=1&limit=2"
            answer = self.reader.ask(path, params=bad if options else None)
            self.assertEqual((answer.status, answer.json["http_status"]), (400, "400"), bad)
        many = "&".join("p%d=1" % i for i in range(40))
        self.assertEqual(self.reader.ask(c + "objects/?" + many).status, 400)
        for path, method, allow in ((c + "objects/", "PUT", "GET, HEAD, POST"), ("/taxii2/", "DELETE", "GET, HEAD"),
                                    (c + "objects/x/", "PATCH", "GET, HEAD, DELETE"), (c + "manifest/", "DELETE", "GET, HEAD")):
            answer = self.analyst.ask(path, method=method)
            self.assertEqual((answer.status, answer.headers["allow"]), (405, allow))
        self.assertEqual(self.analyst.ask("/taxii2/kairan/", body=b"{}").status, 405)

    def test_what_clients_send(self):
        self.beta_has("quirks.example")
        path = "/taxii2/kairan/collections/%s/objects/" % self.all
        for accept in ("", "*/*", "application/json, text/plain, */*", "application/json", "application/taxii+json",
                       "application/taxii+json; version=2.1", "application/taxii+json;version=2.1"):
            answer = self.reader.ask(path, accept=accept)
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, TAXII), accept)
        for accept in ("text/html", "application/taxii+json;version=2.0", "application/vnd.oasis.taxii+json; version=2.0"):
            answer = self.reader.ask(path, accept=accept)
            self.assertEqual((answer.status, answer.json["http_status"]), (406, "406"))
        # A Content-Type where there is no content; no last slash, and no redirection; HEAD.
        whole = self.reader.ask(path)
        self.assertEqual(self.reader.ask(path, "-H", "Content-Type: application/json").body, whole.body)
        for url in ("/taxii2", "/taxii2/kairan", "/taxii2/kairan/collections", path[:-1]):
            self.assertEqual(self.reader.ask(url).status, 200, url)
        self.assertEqual(self.reader.ask(path[:-1]).body, whole.body)
        head = self.reader.ask(path, method="HEAD")
        self.assertEqual((head.status, head.headers["content-length"]), (200, whole.headers["content-length"]))
        # Brackets as they are, or encoded; a parameter that nobody knows.
        indicators = [o for o in whole.objects if o["type"] == "indicator"]
        self.assertEqual(self.reader.ask(path + "?match[type]=indicator&x=y").objects, indicators)
        self.assertEqual(self.reader.ask(path + "?match%5Btype%5D=indicator").objects, indicators)

    def beta_has(self, name, to="all", **more):
        o = indicator(name, **more)
        self.beta.publish(bundle([o]), to=to)
        self.alpha.sees(name)
        return o

    # -- What is read.

    def test_filters(self):
        group = self.alpha.ask("audience", "create", "Filters", "--kind", "group", "--label", "green").last["name"]
        c = self.reader.collections()[group]["id"]
        self.assertEqual(self.reader.get("collections/%s/objects/" % c).body.strip(), b"{}")
        self.assertEqual(self.reader.get("collections/%s/manifest/" % c).body.strip(), b"{}")
        mark = indicator("x")["object_marking_refs"]
        old = indicator("versions.example", serial="filters")
        new = dict(old, modified="2026-02-01T00:00:00.123456Z", name="second")
        malware = {"type": "malware", "spec_version": "2.1", "id": "malware--%s" % uuid.uuid4(), "is_family": False, "name": "m",
                   "created": LATER, "modified": LATER, "object_marking_refs": mark}
        ip = {"type": "ipv4-addr", "id": "ipv4-addr--%s" % uuid.uuid4(), "value": "192.0.2.77", "object_marking_refs": mark}
        for objects in ([old], [malware, ip], [new]):
            self.alpha.publish(bundle(objects), to=group)
        until("all are indexed", lambda: len(self.reader.all(c, **match(version="all"))) == 4)
        url = "collections/%s/objects/" % c

        def found(**fields):
            return sorted((o["id"], o.get("modified")) for o in self.reader.get(url, **match(**fields)).objects)

        def of(*objects):
            return sorted((o["id"], o.get("modified")) for o in objects)
        self.assertEqual(found(), of(new, malware, ip))
        self.assertEqual(found(version="last"), of(new, malware, ip))
        self.assertEqual(found(version="first"), of(old, malware, ip))
        self.assertEqual(found(version="all"), of(old, new, malware, ip))
        self.assertEqual(found(version="first,last"), of(old, new, malware, ip))
        self.assertEqual(found(version=old["modified"]), of(old))
        self.assertEqual(found(version="2026-01-15T09:30:00Z," + new["modified"]), of(old, new))
        self.assertEqual(found(version="2020-01-01T00:00:00Z"), [])
        self.assertEqual(found(type="malware"), of(malware))
        self.assertEqual(found(type="ipv4-addr,malware"), of(malware, ip))
        self.assertEqual(found(type="mal"), [])
        self.assertEqual(found(id=old["id"]), of(new))
        self.assertEqual(found(id=",".join([ip["id"], old["id"], "x--y"])), of(new, ip))
        self.assertEqual(found(id=ip["id"], type="malware"), [])
        self.assertEqual(found(id="x"), [])
        self.assertEqual(found(spec_version="2.1"), of(new, malware, ip))
        self.assertEqual(found(spec_version="2.0,2.1", type="malware"), of(malware))
        self.assertEqual(found(spec_version="2.0"), [])
        # One object, and its versions.
        one = self.reader.get(url + old["id"])
        self.assertEqual(one.objects, [new])
        self.assertIn(b'"second"', one.body)
        self.assertEqual(self.reader.get(url + old["id"], **match(version="all")).objects, [old, new])
        self.assertEqual(self.reader.get(url + old["id"], **match(version="2020-01-01T00:00:00Z")).json, {})
        self.assertEqual(self.reader.get(url + old["id"] + "/versions/").json["versions"], [old["modified"], new["modified"]])
        # The manifest, in the order of what was added.
        answer = self.reader.get("collections/%s/manifest/" % c, **match(version="all"))
        self.assertEqual([(m["id"], m["media_type"]) for m in answer.objects], [(o["id"], STIX) for o in (old, malware, ip, new)])
        stamps = [m["date_added"] for m in answer.objects]
        self.assertEqual(stamps, sorted(set(stamps)))
        for stamp in stamps:
            self.assertRegex(stamp, MICROS)
        self.assertEqual([m["version"] for m in answer.objects], [old["modified"], LATER, stamps[2], new["modified"]])
        self.assertEqual((answer.headers[FIRST], answer.headers[LAST]), (stamps[0], stamps[-1]))
        self.assertEqual(self.reader.get(url, **match(version=stamps[2])).objects, [ip])
        self.assertEqual(self.reader.get(url + ip["id"] + "/versions/").json["versions"], [stamps[2]])
        # Strictly later.
        self.assertEqual(self.reader.get(url, added_after=stamps[1]).ids, [ip["id"], new["id"]])
        self.assertEqual(self.reader.get(url, added_after=stamps[3]).json, {})
        self.assertNotIn(FIRST, self.reader.get(url, added_after=stamps[3]).headers)

    def test_versions_of_one_collection(self):
        """What is newer elsewhere hides nothing here; many versions, the newest first, are one object."""
        group = self.alpha.ask("audience", "create", "Versions", "--kind", "group", "--label", "green").last["name"]
        c = self.reader.collections()[group]["id"]
        old = indicator("here.example", serial="elsewhere")
        self.alpha.publish(bundle([old]), to=group)
        self.alpha.publish(bundle([dict(old, modified=LATER, name="elsewhere")]), to="Trusted")
        until("both are indexed", lambda: len(self.alpha.query("withdrawn:no text:elsewhere")) == 1)
        self.assertEqual(self.reader.get("collections/%s/objects/" % c).objects, [old])
        many = [dict(indicator("many.example"), modified="2026-02-01T00:%02d:%02d.000Z" % (i // 60, i % 60)) for i in range(150, 0, -1)]
        self.alpha.publish(bundle(many), to=group)
        url = "collections/%s/objects/%s/" % (c, many[0]["id"])
        until("they are indexed", lambda: len(self.reader.get(url + "versions/").json["versions"]) == 150)
        self.assertEqual(self.reader.get(url).objects, [many[0]])
        self.assertEqual([o["modified"] for o in self.reader.all(c) if o["id"] == many[0]["id"]], [many[0]["modified"]])
        self.assertEqual(self.reader.get(url, **match(version=many[77]["modified"])).objects, [many[77]])
        self.assertEqual(len(self.reader.all(c, **match(version="all"))), 151)

    def test_lists(self):
        group = self.alpha.ask("audience", "create", "Lists", "--kind", "group", "--label", "green").last["name"]
        c = self.reader.collections()[group]["id"]
        values = addresses(2500)
        self.alpha.publish("\n".join(values), "--label", "green", to=group)
        until("it is indexed", lambda: self.alpha.query("value:" + values[-1]))
        pages = list(self.reader.pages(c))
        self.assertEqual([len(p.objects) for p in pages], [1000, 1000, 500])  # No page is longer.
        got = [o for p in pages for o in p.objects]
        self.assertEqual({o["pattern"].split("'")[1] for o in got}, set(values))
        for a, b in zip(pages, pages[1:]):
            self.assertLess(a.headers[LAST], b.headers[FIRST])
        # One in the middle, by its id and by the time before it.
        one = self.reader.get("collections/%s/objects/%s/" % (c, got[1234]["id"]))
        self.assertEqual(one.objects, [got[1234]])
        self.assertEqual(self.reader.get("collections/%s/objects/%s/versions/" % (c, got[7]["id"])).json["versions"],
                         [got[7]["modified"]])
        after = self.reader.get("collections/%s/objects/" % c, added_after=one.headers[LAST], limit=2)
        self.assertEqual(after.objects, got[1235:1237])
        named = self.reader.get("collections/%s/manifest/" % c, **match(id=got[2].get("id") + "," + got[1].get("id")))
        self.assertEqual(named.ids, [got[1]["id"], got[2]["id"]])
        # A new edition gives what is new in it, and newer versions of the rest.
        last = pages[-1].headers[LAST]
        self.alpha.publish("\n".join(values[:10] + ["203.0.113.5"]), "--label", "green", to=group)
        until("it is indexed", lambda: self.alpha.query("value:203.0.113.5"))
        newer = self.reader.all(c, added_after=last)
        self.assertEqual({o["pattern"].split("'")[1] for o in newer}, set(values[:10] + ["203.0.113.5"]))
        self.assertEqual(len(self.reader.all(c)), 2501)
        again = [o["id"] for o in got if o["id"] in {n["id"] for n in newer}]
        self.assertEqual(len(again), 10)
        self.assertEqual(len(self.reader.get("collections/%s/objects/%s/versions/" % (c, again[0])).json["versions"]), 2)

    def test_clearance(self):
        for i, label in enumerate(("green", "amber", "amber+strict", "green", "amber", "green")):
            self.alpha.publish(bundle([indicator("cleared%d.example" % i, label=label)]), to="Trusted")
        # In one transaction: what is hidden leaves no gap between times.
        self.alpha.publish(bundle([indicator("batch%d.example" % i, label="amber" if i % 2 else "green") for i in range(8)]), to="Trusted")
        until("all are indexed", lambda: len(self.alpha.query("audience:Trusted")) >= 14)
        secret = indicator("cleared1.example", label="amber")["id"]
        lines = len(self.alpha.ask("audit", "show").rows)
        url = "collections/%s/" % self.trusted
        green = self.green.get(url + "objects/")
        mine = [p for p in green.patterns if p.startswith(("cleared", "batch"))]
        self.assertEqual(sorted(mine), sorted(["cleared%d.example" % i for i in (0, 3, 5)] + ["batch%d.example" % i for i in (0, 2, 4, 6)]))
        self.assertFalse(green.json["more"])
        manifest = {m["id"]: m["date_added"] for m in self.green.get(url + "manifest/").objects}
        self.assertEqual(set(manifest), set(green.ids))
        for i in (0, 3, 5):
            page = self.green.get(url + "objects/", limit=1, **match(id=indicator("cleared%d.example" % i)["id"]))
            self.assertEqual(page.patterns, ["cleared%d.example" % i])
        self.assertEqual(self.green.ask("/taxii2/kairan/%sobjects/%s/" % (url, secret)).status, 404)
        self.assertEqual(self.green.ask("/taxii2/kairan/%sobjects/%s/versions/" % (url, secret)).status, 404)
        self.assertEqual(self.green.get(url + "objects/", **match(id=secret)).json, {})
        self.assertEqual(len(list(self.green.pages(self.trusted, limit=1))), len(green.ids))
        self.assertEqual(len(self.alpha.ask("audit", "show").rows), lines)
        # Who is cleared: each read is in the audit log.
        got = self.analyst.get(url + "objects/")
        self.assertIn("cleared1.example", got.patterns)
        self.assertNotIn("cleared2.example", got.patterns)
        rows = self.alpha.ask("audit", "show").rows[lines:]
        self.assertEqual({(r["who"], r["verb"], r["label"]) for r in rows}, {("token:analyst", "taxii", "TLP:AMBER")})
        self.assertEqual(len(rows), len([o for o in got.objects if "55d920b0" in str(o["object_marking_refs"])]))
        self.assertIn("cleared2.example", self.reader.get(url + "objects/").patterns)
        self.alpha.ask("audit", "verify")

    def test_withdrawn_and_recalled(self):
        o = self.beta_has("withdrawn.example")
        last = self.reader.get("collections/%s/objects/%s/" % (self.all, o["id"])).headers[LAST]
        self.beta.ask("withdraw", o["id"])
        gone = until("that it is withdrawn comes", lambda: [x for x in self.reader.all(self.all, added_after=last) if x["id"] == o["id"]])
        self.assertEqual((gone[0]["revoked"], gone[0]["pattern"]), (True, o["pattern"]))
        r = self.beta_has("recalled.example")
        self.assertEqual(self.reader.get("collections/%s/objects/%s/" % (self.all, r["id"])).ids, [r["id"]])
        self.beta.ask("recall", r["id"], "--reason", "wrong")
        until("it is gone", lambda: self.reader.ask("/taxii2/kairan/collections/%s/objects/%s/" % (self.all, r["id"])).status == 404)
        self.assertNotIn(r["id"], [x["id"] for x in self.reader.all(self.all)])

    def test_one_source_hides_nothing_of_another(self):
        o = self.beta_has("both.example")
        later = dict(o, modified=LATER, name="of Alpha")
        self.assertEqual(self.analyst.post(self.all, [later]).json["success_count"], 1)
        got = self.reader.get("collections/%s/objects/%s/" % (self.all, o["id"])).objects
        self.assertEqual(sorted(x["modified"] for x in got), [o["modified"], LATER])

    # -- What is written.

    def test_write(self):
        c = self.trusted
        good, amber = indicator("written.example"), indicator("written.amber.example", label="amber")
        objects = [good, amber, indicator("unlabelled.example", label=None), indicator("above.example", label="amber+strict"),
                   indicator("red.example", label="red"), {"type": "indicator"}, dict(indicator("bad.example"), pattern="[")]
        answer = self.analyst.post(c, objects)
        self.assertEqual((answer.status, answer.headers["content-type"]), (202, TAXII))
        s = answer.json
        self.assertEqual((s["status"], s["total_count"], s["success_count"], s["failure_count"], s["pending_count"]),
                         ("complete", 7, 2, 5, 0))
        self.assertEqual([x["id"] for x in s["successes"]], [good["id"], amber["id"]])
        self.assertEqual([x["version"] for x in s["successes"]], [good["modified"]] * 2)
        self.assertEqual([x["id"] for x in s["failures"]], [o.get("id", "") for o in objects[2:]])
        self.assertTrue(all(x["message"] for x in s["failures"]))
        self.assertIn("label", s["failures"][0]["message"])
        # They are there at once, and go round.
        self.assertEqual(self.analyst.get("collections/%s/objects/%s/" % (c, good["id"])).objects, [good])
        self.assertEqual(self.analyst.get("collections/%s/objects/" % c, **match(id=objects[2]["id"])).json, {})
        self.beta.sees("written.amber.example")
        self.assertFalse(self.alpha.query("value:unlabelled.example"))
        # Again: a success that changes nothing.
        entries = self.alpha.status()["entries"]
        again = self.analyst.post(c, objects[:2]).json
        self.assertEqual((again["success_count"], again["failure_count"]), (2, 0))
        self.assertEqual(self.alpha.status()["entries"], entries)
        self.assertEqual(len(self.analyst.get("collections/%s/objects/%s/versions/" % (c, good["id"])).json["versions"]), 1)
        # The status is whose it is.
        path = "/taxii2/kairan/status/%s/" % s["id"]
        self.assertEqual(self.analyst.ask(path).json, s)
        self.assertEqual(self.reader.ask(path).status, 404)

    def test_what_came_from_others_is_not_said_again(self):
        """A client that gives back what it was given does not publish it in our name."""
        o = self.beta_has("returned.example")
        self.beta.publish("192.0.2.201\n192.0.2.202\n", "--label", "green")
        self.alpha.sees("192.0.2.202")
        made = [x for x in self.reader.all(self.all) if "192.0.2.20" in x.get("pattern", "")]
        entries = self.alpha.status()["entries"]
        answer = self.analyst.post(self.all, [o] + made).json
        self.assertEqual((answer["success_count"], answer["failure_count"]), (3, 0))
        self.assertEqual(self.alpha.status()["entries"], entries)

    def test_what_others_said_stays_theirs(self):
        """A platform that mixes its sources does not carry them on in our name."""
        self.alpha.ask("audience", "create", "Elsewhere", "--kind", "group", "--label", "amber")
        elsewhere = self.analyst.collections()["Elsewhere"]["id"]
        amber = self.beta_has("stays.example", to="Trusted", label="amber")
        self.beta.publish(bundle([indicator("raised.example")]), "--label", "amber", to="Trusted")
        self.alpha.sees("raised.example")
        raised = indicator("raised.example")
        marks = raised["object_marking_refs"] + amber["object_marking_refs"]
        (read,) = self.analyst.get("collections/%s/objects/%s/" % (self.trusted, raised["id"])).objects
        self.assertEqual(read["object_marking_refs"], marks)  # What its bytes do not say.
        for objects, what in (([amber], "kairan reshare"), ([dict(amber, x_score=7)], "kairan reshare"), ([read], "kairan reshare"),
                              ([raised], "TLP:AMBER")):
            s = self.analyst.post(elsewhere, objects).json
            self.assertEqual(s["failure_count"], 1)
            self.assertIn(what, s["failures"][0]["message"])
        self.assertEqual(self.analyst.post(self.trusted, [amber, read]).json["success_count"], 2)
        self.assertEqual(self.analyst.get("collections/%s/objects/" % elsewhere).json, {})

    def test_writes_that_are_refused(self):
        o = indicator("refused.example")
        mailbox = self.analyst.collections()["mailbox"]["id"]
        self.assertEqual(self.reader.post(self.all, [o]).status, 403)
        self.assertEqual(self.analyst.post(mailbox, [o]).status, 403)
        self.assertEqual(self.analyst.post(str(uuid.uuid4()), [o]).status, 404)
        for kind in ("application/json", "application/stix+json;version=2.1", "application/taxii+json;version=2.0", ""):
            self.assertEqual(self.analyst.post(self.all, [o], kind=kind).status, 415, kind)
        self.assertEqual(self.analyst.post(self.all, [o], kind="application/taxii+json; version=2.1; charset=utf-8").status, 202)
        self.assertEqual(self.analyst.post(self.all, [o], accept="text/html").status, 406)
        for body in (b"", b"{}", b"[]", b"nonsense", b'{"objects": []}', b'{"objects": [7]}', b'{"objects": [{}', b'{"objects": {}}',
                     bundle([o]).encode()[:-1], b'{"objects": [{}]} {}'):
            answer = self.analyst.post(self.all, body)
            self.assertEqual((answer.status, answer.json["http_status"]), (422, "422"), body)
        large = (16 << 20) + 1
        self.assertEqual(self.analyst.post(self.all, b'{"objects": [' + b" " * large).status, 413)
        self.assertEqual(self.analyst.post(self.all, [{}] * 7001).status, 413)
        # A body that would break the scan of all that stands behind: the others are judged as always.
        deep = json.dumps(indicator("deep.example"))[:-1] + ', "x_d": ' + "[" * 80 + "]" * 80 + "}"
        text = '{"objects": [%s, %s, {"id": {]}, %s]}' % (json.dumps(indicator("before.example")), deep, json.dumps(indicator("behind.example")))
        s = self.analyst.post(self.all, text.encode()).json
        self.assertEqual((s["success_count"], s["failure_count"]), (2, 2))
        self.assertTrue(self.alpha.query("value:behind.example"))
        self.assertFalse(self.alpha.query("value:deep.example"))

    def test_a_name_is_no_id(self):
        """Whoever calls an audience of theirs by the id of another does not get what is meant for that."""
        mine = self.alpha.ask("audience", "create", "Meant", "--kind", "group", "--label", "green").last
        self.alpha.ask("audience", "create", mine["id"], "--kind", "group", "--label", "green", "--member", "Beta")
        got = self.analyst.collections()
        o = indicator("meant.example")
        self.assertEqual(self.analyst.post(got["Meant"]["id"], [o]).json["success_count"], 1)
        (row,) = self.alpha.query("value:meant.example")
        self.assertEqual(row["audience"], "Meant")
        self.assertEqual(self.alpha.ask("note", row["id"], "--text", "for those alone").last["audience"], "Meant")
        self.assertEqual(self.reader.get("collections/%s/objects/" % got[mine["id"]]["id"]).json, {})

    def test_public_takes_clear_alone(self):
        s = self.analyst.post(self.public, [indicator("clear.example", label="clear"), indicator("notclear.example")]).json
        self.assertEqual([x["id"] for x in s["successes"]], [indicator("clear.example")["id"]])

    def test_delete(self):
        mine, theirs = indicator("deleted.example"), self.beta_has("kept.example")
        self.analyst.post(self.all, [mine])
        self.beta.sees("deleted.example")
        self.assertEqual(self.reader.delete(self.all, mine["id"]).status, 403)
        answer = self.analyst.delete(self.all, theirs["id"])
        self.assertEqual((answer.status, answer.json["error_code"]), (403, "act.not-source"))
        self.assertEqual(self.analyst.delete(self.all, mine["id"], params=match(version="last")).status, 403)
        self.assertEqual(self.analyst.delete(self.all, "indicator--%s" % uuid.uuid4()).status, 404)
        self.assertEqual(self.analyst.delete(self.all, mine["id"].replace("indicator", "malware")).status, 404)
        self.assertEqual(self.analyst.delete(self.trusted, mine["id"]).status, 404)
        self.assertEqual(self.analyst.delete(self.all, mine["id"]).status, 200)
        url = "collections/%s/objects/%s/" % (self.all, mine["id"])
        self.assertTrue(self.analyst.get(url).objects[0]["revoked"])
        self.assertEqual(len(self.analyst.get(url + "versions/").json["versions"]), 2)
        self.assertEqual(self.analyst.delete(self.all, mine["id"], params=match(version="all")).status, 200)  # It is so already.
        self.assertEqual(len(self.analyst.get(url + "versions/").json["versions"]), 2)
        until("the others hear of it", lambda: not self.beta.query("value:deleted.example"))
        # A value of a list, and what has no versions, stay.
        self.alpha.publish("192.0.2.210\n", "--label", "green")
        until("it is indexed", lambda: self.alpha.query("value:192.0.2.210"))
        value = [x["id"] for x in self.reader.all(self.all) if "192.0.2.210" in x.get("pattern", "")][0]
        answer = self.analyst.delete(self.all, value)
        self.assertEqual((answer.status, answer.json["error_code"]), (403, "taxii.delete-value"))
        ip = {"type": "ipv4-addr", "id": "ipv4-addr--%s" % uuid.uuid4(), "value": "192.0.2.211",
              "object_marking_refs": mine["object_marking_refs"]}
        self.assertEqual(self.analyst.post(self.all, [ip]).json["success_count"], 1)
        self.assertEqual(self.analyst.delete(self.all, ip["id"]).status, 403)


class Alone(unittest.TestCase):
    """Each test has its own node, which is stopped and started."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.alpha = self.world.found("Alpha", run=False)
        self.run_it()
        self.reader = token(self.alpha, "reader", "red")
        self.analyst = token(self.alpha, "analyst", "red", "analyst")
        self.all = self.reader.collections()["all"]["id"]

    def run_it(self, *options):
        self.alpha.run("--api", "tcp://127.0.0.1:0", *options)

    def stop(self):
        self.assertEqual(self.alpha.node.stop()[0], 0)

    def put(self, *names):
        self.alpha.publish(bundle([indicator(n) for n in names]))
        until("it is indexed", lambda: self.alpha.query("value:" + names[-1]))

    def test_pages_across_inserts_and_restarts(self):
        self.put(*["a%d.example" % i for i in range(3)])
        self.put("other.example")
        got, stamps, params = [], [], dict(match(type="indicator", version="all"), limit=1)
        for step in range(20):
            answer = self.reader.get("collections/%s/objects/" % self.all, **params)
            got += answer.patterns
            self.assertEqual(answer.headers[FIRST], answer.headers[LAST])
            stamps.append(answer.headers[LAST])
            if not answer.json["more"]:
                break
            # With all that was asked for at first; some clients say it again, some no limit.
            params = dict(params, next=answer.json["next"]) if step % 2 else {"next": answer.json["next"]}
            if step == 1:
                self.put("b.example")
                mark = {"type": "ipv4-addr", "id": "ipv4-addr--%s" % uuid.uuid4(), "value": "192.0.2.9",
                        "object_marking_refs": indicator("x")["object_marking_refs"]}
                self.alpha.publish(bundle([mark]))
                until("it is indexed", lambda: self.alpha.query("value:192.0.2.9"))
            if step == 2:
                self.stop()
                self.run_it()
            if step == 3:
                self.alpha.node.kill()
                self.run_it()
                self.put("c.example")
        self.assertEqual(sorted(got), ["a0.example", "a1.example", "a2.example", "b.example", "c.example", "other.example"])
        self.assertEqual(stamps, sorted(set(stamps)))
        # A client that keeps the last time alone: what is new, once.
        last = stamps[-1]
        self.put("d.example", "e.example")
        seen = []
        for _ in range(2):
            answer = self.reader.get("collections/%s/objects/" % self.all, added_after=last, limit=1)
            seen += answer.patterns
            last = answer.headers[LAST]
        self.assertEqual(sorted(seen), ["d.example", "e.example"])
        self.assertEqual(self.reader.get("collections/%s/objects/" % self.all, added_after=last).json, {})

    def test_an_index_made_anew_loses_nothing(self):
        self.put("a.example", "b.example")
        page = self.reader.get("collections/%s/objects/" % self.all, limit=1)
        following, last = page.json["next"], page.headers[LAST]
        self.stop()
        self.alpha.ask("reindex")
        self.run_it()
        self.put("c.example")
        for params in ({"next": following}, {"added_after": last}):
            # All of it again, under later times: nothing that was not there yet is behind them.
            answer = self.reader.get("collections/%s/objects/" % self.all, **dict(params, limit=10))
            self.assertEqual(sorted(answer.patterns), ["a.example", "b.example", "c.example"])
            self.assertGreater(answer.headers[FIRST], last)

    def test_a_status_outlives_the_node(self):
        s = self.analyst.post(self.all, [indicator("a.example"), indicator("b.example", label=None)]).json
        self.stop()
        self.run_it()
        self.assertEqual(self.analyst.get("status/%s/" % s["id"]).json, s)
        ids = [s["id"]]
        for _ in range(66):
            ids.append(self.analyst.post(self.all, [indicator("a.example")]).json["id"])
        path = "/taxii2/kairan/status/%s/"
        self.assertEqual(self.analyst.ask(path % ids[0]).status, 404)  # So many are kept.
        self.assertEqual([self.analyst.ask(path % i).status for i in (ids[-64], ids[-1])], [200, 200])
        self.assertEqual(len(os.listdir(os.path.join(self.alpha.dir, "taxii"))), 64)
        self.assertEqual({os.stat(os.path.join(self.alpha.dir, "taxii", n)).st_mode & 0o777
                          for n in os.listdir(os.path.join(self.alpha.dir, "taxii"))}, {0o600})

    def test_red_does_not_leave(self):
        """Nor is there a collection of an audience of persons, whoever is cleared for it."""
        request = self.world.path("ana.req")
        words = self.alpha.ask("person", "key", "--name", "Ana", "--out", request).last["words"]
        self.alpha.ask("person", "add", request, "--fingerprint", words)
        self.alpha.ask("audience", "create", "hush", "--kind", "persons", "--member", "Ana")
        self.alpha.publish(bundle([indicator("hushed.example", label="red")]), "--label", "red", to="hush")
        until("it is indexed", lambda: self.alpha.query("label:red"))
        audiences = {a["name"]: a["id"] for a in self.alpha.ask("audience", "list").rows}
        self.assertEqual(set(self.reader.collections()), {"public", "all", "mailbox"})
        self.assertEqual(self.reader.ask("/taxii2/kairan/collections/%s/objects/" % collection_of(audiences["all"])).status, 200)
        self.assertEqual(self.reader.ask("/taxii2/kairan/collections/%s/objects/" % collection_of(audiences["hush"])).status, 404)
        self.assertEqual(self.analyst.post(collection_of(audiences["hush"]), [indicator("x.example", label="red")]).status, 404)

    def test_behind_a_proxy(self):
        self.stop()
        with open(os.path.join(self.alpha.dir, "kairan.conf"), "a") as f:
            f.write("taxii-url = https://ti.example.org/taxii2/\n")
        self.run_it()
        answer = self.reader.ask("/taxii2/", "-H", "Host: ti.example.org")
        self.assertEqual(answer.json["api_roots"], ["https://ti.example.org/taxii2/kairan/"])
        self.assertEqual(self.reader.ask("/taxii2/").json["default"], "https://ti.example.org/taxii2/kairan/")
        self.assertEqual(self.reader.ask("/taxii2/", "-H", "Host: ti.example.org.evil.example").status, 403)
        self.assertEqual(self.reader.ask("/v1/status", "-H", "Host: ti.example.org", body=b"{}", auth="bearer").status, 403)
        self.stop()
        for bad in ("ti.example.org", "https://ti.example.org/", "ftp://ti.example.org/taxii2/", "https:///taxii2/", "https://a b/taxii2/"):
            with open(os.path.join(self.alpha.dir, "kairan.conf"), "w") as f:
                f.write("taxii-url = %s\n" % bad)
            self.assertEqual(self.alpha.ask("run", status=1).error["error"], "config.taxii-url", bad)

    def test_what_is_taken_away_is_gone(self):
        self.put("a.example")
        self.alpha.ask("token", "revoke", "reader")
        self.assertEqual(self.reader.ask("/taxii2/").status, 401)
        auth = base64.b64encode(b"x:" + self.analyst.token.encode()).decode()
        self.assertEqual(self.analyst.ask("/taxii2/", "-H", "Authorization: Basic " + auth, auth=None).status, 200)

    def test_what_cannot_be_recorded_is_not_shown(self):
        self.alpha.ask("audience", "create", "Trusted", "--kind", "group", "--label", "amber")
        self.alpha.publish(bundle([indicator("amber.example", label="amber")]), to="Trusted")
        until("it is indexed", lambda: self.alpha.query("value:amber.example"))
        c = self.reader.collections()["Trusted"]["id"]
        log = os.path.join(self.alpha.dir, "audit.log")
        os.rename(log, log + ".away")
        os.mkdir(log)
        for what in ("objects", "manifest"):
            answer = self.reader.ask("/taxii2/kairan/collections/%s/%s/" % (c, what))
            self.assertEqual((answer.status, answer.json["error_code"]), (500, "audit.write"))
            self.assertNotIn(b"amber.example", answer.body)
            self.assertNotIn(LAST, answer.headers)


if __name__ == "__main__":
    unittest.main(verbosity=2)
