"""world: homes, nodes and calls of the program, as a user has them; all gone at the end.

KAIRAN names the program (else build/kairan), KAIRAN_DATA a folder with real files (else none). Nothing
here sleeps for a fixed time: `until` asks again until it is so or the deadline has passed. Processes
are ended by their own id only.
"""

import contextlib
import json
import os
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KAIRAN = os.environ.get("KAIRAN") or os.path.join(ROOT, "build", "kairan")
DATA = os.environ.get("KAIRAN_DATA") or ""
SAMPLES = os.path.join(ROOT, "tests", "gen", "samples")
# A sanitized program, or a machine with much to do, takes longer; what is promised in seconds is not
# stretched by this.
PATIENCE = float(os.environ.get("KAIRAN_PATIENCE") or 1)
CALL_S = 60 * PATIENCE
# Memory of a sanitized program says nothing of the program.
SANITIZED = os.environ.get("KAIRAN_SANITIZED") == "1"
PRIVATE_MAX = 256 << 20
DONE, FAILED, USAGE, FORBIDDEN, NOTHING = range(5)
CRASH = re.compile(rb"Sanitizer|runtime error:|Assertion .* failed")


def end(number, frame):
    """SIGTERM of whoever runs the tests: clear away as after a failure."""
    raise SystemExit(128 + number)


signal.signal(signal.SIGTERM, end)


def until(what, condition, seconds=20.0):
    """Ask until condition() is true; its value. Tells what was awaited, and the last value seen."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError("%s: not within %.1f s; last seen: %r" % (what, seconds * PATIENCE, got))
        time.sleep(0.02)  # Between two questions, not instead of one.


class Result:
    """What a call did: exit status, standard output and error, as bytes, text and JSON lines."""

    def __init__(self, args, status, out, err):
        self.args, self.status, self.out_bytes = args, status, out
        self.out = out.decode("utf-8", "replace")
        self.err = err.decode("utf-8", "replace")

    @property
    def rows(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    @property
    def last(self):
        return self.rows[-1]

    @property
    def error(self):
        """The one JSON object that an error is with --json."""
        lines = [line for line in self.err.splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else None

    def __repr__(self):
        return "%r: exit %r\n--- out\n%s\n--- err\n%s" % (self.args, self.status, self.out[:3000], self.err[:3000])


class Port:
    """A free port of loopback and the one after it (where newcomers are heard), kept for one home: bound and not
    listened to, so that the system hands them to nobody else while the node is down, and the node may listen."""

    def __init__(self):
        for _ in range(100):
            self.sockets = [self.bound(0)]
            self.number = self.sockets[0].getsockname()[1]
            try:
                self.sockets.append(self.bound(self.number + 1))
                return
            except (OSError, OverflowError):
                self.close()
        raise AssertionError("no two free ports side by side")

    @staticmethod
    def bound(number):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", number))
        except BaseException:
            s.close()
            raise
        return s

    def close(self):
        for s in self.sockets:
            s.close()


class Node:
    """A `run` in the foreground, listened to until it has said that it is ready."""

    def __init__(self, home, options, env=None, ready=True):
        self.home = home
        self.log_path = os.path.join(home.world.dir, "%s.%d.log" % (os.path.basename(home.dir), len(home.world.nodes)))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                home.command(["run"] + list(options)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=log, env=home.world.environment(env))
        self.pid = self.process.pid
        home.world.nodes.append(self)
        if ready:
            try:
                self.wait_ready()
            except AssertionError:
                self.kill()
                raise

    def log(self):
        with open(self.log_path, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def running(self):
        return self.process.poll() is None

    def processor(self):
        """Seconds of processors that it has used."""
        with open("/proc/%d/stat" % self.pid, encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ready_line(self):
        for line in self.log().splitlines():
            if ": Ready: " in line or "稼働中: " in line:
                return line
        return None

    def wait_ready(self, seconds=30):
        def check():
            if self.ready_line():
                return True
            if not self.running():
                raise AssertionError("run ended with %r: %s" % (self.process.returncode, self.log()))
            return False
        until("the ready line of %s" % self.home.name, check, seconds)

    def wait(self, seconds=20):
        """Its exit status once it has ended by itself."""
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError("run of %s did not end; log: %s" % (self.home.name, self.log())) from None

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; exit status and the seconds it took."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.wait(), time.monotonic() - began

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()

    def private_bytes(self):
        """Memory of its own: what smaps_rollup calls private, without mapped files' clean pages."""
        total = 0
        with open("/proc/%d/smaps_rollup" % self.pid) as f:
            for line in f:
                if line.startswith(("Private_Clean:", "Private_Dirty:")):
                    total += int(line.split()[1]) * 1024
        return total


class Home:
    """The home of one node, and the calls made in it."""

    def __init__(self, world, name, directory=None):
        self.world, self.name = world, name
        self.dir = directory or os.path.join(world.dir, name.lower())
        self.node = None
        self.kept = None

    def command(self, args):
        return [KAIRAN, "--home", self.dir] + list(args)

    def call(self, *args, stdin=None, env=None, seconds=None, cwd=None):
        """One verb to its end, whatever its exit status."""
        args = [str(a) for a in args]
        done = subprocess.run(self.command(args), input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.world.environment(env),
                              timeout=seconds or CALL_S, cwd=cwd, start_new_session=True)
        result = Result(args, done.returncode, done.stdout, done.stderr)
        if done.returncode < 0 or CRASH.search(done.stderr):
            raise AssertionError("the program crashed: %r" % result)
        return result

    def ask(self, *args, status=DONE, **kw):
        """One verb with --json, which must end with this exit status; its Result."""
        result = self.call(*args, "--json", **kw)
        if result.status != status:
            raise AssertionError("exit status %d expected: %r" % (status, result))
        return result

    def spawn(self, *args):
        """A verb that goes on: the process, its output to be read by a Reader."""
        process = subprocess.Popen(self.command([str(a) for a in args]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.world.environment(), start_new_session=True)
        self.world.processes.append(process)
        return process

    def run(self, *options, env=None, ready=True, listen=True):
        """Start its node: on a free port, and always on the same, so that others find it."""
        if listen and not any(str(o).split("=")[0] == "--listen" for o in options):
            options = ("--listen", "tcp://127.0.0.1:%d" % self.port_kept) + options
        self.node = Node(self, options, env, ready)
        return self.node

    @property
    def port_kept(self):
        if self.kept is None:
            self.kept = Port()
            self.world.ports.append(self.kept)
        return self.kept.number

    @port_kept.setter
    def port_kept(self, none):
        """None: another one from now on."""
        assert none is None
        self.kept = None

    def run_again(self, *options):
        """Start it where it was; another program may hold the port for a moment."""
        for left in range(20, -1, -1):
            try:
                return self.run(*options)
            except AssertionError:
                if left == 0:
                    raise
                time.sleep(0.5)

    def status(self):
        return self.ask("status").last

    def org_id(self):
        return self.ask("org", "show", self.status()["org"]).rows[0]["id"]

    def address(self):
        return self.status()["address"]

    def endpoint(self):
        return self.address().rsplit("/", 1)[0]

    def port(self):
        return int(self.endpoint().rsplit(":", 1)[1])

    def state(self):
        """What can be compared between replicas: entries, items, state hash."""
        s = self.status()
        return s["logs"], s["entries"], s["items"], s["state"]

    def publish(self, data, *options, to="all", status=DONE, name="input"):
        """Publish text or bytes by way of a file; the last line of the answer."""
        path = self.world.file(data, name)
        return self.ask("publish", path, "--to", to, *options, status=status).last

    def query(self, *expr, status=None):
        """The rows of an expression; [] where nothing matches."""
        result = self.call("query", "--json", *expr)
        if result.status not in ((DONE, NOTHING) if status is None else (status,)):
            raise AssertionError(repr(result))
        return result.rows if result.status in (DONE, NOTHING) else result

    def values(self, *expr):
        return sorted(row["value"] for row in self.query(*expr) if row["value"] is not None)

    def sees(self, value, seconds=20):
        return until("%s sees %s" % (self.name, value), lambda: self.query("value:" + value), seconds)

    def live_with(self, n, member=True):
        """Whether n links are up, all they share is live, and it knows the community of all members: one that has just joined
        reads of it a moment after its first link. A provider is no member."""
        live = [p for p in self.ask("peers").rows if p["state"] == "live"]
        return len(live) >= n and (not member or "all" in [a["name"] for a in self.ask("audience", "list").rows])

    def files(self):
        for folder, _, names in os.walk(self.dir):
            for name in names:
                yield os.path.join(folder, name)

    def scan(self, *needles):
        """Which of these byte strings stand in any file of the home."""
        found = set()
        for path in self.files():
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                data = f.read()  # Stores are sparse: the file's length is what was used.
            found.update(needle for needle in needles if needle in data)
        return found


class Lines:
    """Reads a process' standard output line by line, with deadlines."""

    def __init__(self, process):
        self.process, self.buffer = process, b""

    def next(self, seconds=20):
        deadline = time.monotonic() + seconds * PATIENCE
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            if not ready:
                raise AssertionError("no line within %.1f s" % seconds)
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                raise AssertionError("output ended: %r %s" % (self.buffer, self.process.stderr.read()))
            self.buffer += part
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode("utf-8")


class World:
    """A folder with homes in it. A context manager: at its end nothing is left."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="kairan-e2e-")
        self.passphrase = secrets.token_hex(12)
        self.nodes, self.processes, self.homes, self.ports = [], [], {}, []
        self.serial = 0

    def environment(self, changes=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("KAIRAN_HOME", "KAIRAN_PASSPHRASE", "LC_", "NOTIFY_"))}
        env.update(LANG="C.UTF-8", KAIRAN_PASSPHRASE=self.passphrase, HOME=self.dir)
        for key, value in (changes or {}).items():
            if value is None:
                env.pop(key, None)
            else:
                env[key] = value
        return env

    def home(self, name):
        if name not in self.homes:
            self.homes[name] = Home(self, name)
        return self.homes[name]

    def path(self, name):
        self.serial += 1
        return os.path.join(self.dir, "%d-%s" % (self.serial, name))

    def file(self, data, name="input"):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        return path

    def found(self, name="Alpha", network="Testnet", run=True, **kw):
        home = self.home(name)
        home.ask("network", "create", "--name", network, "--org", name)
        if run:
            home.run(**kw)
        return home

    def join(self, sponsor, name, *options, verb="org"):
        """Request, admit and join, with the words of both directions; the home, not yet running."""
        home = self.home(name)
        request, admission = self.path(name + ".request"), self.path(name + ".admission")
        org = ["--org", sponsor.org_id()] if verb == "node" else []
        words = home.ask(verb, "request", "--name", name, "--out", request, *org).last["words"]
        back = sponsor.ask(verb, "admit", request, "--out", admission, "--fingerprint", words, *options).last["words"]
        home.ask(verb, "join", admission, "--fingerprint", back)
        return home

    def network(self, *names):
        """A founder and members, all running and all linked with the founder."""
        first = self.found(names[0])
        for name in names[1:]:
            self.join(first, name).run()
        homes = [self.home(name) for name in names]
        for home in homes[1:]:
            until("%s is live" % home.name, lambda home=home: home.live_with(1), 30)
        until("%s is live with all" % first.name, lambda: first.live_with(len(names) - 1), 30)
        return homes

    def crashed(self):
        """Nodes that ended otherwise than by us or by themselves."""
        bad = []
        for node in self.nodes:
            status = node.process.poll()
            if (status is not None and status < 0 and status != -signal.SIGKILL) or CRASH.search(node.log().encode()):
                bad.append("%s: %r: %s" % (node.home.name, status, node.log()[-4000:]))
        return bad

    def close(self):
        for node in self.nodes:
            node.kill()
        bad = self.crashed()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()
        for port in self.ports:
            port.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        if bad:
            raise AssertionError("nodes crashed: " + "\n".join(bad))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class WorldCase(unittest.TestCase):
    """Tests that share one world, made by `build` before the first of them."""

    world = None

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.build(cls.world)

    @classmethod
    def build(cls, world):
        raise NotImplementedError

    def run(self, result=None):
        """What the nodes said stands below a failure."""
        before = len(result.failures) + len(result.errors) if result else 0
        out = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            for node in self.world.nodes if self.world else []:
                with contextlib.suppress(OSError):
                    print("--- %s: %s" % (os.path.basename(node.log_path), node.log()[-1500:]), flush=True)
        return out

    def assert_memory(self, node):
        """Private memory stays bounded, whatever comes."""
        if not SANITIZED:
            self.assertLess(node.private_bytes(), PRIVATE_MAX)


def keys_of(case, row, keys):
    """Every promised key is there."""
    case.assertEqual([], [k for k in keys.split() if k not in row], "keys missing in %r" % row)


def addresses(n, start=0):
    """n different addresses of 198.18.0.0/15, which is set aside for benchmarks."""
    return ["198.%d.%d.%d" % (18 + (i >> 16), i >> 8 & 255, i & 255) for i in range(start, start + n)]


def indicator(value, label="green", serial=None, **more):
    """A STIX indicator of our own making; the same value gives the same object."""
    import uuid
    kind = "ipv4-addr" if value.replace(".", "").replace("/", "").isdigit() else "domain-name"
    marks = {"clear": "94868c89-83c2-464b-929b-a1a8aa3c8487", "green": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
             "amber": "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber+strict": "939a9414-2ddd-4d32-a0cd-375ea402b003",
             "red": "e828b379-4e03-4974-9ac4-e53a884c97c1"}
    o = {"type": "indicator", "spec_version": "2.1",
         "id": "indicator--%s" % uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_URL, "kairan:" + (serial or value)).bytes, version=4),
         "created": "2026-01-15T09:30:00.000Z", "modified": "2026-01-15T09:30:00.000Z", "valid_from": "2026-01-15T09:30:00Z",
         "pattern": "[%s:value = '%s']" % (kind, value), "pattern_type": "stix"}
    if label:
        o["object_marking_refs"] = ["marking-definition--" + marks[label]]
    o.update(more)
    return o


def bundle(objects):
    import uuid
    return json.dumps({"type": "bundle", "id": "bundle--%s" % uuid.uuid4(), "objects": list(objects)}, ensure_ascii=False)
