"""Runs PROTOCOL.vectors.json. Returns the names of the vectors with another result."""

import hashlib

from buckets import Bucket, matches, merkle_root, open_bucket, open_layers
from edwards import ORDER, add, decode_element, encode_element, multiply, negate
from normalize import len2, normalize_password, normalize_username, rewrite_username, similar_forms
from oprf import finalize, hash_to_group, linear_check_of, sha512, verify_proof
from password_filter import PasswordFilter, decode_filter
from refusal import Refused
from statement import Snapshot, parse_time
from suites import HmacSuite, OprfSuite, Pin, parse_line


def code_of(act):
    """None, or the code of a refusal."""
    try:
        act()
    except Refused as refusal:
        return refusal.code
    return None


def check_inputs(vectors, differ):
    for case in vectors["normalization"]:
        same = normalize_username(case["text"]).hex() == case["username"]
        differ(same and normalize_password(case["text"]).hex() == case["password"], "normalization", case["text"])
    for case in vectors["lengths"]:
        text = case["unit"] * case["times"]
        codes = {code_of(lambda by=by: by(text)) for by in (normalize_username, normalize_password)}
        differ(codes == {"FIELD_TOO_LONG" if case["isTooLong"] else None}, "lengths", case["unit"])
    for case in vectors["malformedUtf8"]:
        text = bytes.fromhex(case["bytes"]).decode("utf-8", "replace")
        differ(normalize_password(text).hex() == case["password"], "malformedUtf8", case["name"])
    for case in vectors["usernameRules"]:
        username = rewrite_username(normalize_username(case["text"]), case["rules"])
        differ(username.hex() == case["username"], "usernameRules", case["text"])
    for case in vectors["similarForms"]:
        forms = [form.hex() for form in similar_forms(normalize_password(case["password"]))]
        differ(forms == case["forms"], "similarForms", case["password"])


def evaluate_oprf(secret, message):
    """As a server could: k * H(x), and the hash of Finalize."""
    element = encode_element(multiply(int.from_bytes(secret, "little"), hash_to_group(message)))
    return sha512(len2(message) + message + b"\x00\x20" + element + b"Finalize")


def check_suites(vectors, differ):
    for case in vectors["suites"]:
        secret = bytes.fromhex(case["secret"])
        suite = HmacSuite(secret) if case["suite"] == "hmac" else OprfSuite(bytes.fromhex(case["publicKey"]))
        evaluate = suite.evaluate if case["suite"] == "hmac" else lambda message, secret=secret: evaluate_oprf(secret, message)
        same = suite.key_id == case["keyId"] and suite.seal_key.hex() == case["sealKey"]
        for one in case["accountHashes"]:
            same = same and suite.account_hash(normalize_username(one["username"])).hex() == one["hash"]
        differ(same, "suites", case["suite"])
        for one in case["outputs"]:
            if "input" not in one:
                message = b"\x03\0\0" + len2(b"x" * 65_530) + b"x" * 65_530
                differ(hashlib.sha256(message).hexdigest() == one["inputSha256"], "suites", "long input")
            else:
                message = bytes.fromhex(one["input"])
            output = evaluate(message)
            parts = output.hex() == one["output"] and output[:6].hex() == one["tag"]
            parts = parts and output[6:14].hex() == one["seed"] and output[16:20].hex() == one["passwordHash"]
            differ(parts and message[0] == one["kind"], "suites", case["suite"] + " output")


def read_times(code):
    return 1 if code == 0 else 2 ** (code // 2) + (code & 1) * 2 ** (code // 2 - 1)


def check_metadata(vectors, differ):
    for case in vectors["times"]:
        e = case["times"].bit_length() - 1
        code = 2 * e + (case["times"] >> (e - 1) & 1) if e else 0
        differ(code == case["code"], "times", str(case["times"]))
    given = vectors["metadata"]
    output = bytes.fromhex(given["output"])
    pad = hashlib.sha256(b"cvm2" + bytes.fromhex(given["layer"]) + output[:14]).digest()[:3]
    differ(pad.hex() == given["pad"], "metadata", "pad")
    for case in given["cases"]:
        sealed = bytes.fromhex(case["sealed"])
        bucket = Bucket({int.from_bytes(output[:6], "big"): sealed})
        same = matches(bucket, given["layer"], output, given["kind"]) == case["matches"]
        plain = bytes(a ^ b for a, b in zip(sealed, pad))
        if "times" in case:
            same = same and read_times(plain[0] & 63) == case["times"]
        if len(plain) == 3 and case["matches"]:
            same = same and int.from_bytes(plain[1:], "big") == case["source"]
        differ(same, "metadata", case["name"])


def check_ranges(vectors, differ):
    given = vectors["ranges"]
    sha1 = hashlib.sha1(given["password"].encode()).hexdigest()
    differ(sha1 == given["sha1"] and sha1[:5].upper() == given["prefix"], "ranges", "sha1")
    rows = [row.split(":") for row in given["padded"].split("\r\n")]
    counts = {suffix: int(count) for suffix, count in rows if int(count) > 0}
    expected = {one["suffix"]: one["times"] for one in given["counts"]}
    differ(counts == expected and sha1[5:].upper() in counts, "ranges", "padded")


def check_buckets(vectors, differ):
    given = vectors["buckets"]
    key, place = bytes.fromhex(given["sealKey"]), (given["layer"], given["index"])

    def open_case(case):
        parameters = {name: case[name] for name in ("metadataBytes", "bodyBytes")}
        parameters["prefixBits"] = given["prefixBits"]
        return open_bucket(bytes.fromhex(case["answer"]), key, *place, parameters, given["bucketId"], case["similar"])

    for case in given["accepted"]:
        bucket = open_case(case)
        same = [format(tag, "012x") for tag in bucket.entries] == case["tags"]
        if case["similar"]:
            same = same and bucket.form_bits == case["formBits"] and sorted(bucket.forms) == case["formTags"]
        differ(same, "buckets", case["name"])
    for case in given["refused"]:
        differ(code_of(lambda: open_case(case)) == case["code"], "buckets", case["name"])
    signed = given["signed"]
    open_signed = lambda answer: open_bucket(bytes.fromhex(answer), None, *place, signed, given["bucketId"], False)
    tags = [format(tag, "012x") for tag in open_signed(signed["answer"]).entries]
    differ(tags == signed["tags"], "buckets", "signed")
    differ(code_of(lambda: open_signed(signed["wrongSibling"])) == "BODY_FORGED", "buckets", "wrong sibling")
    differ(code_of(lambda: open_signed(signed["withoutSibling"])) == "BODY_MALFORMED", "buckets", "without sibling")
    layered = given["layered"]
    layers = {one["layer"]: {**one, "prefixBits": given["prefixBits"]} for one in layered["layers"]}
    open_all = lambda answer: open_layers(bytes.fromhex(answer), key, place[1], layers, given["bucketId"], False)
    opened = open_all(layered["answer"])
    tags = [[format(tag, "012x") for tag in opened[layer].entries] for layer in layers]
    differ(tags == layered["tags"], "buckets", "layers")
    for case in layered["refused"]:
        differ(code_of(lambda: open_all(case["answer"])) == case["code"], "buckets", case["name"])
    tree, hashes = given["tree"], []
    for one in given["tree"]["inputs"]:
        hashes.append(merkle_root(bytes.fromhex(one), 0, b""))
    differ([one.hex() for one in hashes] == tree["leaves"], "buckets", "leaves")
    pair = lambda a, b: hashlib.sha256(b"\1" + a + b).digest()
    root = pair(pair(hashes[0], hashes[1]), pair(hashes[2], hashes[3])).hex()
    differ(root == tree["root"], "buckets", "tree")


def check_snapshots(vectors, differ):
    for case in vectors["pins"]:
        valid = code_of(lambda: Pin(key=case["line"]) if case["kind"] == "hmac" else parse_line(case["line"], "trust"))
        differ((valid is None) == case["valid"], "pins", case["line"][:20])
    for case in vectors["snapshots"]:
        ids = []

        def open_snapshot():
            pin = Pin(case.get("key"), case.get("trust"))
            now = parse_time(case["now"], "head")
            ids.append(Snapshot(pin, case["head"].encode(), lambda _: case["statement"].encode(), now).id)

        differ(code_of(open_snapshot) == case["code"] and ids in ([], [case["snapshot"]]), "snapshots", case["name"])


def check_oprf(vectors, differ):
    given = vectors["oprf"]
    public_key, secret = bytes.fromhex(given["publicKey"]), int.from_bytes(bytes.fromhex(given["secretKey"]), "little")
    evaluate = lambda encoded: encode_element(multiply(secret, decode_element(encoded)))
    for case in given["blindings"]:
        message, blind = bytes.fromhex(case["input"]), int.from_bytes(bytes.fromhex(case["blind"]), "little")
        for kind in ("multiplication", "addition"):
            blinded = bytes.fromhex(case[kind]["blindedElement"])
            differ(evaluate(blinded).hex() == case[kind]["evaluatedElement"], "oprf", kind)
        differ(encode_element(multiply(blind, hash_to_group(message))).hex() == case["multiplication"]["blindedElement"], "oprf", "blind")
        evaluated = bytes.fromhex(case["multiplication"]["evaluatedElement"])
        differ(finalize(message, blind, evaluated).hex() == case["output"], "oprf", "finalize")
        mask = negate(multiply(blind, decode_element(public_key)))
        element = encode_element(add(decode_element(bytes.fromhex(case["addition"]["evaluatedElement"])), mask))
        differ(sha512(len2(message) + message + b"\x00\x20" + element + b"Finalize").hex() == case["output"], "oprf", "addition")
    for case in given["proofs"]:
        lists = [[bytes.fromhex(one) for one in case[name]] for name in ("blindedElements", "evaluatedElements")]
        valid = code_of(lambda: verify_proof(public_key, *lists, bytes.fromhex(case["proof"]))) is None
        differ(valid == case["valid"], "proofs", case["name"])
    for case in given["linearChecks"]:
        result = linear_check_of(case)
        same = result == {"element": case["blindedElements"][-1], "holds": case["holds"]}
        differ(same, "linearChecks", case["name"])
    for encoded in given["refused"]["elements"]:
        differ(code_of(lambda: decode_element(bytes.fromhex(encoded))) == "ELEMENT_MALFORMED", "elements", encoded)
    for encoded in given["refused"]["scalars"]:
        number = int.from_bytes(bytes.fromhex(encoded), "little")
        differ(number == 0 or number >= ORDER, "scalars", encoded)


def check_filters(vectors, differ):
    given = vectors["filters"]
    file = bytes.fromhex(given["file"])
    stated = {"bytes": len(file), "sha256": given["sha256"], "blocks": (len(file) - 80) // 32}
    loaded = PasswordFilter(file, stated, given["layer"], given["dataset"])
    for case in given["passwords"]:
        differ(loaded.may_hold(bytes.fromhex(case["output"])) == case["mayHold"], "filters", case["password"])
    for case in given["refused"]:
        code = code_of(lambda: decode_filter(bytes.fromhex(case["file"])))
        differ(code == "FILTER_MALFORMED", "filters", case["name"])


CHECKS = (
    *(check_inputs, check_suites, check_metadata, check_ranges, check_buckets),
    *(check_snapshots, check_oprf, check_filters),
)


def run_vectors(vectors):
    """How many were compared, and the names of those that differ."""
    compared, different = 0, []

    def differ(same, group, name):
        nonlocal compared
        compared += 1
        if not same:
            different.append(f"{group}: {name}")

    for check in CHECKS:
        check(vectors, differ)
    return {"compared": compared, "different": different}
