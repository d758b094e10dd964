"""Who is not admitted gets nothing: not even the network's id. Who is revoked gets nothing new."""

import json
import os
import random
import select
import socket
import threading
import time
import unittest

from world import DONE, FAILED, FORBIDDEN, World, WorldCase, bundle, indicator, until

CUT_S = 2.0


class Relay:
    """A wire that is listened to: passes bytes on to a port, and keeps all of them."""

    def __init__(self, port):
        self.target = port
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.heard = {"up": b"", "down": b""}  # up: what the caller said.
        self.sockets, self.links, self.lock = [self.server], 0, threading.Lock()
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                caller, _ = self.server.accept()
                callee = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.links += 1
            self.sockets += [caller, callee]
            for way, a, b in (("up", caller, callee), ("down", callee, caller)):
                thread = threading.Thread(target=self.pass_on, args=(way, a, b), daemon=True)
                self.threads.append(thread)
                thread.start()

    def pass_on(self, way, a, b):
        try:
            while data := a.recv(65536):
                with self.lock:
                    self.heard[way] += data
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        for thread in self.threads:
            thread.join(5)


def zmtp_greeting(mechanism, server=False):
    return b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + mechanism.ljust(20, b"\0") + bytes([server]) + bytes(31)


class Stranger(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a, cls.b = world.network("Alpha", "Beta")
        cls.a.publish(bundle(indicator("private%d.example" % i) for i in range(20)), "--wait", "1")

    def needles(self):
        """What a stranger must not learn, as text and as bytes."""
        status = self.a.status()
        texts = [status["network"], status["org_id"], "private7.example", "Testnet", self.b.status()["org_id"],
                 self.b.status()["node"], status["node"]]
        return [t.encode() for t in texts] + [bytes.fromhex(t) for t in texts if len(t) == 64]

    def test_request_without_admission_cannot_run(self):
        home = self.world.home("Waiting")
        home.ask("org", "request", "--name", "Waiting", "--out", self.world.path("request"))
        result = home.call("run", "--listen", "tcp://127.0.0.1:0", "--dial", self.a.address(), "--json")
        self.assertEqual(FAILED, result.status)
        self.assertIn(result.error["error"], ("home.not-admitted", "home.no-network"))
        self.assertTrue(result.error["do"])

    def test_other_network_with_address_and_key_learns_nothing(self):
        port, key = self.a.port(), self.a.address().rsplit("/", 1)[1]
        relays = []
        for p in (port, port + 1):  # The introduction socket's port is not told to strangers, but may be guessed.
            relays.append(Relay(p))
            self.addCleanup(relays[-1].close)
        other = World()
        self.addCleanup(other.close)
        stranger = other.found("Stranger", network="Elsewhere", run=False)
        stranger.run("--dial", "tcp://127.0.0.1:%d/%s" % (relays[0].port, key))
        until("it dialled", lambda: relays[0].links > 0 and relays[0].heard["up"])
        until("the node says who was refused", lambda: "which no certificate of this network names" in self.a.node.log())
        until("the stranger says so", lambda: [line for line in stranger.node.log().splitlines()
                                               if "refused" in line or "does not answer" in line], 30)
        self.assertIn("refused", stranger.node.log(), "in words, on its side too")
        until("it tried twice", lambda: relays[0].links >= 2, 30)
        self.assertEqual(0, stranger.status()["peers"])
        self.assertEqual([], [p for p in self.a.ask("peers").rows if p["org"] == "Stranger"])
        heard = b"".join(r.heard[way] for r in relays for way in ("up", "down"))
        self.assertTrue(heard)
        for needle in self.needles():
            self.assertNotIn(needle, heard)
        self.assertEqual(set(), stranger.scan(*self.needles()))
        for needle in self.needles():
            self.assertNotIn(needle, stranger.node.log().encode())
        # What a stranger is told is as long as the handshake: nothing can hide in it.
        self.assertLess(len(relays[0].heard["down"]) / max(1, relays[0].links), 2000)
        self.assertTrue(self.a.live_with(1), "members stay linked")

    def test_introduction_socket_tells_a_stranger_nothing(self):
        other = World()
        self.addCleanup(other.close)
        key = self.a.address().rsplit("/", 1)[1]
        intro = self.intro_port()
        if intro is None:
            self.skipTest("no second listening port found")
        relay = Relay(intro)
        self.addCleanup(relay.close)
        stranger = other.found("Stranger", network="Elsewhere", run=False)
        stranger.run("--dial", "tcp://127.0.0.1:%d/%s" % (relay.port, key))
        until("it dialled", lambda: relay.links > 0 and relay.heard["up"])
        until("the stranger gives up", lambda: relay.links >= 2 or "refused" in stranger.node.log(), 30)
        self.assertEqual(0, stranger.status()["peers"])
        for needle in self.needles():
            self.assertNotIn(needle, relay.heard["up"] + relay.heard["down"])
            self.assertNotIn(needle, stranger.node.log().encode())
        self.assertEqual(set(), stranger.scan(*self.needles()))

    def intro_port(self):
        """The other port on which the node listens."""
        inodes = set()
        for fd in os.listdir("/proc/%d/fd" % self.a.node.pid):
            try:
                link = os.readlink("/proc/%d/fd/%s" % (self.a.node.pid, fd))
            except OSError:
                continue
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
        with open("/proc/net/tcp") as f:
            for line in list(f)[1:]:
                part = line.split()
                port = int(part[1].split(":")[1], 16)
                if part[3] == "0A" and part[9] in inodes and port != self.a.port():
                    return port
        return None

    def assert_undisturbed(self, what):
        self.assertTrue(self.a.node.running(), what)
        value = "after-%s.example" % what
        answer = self.a.publish(json.dumps(indicator(value)), "--wait", "1")
        self.assertGreaterEqual(answer["held_by"], 1, what)
        self.b.sees(value, 5)

    def test_noise_does_not_disturb(self):
        rng = random.Random(7)
        ports = [self.a.port()] + ([self.intro_port()] if self.intro_port() else [])
        noises = {
            "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "random": rng.randbytes(200000),
            "null": zmtp_greeting(b"NULL") + b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER",
            "plain": zmtp_greeting(b"PLAIN") + b"\x04\x10\x05HELLO\x04user\x04pass",
            "curve": zmtp_greeting(b"CURVE") + b"\x04\xc8\x05HELLO\x01\x00" + rng.randbytes(192),
            "curve-long": zmtp_greeting(b"CURVE") + b"\x06" + b"\xff" * 8 + rng.randbytes(5000),
            "half": zmtp_greeting(b"CURVE")[:20],
            "empty": b"",
            "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(500),
        }
        for port in ports:
            for name, noise in noises.items():
                with self.subTest(noise=name, port=ports.index(port)):
                    sockets = []
                    for _ in range(5):
                        s = socket.create_connection(("127.0.0.1", port), timeout=10)
                        sockets.append(s)
                        try:
                            s.sendall(noise)
                        except OSError:
                            pass  # Closed on us: as good.
                    got = b""
                    ready, _, _ = select.select(sockets, [], [], 0.2)
                    for s in ready:
                        try:
                            got += s.recv(65536)
                        except OSError:
                            pass
                    for needle in self.needles():
                        self.assertNotIn(needle, got)
                    self.assert_undisturbed("%s-%d" % (name, ports.index(port)))
                    for s in sockets:
                        s.close()
        self.assert_memory(self.a.node)

    def test_many_connections_that_say_nothing(self):
        sockets = [socket.create_connection(("127.0.0.1", self.a.port()), timeout=10) for _ in range(300)]
        try:
            self.assert_undisturbed("many")
        finally:
            for s in sockets:
                s.close()
        self.assert_memory(self.a.node)

    def test_local_interface_refuses_nonsense(self):
        for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
                        b"POST /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n[1,2]",
                        b"POST /v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n{\"expr\": 5}",
                        b"POST /v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", os.urandom(2000)):
            s = socket.socket(socket.AF_UNIX)
            s.connect(os.path.join(self.a.dir, "api.sock"))
            s.settimeout(5)
            s.sendall(request)
            try:
                answer = s.recv(65536)
            except TimeoutError:
                answer = b""
            self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0], request)
            s.close()
        self.assert_undisturbed("api")


class Revoked(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a, cls.b, cls.c = world.network("Alpha", "Beta", "Gamma")

    def test_revoked_is_cut_off(self):
        self.a.publish(json.dumps(indicator("before.example")), "--wait", "2")
        self.c.sees("before.example")
        began = time.monotonic()
        self.a.ask("org", "revoke", "Gamma", "--reason", "compromise")
        until("the link is gone", lambda: "Gamma" not in [p["org"] for p in self.a.ask("peers").rows], CUT_S)
        self.assertLess(time.monotonic() - began, CUT_S + 1)
        until("Beta knows", lambda: "revoked" in [o["status"] for o in self.b.ask("org", "list").rows if o["name"] == "Gamma"], 5)
        until("Beta cut it off", lambda: "Gamma" not in [p["org"] for p in self.b.ask("peers").rows], 5)
        for i in range(5):
            self.a.publish(json.dumps(indicator("after%d.example" % i)), "--wait", "1", "--timeout", "60s")
        self.b.sees("after4.example")
        self.assertEqual([], self.c.query("value:after0.example"))
        # Nor after it starts again and dials.
        self.c.node.stop()
        self.c.run("--dial", self.a.address())
        until("it is refused in words", lambda: "refused" in self.c.node.log(), 30)
        self.assertEqual([], self.c.query("value:after4.example"))
        self.assertEqual(0, self.c.status()["peers"])
        self.assertEqual(set(), self.c.scan(b"after0.example", b"after4.example"))
        self.assertEqual(1, len(self.c.query("value:before.example")), "what it read stays read")
        # It may publish at home, but nobody takes it.
        self.c.call("publish", self.world.file("by-revoked.example\n"), "--to", "all", "--label", "GREEN")
        self.a.publish(json.dumps(indicator("last.example")), "--wait", "1")
        self.assertEqual([], self.b.query("value:by-revoked.example") + self.a.query("value:by-revoked.example"))

    def test_founder_and_self_cannot_be_revoked(self):
        self.assertEqual(FORBIDDEN, self.a.call("org", "revoke", "Alpha").status)
        self.assertNotEqual(DONE, self.b.call("org", "revoke", "Alpha").status)


if __name__ == "__main__":
    unittest.main(verbosity=2)
