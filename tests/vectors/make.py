#!/usr/bin/env python3
"""make: writes the vectors, from an implementation that shares nothing with Kairan's C code.

Slow and not constant-time, which is right here and nowhere else. Needs nothing but Python 3.
Run in this folder; the files must come out as they are."""
import hashlib
import struct

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ZERO32 = bytes(32)


# --- BLAKE2b ---------------------------------------------------------------------------------
def H(domain, x):
    return hashlib.blake2b(domain + b"\0" + x, digest_size=32).digest()


def K(key, domain, x, n):
    return hashlib.blake2b(domain + b"\0" + x, digest_size=n, key=key).digest()


def u64(v):
    return struct.pack(">Q", v)


# --- Ed25519 and X25519 ----------------------------------------------------------------------
def add(p, q):
    (x1, y1), (x2, y2) = p, q
    k = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P)


def mul(n, p):
    r = (0, 1)
    while n:
        if n & 1:
            r = add(r, p)
        p = add(p, p)
        n >>= 1
    return r


def encode(p):
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, "little")


def root(y):
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x * x % P == xx else None


def point(y, sign=0):
    x = root(y)
    if x is None:
        return None
    return (P - x if x and x & 1 != sign else x, y)


B = point(4 * pow(5, P - 2, P) % P)


def secret(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & ~7 & (1 << 255) - 1 & ~(1 << 255) | 1 << 254
    a &= (1 << 255) - 1
    return a, h[32:]


def challenge(r, pk, msg):
    return int.from_bytes(hashlib.sha512(r + pk + msg).digest(), "little") % L


def ed_sign(seed, msg):
    a, prefix = secret(seed)
    pk = encode(mul(a, B))
    r = int.from_bytes(hashlib.sha512(prefix + msg).digest(), "little") % L
    R = encode(mul(r, B))
    s = (r + challenge(R, pk, msg) * a) % L
    return R + s.to_bytes(32, "little")


def sig_input(kind, nid, body):
    return b"kairan1.sig\0" + bytes([kind]) + nid + H(b"kairan1.body", body)


def x25519(k, u):
    n = int.from_bytes(k, "little") & ~7 & ~(1 << 255) | 1 << 254
    n &= (1 << 255) - 1
    x1 = int.from_bytes(u, "little") & (1 << 255) - 1
    x2, z2, x3, z3 = 1, 0, x1, 1
    for t in range(254, -1, -1):
        bit = n >> t & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


NINE = (9).to_bytes(32, "little")


# --- XChaCha20-Poly1305 ----------------------------------------------------------------------
def rounds(state):
    s = list(state)

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = s[x] + s[y] & 0xffffffff
            v = s[z] ^ s[x]
            s[z] = (v << n | v >> 32 - n) & 0xffffffff

    for _ in range(10):
        for i in range(4):
            quarter(i, i + 4, i + 8, i + 12)
        for i in range(4):
            quarter(i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12)
    return s


SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def stream(key, counter, nonce12, n):
    out = b""
    while len(out) < n:
        st = SIGMA + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce12)
        out += struct.pack("<16I", *(a + b & 0xffffffff for a, b in zip(rounds(st), st)))
        counter += 1
    return out[:n]


def aead(key, nonce24, pt, ad):
    st = rounds(SIGMA + struct.unpack("<8I", key) + struct.unpack("<4I", nonce24[:16]))
    sub = struct.pack("<8I", *(st[:4] + st[12:]))
    nonce = bytes(4) + nonce24[16:]
    ct = bytes(a ^ b for a, b in zip(pt, stream(sub, 1, nonce, len(pt))))
    one = stream(sub, 0, nonce, 32)
    r = int.from_bytes(one[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    acc = 0
    mac = ad + bytes(-len(ad) % 16) + ct + bytes(-len(ct) % 16) + struct.pack("<QQ", len(ad), len(ct))
    for i in range(0, len(mac), 16):
        acc = (acc + int.from_bytes(mac[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    tag = (acc + int.from_bytes(one[16:], "little")) % 2**128
    return ct + tag.to_bytes(16, "little")


# --- the files -------------------------------------------------------------------------------
def fill(label, n=32):
    """Bytes that look random and are the same every time."""
    return hashlib.shake_128(label.encode()).digest(n)


def write(name, head, blocks):
    with open(name, "w") as f:
        f.write("# %s\n# Made by make.py; README.md says how to read it.\n" % head)
        for block in blocks:
            f.write("\n")
            for key, value in block:
                if isinstance(value, bytes):
                    value = value.hex()
                f.write(("%s = %s" % (key, value)).rstrip() + "\n")


def hashes():
    for name, domain, x in (
            ("nothing", "kairan1.item", b""), ("one byte", "kairan1.item", b"\0"),
            ("another domain", "kairan1.obj", b"\0"), ("a block", "kairan1.hdr", fill("block", 128)),
            ("organisation", "kairan1.org", fill("root pk")), ("long", "kairan1.pay", fill("long", 1000))):
        yield ("name", "H: " + name), ("domain", domain), ("input", x), ("output", H(domain.encode(), x))
    for name, domain, x, n in (
            ("nothing", "kairan1.tag", b"", 16), ("routing secret", "kairan1.route", fill("aud"), 32),
            ("64 bytes", "kairan1.wrap", fill("x", 160), 64),
            ("an integer is 8 bytes, big-endian", "kairan1.mk", fill("log") + u64(258) + fill("prev"), 32)):
        key = fill("key " + name)
        yield ("name", "K: " + name), ("domain", domain), ("key", key), ("input", x), \
            ("output", K(key, domain.encode(), x, n))


def signatures():
    for i, (kind, body) in enumerate(((0x01, b""), (0x20, fill("hdr", 200)), (0x22, b"obj"), (0x28, fill("pop", 100)))):
        seed = fill("seed %d" % i)
        nid = ZERO32 if kind in (0x01, 0x28) else fill("nid")
        msg = sig_input(kind, nid, body)
        yield ("name", "type 0x%02x" % kind), ("seed", seed), ("pk", encode(mul(secret(seed)[0], B))), \
            ("type", "%d" % kind), ("nid", nid), ("body", body), ("input", msg), ("sig", ed_sign(seed, msg))


def place(i):
    return dict(nid=fill("nid"), log_pk=fill("log %d" % i), seq=i + 1, prev=fill("prev %d" % i) if i else ZERO32,
                tag=fill("tag", 16), kid=fill("kid", 16), ts=1767225600000 + i)


def seals():
    for i, n in enumerate((0, 1, 256, 1000)):
        at, key, fresh, pt = place(i), fill("epoch key"), fill("fresh %d" % i, 56), fill("pt", n)
        r = K(fresh[:32], b"kairan1.r", hashlib.blake2b(pt, digest_size=32).digest(), 16)
        nonce = fresh[32:]
        mk = K(key, b"kairan1.mk", at["log_pk"] + u64(at["seq"]) + at["prev"] + r, 32)
        c = K(mk, b"kairan1.commit", nonce, 32)
        ad = at["nid"] + at["log_pk"] + u64(at["seq"]) + at["tag"] + at["kid"] + u64(at["ts"])
        yield (("name", "%d bytes" % n), ("key", key)) + tuple(
            (k, "%d" % v if isinstance(v, int) else v) for k, v in at.items()) + \
            (("fresh", fresh), ("pt", pt), ("payload", r + nonce + c + aead(mk, nonce, pt, ad)))


def slots():
    for domain in ("kairan1.wrap", "kairan1.rwrap", "kairan1.pwrap", "kairan1.owrap"):
        nid, aud, commit = fill("nid"), fill("aud"), fill("commit " + domain)
        eph, kx, key = fill("eph " + domain), fill("kx " + domain), fill("secret " + domain)
        eph_pk, kx_pk = x25519(eph, NINE), x25519(kx, NINE)
        w = K(x25519(eph, kx_pk), domain.encode(), nid + aud + commit + eph_pk + kx_pk, 64)
        yield ("name", domain), ("domain", domain), ("nid", nid), ("aud_id", aud), ("commit", commit), \
            ("eph_sk", eph), ("eph_pk", eph_pk), ("kx_sk", kx), ("kx_pk", kx_pk), ("secret", key), \
            ("slot", w[32:40] + aead(w[:32], bytes(24), key, b""))


def carries():
    nid, key, eph, kx = fill("nid"), fill("carry key"), fill("carry eph"), fill("carry kx")
    eph_pk, kx_pk = x25519(eph, NINE), x25519(kx, NINE)
    commit = H(b"kairan1.carry", key + eph_pk)
    w = K(x25519(eph, kx_pk), b"kairan1.cwrap", nid + bytes(32) + commit + eph_pk + kx_pk, 64)
    head = b"KAICRY1\n" + eph_pk + commit + w[32:40] + aead(w[:32], bytes(24), key, b"")
    head += H(b"kairan1.carrysum", head)[:16]
    for i, last in ((0, 0), (1, 1)):
        nonce, pt = fill("carry nonce %d" % i, 24), fill("carry record %d" % i, 100 + i)
        box = nonce + aead(K(key, b"kairan1.chunk", u64(i) + u64(last), 32), nonce, pt, commit)
        yield ("name", "chunk %d" % i), ("nid", nid), ("secret", key), ("eph_sk", eph), ("kx_sk", kx), ("kx_pk", kx_pk), \
            ("head", head), ("nonce", nonce), ("pt", pt), ("chunk", struct.pack(">I", len(box)) + box)


def boxes():
    for ad, pt in ((b"", b""), (b"context", b"x"), (fill("ad", 72), fill("list", 500))):
        key, nonce = fill("box key"), fill("box nonce", 24)
        yield ("name", "%d and %d bytes" % (len(ad), len(pt))), ("key", key), ("nonce", nonce), ("ad", ad), \
            ("pt", pt), ("box", nonce + aead(key, nonce, pt, ad))


T8 = next(t for t in (mul(L, point(y)) for y in range(2, 100) if point(y)) if mul(4, t) == (0, P - 1))
TORSION = [mul(i, T8) for i in range(8)]
ORDER = [1, 8, 4, 8, 2, 8, 4, 8]


def keys():
    a = mul(secret(fill("seed 0"))[0], B)
    yield ("name", "the base point"), ("pk", encode(B)), ("valid", "1")
    yield ("name", "a key"), ("pk", encode(a)), ("valid", "1")
    for i, t in enumerate(TORSION):
        yield ("name", "small order %d" % ORDER[i]), ("pk", encode(t)), ("valid", "0")
    for i, t in enumerate(TORSION[1:], 1):
        yield ("name", "a key and order %d" % ORDER[i]), ("pk", encode(add(a, t))), ("valid", "0")
        yield ("name", "the base point and order %d" % ORDER[i]), ("pk", encode(add(B, t))), ("valid", "0")
    for y in range(19):
        for sign in (0, 1):
            p = point(y, sign)
            if p is not None:
                kind = "prime" if mul(L, p) == (0, 1) else "mixed or small"
                yield ("name", "y = %d not reduced, sign %d, %s order" % (y, sign, kind)), \
                    ("pk", (y + P | sign << 255).to_bytes(32, "little")), ("valid", "0")
    yield ("name", "x = 0 with a sign"), ("pk", (1 | 1 << 255).to_bytes(32, "little")), ("valid", "0")
    y = next(y for y in range(2, 100) if point(y) is None)
    yield ("name", "not on the curve"), ("pk", y.to_bytes(32, "little")), ("valid", "0")
    yield ("name", "all ones"), ("pk", b"\xff" * 32), ("valid", "0")


def refused():
    """Signatures that must not verify. key = 1: the key itself is a good one."""
    seed, nid, kind = fill("seed 1"), fill("nid"), 0x20
    a = secret(seed)[0]
    A = mul(a, B)

    def block(name, good_key, pk, body, sig):
        return ("name", name), ("key", "%d" % good_key), ("pk", pk), ("type", "%d" % kind), ("nid", nid), \
            ("body", body), ("sig", sig)

    body = b"header"
    msg = sig_input(kind, nid, body)
    sig = ed_sign(seed, msg)
    s = int.from_bytes(sig[32:], "little")
    for n in (1, 2, 7, 15):
        if s + n * L < 2**256:
            yield block("S + %d L" % n, 1, encode(A), body, sig[:32] + (s + n * L).to_bytes(32, "little"))
    yield block("S negated", 1, encode(A), body, sig[:32] + (L - s).to_bytes(32, "little"))
    for i, t in enumerate(TORSION[1:], 1):
        # S fits R and A up to small order: a verifier that multiplies by 8 would accept it.
        r = int.from_bytes(fill("r %d" % i), "little") % L
        R = encode(add(mul(r, B), t))
        S = (r + challenge(R, encode(A), msg) * a) % L
        yield block("R and order %d" % ORDER[i], 1, encode(A), body, R + S.to_bytes(32, "little"))
        R = encode(t)
        S = challenge(R, encode(A), msg) * a % L
        yield block("R of order %d" % ORDER[i], 1, encode(A), body, R + S.to_bytes(32, "little"))
        # A of mixed order: R carries what is left over, so that the equation holds as it stands.
        Am = encode(add(A, t))
        n = 0
        while True:
            b = b"header %d" % n
            m = sig_input(kind, nid, b)
            found = None
            for u in range(8):
                R = encode(add(mul(r, B), TORSION[u]))
                k = challenge(R, Am, m)
                if (u + k * i) % 8 == 0 and u:
                    found = R + ((r + k * a) % L).to_bytes(32, "little")
            if found:
                break
            n += 1
        yield block("A and R of mixed order, order %d in A" % ORDER[i], 0, Am, b, found)
    R = encode((0, 1))
    S = challenge(R, encode(A), msg) * a % L
    yield block("R is the identity", 1, encode(A), body, R + S.to_bytes(32, "little"))
    R = (1 + P).to_bytes(32, "little")
    S = challenge(R, encode(A), msg) * a % L
    yield block("R is the identity, not reduced", 1, encode(A), body, R + S.to_bytes(32, "little"))
    for i in (0, 1, 4):
        pk = encode(TORSION[i])
        R = encode(mul(12345, B))
        yield block("A of order %d" % ORDER[i], 0, pk, body, R + (12345).to_bytes(32, "little"))
    pk = (1 + P).to_bytes(32, "little")
    yield block("A is the identity, not reduced", 0, pk, body, encode(mul(12345, B)) + (12345).to_bytes(32, "little"))
    yield block("zeros", 1, encode(A), body, bytes(64))


def wire():
    def ok(name, hex_):
        return ("name", name), ("bytes", bytes.fromhex(hex_)), ("result", "ok")

    def bad(name, hex_, result="malformed"):
        return ("name", name), ("bytes", bytes.fromhex(hex_)), ("result", result)

    yield bad("nothing", "")
    yield ok("nil", "c0")
    yield ok("false", "c2")
    yield ok("true", "c3")
    for v, good, longer in (
            (0, "00", ("cc00", "cd0000", "ce00000000", "cf0000000000000000")),
            (127, "7f", ("cc7f", "cd007f", "ce0000007f", "cf000000000000007f")),
            (128, "cc80", ("cd0080", "ce00000080", "cf0000000000000080", "d10080")),
            (255, "ccff", ("cd00ff", "ce000000ff", "cf00000000000000ff")),
            (256, "cd0100", ("ce00000100", "cf0000000000000100")),
            (65535, "cdffff", ("ce0000ffff", "cf000000000000ffff")),
            (65536, "ce00010000", ("cf0000000000010000",)),
            (2**32 - 1, "ceffffffff", ("cf00000000ffffffff",)),
            (2**32, "cf0000000100000000", ()), (2**63 - 1, "cf7fffffffffffffff", ()),
            (-1, "ff", ("d0ff", "d1ffff", "d2ffffffff", "d3ffffffffffffffff")),
            (-32, "e0", ("d0e0", "d1ffe0", "d2ffffffe0", "d3ffffffffffffffe0")),
            (-33, "d0df", ("d1ffdf", "d2ffffffdf", "d3ffffffffffffffdf")),
            (-128, "d080", ("d1ff80", "d2ffffff80", "d3ffffffffffffff80")),
            (-129, "d1ff7f", ("d2ffffff7f", "d3ffffffffffffff7f")),
            (-32768, "d18000", ("d2ffff8000", "d3ffffffffffff8000")),
            (-32769, "d2ffff7fff", ("d3ffffffffffff7fff",)),
            (-2**31, "d280000000", ("d3ffffffff80000000",)),
            (-2**31 - 1, "d3ffffffff7fffffff", ()), (-2**63, "d38000000000000000", ())):
        yield ok("%d" % v, good)
        for x in longer:
            yield bad("%d in a longer form" % v, x)
    for x in ("d000", "d001", "d07f", "d10001", "d17fff", "d200000001", "d27fffffff", "d30000000000000001",
              "d37fffffffffffffff"):
        yield bad("a positive integer in a signed form", x)
    yield bad("2^63", "cf8000000000000000")
    yield bad("2^64 - 1", "cfffffffffffffffff")
    for name, x in (("float 32", "ca00000000"), ("float 64", "cb0000000000000000"), ("never used", "c1"),
                    ("fixext 1", "d40100"), ("fixext 2", "d5010000"), ("fixext 4", "d60100000000"),
                    ("fixext 8", "d7010000000000000000"), ("fixext 16", "d801" + "00" * 16), ("ext 8", "c70001"),
                    ("ext 16", "c8000001"), ("ext 32", "c90000000001")):
        yield bad(name, x)
    yield ok("empty bin", "c400")
    yield ok("bin", "c40200ff")
    yield ok("bin of 255", "c4ff" + "00" * 255)
    yield ok("bin of 256", "c50100" + "00" * 256)
    yield bad("bin of 1 in a longer form", "c5000100")
    yield bad("bin of 255 in a longer form", "c500ff" + "00" * 255)
    yield bad("bin of 256 in a longer form", "c600000100" + "00" * 256)
    yield bad("bin of 4 GiB", "c6ffffffff")
    yield bad("bin longer than what is left", "c40300ff")
    yield ok("empty str", "a0")
    yield ok("str of 31", "bf" + "61" * 31)
    yield ok("str of 32", "d920" + "61" * 32)
    yield ok("str of 256", "da0100" + "61" * 256)
    yield ok("str in Japanese", "a9e59b9ee8a6a7e69dbf")
    yield bad("str of 1 in a longer form", "d90161")
    yield bad("str of 31 in a longer form", "d91f" + "61" * 31)
    yield bad("str of 255 in a longer form", "da00ff" + "61" * 255)
    yield bad("str of 256 in a longest form", "db00000100" + "61" * 256)
    for name, x in (("a lone byte", "a180"), ("an overlong slash", "a2c0af"), ("a surrogate", "a3eda080"),
                    ("past U+10FFFF", "a4f4908080"), ("a character cut short", "a2e38a")):
        yield bad("str that is no UTF-8: " + name, x)
    yield ok("empty array", "90")
    yield ok("array of 15", "9f" + "00" * 15)
    yield ok("array of 16", "dc0010" + "00" * 16)
    yield bad("array of 0 in a longer form", "dc0000")
    yield bad("array of 15 in a longer form", "dc000f" + "00" * 15)
    yield bad("array of 16 in a longest form", "dd00000010" + "00" * 16)
    yield bad("array with too few", "920001"[:4])
    yield bad("array of more than what is left", "dcffff" + "00" * 100)
    yield bad("128 GiB in five bytes", "ddffffffff")
    yield ok("six deep", "91" * 6 + "00")
    yield bad("seven deep", "91" * 7 + "00", "limit")
    yield bad("seven deep, empty", "91" * 6 + "90", "limit")
    yield bad("an extension map seven deep", "91" * 6 + "80", "limit")
    yield ok("six deep, twice", "92" + ("91" * 5 + "00") * 2)
    yield ok("empty extension map", "80")
    yield ok("extension map", "8202c4010003c400")
    yield ok("extension map of 16", "de0010" + "".join("%02xc400" % i for i in range(16)))
    yield bad("extension map of 15 in a longer form", "de000f" + "".join("%02xc400" % i for i in range(15)))
    yield bad("extension map of 16 in a longest form",
              "df00000010" + "".join("%02xc400" % i for i in range(16)))
    yield bad("keys not ascending", "8203c40002c400")
    yield bad("a key twice", "8202c40002c400")
    yield bad("a key that is a str", "81a161c400")
    yield bad("a negative key", "81ffc400")
    yield bad("a value that is an integer", "810201")
    yield bad("a value that is a map", "810280")
    yield bad("a value is missing", "8102")
    yield bad("map of 4 billion", "dfffffffff")
    yield bad("something after it", "0000")
    yield bad("nil after it", "90c0")


write("hash.txt", "H and K of docs/protocol.md 2.", hashes())
write("sign.txt", "SIG of docs/protocol.md 2: input is what Ed25519 signs.", signatures())
write("seal.txt", "Payloads of docs/protocol.md 5.", seals())
write("slot.txt", "Slots of docs/protocol.md 6.", slots())
write("box.txt", "Sealed lists of docs/protocol.md 6: nonce and XChaCha20-Poly1305.", boxes())
write("carry.txt", "A carry file of docs/protocol.md 7: its head, and its two chunks.", carries())
write("key.txt", "Ed25519 keys that are accepted and refused (docs/protocol.md 2).", keys())
write("refused.txt", "Signatures that must not verify; key = 0: refuse the key before it.", refused())
write("wire.txt", "One value of the encoding of docs/protocol.md 1, and whether it is one.", wire())
