"""A client of the Credveil protocol in Python's standard library, written from PROTOCOL.md alone.

It proves that the page suffices. Do not use it in production: it is neither constant-time nor fast.
It never retries, so a snapshot that changes during a check is an error.

Reads one JSON object on standard input, so that no secret is in a command line:
  {"url": ..., "key": "credveil-hmac-1..." or "credveil-oprf-public-1...", "prove": true or false,
   "credentials": [{"username": ..., "password": ...}, ...]}
Writes {"verdicts": [{"status": ...}, ...]} or {"error": ...}; an error is never a verdict.
With "prove" it verifies a proof of each evaluation, and otherwise the linear check.

With "inputs", in hex, instead of credentials it writes {"outputs": [...]}, the PrfOutput of each.

Or reads {"linearChecks": [{"publicKey", "weights", "scalar", "blindedElements", "evaluatedElements"}, ...]}
in hex, C_0 and D_0 last, and writes {"linearChecks": [{"element": C_0, "holds": true or false}, ...]}.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import sys
import unicodedata
import urllib.error
import urllib.request


class Refused(Exception):
    """An input that PROTOCOL.md requires a client to refuse. Its text never quotes the input."""


def refuse_unless(condition, why):
    if not condition:
        raise Refused(why)


# --- §2 Normalization -----------------------------------------------------------------------------

WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"


def scalar_values(text):
    """Pairs of surrogates become one code point, those without a partner U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def normalize_password(text):
    return unicodedata.normalize("NFC", scalar_values(text)).encode()


def normalize_username(text):
    before, text = None, scalar_values(text)
    while text != before:
        before = text
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).strip(WHITE_SPACE).lower())
    return text.encode()


# --- §3 PrivateInput ------------------------------------------------------------------------------

PAIR, USERNAME, PASSWORD = 1, 2, 3


def private_input(kind, username, password):
    refuse_unless(len(username) <= 0xFFFF and len(password) <= 0xFFFF, "field too long")
    return bytes([kind]) + len2(username) + username + len2(password) + password


def len2(content):
    return len(content).to_bytes(2, "big")


# --- HMAC, HKDF -----------------------------------------------------------------------------------


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf32(ikm, salt, info):
    """RFC 5869 for 32 bytes: one block."""
    return hmac_sha256(hmac_sha256(salt, ikm), info + b"\x01")


# --- ristretto255, RFC 9496 -----------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def is_negative(x):
    return x % P & 1 == 1


def absolute(x):
    x %= P
    return P - x if x & 1 else x


def sqrt_ratio_m1(u, v):
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped, flipped_i = check == u % P, check == -u % P, check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, absolute(r)


_, INVSQRT_A_MINUS_D = sqrt_ratio_m1(1, -1 - D)
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P
# The root of a*d - 1 that RFC 9496 §4.1 names is the negative one of the pair (odd).
SQRT_AD_MINUS_ONE = P - sqrt_ratio_m1(-D - 1, 1)[1]


def decode_element(encoded):
    """RFC 9496 §4.3.1. Refuses the identity."""
    refuse_unless(len(encoded) == 32, "element: length")
    s = int.from_bytes(encoded, "little")
    refuse_unless(s != 0, "element: identity")
    refuse_unless(s < P and not is_negative(s), "element: not canonical")
    ss = s * s % P
    u1, u2 = 1 - ss, 1 + ss
    v = (-D * u1 * u1 - u2 * u2) % P
    was_square, invsqrt = sqrt_ratio_m1(1, v * u2 * u2)
    den_x = invsqrt * u2 % P
    den_y = invsqrt * den_x * v % P
    x = absolute(2 * s * den_x)
    y = u1 * den_y % P
    t = x * y % P
    refuse_unless(was_square and not is_negative(t) and y != 0, "element: not canonical")
    return (x, y, 1, t)


def encode_element(point):
    """RFC 9496 §4.3.2."""
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, invsqrt = sqrt_ratio_m1(1, u1 * u2 * u2)
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    if is_negative(t0 * z_inv):
        x, y, den_inv = y0 * SQRT_M1, x0 * SQRT_M1, den1 * INVSQRT_A_MINUS_D
    else:
        x, y, den_inv = x0, y0, den2
    if is_negative(x * z_inv):
        y = -y
    return absolute(den_inv * (z0 - y)).to_bytes(32, "little")


def add(p, q):
    """Extended coordinates on the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 §5.1.4): complete."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = p, q
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * D * t1 * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


IDENTITY = (0, 1, 1, 0)
GENERATOR_ENCODED = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")


def multiply(scalar, point):
    result = IDENTITY
    for bit in bin(scalar)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def map_to_point(half):
    """MAP of RFC 9496 §4.3.4."""
    t = (int.from_bytes(half, "little") & (2**255 - 1)) % P
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio_m1(u, v)
    c = -1
    if not was_square:
        s, c = -absolute(s * t), r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return (w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P)


# --- §15 Suite oprf, RFC 9497 ---------------------------------------------------------------------

CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"


def sha512(message):
    return hashlib.sha512(message).digest()


def expand_message_xmd(message, dst):
    """RFC 9380 §5.3.1 for 64 bytes of SHA-512: one block."""
    dst_prime = dst + bytes([len(dst)])
    b_0 = sha512(bytes(128) + message + b"\x00\x40\x00" + dst_prime)
    return sha512(b_0 + b"\x01" + dst_prime)


def hash_to_group(message):
    uniform = expand_message_xmd(message, b"HashToGroup-" + CONTEXT)
    return add(map_to_point(uniform[:32]), map_to_point(uniform[32:]))


def hash_to_scalar(message):
    return int.from_bytes(expand_message_xmd(message, b"HashToScalar-" + CONTEXT), "little") % ORDER


def blind(message):
    refuse_unless(len(message) <= 0xFFFF, "field too long")
    scalar = 1 + secrets.randbelow(ORDER - 1)
    return scalar, encode_element(multiply(scalar, hash_to_group(message)))


def finalize(message, scalar, evaluated):
    unblinded = encode_element(multiply(pow(scalar, -1, ORDER), decode_element(evaluated)))
    return sha512(len2(message) + message + b"\x00\x20" + unblinded + b"Finalize")


def verify_proof(public_key, blinded, evaluated, proof):
    """RFC 9497 §2.2.2."""
    c, s = int.from_bytes(proof[:32], "little"), int.from_bytes(proof[32:], "little")
    refuse_unless(len(proof) == 64 and c < ORDER and s < ORDER, "proof")
    prefixed = lambda content: len2(content) + content
    seed = sha512(prefixed(public_key) + prefixed(b"Seed-" + CONTEXT))
    m, z = IDENTITY, IDENTITY
    for i, (b, e) in enumerate(zip(blinded, evaluated, strict=True)):
        weight = hash_to_scalar(prefixed(seed) + i.to_bytes(2, "big") + prefixed(b) + prefixed(e) + b"Composite")
        m = add(m, multiply(weight, decode_element(b)))
        z = add(z, multiply(weight, decode_element(e)))
    generator, key = decode_element(GENERATOR_ENCODED), decode_element(public_key)
    t2 = encode_element(add(multiply(s, generator), multiply(c, key)))
    t3 = encode_element(add(multiply(s, m), multiply(c, z)))
    transcript = b"".join(map(prefixed, [public_key, encode_element(m), encode_element(z), t2, t3])) + b"Challenge"
    refuse_unless(c == hash_to_scalar(transcript), "proof")


# --- §16 The linear check -------------------------------------------------------------------------


def sum_weighted(weights, encoded):
    total = IDENTITY
    for weight, element in zip(weights, encoded, strict=True):
        total = add(total, multiply(weight, decode_element(element)))
    return total


def negate(point):
    x, y, z, t = point
    return (-x % P, y, z, -t % P)


class LinearCheck:
    def __init__(self, public_key, blinded, weights=None, scalar=None):
        self.public_key = public_key
        self.weights = weights or [2 * secrets.randbits(63) + 1 for _ in blinded]
        self.scalar = scalar or 1 + secrets.randbelow(ORDER - 1)
        of_generator = multiply(self.scalar, decode_element(GENERATOR_ENCODED))
        self.element = encode_element(add(of_generator, negate(sum_weighted(self.weights, blinded))))

    def holds(self, evaluated):
        """Of the evaluations of the blinded elements and, last, of the check's element."""
        *answers, check = evaluated
        total = add(decode_element(check), sum_weighted(self.weights, answers))
        return encode_element(total) == encode_element(multiply(self.scalar, decode_element(self.public_key)))


def linear_check_of(case):
    given = lambda name: [bytes.fromhex(item) for item in case[name]]
    weights = [int.from_bytes(weight, "little") for weight in given("weights")]
    scalar = int.from_bytes(bytes.fromhex(case["scalar"]), "little")
    check = LinearCheck(bytes.fromhex(case["publicKey"]), given("blindedElements")[:-1], weights, scalar)
    return {"element": check.element.hex(), "holds": check.holds(given("evaluatedElements"))}


# --- §9 Keys as text; §4 and §15 derived keys -----------------------------------------------------


class Suite:
    def __init__(self, text):
        match = re.fullmatch(r"(credveil-(hmac|oprf-public)-1)\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})", text.strip(WHITE_SPACE))
        refuse_unless(match is not None, "key: malformed")
        label, kind, key_id, encoded = match.groups()
        key = base64.urlsafe_b64decode(encoded + "=")
        refuse_unless(base64.urlsafe_b64encode(key).decode() == encoded + "=", "key: malformed")
        if kind == "hmac":
            refuse_unless(len(set(key)) > 1, "key: malformed")
            subkey = lambda use: hkdf32(key, b"credveil hmac 1", use)
            self.name, self.public_key = "hmac", None
            self.key_id, self.seal_key = subkey(b"key id")[:8].hex(), subkey(b"seal")
            account, entry = subkey(b"account"), subkey(b"entry")
            self.account_hash = lambda username: hmac_sha256(account, username)[:4]
            self.evaluate = lambda message: hmac_sha256(entry, message)
        else:
            decode_element(key)
            self.name, self.public_key = "oprf", key
            self.key_id = hashlib.sha256(b"credveil oprf 1 key id" + key).digest()[:8].hex()
            self.seal_key = hkdf32(key, b"credveil oprf 1", b"seal")
            self.account_hash = lambda username: hashlib.sha256(b"credveil oprf 1 account" + username).digest()[:4]
        refuse_unless(self.key_id == key_id, "key: its id is another's")


# --- §5 Metadata, §7 Bucket body, §8 Seal ---------------------------------------------------------


def decode_tags(body, count):
    """Golomb-Rice. Returns the tags and the offset of the next byte."""
    if count == 0:
        return [], 6
    k = 47 - (count.bit_length() - 1)
    bits = len(body) * 8
    refuse_unless(count * (k + 1) <= bits - 48, "body: count")
    at, tag, tags = 48, -1, []
    bit = lambda i: body[i >> 3] >> (7 - (i & 7)) & 1
    for _ in range(count):
        quotient, remainder = 0, 0
        while True:
            refuse_unless(at < bits, "body: tags")
            at += 1
            if bit(at - 1) == 0:
                break
            quotient += 1
        refuse_unless(at + k <= bits, "body: tags")
        for i in range(at, at + k):
            remainder = remainder << 1 | bit(i)
        at += k
        tag += 1 + (quotient << k | remainder)
        refuse_unless(tag < 2**48, "body: tag")
        tags.append(tag)
    while at % 8:
        refuse_unless(bit(at) == 0, "body: rest")
        at += 1
    return tags, at // 8


def open_bucket(answer, suite, layer, index, parameters, bucket_id):
    """Returns {tag: sealed metadata}."""
    prefix_bits, metadata_bytes, root = (parameters.get(name) for name in ("prefixBits", "metadataBytes", "root"))
    lower, upper = (32 * min(10, prefix_bits), 32 * max(0, prefix_bits - 10)) if root else (16, 0)
    body, path_above = answer[: len(answer) - upper], answer[len(answer) - upper :]
    refuse_unless(len(body) in parameters["bodyBytes"], "body: length")
    refuse_unless(len(body) >= 6 + lower and body[0] == 1 and body[1] == metadata_bytes, "body: header")
    count = int.from_bytes(body[2:6], "big")
    refuse_unless(count < 2**24, "body: count")
    tags, metadata_at = decode_tags(body, count)
    tail_at = metadata_at + count * metadata_bytes
    refuse_unless(tail_at + lower <= len(body), "body: length")
    refuse_unless(not any(body[tail_at + lower :]), "body: padding")
    message = b"credveil bucket 2" + bytes.fromhex(layer)
    message += bytes([{"account": 1, "password": 2}[index], prefix_bits]) + bucket_id.to_bytes(4, "big") + body[:tail_at]
    tail = body[tail_at : tail_at + lower]
    if root:
        refuse_unless(merkle_root(message, bucket_id, tail + path_above).hex() == root, "body: path")
    else:
        refuse_unless(hmac.compare_digest(hmac_sha256(suite.seal_key, message)[:16], tail), "body: seal")
    at = lambda i: metadata_at + i * metadata_bytes
    return {tag: body[at(i) : at(i + 1)] for i, tag in enumerate(tags)}


def merkle_root(message, position, path):
    """§8."""
    node = hashlib.sha256(b"\0" + message).digest()
    for at in range(0, len(path), 32):
        sibling = path[at : at + 32]
        node = hashlib.sha256(b"\1" + (sibling + node if position & 1 else node + sibling)).digest()
        position >>= 1
    return node


def matches(bucket, layer, output, kind):
    sealed = bucket.get(int.from_bytes(output[:6], "big"))
    if not sealed:
        return sealed is not None
    first = sealed[0] ^ hashlib.sha256(b"cvm2" + bytes.fromhex(layer) + output[:14]).digest()[0]
    return first >> 6 == kind - 1 and first & 63 != 1


def most_bytes(parameters):
    """The longest answer for a bucket: §7, §8."""
    upper = 32 * max(0, parameters["prefixBits"] - 10) if "root" in parameters else 0
    return parameters["bodyBytes"][-1] + upper


# --- §10 Config -----------------------------------------------------------------------------------


def is_integer(value, low, high):
    return type(value) is int and low <= value <= high


def is_text(value, pattern):
    return type(value) is str and re.fullmatch(pattern, value, re.ASCII) is not None


def config_text(config):
    indexes = [
        [name, index["prefixBits"], index["metadataBytes"], index["bodyBytes"], index.get("root")]
        for name in ("account", "password")
        if (index := config["indexes"].get(name)) is not None
    ]
    sources = [[source["number"], source["name"], source.get("date")] for source in config["sources"]]
    known = [config["canary"]["accountHash"], config["canary"]["tag"]]
    names = ("protocol", "suite", "normalization", "dataset", "keyId")
    public_key = config["publicKey"] if config["suite"] == "oprf" else None
    members = [config[name] for name in names] + [public_key, config["snapshot"], config["layer"], indexes, sources, known]
    if "filter" in config:
        members.append(["filter", config["filter"]["bytes"]])
    return json.dumps(members, separators=(",", ":")).encode()


def check_config(config, suite):
    """Refuses any deviation from PROTOCOL.md before it computes anything from the config."""
    refuse_unless(type(config) is dict, "config: not an object")
    supported = config.get("protocol") == 1 and config.get("normalization") == 1 and config.get("suite") in ("hmac", "oprf")
    refuse_unless(supported, "config: unsupported")
    refuse_unless(is_text(config.get("dataset"), "[0-9a-f]{16}") and is_text(config.get("keyId"), "[0-9a-f]{16}"), "config: id")
    refuse_unless(is_text(config.get("snapshot"), "[0-9]{6,12}-[0-9a-f]{16}"), "config: snapshot")
    refuse_unless(is_text(config.get("layer"), "[0-9a-f]{32}"), "config: layer")
    refuse_unless(is_text(config.get("seal"), "[0-9a-f]{32}"), "config: seal")
    indexes, sources, canary = config.get("indexes"), config.get("sources"), config.get("canary")
    refuse_unless(type(indexes) is dict and type(sources) is list and type(canary) is dict, "config: members")
    refuse_unless(is_text(canary.get("accountHash"), "[0-9a-f]{8}") and is_text(canary.get("tag"), "[0-9a-f]{12}"), "config: canary")
    for name in ("account", "password"):
        index = indexes.get(name)
        if index is None:
            continue
        refuse_unless(type(index) is dict and is_integer(index.get("prefixBits"), 0, 30), "config: index")
        refuse_unless(type(index.get("metadataBytes")) is int and index["metadataBytes"] in (0, 1, 3), "config: index")
        refuse_unless("root" not in index or is_text(index["root"], "[0-9a-f]{64}"), "config: root")
        sizes = index.get("bodyBytes")
        refuse_unless(type(sizes) is list and 1 <= len(sizes) <= 64, "config: sizes")
        refuse_unless(all(is_integer(size, 1, 2**31) for size in sizes) and sizes == sorted(set(sizes)), "config: sizes")
    refuse_unless(len(sources) <= 65535, "config: sources")
    for source in sources:
        refuse_unless(type(source) is dict and is_integer(source.get("number"), 1, 65535), "config: source")
        refuse_unless(is_text(source.get("name"), "[a-z0-9][a-z0-9._-]{0,63}"), "config: source")
        refuse_unless("date" not in source or is_text(source["date"], "[0-9]{4}-(0[1-9]|1[0-2])"), "config: source")
    if "filter" in config:
        password_filter = config["filter"]
        refuse_unless(type(password_filter) is dict and "password" in indexes, "config: filter")
        size = password_filter.get("bytes")
        refuse_unless(is_integer(size, 112, 80 + 32 * 2**28) and (size - 80) % 32 == 0, "config: filter")
    refuse_unless(config["suite"] == suite.name and config["keyId"] == suite.key_id, "config: another key")
    if suite.public_key:
        refuse_unless(config.get("publicKey") == suite.public_key.hex(), "config: another key")
    seal = hmac_sha256(suite.seal_key, b"credveil config 1" + config_text(config))[:16].hex()
    refuse_unless(hmac.compare_digest(seal, config["seal"]), "config: seal")


# --- §17 Password filter --------------------------------------------------------------------------

SALT = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)


class PasswordFilter:
    def __init__(self, file, suite, config):
        refuse_unless(len(file) == config["filter"]["bytes"] and file[:8] == b"CVFLT\x00\x00\x02", "filter: malformed")
        refuse_unless(file[8:16].hex() == config["dataset"], "filter: dataset")
        refuse_unless(file[16:48] == bytes.fromhex(config["layer"]).ljust(32, b"\0"), "filter: layer")
        refuse_unless(file[56:60] == b"\x02\0\0\0", "filter: malformed")
        self.file, self.blocks = file, int.from_bytes(file[60:64], "big")
        refuse_unless(1 <= self.blocks <= 2**28 and len(file) == 80 + 32 * self.blocks, "filter: malformed")
        seal = hmac_sha256(suite.seal_key, b"credveil filter 2" + file[:-16])[:16]
        refuse_unless(hmac.compare_digest(seal, file[-16:]), "filter: seal")

    def may_hold(self, output):
        high, low = int.from_bytes(output[16:20], "big"), int.from_bytes(output[2:6], "big")
        at = 64 + 32 * (high * self.blocks >> 32)
        words = [int.from_bytes(self.file[at + 4 * i : at + 4 * i + 4], "little") for i in range(8)]
        bits = [(low * salt % 2**32) >> 27 for salt in SALT]
        return all(word >> bit & 1 for word, bit in zip(words, bits, strict=True))


# --- §13 HTTP, §16 messages -----------------------------------------------------------------------


class Service:
    def __init__(self, url):
        self.base = url.rstrip("/")

    def ask(self, path, most, body=None, snapshot=None):
        headers = {"Accept": "*/*" if body is None and snapshot is None else "application/octet-stream"}
        if body is not None:
            headers["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(self.base + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer = response.read(most + 1)
                served = response.headers.get("Credveil-Snapshot")
        except urllib.error.HTTPError as error:
            raise Refused(f"status {error.code}") from None
        refuse_unless(len(answer) <= most, "answer: too long")
        refuse_unless(snapshot is None or served in (None, snapshot), "answer: of another snapshot")
        return answer

    def lookup(self, snapshot, bucket_id, elements, most_body):
        message = b"\x01" + bucket_id.to_bytes(4, "big") + bytes([len(elements)]) + b"".join(elements)
        answer = self.ask(f"/v1/lookup?snapshot={snapshot}", 2 + 32 * len(elements) + most_body, message, snapshot)
        return self.elements(answer, len(elements)), answer[2 + 32 * len(elements) :]

    def evaluate(self, elements):
        answer = self.ask("/v1/evaluate", 2 + 32 * len(elements), b"\x01" + bytes([len(elements)]) + b"".join(elements))
        refuse_unless(len(answer) == 2 + 32 * len(elements), "message: length")
        return self.elements(answer, len(elements))

    def prove(self, elements):
        answer = self.ask("/v1/prove", 65, b"\x01" + bytes([len(elements)]) + b"".join(elements))
        refuse_unless(len(answer) == 65 and answer[0] == 1, "message: malformed")
        return answer[1:]

    @staticmethod
    def elements(answer, count):
        refuse_unless(len(answer) >= 2 + 32 * count and answer[0] == 1 and answer[1] == count, "message: malformed")
        return [answer[2 + 32 * i : 34 + 32 * i] for i in range(count)]


# --- §14 Client behavior --------------------------------------------------------------------------

CANARY = ("canary@credveil.invalid", "credveil-canary")


class Client:
    def __init__(self, url, key_text, prove):
        self.service, self.suite, self.prove = Service(url), Suite(key_text), prove
        self.config = json.loads(self.service.ask("/v1/config", 2**24))
        check_config(self.config, self.suite)
        username, password = normalize_username(CANARY[0]), normalize_password(CANARY[1])
        known = self.config["canary"]
        refuse_unless(known["accountHash"] == self.suite.account_hash(username).hex(), "canary: accountHash")
        if self.suite.name == "hmac":
            [output] = self.outputs([private_input(PAIR, username, password)], None)[0]
            refuse_unless(known["tag"] == output[:6].hex(), "canary: tag")
        self.filter = None
        if "filter" in self.config:
            snapshot, size = self.config["snapshot"], self.config["filter"]["bytes"]
            file = self.service.ask(f"/v1/filter/password?snapshot={snapshot}", size, snapshot=snapshot)
            self.filter = PasswordFilter(file, self.suite, self.config)

    def outputs(self, inputs, bucket_id):
        """PrfOutput of each input and, under `oprf` with a requested bucket, its body."""
        if self.suite.name == "hmac":
            return [self.suite.evaluate(message) for message in inputs], None
        blinded = [blind(message) for message in inputs]
        elements, body = [element for _, element in blinded], None
        check = None if self.prove else LinearCheck(self.suite.public_key, elements)
        elements += [] if check is None else [check.element]
        if bucket_id is None:
            evaluated = self.service.evaluate(elements)
        else:
            most = most_bytes(self.config["indexes"]["account"])
            evaluated, body = self.service.lookup(self.config["snapshot"], bucket_id, elements, most)
        if check is None:
            verify_proof(self.suite.public_key, elements, evaluated, self.service.prove(elements))
        else:
            refuse_unless(check.holds(evaluated), "linear check")
            evaluated = evaluated[:-1]
        return [finalize(m, scalar, e) for m, (scalar, _), e in zip(inputs, blinded, evaluated, strict=True)], body

    def bucket_id(self, index, hash4):
        """§6."""
        return int.from_bytes(hash4, "big") >> (32 - self.config["indexes"][index]["prefixBits"])

    def bucket(self, index, bucket_id, body=None):
        parameters, snapshot = self.config["indexes"][index], self.config["snapshot"]
        if body is None:
            prefix = format(bucket_id, "x").zfill(max(1, -(-parameters["prefixBits"] // 4)))
            most = most_bytes(parameters)
            body = self.service.ask(f"/v1/{index}/{prefix}?snapshot={snapshot}", most, snapshot=snapshot)
        return open_bucket(body, self.suite, self.config["layer"], index, parameters, bucket_id)

    def check(self, username, password):
        """pair, password, username, clean, or unknown if the dataset has no index for the question."""
        name = None if username is None else normalize_username(username)
        word = None if password is None else normalize_password(password)
        asked = []
        if "account" in self.config["indexes"]:
            asked += [(PAIR, name, word)] if name is not None and word is not None else []
            asked += [(USERNAME, name, b"")] if name else []
        if "password" in self.config["indexes"] and word:
            asked.append((PASSWORD, b"", word))
        if not asked:
            return "unknown"
        account_id = self.bucket_id("account", self.suite.account_hash(name)) if asked[0][0] != PASSWORD else None
        outputs, body = self.outputs([private_input(*item) for item in asked], account_id)
        found = set()
        account = None if account_id is None else self.bucket("account", account_id, body)
        for (kind, _, _), output in zip(asked, outputs, strict=True):
            if kind == PASSWORD and self.filter and not self.filter.may_hold(output):
                bucket = {}
            elif kind == PASSWORD:
                bucket = self.bucket("password", self.bucket_id("password", output[16:20]))
            else:
                bucket = account
            if matches(bucket, self.config["layer"], output, kind):
                found.add(kind)
        for kind, status in ((PAIR, "pair"), (PASSWORD, "password"), (USERNAME, "username")):
            if kind in found:
                return status
        return "clean"


def main():
    asked = json.load(sys.stdin)
    try:
        if "linearChecks" in asked:
            return print(json.dumps({"linearChecks": [linear_check_of(case) for case in asked["linearChecks"]]}))
        client = Client(asked["url"], asked["key"], asked.get("prove", False))
        if "inputs" in asked:
            outputs, _ = client.outputs([bytes.fromhex(item) for item in asked["inputs"]], None)
            return print(json.dumps({"outputs": [output.hex() for output in outputs]}))
        statuses = [client.check(item.get("username"), item.get("password")) for item in asked["credentials"]]
        answer = {"verdicts": [{"status": status} for status in statuses]}
    except Refused as refusal:
        answer = {"error": str(refusal)}
    except OSError as error:
        answer = {"error": f"network: {type(error).__name__}"}
    except ValueError:
        answer = {"error": "answer: malformed"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
