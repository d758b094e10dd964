"""stream notices what a server, or the disk below its own file, lost of what was acknowledged. One server: none is elected."""

import json
import os
import shutil
import signal

import cluster
from cluster import TINY_WINDOW_NS, Alone, Client
from world import FAILED, bundle, indicator, until


class Lost(Alone):
    def options(self, stream, *more, **kw):
        """Its items are those of its name."""
        return super().options(stream, stream.lower() + "*.example.com", *more, **kw)

    def items(self, stream, *serials):
        self.a.publish(bundle(indicator("%s%d.example.com" % (stream.lower(), i)) for i in serials))

    def assert_all(self, stream):
        self.assert_once(stream, self.ids(stream.lower() + "*.example.com"))

    def test_while_nothing_goes_out(self):
        """The server comes back without the last half, and others add to it, so that it is longer than before."""
        self.make("LOST")
        process = self.begin(*self.options("LOST"))
        self.items("LOST", *range(5))
        until("they are there", lambda: self.count("LOST") == 5)
        self.cluster.end(0)
        kept = self.cluster.folder(0) + ".kept"
        shutil.copytree(self.cluster.folder(0), kept)
        self.cluster.start()
        self.cluster.well()
        self.items("LOST", *range(5, 10))
        until("so are these", lambda: self.count("LOST") == 10)
        until("that is written down", lambda: self.place("LOST")["seq"] == 10)
        process.send_signal(signal.SIGSTOP)
        self.cluster.end(0)
        shutil.rmtree(self.cluster.folder(0))
        os.rename(kept, self.cluster.folder(0))
        self.cluster.start()
        self.cluster.well()
        until("it has what it had", lambda: self.count("LOST") == 5)
        client = Client(self.cluster.ports[0].number)
        for i in range(10):
            self.assertIn("seq", client.ask("lost.other.%d" % i, b"x"))
        client.close()
        process.send_signal(signal.SIGCONT)
        until("what was lost is there again", lambda: self.count("LOST") == 20)
        self.assertIn("has lost messages", self.said(process))
        self.stop(process)
        self.assert_all("LOST")

    def test_number_given_twice(self):
        """The stream is made anew below a connection that lives on: its first number tells."""
        self.make("TWICE")
        process = self.begin(*self.options("TWICE"))
        self.items("TWICE", *range(5))
        until("they are there", lambda: self.count("TWICE") == 5)
        until("that is written down", lambda: os.path.exists(self.state_file("TWICE")) and self.place("TWICE")["seq"] == 5)
        self.cluster.ask("STREAM.DELETE.TWICE")
        self.make("TWICE")
        self.items("TWICE", 5)
        until("all are there again", lambda: self.count("TWICE") == 6)
        self.assertIn("another stream", self.said(process))
        self.stop(process)
        self.assert_all("TWICE")

    def place(self, stream):
        with open(self.state_file(stream), encoding="utf-8") as f:
            return json.load(f)

    def test_still_on_its_way(self):
        """What was sent just before a kill arrives after the look: as much as may be on its way is asked for, in however many batches."""
        self.make("DOUBT", duplicate_window=TINY_WINDOW_NS)
        self.items("DOUBT", 0)
        self.once("DOUBT")
        before = self.place("DOUBT")
        self.a.publish("\n".join("doubt%06d.example.com" % i for i in range(1, 300000)), "--label", "GREEN")
        sent = self.once("DOUBT")["sent"]
        self.assertGreater(sent, 12)  # More bytes than one batch takes.
        place = self.place("DOUBT")
        with open(self.state_file("DOUBT"), "w", encoding="utf-8") as f:
            json.dump({**place, "at": before["at"]}, f)
        self.forget()
        end = self.once("DOUBT")
        self.assertEqual((0, sent), (end["sent"], end["held"]))
        self.assertEqual(1 + sent, self.count("DOUBT"))

    def test_withdrawn_before_it_was_told(self):
        self.make("NEVER")
        self.items("NEVER", 0)
        self.assertEqual(1, self.once("NEVER")["sent"])
        self.items("NEVER", 1)
        self.a.ask("withdraw", *self.ids("value:never1.example.com"))
        self.assertEqual(0, self.once("NEVER")["sent"])
        self.assertEqual(1, self.count("NEVER"))

    def test_file_that_cannot_be_written(self):
        """It ends, though the node says nothing more."""
        self.make("FILE")
        folder = self.world.path("state")
        os.mkdir(folder)
        process = self.begin(*self.options("FILE", "--state", os.path.join(folder, "file")))
        self.items("FILE", 0)
        until("it runs", lambda: os.path.exists(os.path.join(folder, "file")))
        os.rename(folder, folder + "-gone")  # Not removed: it may be writing there just now.
        self.items("FILE", 1)
        self.assertEqual(FAILED, process.wait(10), self.said(process))


if __name__ == "__main__":
    cluster.main()
