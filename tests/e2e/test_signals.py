"""Starting and stopping a node: ready line, READY=1, SIGTERM."""

import json
import os
import signal
import socket
import unittest

from world import DONE, PATIENCE, WorldCase, addresses, indicator, until

STOP_S = 2.0 * PATIENCE


class Signals(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a, cls.b = world.network("Alpha", "Beta")

    def assert_stops(self, home, number=signal.SIGTERM):
        import time
        began = time.monotonic()
        home.node.signal(number)
        status = home.node.wait()
        took = time.monotonic() - began
        self.assertEqual(DONE, status, home.node.log())
        self.assertLess(took, STOP_S)
        self.assertFalse(os.path.exists(os.path.join(home.dir, "api.sock")), "its socket is gone")

    def test_ready_line(self):
        line = self.a.node.ready_line()
        self.assertRegex(line, r"Ready: Alpha on tcp://127\.0\.0\.1:\d+/[a-z2-7]{52} \(home .*alpha\)$")
        japanese = self.world.join(self.a, "Nihon")
        japanese.node = None
        node = japanese.run(env={"LANG": "ja_JP.UTF-8"})
        self.assertIn("稼働中: Nihon", node.log())
        self.assertEqual(DONE, node.stop()[0])

    def test_sigterm_with_links_up(self):
        for home, number in ((self.b, signal.SIGTERM), (self.a, signal.SIGINT)):
            self.assert_stops(home, number)
            home.run()
        until("live again", lambda: self.b.live_with(1), 30)

    def test_sigterm_with_a_watcher_and_a_peer_that_is_stalled(self):
        watcher = self.a.spawn("watch", "--json")
        self.addCleanup(watcher.kill)
        peer = self.b.node
        peer.signal(signal.SIGSTOP)
        try:
            self.a.publish("\n".join(addresses(50000)) + "\n", "--label", "GREEN")
            raw = socket.create_connection(("127.0.0.1", self.a.port()))  # Connects, and says nothing.
            self.addCleanup(raw.close)
            self.assert_stops(self.a)
        finally:
            peer.signal(signal.SIGCONT)
        self.a.run()
        until("live again", lambda: self.b.live_with(1), 30)
        self.b.sees("198.18.195.79", 30)

    def test_sigterm_while_a_publish_waits(self):
        path = self.world.file(json.dumps(indicator("waits.example")))
        call = self.b.spawn("publish", path, "--to", "all", "--wait", "7", "--timeout", "60s", "--json")
        until("it is published", lambda: self.b.query("value:waits.example"))
        self.assert_stops(self.b)
        call.wait(10)
        self.b.run()
        self.assertEqual(1, len(self.b.query("value:waits.example")))
        until("live again", lambda: self.b.live_with(1), 30)

    def notify_socket(self, name, abstract=False):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(s.close)
        s.settimeout(20 * PATIENCE)
        if abstract:
            name = "kairan-test-%d" % os.getpid()
            s.bind("\0" + name)
            return s, "@" + name
        path = os.path.join(self.world.dir, name)
        s.bind(path)
        return s, path

    def test_sd_notify(self):
        home = self.world.join(self.a, "Notified")
        for abstract in (False, True):
            s, name = self.notify_socket("notify", abstract)
            node = home.run(env={"NOTIFY_SOCKET": name})
            self.assertIn(b"READY=1", s.recv(4096))
            self.assertEqual(DONE, home.call("status").status, "whoever is told so can ask")
            self.assertEqual(DONE, node.stop()[0])
            self.assertIn(b"STOPPING=1", s.recv(4096))

    def test_clean_stop_is_remembered(self):
        home = self.world.join(self.a, "Tidy")
        home.run()
        until("live", lambda: home.live_with(1), 30)
        home.publish(json.dumps(indicator("one-tidy.example")))
        logs = home.status()["logs"]
        self.assert_stops(home)
        home.run()
        home.publish(json.dumps(indicator("two-tidy.example")))
        self.assertEqual(logs, home.status()["logs"], "the log goes on after a clean stop")
        home.node.kill()
        home.run()
        home.publish(json.dumps(indicator("three-tidy.example")))
        self.assertGreater(home.status()["logs"], logs, "a new incarnation after any other")
        home.node.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
