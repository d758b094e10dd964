"""cluster: three real servers of a NATS JetStream cluster on loopback, and a client of a few lines to ask them."""

import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from world import DONE, Port, WorldCase, until

TINY_WINDOW_NS = 100_000_000  # The least in which a server knows an id again.
SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/bin")
MISSING = "no nats-server here (Debian's package nats-server; `./dev test` installs it)"

CONF = """
server_name: n%(i)d
listen: "127.0.0.1:%(port)d"
jetstream { store_dir: "%(dir)s/n%(i)d", max_mem: 16M, max_file: 256M }
cluster { name: "loop", listen: "127.0.0.1:%(route)d", routes: [%(routes)s] }
%(more)s
"""


class Client:
    """One connection, one question at a time."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.sock.makefile("rb")
        self.file.readline()  # INFO
        options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "lang": "test", "version": "1"}
        self.inbox = "_INBOX." + secrets.token_hex(8)
        self.send(b"CONNECT %s\r\nSUB %s 1\r\n" % (json.dumps(options).encode(), self.inbox.encode()))

    def send(self, data):
        self.sock.sendall(data)

    def ask(self, subject, body=b""):
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        self.send(b"PUB %s %s %d\r\n%s\r\n" % (subject.encode(), self.inbox.encode(), len(body), body))
        while True:
            line = self.file.readline()
            if not line:
                raise OSError("the server is gone")
            word, *rest = line.split()
            if word == b"PING":
                self.send(b"PONG\r\n")
            elif word == b"MSG":
                data = self.file.read(int(rest[-1]) + 2)[:-2]
                return json.loads(data)
            elif word == b"HMSG":
                self.file.read(int(rest[-1]) + 2)
                raise OSError("no answer")
            elif word == b"-ERR":
                raise OSError(line.decode())

    def close(self):
        self.file.close()
        self.sock.close()


class Cluster:
    def __init__(self, world, more="", n=3, scheme="nats", host="127.0.0.1"):
        self.dir = world.path("cluster-" + secrets.token_hex(4))
        os.mkdir(self.dir)
        self.ports = [Port() for _ in range(n)]
        self.running = [None] * n
        self.urls = ["%s://%s:%d" % (scheme, host, p.number) for p in self.ports]
        for i, port in enumerate(self.ports):
            routes = ", ".join('"nats://127.0.0.1:%d"' % (p.number + 1) for p in self.ports)
            with open(self.conf(i), "w") as f:
                f.write(CONF % {"i": i, "port": port.number, "route": port.number + 1, "dir": self.dir, "routes": routes, "more": more})

    def conf(self, i):
        return os.path.join(self.dir, "n%d.conf" % i)

    def alone(self):
        """A server of its own, without a cluster."""
        with open(self.conf(0)) as f:
            text = f.read()
        with open(self.conf(0), "w") as f:
            f.write("".join(line + "\n" for line in text.splitlines() if not line.startswith("cluster")))

    def start(self, *which):
        for i in which or range(len(self.ports)):
            with open(os.path.join(self.dir, "n%d.log" % i), "ab") as log:
                self.running[i] = subprocess.Popen([SERVER, "-c", self.conf(i)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self, *which):
        for i in which or range(len(self.ports)):
            if self.running[i] is not None:
                self.running[i].kill()
                self.running[i].wait()
                self.running[i] = None

    def end(self, i):
        """In good order: all that it acknowledged is in its folder."""
        self.running[i].terminate()
        self.running[i].wait()
        self.running[i] = None

    def folder(self, i):
        return os.path.join(self.dir, "n%d" % i)

    def close(self):
        self.kill()
        for p in self.ports:
            p.close()

    def ask(self, verb, body=b""):
        """Of whatever server answers; None: none does."""
        for i, port in enumerate(self.ports):
            if self.running[i] is None:
                continue
            try:
                client = Client(port.number)
            except OSError:
                continue
            try:
                return client.ask("$JS.API." + verb, body)
            except OSError:
                continue
            finally:
                client.close()
        return None

    def well(self):
        """Whether it takes questions about streams: a leader is there."""
        def answer():
            a = self.ask("STREAM.NAMES")
            return a is not None and "error" not in a
        until("the cluster has a leader", answer, 30)

    def info(self, stream):
        return self.ask("STREAM.INFO." + stream)

    def messages(self, stream):
        """All of them: (subject, headers, body)."""
        state = until("the stream answers", lambda: (self.info(stream) or {}).get("state"))
        out = []
        for i, port in enumerate(self.ports):
            if self.running[i] is not None:
                client = Client(port.number)
                break
        for seq in range(state["first_seq"], state["last_seq"] + 1):
            got = client.ask("$JS.API.STREAM.MSG.GET." + stream, {"seq": seq})
            if "message" not in got:
                raise AssertionError("message %d: %r" % (seq, got))
            m = got["message"]
            head = base64.b64decode(m.get("hdrs", "")).decode()
            out.append((m["subject"], dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line),
                        base64.b64decode(m.get("data", ""))))
        client.close()
        return out


class Streaming(WorldCase):
    """Has a home a, and a cluster into which it streams."""

    def options(self, stream, *more, clearance="GREEN"):
        args = ["--stream", stream, "--clearance", clearance]
        for url in self.cluster.urls:
            args += ["--to", url]
        return args + [str(a) for a in more]

    def begin(self, *args):
        """One that goes on, its standard error and output in files."""
        out = open(self.world.path("stream.out"), "wb")
        process = subprocess.Popen(self.a.command(["stream", *args]), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                   env=self.world.environment())
        process.said = out.name
        out.close()
        self.world.processes.append(process)
        return process

    def said(self, process):
        with open(process.said, encoding="utf-8") as f:
            return f.read()

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(DONE, process.wait(10), self.said(process))

    def kill(self, process):
        process.kill()
        process.wait()
        self.forget()

    def forget(self):
        """Wait until a cluster with a tiny window has forgotten the ids of what it was given."""
        forgotten = time.monotonic() + 4 * TINY_WINDOW_NS / 1e9
        until("the window is over", lambda: time.monotonic() > forgotten)

    def ids(self, expr):
        """Once what was published can be found, a moment behind the answer."""
        until("the index has followed", lambda: self.a.status()["index_lag_ms"] == 0)
        return [r["id"] for r in self.a.query(expr)]

    def count(self, stream):
        return ((self.cluster.info(stream) or {}).get("state") or {}).get("messages", 0)

    def once(self, stream, *more, clearance="GREEN"):
        return self.a.ask("stream", *self.options(stream, "--once", *more, clearance=clearance), seconds=60).last

    def make(self, name, subject, **more):
        """A cluster that was just started may lack the servers for it for a moment."""
        config = {"name": name, "subjects": [subject + ".>"], "storage": "file", "num_replicas": 3, "retention": "limits", "max_msgs": -1,
                  "max_bytes": -1, "max_age": 0, "max_consumers": -1, "discard": "old", **more}
        until("stream %s is made" % name, lambda: "config" in (self.cluster.ask("STREAM.CREATE." + name, config) or {}), 30)

    def state_file(self, stream):
        return os.path.join(self.a.dir, "stream-%s.state" % stream)

    def assert_once(self, stream, ids, kind="item"):
        """The stream has exactly these, each once."""
        got = [m[0].split(".")[-1] for m in self.cluster.messages(stream) if m[0].split(".")[-2] == kind]
        self.assertEqual(len(got), len(set(got)), "told twice: %r" % [i for i in got if got.count(i) > 1][:3])
        self.assertEqual((set(), set()), (set(ids) - set(got), set(got) - set(ids)), "(lost, too many)")


class Alone(Streaming):
    """One server of its own: streams are on one, and none is elected."""

    @classmethod
    def build(cls, world):
        cls.cluster = Cluster(world, n=1)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.alone()
        cls.cluster.start()
        cls.a = world.found()
        cls.a.ask("audience", "create", "Closed", "--kind", "group", "--label", "AMBER")
        cls.cluster.well()

    def make(self, name, **more):
        super().make(name, name.lower(), num_replicas=1, **more)

    def options(self, stream, *more, replicas=1, **kw):
        """The subject is the stream's name."""
        return super().options(stream, "--subject", stream.lower(), *(("--replicas", replicas) if replicas else ()), *more, **kw)


def main():
    """Run the tests of a file; skipped as a whole, and said so, where there is no server."""
    if not SERVER:
        print(MISSING, file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
