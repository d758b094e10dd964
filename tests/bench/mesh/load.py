"""load: publishing at a steady rate, listening at every node, and nodes killed and started again meanwhile."""

import http.client
import json
import random
import signal
import threading
import time

import world
from api import Api, Refused

PUBLISHERS = 3


class Publication:
    def __init__(self, home, audience, values, asked, acked):
        self.home, self.audience, self.values, self.asked, self.acked = home, audience, values, asked, acked


class Listener(threading.Thread):
    """Reads a node's watch stream and notes, on this process' clock, when each value could be seen there."""

    def __init__(self, home):
        super().__init__(daemon=True)
        self.home, self.seen, self.ready, self.failed = home, {}, threading.Event(), None
        self.start()

    def run(self):
        try:
            for line in Api(self.home).watch():
                now = time.monotonic()
                self.ready.set()
                for value in json.loads(line)["values"] if line else []:
                    self.seen.setdefault(value, now)
        except (OSError, http.client.HTTPException, Refused, ValueError) as e:
            self.failed = e


class Publishers:
    """Threads that publish, together `rate` items a second, each at a home that `pick` says may be asked. What was answered with
    exit status 0 is remembered; what was not may be there or not."""

    def __init__(self, nation, rate, pick, prefix, rng, batch=1):
        self.nation, self.rate, self.pick, self.prefix, self.batch = nation, rate, pick, prefix, batch
        self.done, self.failed, self.refused, self.serial, self.mu = [], 0, [], 0, threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(random.Random(rng.random()), i), daemon=True) for i in range(PUBLISHERS)]
        for t in self.threads:
            t.start()

    def values(self, rng):
        n = self.batch if self.batch > 1 and rng.random() < 0.1 else 1
        with self.mu:
            first, self.serial = self.serial, self.serial + n
        return ["%s-%d.example" % (self.prefix, i) for i in range(first, first + n)]

    def work(self, rng, place):
        apis, gap = {}, PUBLISHERS / self.rate
        due = time.monotonic() + gap * place / PUBLISHERS
        while not self.stopping.wait(max(0, due - time.monotonic())):
            due = max(due + gap, time.monotonic() - gap)
            home = self.pick(rng)
            audience = rng.choice(self.nation.of(home))
            values = self.values(rng)
            body = world.bundle(world.indicator(v, label=audience.label[4:].lower()) for v in values).encode()
            api = apis.setdefault(home, Api(home, 60))
            asked = time.monotonic()
            try:
                got = api.publish(body, to=audience.id)
                now = time.monotonic()
            except (OSError, http.client.HTTPException):
                apis.pop(home).close()
                with self.mu:
                    self.failed += 1
                continue
            except Refused as e:
                with self.mu:
                    self.refused.append("%s to %s: %s" % (home.name, audience.name, e))
                continue
            if got["accepted"] == len(values):
                with self.mu:
                    self.done.append(Publication(home, audience, values, asked, now))

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join(120)


class Killer(threading.Thread):
    """Rounds: a third of the nodes, by lot, get SIGKILL and are started again."""

    def __init__(self, nation, seconds, rng):
        super().__init__(daemon=True)
        self.nation, self.until, self.rng = nation, time.monotonic() + seconds, rng
        self.mu, self.away = threading.Lock(), set()
        self.rounds = self.kills = 0
        self.ended, self.failed = [], None
        self.start()

    def pick(self, rng):
        """A home to publish at. It may be killed at any moment from here on: that is the point."""
        with self.mu:
            return rng.choice([h for h in self.nation.homes if h not in self.away])

    def run(self):
        try:
            while time.monotonic() < self.until:
                self.round()
        except Exception as e:  # Whatever it is, the run has failed; run.py says so.
            self.failed = e

    def round(self):
        victims = self.rng.sample(self.nation.homes, max(1, len(self.nation.homes) // 3))
        for h in victims:
            if not h.node.running():
                self.ended.append("%s: %r: %s" % (h.name, h.node.process.returncode, h.node.log()[-2000:]))
            h.node.signal(signal.SIGKILL)
            self.kills += 1
        for h in victims:
            h.node.kill()
        with self.mu:
            self.away = set(victims)
        time.sleep(self.rng.uniform(0, 1.5))
        for h in victims:
            self.nation.start(h)
            with self.mu:
                self.away.discard(h)
        self.rounds += 1
        time.sleep(self.rng.uniform(0, 2))


class Memory(threading.Thread):
    """Samples each node's resident memory each second: (all, without mapped files), in bytes."""

    def __init__(self, nation):
        super().__init__(daemon=True)
        self.nation, self.most, self.stopping = nation, {h: (0, 0) for h in nation.homes}, threading.Event()
        self.start()

    @staticmethod
    def of(pid):
        found = {}
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith(("VmRSS:", "RssAnon:")):
                    found[line.split(":")[0]] = int(line.split()[1]) * 1024
        return found["VmRSS"], found["RssAnon"]

    def run(self):
        while not self.stopping.wait(1):
            for h in self.nation.homes:
                try:
                    now = self.of(h.node.pid)
                except (OSError, KeyError):
                    continue  # It was killed just now.
                self.most[h] = tuple(max(a, b) for a, b in zip(self.most[h], now))

    def stop(self):
        self.stopping.set()
        self.join(10)
