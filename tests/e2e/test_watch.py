"""watch hands what arrives to a program, or to an address on loopback."""

import http.server
import json
import os
import signal
import sys
import threading
import unittest

from world import DONE, USAGE, WorldCase, bundle, indicator, until

NOTES = """import sys
line = sys.stdin.read()
with open(sys.argv[1], "a") as f:
    f.write(line)
sys.exit(3 if "bad.hook.example" in line else 0)
"""


class Watch(WorldCase):
    @classmethod
    def build(cls, world):
        cls.home = world.found()
        cls.script = world.file(NOTES, "notes.py")

    def begin(self, *args):
        process = self.home.spawn("watch", *args)
        os.set_blocking(process.stderr.fileno(), False)
        self.said = b""
        until("it watches", lambda: b"Watching" in self.hear(process))
        return process

    def hear(self, process):
        self.said += process.stderr.read() or b""
        return self.said

    def publish(self, *values):
        self.home.publish(bundle([indicator(v) for v in values]))

    def test_program(self):
        out = self.world.path("seen")
        odd = "$(touch %s.shell); --json" % out
        process = self.begin("domain:*.hook.example", "--exec", sys.executable, self.script, out, odd, "--home", "x")
        self.publish("a.hook.example", "not-this.example")
        self.publish("bad.hook.example")
        self.publish("c.hook.example")

        def lines():
            try:
                with open(out, encoding="utf-8") as f:
                    return [json.loads(line)["value"] for line in f]
            except FileNotFoundError:
                return []
        until("three were seen", lambda: len(lines()) == 3)
        self.assertEqual(["a.hook.example", "bad.hook.example", "c.hook.example"], lines())
        until("the failure is told", lambda: b"exit 3" in self.hear(process))
        self.assertIn(b"1 so far", self.said)
        self.assertFalse(os.path.exists(out + ".shell"))
        process.send_signal(signal.SIGTERM)
        process.wait(20)

    def test_no_program(self):
        process = self.begin("--exec", "/nowhere/at/all")
        self.publish("lonely.example")
        until("it says so", lambda: b"No such file" in self.hear(process))
        self.assertIsNone(process.poll())
        process.kill()

    def test_post(self):
        got, broken = [], [2]

        class Take(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if broken[0]:  # The first two times it is not well.
                    broken[0] -= 1
                    self.send_response(503)
                else:
                    got.append((self.path, self.headers["Content-Type"], json.loads(body)["value"]))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        process = self.begin("domain:*.post.example", "--post", "http://127.0.0.1:%d/in?x=1" % server.server_port)
        self.publish("a.post.example")
        self.publish("b.post.example")
        until("both came", lambda: len(got) == 2)
        self.assertEqual([("/in?x=1", "application/json", v + ".post.example") for v in "ab"], got)
        self.assertNotIn(b"so far", self.hear(process))
        process.kill()

    def test_loopback_only(self):
        for url in ("http://192.0.2.1/", "https://127.0.0.1/", "http://127.0.0.1@evil.example/", "http://a@127.0.0.1/",
                    "http://localhost.evil.example/", "file:///etc/passwd", "127.0.0.1:80", "http://127.0.0.2/"):
            with self.subTest(url=url):
                self.assertEqual(USAGE, self.home.call("watch", "--post", url).status)
        self.assertEqual(USAGE, self.home.call("watch", "--exec").status)


if __name__ == "__main__":
    unittest.main()
