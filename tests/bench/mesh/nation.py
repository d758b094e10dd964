"""nation: a small country of organisations, by real ceremonies, each with a real node: a ministry that founded the network,
prefectures that it admitted, towns that these admitted, and a relay. Homes, nodes and calls are those of tests/e2e/world.py."""

import signal
import time

import world
from api import Api, Refused

TOWNS_EACH = 5


class Audience:
    """name, kind, and the homes that read it, that may write to it, and that carry it."""

    def __init__(self, name, kind, label, members, owner, relays=()):
        self.name, self.kind, self.label, self.members, self.owner, self.relays = name, kind, label, members, owner, relays
        self.id = None


def shape(n):
    """(prefectures, towns) of n organisations beside the ministry and the relay."""
    left = n - 2
    prefectures = max(1, (left + TOWNS_EACH) // (TOWNS_EACH + 1))
    return prefectures, left - prefectures


class Nation:
    def __init__(self, w, n, say):
        self.w, self.say = w, say
        began = time.monotonic()
        self.found(n)
        say("%d organisations by ceremony, their nodes run: %.1f s" % (n, time.monotonic() - began))
        self.wait_known()
        self.make_audiences()
        self.wait_keys()
        say("%d audiences, and who belongs to one has its key: %.1f s" % (len(self.audiences), time.monotonic() - began))

    def found(self, n):
        prefectures, towns = shape(n)
        self.ministry = self.w.found("Ministry", run=False)
        self.start(self.ministry)
        self.relay = self.admit(self.ministry, "Relay")
        self.prefectures = [self.admit(self.ministry, "Prefecture %d" % (i + 1), "--may-admit", "1", "--attr", "kind=prefecture")
                            for i in range(prefectures)]
        self.towns = {p: [] for p in self.prefectures}
        for i in range(towns):
            above = self.prefectures[i % prefectures]
            self.towns[above].append(self.admit(above, "Town %d" % (i + 1), "--attr", "kind=town"))
        self.homes = [self.ministry, self.relay] + self.prefectures + [t for p in self.prefectures for t in self.towns[p]]

    def admit(self, sponsor, name, *options):
        home = self.w.join(sponsor, name, *options)
        self.start(home)
        return home

    @staticmethod
    def start(home):
        # Its port for newcomers is a free one each time: another node may have the one after its own.
        return home.run_again("--listen-intro", "tcp://127.0.0.1:0")

    def wait_known(self):
        for home in self.homes:
            world.until("%s knows everybody and has links" % home.name,
                        lambda home=home: len(home.ask("org", "list").rows) == len(self.homes) and
                        home.live_with(min(3, len(self.homes) - 1)), 120)

    def make_audiences(self):
        everybody = self.homes
        self.audiences = [Audience("public", "public", "TLP:CLEAR", everybody, self.ministry),
                          Audience("all", "community", "TLP:GREEN", everybody, self.ministry)]
        first = [self.towns[p][0] for p in self.prefectures if self.towns[p]]
        circle = [self.ministry] + self.prefectures[:1] + first + [t for p in self.prefectures for t in self.towns[p][1:2]]
        self.create("Water", "group", circle, self.ministry, "--steward", self.prefectures[0].name, "--relay", "Relay", relays=(self.relay,))
        for p in self.prefectures:
            self.create("Towns of " + p.name, "group", [p, self.ministry] + self.towns[p], p, "--steward", "Ministry")
        owner = self.prefectures[0]
        self.create("Prefectures", "community", self.prefectures, owner, "--rule", "kind=prefecture",
                    *[o for p in self.prefectures[1:2] for o in ("--steward", p.name)], label="GREEN")
        ids = {a["name"]: a["id"] for a in self.ministry.ask("audience", "list", "--all").rows}
        for a in self.audiences[:2]:
            a.id = ids[a.name]

    def create(self, name, kind, members, owner, *options, label="AMBER", relays=()):
        named = [o for m in members if kind == "group" and m is not owner for o in ("--member", m.name)]
        a = Audience(name, kind, "TLP:" + label, members, owner, relays)
        a.id = owner.ask("audience", "create", name, "--kind", kind, "--label", label, *named, *options).last["id"]
        self.audiences.append(a)

    def wait_keys(self):
        for home in self.homes:
            mine = {a.id for a in self.audiences if home in a.members and a.kind != "public"}
            world.until("%s has the keys of its audiences" % home.name,
                        lambda home=home, mine=mine: mine <= {a["id"] for a in home.ask("audience", "list").rows if a["epoch"] is not None}, 120)

    def of(self, home):
        return [a for a in self.audiences if home in a.members]

    def holding(self, a, home):
        row = Api(home, 60).rows("audience-show", {"audience": a.id})[0]
        return row["entries"], row["heads"]

    def differences(self):
        """Where members and relays of an audience hold different entries, or nodes have different rosters; [] where all agree."""
        found = []
        status = {h: Api(h, 60).status() for h in self.homes}
        if len({s["state"] for s in status.values()}) > 1:
            found.append(("state", {h.name: s["state"][:8] for h, s in status.items()}))
        lag = {h.name: s["index_lag_ms"] for h, s in status.items() if s["index_lag_ms"] > 0}
        if lag:
            found.append(("index_lag_ms", lag))
        for a in self.audiences:
            held = {h: self.holding(a, h) for h in list(a.members) + list(a.relays)}
            if len(set(held.values())) > 1:
                found.append((a.name, {h.name: (n, heads[:8]) for h, (n, heads) in held.items()}))
        return found

    def restart(self):
        """All of them, cleanly: each chooses its links anew, knowing of all others; while the network grew, it did not."""
        for h in self.homes:
            h.node.signal(signal.SIGTERM)
        for h in self.homes:
            h.node.wait()
        for h in self.homes:
            self.start(h)
        self.wait_known()

    def links(self):
        return [len([p for p in Api(h, 60).rows("peers") if p["org"]]) for h in self.homes]

    def letters(self):
        """Entries of mailboxes that a node holds: its own letters, those to it, and what it carries for others."""
        return [Api(h, 60).status()["entries"] - sum(self.holding(a, h)[0] for a in self.audiences if h in a.members or h in a.relays)
                for h in self.homes]

    def quiet(self, still, seconds):
        """Wait until no node has taken an entry, or changed its links, for so long: receipts for what was published have gone
        out, and links that were made for them alone are gone."""
        last, since = None, time.monotonic()

        def check():
            nonlocal last, since
            now = [Api(h, 60).status()["entries"] for h in self.homes] + self.links()
            if now != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since >= still
        began = since
        world.until("nothing is on its way", check, seconds)
        self.say("quiet for %.0f s after %.1f s; links %r, entries of mailboxes %r" %
                 (still, time.monotonic() - began, sorted(self.links()), sorted(self.letters())))

    def agree(self, what, seconds):
        """Seconds until all agree, and what is different still."""
        began = time.monotonic()
        while True:
            try:
                different = self.differences()
            except (OSError, Refused) as e:
                different = [("not answered", repr(e))]
            took = time.monotonic() - began
            if not different or took > seconds * world.PATIENCE:
                self.say("%s: %s after %.1f s" % (what, "all agree" if not different else "DIFFERENT", took))
                return took, different
            time.sleep(0.2)
