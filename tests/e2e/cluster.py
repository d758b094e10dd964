"""cluster: three real servers of a NATS JetStream cluster on loopback, and a client of a few lines to ask them."""

import base64
import json
import os
import secrets
import shutil
import socket
import subprocess

from world import Port, until

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
