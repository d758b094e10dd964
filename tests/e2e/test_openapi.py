"""The description of the local API is sound, and says what the node does, docs/api.md says, and nothing else."""

import base64
import http.client
import json
import os
import re
import unittest

from api import Api
from world import PATIENCE, WorldCase, bundle, indicator

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "api.md")
METHODS = ("get", "post", "delete", "put", "patch")
TYPES = {"string", "integer", "boolean", "array", "object", "null"}
TAXII = "application/taxii+json;version=2.1"


def each(value, path="#"):
    """Every object in a document, with where it is."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from each(inner, path + "/" + key)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from each(inner, "%s/%d" % (path, i))


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method], item.get("parameters", []) + item[method].get("parameters", [])


def arguments(operation, parameters):
    """The schema of what a call of /v1/ takes."""
    for parameter in parameters:
        if parameter.get("name") == "args":
            return parameter["content"]["application/json"]["schema"]
    return operation["requestBody"]["content"]["application/json"]["schema"]


def documented():
    """Verbs of docs/api.md, each with the names of its arguments."""
    with open(DOCS, encoding="utf-8") as f:
        table = f.read().split("\n## Verbs\n")[1].split("\n\n")
    out = {}
    for row in (line for part in table for line in part.splitlines() if line.startswith("| `")):
        names, takes = row.split("|")[1:3]
        while "(" in takes:  # What an argument is, stands in brackets.
            takes = re.sub(r"\([^()]*\)", "", takes)
        same = re.search(r"as `([a-z-]+)`, without `([a-z_]+)`", takes)
        found = set(re.findall(r"`([a-z_]+)`", re.sub(r"as `[a-z-]+`", "", takes)))
        for name in re.findall(r"`([a-z-]+)`", names):
            out[name] = out[same.group(1)] - {same.group(2)} if same else found
    return out


class OpenApi(WorldCase):
    @classmethod
    def build(cls, world):
        cls.alpha = world.found("Alpha", run=False)
        cls.alpha.run("--api", "tcp://127.0.0.1:0")
        cls.host, cls.port = cls.alpha.status()["api"][len("tcp://"):].rsplit(":", 1)
        cls.token = {role: cls.alpha.ask("token", "add", role, "--clearance", "GREEN", "--role", role).last["token"]
                     for role in ("reader", "admin")}
        cls.document = json.loads(cls.ask("GET", "/openapi.json", token=cls.token["reader"])[1])

    @classmethod
    def ask(cls, method, path, body=None, token=None, **headers):
        """Status, body (of what need not end: none), headers."""
        connection = http.client.HTTPConnection(cls.host, int(cls.port), timeout=60 * PATIENCE)
        if token:
            headers["Authorization"] = "Bearer " + token
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            ends = answer.getheader("Content-Length") is not None
            return answer.status, answer.read() if ends else b"", dict(answer.getheaders())
        finally:
            connection.close()

    # ---- The document by itself.
    def test_every_reference_leads_somewhere(self):
        for path, value in each(self.document):
            if "$ref" not in value:
                continue
            self.assertEqual(list(value), ["$ref"], path)
            at = self.document
            for key in value["$ref"].split("/")[1:]:
                self.assertIn(key, at, "%s: %s" % (path, value["$ref"]))
                at = at[key]

    def test_form(self):
        d = self.document
        self.assertEqual(d["openapi"], "3.1.0")
        self.assertLessEqual({"title", "version"}, set(d["info"]))
        ids = [o["operationId"] for _, _, o, _ in operations(d)]
        self.assertEqual(len(ids), len(set(ids)))
        for path, method, operation, parameters in operations(d):
            with self.subTest(path=path, method=method):
                own = [p for p in parameters if "$ref" not in p]
                self.assertEqual({p["name"] for p in own if p["in"] == "path"}, set(re.findall(r"{(\w+)}", path)))
                self.assertTrue(all(p["required"] for p in own if p["in"] == "path"))
                self.assertTrue(all(("schema" in p) != ("content" in p) for p in own))
                self.assertEqual(len(own), len({(p["name"], p["in"]) for p in own}))
                self.assertTrue(any(s.startswith("2") for s in operation["responses"]))
                self.assertLessEqual({"400", "401", "403", "404"}, set(operation["responses"]))
                for scheme in (name for s in operation.get("security", d["security"]) for name in s):
                    self.assertIn(scheme, d["components"]["securitySchemes"])
        for path, response in each(d):
            if re.search(r"responses/\w+$", path) and "$ref" not in response:
                self.assertIn("description", response, path)

    def test_schemas(self):
        for path, value in each(self.document):
            if path.endswith("/schema") or path.startswith("#/components/schemas/") and path.count("/") == 3:
                if "$ref" in value:
                    continue
                kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
                self.assertLessEqual(set(kinds), TYPES, path)
                self.assertLessEqual(set(value.get("required", [])), set(value.get("properties", {})), path)
        error = self.document["components"]["schemas"]["Error"]
        got = json.loads(self.ask("POST", "/v1/get", "{}", token=self.token["reader"])[1])
        self.assertEqual(set(error["properties"]), set(got))

    # ---- Against what is written.
    def test_it_says_what_the_page_says(self):
        described = {path[len("/v1/"):]: set(arguments(o, p)["properties"])
                     for path, _, o, p in operations(self.document) if path.startswith("/v1/")}
        self.assertEqual(described, documented())

    # ---- Against the node.
    def test_each_call_is_there_and_no_other(self):
        described = {path for path, _, _, _ in operations(self.document) if path.startswith("/v1/")}
        self.assertGreater(len(described), 60)
        for path in sorted(described):
            status, body, _ = self.ask("POST", path, "{}", token=self.token["admin"])
            self.assertNotEqual(status, 404, (path, body))
            self.assertEqual(self.ask("GET", path, token=self.token["admin"])[0], 404, path)
        for path in ("/v1/nothing", "/v1/", "/v1/query/", "/v1/openapi", "/openapi", "/openapi.json"):
            self.assertEqual(self.ask("POST", path, "{}", token=self.token["admin"])[0], 404, path)

    def test_what_is_needed_is_asked_for(self):
        for path, _, operation, parameters in operations(self.document):
            if not path.startswith("/v1/"):
                continue
            with self.subTest(path=path):
                needed = arguments(operation, parameters).get("required", [])
                status, body, _ = self.ask("POST", path, "{}", token=self.token["admin"])
                error = json.loads(body.splitlines()[-1]).get("error") if status != 200 else None
                if needed:
                    self.assertIn(error, ("usage.missing", "usage.argument"), body)
                elif path != "/v1/publish":  # Either of two.
                    self.assertNotEqual(error, "usage.missing", body)

    def test_an_argument_of_another_call_is_not_taken(self):
        """The table decides: `expr` is none of `peers`, so there even a wrong type of it says nothing."""
        for verb, status in (("peers", 200), ("query", 400)):
            self.assertEqual(self.ask("POST", "/v1/" + verb, '{"expr": 7}', token=self.token["admin"])[0], status, verb)

    def test_roles(self):
        for path, _, operation, _ in operations(self.document):
            if path.startswith("/v1/"):
                status, body, _ = self.ask("POST", path, "{}", token=self.token["reader"])
                lower = status == 403 and json.loads(body)["error"] == "role.lower"
                self.assertEqual(lower, operation["x-kairan-role"] != "reader", path)

    def test_taxii(self):
        admin = self.token["admin"]
        collections = json.loads(self.ask("GET", "/taxii2/kairan/collections/", token=admin)[1])["collections"]
        (collection,) = [c["id"] for c in collections if c["title"] == "all"]
        objects = "/taxii2/kairan/collections/%s/objects/" % collection
        status, body, _ = self.ask("POST", objects, bundle([indicator("192.0.2.1")]), token=admin,
                                   **{"Content-Type": TAXII})
        self.assertEqual(status, 202, body)
        posted = json.loads(body)
        self.assertEqual(posted["success_count"], 1, posted)
        names = {"collection": collection, "status": posted["id"], "object": posted["successes"][0]["id"]}
        taxii = {path: item for path, item in self.document["paths"].items() if path.startswith("/taxii2/")}
        self.assertEqual(len(taxii), 9)
        for path, item in sorted(taxii.items()):
            for method in METHODS:
                status, body, headers = self.ask(method.upper(), path.format(**names), "{}", token=admin)
                if method in item:
                    self.assertNotIn(status, (404, 405), (method, path, body))
                else:
                    self.assertEqual(status, 405, (method, path, body))
                    self.assertNotIn(method.upper(), headers["Allow"].split(", "))
            if "get" in item:  # Every parameter is one: nonsense in it is refused.
                for p in (p["name"] for p in item["get"].get("parameters", [])):
                    status = self.ask("GET", "%s?%s=," % (path.format(**names), p), token=admin)[0]
                    self.assertEqual(status, 400, (path, p))
        status, body, _ = self.ask("GET", "/taxii2/kairan/nothing/", token=admin)
        self.assertEqual((status, json.loads(body)["error_code"]), (404, "taxii.missing"))

    # ---- Who may read it.
    def test_without_a_token_there_is_nothing(self):
        basic = "Basic " + base64.b64encode(("any:" + self.token["reader"]).encode()).decode()
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": basic}):
            status, body, _ = self.ask("GET", "/openapi.json", **headers)
            self.assertEqual(status, 401)
            self.assertEqual(body, self.ask("POST", "/v1/status", "{}", **headers)[1])  # As of any call.
        status, body, _ = self.ask("GET", "/openapi.json", token=self.token["reader"], Host="evil.example")
        self.assertEqual((status, json.loads(body)["error"]), (403, "api.host"))

    def test_at_both_doors(self):
        status, body, headers = self.ask("GET", "/openapi.json", token=self.token["reader"])
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        api = Api(self.alpha)
        api.request("GET", "/openapi.json")
        self.assertEqual(api.getresponse().read(), body)
        api.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
