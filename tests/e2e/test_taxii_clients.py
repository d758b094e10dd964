"""TAXII as clients in use ask: requests of the shape that their sources send, and what these need of the answers.

Written after reading those sources (docs/taxii.md, Connecting); none of these programs runs here.
"""

import base64
import http.client
import json
import unittest
import urllib.parse
import uuid

from test_taxii import TAXII, token
from world import PATIENCE, WorldCase, bundle, indicator, until

LAST = "X-TAXII-Date-Added-Last"


class Wire:
    """One request, with just these headers."""

    def __init__(self, address):
        self.host, self.port = address[len("tcp://"):].rsplit(":", 1)

    def ask(self, method, path, headers, params=None, body=None):
        """Status, headers, the body as JSON."""
        if params:
            path += "?" + urllib.parse.urlencode(params)
        connection = http.client.HTTPConnection(self.host, int(self.port), timeout=60 * PATIENCE)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), json.loads(answer.read() or b"null")
        finally:
            connection.close()


class Clients(WorldCase):
    @classmethod
    def build(cls, world):
        cls.alpha = world.found("Alpha", run=False)
        cls.alpha.run("--api", "tcp://127.0.0.1:0")
        cls.wire = Wire(cls.alpha.status()["api"])
        for name in ("First", "Second"):
            cls.alpha.ask("audience", "create", name, "--kind", "group", "--label", "amber")
        cls.reader = token(cls.alpha, "reader", "amber")
        cls.analyst = token(cls.alpha, "analyst", "amber", "analyst")
        cls.c = {title: c["id"] for title, c in cls.reader.collections().items()}
        for name in ("First", "Second"):
            cls.put(name, *["%s%d.example" % (name.lower(), i) for i in range(5)])

    @classmethod
    def put(cls, to, *names):
        cls.alpha.publish(bundle([indicator(n) for n in names]), to=to)
        until("they are indexed", lambda: all(cls.alpha.query("value:" + n) for n in names))

    def basic(self, who=None, scheme="Basic"):
        return scheme + " " + base64.b64encode(("user:" + (who or self.reader).token).encode()).decode()

    def objects(self, title):
        return "/taxii2/kairan/collections/%s/objects/" % self.c[title]

    def names(self, objects):
        return sorted(o["pattern"].split("'")[1] for o in objects)

    def all_of(self, title):
        return ["%s%d.example" % (title.lower(), i) for i in range(5)]


class Python(Clients):
    """taxii2-client 2.3 (v21), which Splunk's ctis-taxii, OpenCTI's connector and MISP's push are built on."""

    def get(self, path, who=None, **params):
        accept = TAXII
        status, headers, body = self.wire.ask("GET", path, {
            "User-Agent": "taxii2-client/2.3.0", "Accept-Encoding": "gzip, deflate", "Accept": accept,
            "Connection": "keep-alive", "Authorization": self.basic(who)}, params)
        self.assertEqual(status, 200, body)
        # Every part of Accept has to stand in Content-Type, blanks aside.
        got = headers["Content-Type"].replace(" ", "").split(";")
        self.assertEqual(got[0], "application/taxii+json")
        self.assertLessEqual(set(accept.split(";")), set(got))
        return body

    def test_from_discovery_to_objects(self):
        server = self.get("/taxii2/")
        self.assertTrue(server["title"])
        self.assertIn(server["default"], server["api_roots"])
        url = urllib.parse.urlsplit(server["default"])
        self.assertEqual("kairan", url.path.split("/")[-2])  # By which OpenCTI's connector names it.
        root = self.get(url.path)
        self.assertTrue(root["title"] and root["versions"] and root["max_content_length"] is not None)
        for c in self.get(url.path + "collections/")["collections"]:
            self.assertTrue(c["id"] and c["title"] and c["can_read"] is not None and c["can_write"] is not None)
            one = self.get(url.path + "collections/%s/" % c["id"])
            self.assertEqual(one["id"], c["id"])

    def test_as_pages(self):
        """The first page asks for so many; those behind it repeat that, all filters, and `next`."""
        for more in ({}, {"match[type]": "indicator"}, {"added_after": "2020-01-01T00:00:00.5Z"}):
            page = self.get(self.objects("First"), limit=2, **more)
            got = list(page["objects"])
            while page.get("more", False):
                page = self.get(self.objects("First"), limit=2, next=page.get("next", ""), **more)
                got += page["objects"]
            self.assertEqual(self.names(got), self.all_of("First"), more)

    def test_one_object(self):
        o = self.get(self.objects("First"))["objects"][0]
        at = self.objects("First") + o["id"] + "/"
        self.assertEqual(self.get(at)["objects"], [o])
        self.assertEqual(self.get(at + "versions/")["versions"], [o["modified"]])
        manifest = self.get("/taxii2/kairan/collections/%s/manifest/" % self.c["First"], **{"match[id]": o["id"]})
        self.assertEqual([m["id"] for m in manifest["objects"]], [o["id"]])

    def post(self, body):
        return self.wire.ask("POST", self.objects("all"), {
            "User-Agent": "python-requests/2.31.0", "Accept-Encoding": "gzip, deflate", "Accept": TAXII,
            "Connection": "keep-alive", "Content-Type": TAXII, "Authorization": self.basic(self.analyst)}, body=body)

    def check_status(self, s):
        for key in ("id", "status", "total_count", "success_count", "failure_count", "pending_count"):
            self.assertIsNotNone(s.get(key), key)
        for one, many in (("success", "successes"), ("failure", "failures"), ("pending", "pendings")):
            self.assertEqual(len(s.get(many, [])), s[one + "_count"])
        self.assertEqual(s["total_count"], s["success_count"] + s["failure_count"] + s["pending_count"])

    def test_add_objects(self):
        status, _, s = self.post(json.dumps({"objects": [indicator("added.example"), indicator("bad.example", label=None)]},
                                            ensure_ascii=False).encode())
        self.assertEqual(status, 202)
        self.check_status(s)
        self.assertEqual((s["success_count"], s["failure_count"]), (1, 1))
        again = self.get("/taxii2/kairan/status/%s/" % s["id"], self.analyst)
        self.assertEqual(again, s)
        self.assertTrue({"id", "version"} <= set(again["failures"][0]))

    def test_splunk_posts_a_bundle(self):
        """ctis-taxii gives a whole bundle to add_objects(), not an envelope."""
        status, _, s = self.post(bundle([indicator("splunk.example")]).encode())
        self.assertEqual((status, s.get("success_count")), (202, 1), s)
        self.assertTrue(self.alpha.query("value:splunk.example"))

    def test_misp_fills_an_envelope(self):
        """MISP's push puts as many objects into each as max_content_length lets it."""
        room = self.get("/taxii2/kairan/")["max_content_length"]
        one = {"type": "ipv4-addr", "spec_version": "2.1", "value": "198.18.0.1",
               "object_marking_refs": indicator("x")["object_marking_refs"]}
        objects, n = [], len('{"objects":[]}')
        while True:
            o = dict(one, id="ipv4-addr--%s" % uuid.uuid4(), value="198.18.%d.%d" % divmod(len(objects), 256))
            n += len(json.dumps(o, separators=(",", ":"))) + 1
            if n > room:
                break
            objects.append(o)
        self.assertGreater(len(objects), 4000)
        status, _, s = self.post(json.dumps({"objects": objects}, separators=(",", ":")).encode())
        self.assertEqual(status, 202, s)
        self.check_status(s)
        self.assertEqual(s["success_count"], len(objects))

    def test_delete(self):
        self.post(json.dumps({"objects": [indicator("gone.example")]}).encode())
        o, = [o for o in self.get(self.objects("all"), self.analyst)["objects"] if "gone.example" in o.get("pattern", "")]
        status, _, body = self.wire.ask("DELETE", self.objects("all") + o["id"] + "/", {
            "User-Agent": "python-requests/2.31.0", "Accept": TAXII, "Authorization": self.basic(self.analyst)})
        self.assertEqual(status, 200, body)


class OpenCti(Clients):
    """OpenCTI: its own ingestion of TAXII feeds, and the connector taxii2."""

    def ingest(self, title, state, limit=2):
        """One turn: what came; the state is its cursor and its added_after, and stays where nothing came."""
        params = {k: v for k, v in (("next", state.get("next")), ("added_after", state.get("after")), ("limit", limit)) if v}
        status, headers, body = self.wire.ask("GET", self.objects(title), {
            "Accept": TAXII, "User-Agent": "OpenCTI/6.0.0", "Authorization": self.basic(), "Accept-Encoding": "gzip, compress, deflate, br"}, params)
        self.assertEqual(status, 200, body)
        got = body.get("objects") or []
        if got and body.get("more") and body.get("next"):
            state["next"] = body["next"]
        elif got:
            state["next"] = None
            state["after"] = headers[LAST][:23] + "Z"  # A date of JavaScript: milliseconds.
        return got

    def test_ingestion(self):
        """A bearer token or Basic; nothing is lost at the milliseconds that it keeps, and what is new comes."""
        state, got = {}, []
        for _ in range(6):
            got += self.ingest("Second", state)
        self.assertEqual(set(self.names(got)), set(self.all_of("Second")))
        self.put("Second", "later.example")
        got = []
        for _ in range(3):
            got += self.ingest("Second", state)
        self.assertIn("later.example", self.names(got))
        self.alpha.ask("withdraw", self.alpha.query("value:later.example")[0]["id"])

    def test_connector_keeps_next(self):
        """The connector asks all collections with one set of parameters, into which `next` of the one before goes and stays."""
        params, got = {"limit": 2, "added_after": "2020-01-01T00:00:00Z"}, {}
        for title in ("First", "Second"):
            got[title] = []
            while True:
                status, _, page = self.wire.ask("GET", self.objects(title), {
                    "User-Agent": "taxii2-client/2.3.0", "Accept": TAXII, "Authorization": self.basic()}, params)
                self.assertEqual(status, 200, page)
                got[title] += page["objects"]
                if page.get("more") is not True:
                    break
                params.pop("added_after", None)
                params["next"] = page["next"]
        self.assertIn("next", params)
        for title in got:
            self.assertLessEqual(set(self.all_of(title)), set(self.names(got[title])))

    def test_token_scheme(self):
        for scheme in ("Token", "Bearer"):
            status, _, _ = self.wire.ask("GET", "/taxii2/", {"Accept": TAXII, "Authorization": "%s %s" % (scheme, self.reader.token)})
            self.assertEqual(status, 200, scheme)
        status, _, _ = self.wire.ask("GET", "/taxii2/", {"Accept": TAXII, "Authorization": "Token wrong"})
        self.assertEqual(status, 401)
        status, _, _ = self.wire.ask("POST", "/v1/status", {"Authorization": "Token " + self.reader.token}, body=b"{}")
        self.assertEqual(status, 401)  # Under /taxii2/ alone.


class Elastic(Clients):
    """Elastic's ti_custom: the address of the objects, `next` as long as there is one, then added_after."""

    def turn(self, title, cursor):
        url = self.objects(title).rstrip("/") + "/"
        headers = {"Content-Type": TAXII, "Accept": TAXII, "Authorization": self.basic(), "User-Agent": "Elastic-Filebeat/8.14.0"}
        params = {"added_after": cursor.get("last", "2020-01-01T00:00:00Z"), "limit": 2}
        got = []
        while True:
            status, answer, body = self.wire.ask("GET", url, headers, params)
            self.assertEqual(status, 200, body)
            got += body.get("objects", [])
            if LAST in answer:
                cursor["last"] = answer[LAST]
            if not body.get("next"):
                return got
            params = {"next": body["next"], "limit": 2}

    def test_turns(self):
        cursor = {}
        self.assertEqual(self.names(self.turn("First", cursor)), self.all_of("First"))
        self.assertEqual(self.turn("First", cursor), [])
        self.put("First", "news.example")
        self.assertEqual(self.names(self.turn("First", cursor)), ["news.example"])
        self.assertEqual(self.turn("First", cursor), [])
        self.alpha.ask("withdraw", self.alpha.query("value:news.example")[0]["id"])


class Misp(Clients):
    """MISP's own browser of TAXII servers: `basic` in small letters, a Content-type on GET, a limit and perhaps an empty `next`."""

    def test_browse(self):
        headers = {"Connection": "close", "User-Agent": "CakePHP", "Accept": TAXII, "Content-type": TAXII,
                   "Authorization": self.basic(scheme="basic")}
        status, _, body = self.wire.ask("GET", "/taxii2/kairan/collections/", headers)
        self.assertEqual(status, 200, body)
        for params in ({"limit": 50}, {"limit": 50, "next": ""}):
            status, _, body = self.wire.ask("GET", self.objects("First"), headers, params)
            self.assertEqual(status, 200, body)
            self.assertLessEqual(set(self.all_of("First")), set(self.names(body["objects"])))
        o = body["objects"][0]
        status, _, body = self.wire.ask("GET", self.objects("First") + o["id"] + "/", headers)
        self.assertEqual(body["objects"], [o])


del Clients  # It has nothing to run by itself.


if __name__ == "__main__":
    unittest.main(verbosity=2)
