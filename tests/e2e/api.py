"""api: a running node asked over its socket, on a connection that is kept alive: for what is asked often."""

import http.client
import json
import os
import socket
import urllib.parse


class Refused(RuntimeError):
    """The node answered, and did not do it."""


class Api(http.client.HTTPConnection):
    def __init__(self, home, timeout=600):
        super().__init__("localhost", timeout=timeout)
        self.path = os.path.join(home.dir, "api.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def rows(self, verb, args=None, body=None):
        """All lines of an answer with exit status 0 (or 4: nothing matched); Refused otherwise."""
        url = "/v1/" + verb
        if body is None:
            body = json.dumps(args or {}).encode()
        else:
            url += "?args=" + urllib.parse.quote(json.dumps(args))
        self.request("POST", url, body)
        answer = self.getresponse()
        data = answer.read()
        if answer.status != 200 or (answer.getheader("Kairan-Exit") or "0") not in ("0", "4"):
            raise Refused("%s: %s" % (verb, data.decode("utf-8", "replace")))
        return [json.loads(line) for line in data.splitlines() if line.strip()]

    def status(self):
        return self.rows("status")[0]

    def publish(self, body, **args):
        return self.rows("publish", args, body)[-1]

    def watch(self, expr=""):
        """What arrives from now on, line by line; the first is b"" and says that it watches."""
        return self.follow("watch", {"expr": expr})

    def follow(self, verb, args):
        """An answer that does not end, line by line."""
        self.request("POST", "/v1/" + verb, json.dumps(args).encode())
        answer = self.getresponse()
        if answer.status != 200:
            raise Refused("%s: %s" % (verb, answer.read().decode("utf-8", "replace")))
        while True:
            line = answer.readline()
            if not line:
                return
            yield line.strip()
