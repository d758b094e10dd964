"""What a machine does to a node: the disk fills up, descriptors run out, connections stand half open, a reader
never reads, the clock jumps by ten years, files rot. It goes on, or refuses by name; it never dies of it."""

import contextlib
import errno
import json
import os
import random
import resource
import shutil
import socket
import struct
import subprocess
import time
import unittest

from world import CALL_S, DONE, FAILED, KAIRAN, PATIENCE, World, WorldCase, until

CLOCK = os.environ.get("KAIRAN_FAULT_CLOCK") or os.path.join(os.path.dirname(KAIRAN), "tests", "fault", "fault_clock.so")
TEN_YEARS_S = 3653 * 86400
MIB = 1 << 20


def publish(home, value, **kw):
    return home.publish(value + "\n", "--label", "GREEN", **kw)


def alarms(home):
    return [a["code"] for a in home.status()["alarms"]]


class SmallDisk:
    """A file system of its own, which can be filled and emptied."""

    def __init__(self, world, size):
        self.dir = os.path.join(world.dir, "disk")
        os.mkdir(self.dir)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % size, "tmpfs", self.dir], stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise unittest.SkipTest("no disk of its own: %s" % done.stderr.decode().strip())

    def free(self):
        fs = os.statvfs(self.dir)
        return fs.f_bavail * fs.f_frsize

    def leave(self, free):
        """Fill it until so many bytes are left."""
        block = bytes(MIB)
        ballast = os.open(os.path.join(self.dir, "ballast"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            while self.free() > free:
                os.write(ballast, block[:self.free() - free])
        except OSError as error:
            if error.errno != errno.ENOSPC:  # A node took what was left, meanwhile.
                raise
        finally:
            os.close(ballast)

    def empty(self):
        os.unlink(os.path.join(self.dir, "ballast"))

    def unmount(self):
        subprocess.run(["umount", "-l", self.dir], check=False)


class DiskFull(unittest.TestCase):
    def test_full_and_free_again(self):
        with World() as world:
            disk = SmallDisk(world, 400 * MIB)
            try:
                self.fill(world, disk)
            finally:
                for node in world.nodes:
                    node.kill()
                disk.unmount()

    def fill(self, world, disk):
        a = world.found("Alpha")
        os.mkdir(os.path.join(disk.dir, "beta"), 0o700)
        world.homes["Beta"] = b = type(a)(world, "Beta", os.path.join(disk.dir, "beta"))
        world.join(a, "Beta").run()
        until("linked", lambda: b.live_with(1), 30)
        publish(a, "192.0.2.1")
        b.sees("192.0.2.1")

        # Little is left: nothing of others is taken, and everything else goes on.
        disk.leave(100 * MIB)
        until("Beta says so", lambda: "store.full" in alarms(b))
        publish(a, "192.0.2.2")
        publish(b, "192.0.2.3")
        a.sees("192.0.2.3")
        self.assertTrue(b.query("value:192.0.2.1"))
        self.assertEqual([], b.query("value:192.0.2.2"), "taken, although it said that it would not")

        # Nothing is left: what cannot be written is refused by name, and never half there.
        disk.leave(0)
        refused = 0
        for i in range(20):
            done = b.call("publish", world.file("\n".join("198.51.%d.%d" % (i, j) for j in range(200)) + "\n"),
                          "--to", "all", "--label", "GREEN", "--json")
            if done.status != DONE:
                refused += 1
                self.assertEqual(FAILED, done.status, repr(done))
                self.assertEqual("disk.full", done.error["error"], repr(done))
                self.assertEqual([], b.query("value:198.51.%d.*" % i))
            self.assertTrue(b.node.running(), b.node.log())
        self.assertGreater(refused, 0, "the disk was not full")
        self.assertTrue(b.query("value:192.0.2.3"))

        # Space again: it takes what it missed, by itself.
        disk.empty()
        until("all is well", lambda: "store.full" not in alarms(b))
        b.sees("192.0.2.2", 30)
        publish(b, "192.0.2.4")
        a.sees("192.0.2.4")
        self.assertEqual(DONE, b.node.stop()[0])
        b.run()
        for i in (1, 2, 3, 4):
            self.assertTrue(b.query("value:192.0.2.%d" % i))


class Starved(WorldCase):
    @classmethod
    def build(cls, world):
        cls.a, cls.b = world.network("Alpha", "Beta")

    def limit(self, node, n):
        resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (n, resource.prlimit(node.pid, resource.RLIMIT_NOFILE)[1]))

    def descriptors(self, node):
        return len(os.listdir("/proc/%d/fd" % node.pid))

    def spread(self, value):
        publish(self.a, value)
        self.b.sees(value, 30)

    def test_descriptors_exhausted(self):
        node, before = self.b.node, resource.prlimit(self.b.node.pid, resource.RLIMIT_NOFILE)[0]
        path = os.path.join(self.b.dir, "api.sock")
        held = []
        self.limit(node, self.descriptors(node) + 6)
        try:
            for i in range(60):
                s = socket.socket(*((socket.AF_UNIX,) if i % 2 else (socket.AF_INET,)))
                held.append(s)
                s.settimeout(2)
                with contextlib.suppress(OSError):
                    s.connect(path if i % 2 else ("127.0.0.1", self.b.port_kept))
            # Its link is lost and wanted again, while no descriptor is left for it.
            self.a.node.kill()
            call = self.b.spawn("publish", self.world.file("203.0.113.1\n"), "--to", "all", "--label", "GREEN", "--json")
            self.a.run()
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                self.assertTrue(node.running(), node.log())
                select_wait(0.2)
        finally:
            for s in held:
                s.close()
            self.limit(node, before)
            if not self.a.node.running():
                self.a.run()
        # Who waited at the door is answered now.
        self.assertIn(call.wait(CALL_S), (DONE, FAILED))
        self.assertTrue(node.running(), node.log())
        until("linked again", lambda: self.b.live_with(1), 60)
        self.spread("192.0.2.20")

    def test_too_few_descriptors_to_start(self):
        """Whatever the number, a start is one or a refusal by name."""
        self.assertEqual(DONE, self.b.node.stop()[0])
        started = 0
        for n in (6, 8, 10, 12, 14, 18, 22, 26, 30, 40, 64):
            process = subprocess.Popen(["prlimit", "--nofile=%d" % n] + self.b.command(["run", "--listen", "tcp://127.0.0.1:0"]),
                                       env=self.world.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
            said = b""
            try:
                os.set_blocking(process.stderr.fileno(), False)
                deadline = time.monotonic() + 20 * PATIENCE
                while process.poll() is None and b": Ready: " not in said and time.monotonic() < deadline:
                    said += process.stderr.read() or b""
                    select_wait(0.05)
                said += process.stderr.read() or b""
                if process.poll() is None:
                    self.assertIn(b": Ready: ", said)
                    started += 1
                    process.terminate()
                self.assertIn(process.wait(20 * PATIENCE), (DONE, FAILED), "with %d descriptors: %s" % (n, said))
                self.assertTrue(said.strip(), "with %d descriptors: it said nothing" % n)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
                process.stderr.close()
        self.assertGreater(started, 0)
        self.b.run()
        until("linked again", lambda: self.b.live_with(1), 30)

    def test_half_open_flood(self):
        """Connections on which nobody speaks, or says half a greeting: the others do not notice."""
        held = []
        try:
            for i in range(200):
                s = socket.create_connection(("127.0.0.1", self.b.port_kept), timeout=5)
                if i % 2:
                    s.sendall(b"\xff\0\0\0\0\0\0\0\1\x7f" + b"\3")
                held.append(s)
            for i in range(5):
                self.spread("192.0.2.%d" % (30 + i))
            self.assert_memory(self.b.node)
        finally:
            for s in held:
                s.close()
        self.spread("192.0.2.40")

    def test_reader_that_never_reads(self):
        """Answers that nobody takes cost their reader, and no one else."""
        publish(self.a, "\n".join("10.%d.%d.1" % (i // 200, i % 200) for i in range(20000)))
        self.b.sees("10.99.199.1", 60)
        held = []
        try:
            for _ in range(20):
                s = socket.socket(socket.AF_UNIX)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.connect(os.path.join(self.b.dir, "api.sock"))
                body = json.dumps({"expr": "ip:10.0.0.0/8"}).encode()
                s.sendall(b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                held.append(s)
            for i in range(3):
                self.spread("192.0.2.%d" % (50 + i))
            self.assert_memory(self.b.node)
        finally:
            for s in held:
                s.close()
        self.spread("192.0.2.60")


def select_wait(seconds):
    """Between two looks, not instead of one."""
    import select
    select.select([], [], [], seconds)


class Clock(unittest.TestCase):
    def test_ten_years_either_way(self):
        if not os.path.exists(CLOCK):
            self.skipTest("no library that moves the clock: %s" % CLOCK)
        with World() as world:
            a = world.found("Alpha")
            b = world.join(a, "Beta")
            clock = world.file(struct.pack("<q", 0), "clock")
            env = {"LD_PRELOAD": CLOCK, "KAIRAN_TEST_CLOCK": clock}
            b.run(env=env)
            until("linked", lambda: b.live_with(1), 30)
            published = []
            for step, years in enumerate((1, 0, -1, 0)):
                with open(clock, "r+b") as f:
                    f.write(struct.pack("<q", years * TEN_YEARS_S))
                for home in (a, b):
                    value = "192.0.2.%d" % (10 * step + (home is a))
                    done = home.call("publish", world.file(value + "\n"), "--to", "all", "--label", "GREEN", "--json")
                    self.assertIn(done.status, (DONE, FAILED), repr(done))
                    if done.status == DONE:
                        published.append((home, value))
                    else:
                        self.assertTrue(done.error["error"], repr(done))
                self.assertLess(self.busy(b.node), 0.5, "it spins")
            until("linked again", lambda: b.live_with(1), 60)
            # What was acknowledged is there, and reaches everybody who believes its time.
            for home, value in published:
                self.assertTrue(home.query("value:" + value), value)
            publish(b, "203.0.113.7")
            a.sees("203.0.113.7", 60)
            publish(a, "203.0.113.8")
            b.sees("203.0.113.8", 60)
            # Starting while the clock is wrong: it runs, or says why not; and runs when it is right.
            self.assertEqual(DONE, b.node.stop()[0])
            for years in (1, -1):
                with open(clock, "r+b") as f:
                    f.write(struct.pack("<q", years * TEN_YEARS_S))
                node = b.run(env=env, ready=False)
                until("a word", lambda node=node: node.ready_line() or not node.running(), 30)
                if node.running():
                    self.assertEqual(DONE, node.stop()[0])
                self.assertIn(node.process.returncode, (DONE, FAILED), node.log())
            with open(clock, "r+b") as f:
                f.write(struct.pack("<q", 0))
            b.run(env=env)
            until("linked at last", lambda: b.live_with(1), 60)
            for home, value in published:
                self.assertTrue(home.query("value:" + value), value)

    def busy(self, node):
        """The share of a processor that it takes for a second."""
        began, before = time.monotonic(), node.processor()
        select_wait(1)
        return (node.processor() - before) / (time.monotonic() - began)


class Rot(unittest.TestCase):
    """Files of a stopped node change on the disk. It runs and gives what it was given, or refuses by name."""

    def test_rotten_files(self):
        rng = random.Random(5)
        with World() as world:
            a = world.found("Alpha")
            a.publish("\n".join("10.0.%d.%d" % (i // 200, i % 200) for i in range(400)) + "\n", "--label", "GREEN")
            publish(a, "192.0.2.1")
            a.sees("192.0.2.1")
            self.assertEqual(DONE, a.node.stop()[0])
            refused = 0
            for i in range(12):
                home = type(a)(world, "Copy%d" % i, os.path.join(world.dir, "copy%d" % i))
                shutil.copytree(a.dir, home.dir, ignore=lambda d, names: [n for n in names if n.endswith(".sock")])
                path = os.path.join(home.dir, "index" if i % 2 else "store", "data.mdb")
                size = os.path.getsize(path)
                if i % 4 < 2:
                    os.truncate(path, rng.randrange(size))
                else:
                    with open(path, "r+b") as f:
                        for _ in range(8):
                            f.seek(rng.randrange(size // 4096) * 4096 + rng.randrange(48))
                            f.write(os.urandom(1))
                node = home.run(ready=False)
                until("a word", lambda node=node: node.ready_line() or not node.running(), 30)
                if node.running():
                    until("its index", lambda home=home: home.status()["index_lag_ms"] == 0)
                    self.assertTrue(home.query("value:192.0.2.1"))
                    self.assertEqual(400, len(home.query("ip:10.0.0.0/8")))
                    self.assertEqual(DONE, node.stop()[0])
                else:
                    refused += 1
                    self.assertEqual(0, i % 2, "an index is made anew: %s" % node.log())
                    self.assertEqual(FAILED, node.wait(), node.log())
                    error = home.ask("status", status=FAILED).error["error"]
                    self.assertTrue(error.startswith("store."), error)
            self.assertGreater(refused, 0)

    def test_rotten_index_heads(self):
        """Heads of pages of the index, with nothing to be seen in the file's times: after a clean stop and after a kill it
        answers, takes in more, and says nothing: what is damaged is made anew before LMDB sees it. Any bits; or the one by
        which LMDB takes a page for one that it has copied to memory already, which kills it at its first write."""
        rng = random.Random(7)
        with World() as world:
            a = world.found("Alpha")
            a.publish("\n".join("n%d.example" % i for i in range(3000)) + "\n", "--label", "GREEN")
            publish(a, "192.0.2.1")
            a.sees("192.0.2.1")
            path = os.path.join(a.dir, "index", "data.mdb")
            for i in range(8):
                if i % 2:
                    a.node.kill()
                else:
                    self.assertEqual(DONE, a.node.stop()[0])
                times = os.stat(path)
                with open(path, "r+b") as f:
                    data = bytearray(f.read())
                    pages = len(data) // 4096
                    for page in range(2, pages) if i % 4 < 2 else rng.choices(range(pages), k=8):
                        at, bit = (10, 4) if i % 4 < 2 else (rng.randrange(24), rng.randrange(8))
                        data[page * 4096 + at] ^= 1 << bit
                    f.seek(0)
                    f.write(data)
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
                a.run()
                publish(a, "198.51.100.%d" % i)
                a.sees("198.51.100.%d" % i)
                self.assertTrue(a.query("value:192.0.2.1") and a.query("value:n2999.example"), a.node.log())
                self.assertEqual([], [x for x in a.status()["alarms"] if x["code"].startswith("index")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
