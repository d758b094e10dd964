"""stream into a server that wants TLS and a password: nothing goes out to another."""

import os
import subprocess

import cluster
from cluster import Streaming
from world import FAILED, bundle, indicator, until


class Secured(Streaming):
    """TLS and a password, or nothing goes out."""

    @classmethod
    def build(cls, world):
        cls.a = world.found()
        cls.a.publish(bundle([indicator("tls.example.com")]))
        for name, host in (("good", "localhost"), ("other", "elsewhere.example")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                            "-keyout", cls.pem(world, name + ".key"), "-out", cls.pem(world, name + ".pem"), "-subj", "/CN=" + host,
                            "-addext", "subjectAltName=DNS:" + host], check=True, capture_output=True)
        with open(cls.pem(world, "password"), "w") as f:
            f.write("right\n")
        with open(cls.pem(world, "wrong"), "w") as f:
            f.write("wrong\n")

    @staticmethod
    def pem(world, name):
        return os.path.join(world.dir, name)

    def server(self, name):
        more = 'tls { cert_file: "%s", key_file: "%s" }\nauthorization { user: "kairan", password: "right" }' % (
            self.pem(self.world, name + ".pem"), self.pem(self.world, name + ".key"))
        self.cluster = cluster.Cluster(self.world, more, n=1, scheme="tls", host="localhost")
        self.addCleanup(self.cluster.close)
        self.cluster.alone()
        self.cluster.start()

    def test_tls(self):
        self.server("good")
        common = ["--replicas", "1", "--create", "--user", "kairan"]
        ca, password = ["--tls-ca", self.pem(self.world, "good.pem")], ["--password-file", self.pem(self.world, "password")]
        end = self.once("TLS", *common, *ca, *password)
        self.assertEqual(1, end["sent"])
        bad = [self.begin(*self.options("T%d" % i, *common, *options)) for i, options in enumerate((
            password, ["--tls-ca", self.pem(self.world, "other.pem")] + password,
            ca + ["--password-file", self.pem(self.world, "wrong")]))]
        for process in bad:
            until("it says that nobody takes it", lambda: "ALARM" in self.said(process))
        for process, reason in zip(bad, ("certificate", "certificate", "Authorization")):
            self.stop(process)
            self.assertIn("Sent: 0", self.said(process))
            self.assertIn(reason.lower(), self.said(process).lower())

    def test_certificate_of_another(self):
        self.server("other")
        process = self.begin(*self.options("TLS", "--replicas", "1", "--create", "--tls-ca", self.pem(self.world, "other.pem"), "--user",
                                           "kairan", "--password-file", self.pem(self.world, "password")))
        until("it says that nobody takes it", lambda: "ALARM" in self.said(process))
        self.stop(process)
        self.assertIn("hostname", self.said(process).lower())

    def test_files(self):
        missing = self.pem(self.world, "none")
        self.cluster = cluster.Cluster(self.world, n=1, scheme="tls", host="localhost")
        self.addCleanup(self.cluster.close)
        for options in (["--tls-ca", missing], ["--creds", missing], ["--tls-cert", missing, "--tls-key", missing]):
            result = self.a.call("stream", *self.options("X", "--once", *options), "--json")
            self.assertEqual((FAILED, "stream.file"), (result.status, result.error["error"]), result)


if __name__ == "__main__":
    cluster.main()
