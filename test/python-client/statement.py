"""§10 Statement and head, §14 what a client demands of them."""

import calendar
import hashlib
import time

from edwards import is_signature
from envelope import Envelope, is_integer, is_text, malformed, strict_json
from normalize import are_username_rules
from refusal import refuse_unless
from suites import OprfSuite, signing_key_id

HEX16, HEX64 = "[0-9a-f]{16}", "[0-9a-f]{64}"
MAX_SEQUENCE = 10**12 - 1
MAX_COUNT = 2**53 - 1
MOST_SKEW, MOST_AGE, LONGEST_HEAD = 300, 25 * 3600, 7 * 86_400


def parse_time(value, what):
    refuse_unless(is_text(value, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), malformed(what), "a time")
    try:
        seconds = calendar.timegm(time.strptime(value, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        seconds = None
    # strptime takes a leap second.
    known = seconds is not None and time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) == value
    refuse_unless(known, malformed(what), "a time")
    return seconds


def parse_head(payload):
    """The members of a head, and the times in seconds."""
    head = strict_json(payload, "head")
    refuse_unless(type(head) is dict, "HEAD_MALFORMED", "not an object")
    refuse_unless(is_integer(head.get("protocol"), 2, 2), "HEAD_UNSUPPORTED", "protocol")
    refuse_unless(is_text(head.get("dataset"), HEX16), "HEAD_MALFORMED", "dataset")
    refuse_unless(is_text(head.get("statement"), HEX64), "HEAD_MALFORMED", "statement")
    refuse_unless(is_integer(head.get("sequence"), 1, MAX_SEQUENCE), "HEAD_MALFORMED", "sequence")
    issued, until = parse_time(head.get("issuedAt"), "head"), parse_time(head.get("validUntil"), "head")
    refuse_unless(issued < until <= issued + LONGEST_HEAD, "HEAD_MALFORMED", "validUntil")
    return head, issued, until


def demand(condition, why):
    refuse_unless(condition, "STATEMENT_MALFORMED", why)


def check_index(name, index, signed):
    demand(type(index) is dict and is_integer(index.get("prefixBits"), 0, 26), "prefixBits")
    demand(is_integer(index.get("entries"), 0, MAX_COUNT), "entries")
    usernames = index.get("usernames")
    demand(is_integer(usernames, 0, MAX_COUNT) if name == "account" else usernames is None, "usernames")
    demand(is_integer(index.get("metadataBytes"), 0, 3) and index["metadataBytes"] != 2, "metadataBytes")
    demand(is_text(index.get("root"), HEX64) if signed else index.get("root") is None, "root")
    sizes = index.get("bodyBytes")
    demand(type(sizes) is list and 1 <= len(sizes) <= 64, "bodyBytes")
    demand(all(is_integer(size, 1, 2**31) for size in sizes) and sizes == sorted(set(sizes)), "bodyBytes")


def check_layer(layer, signed):
    demand(type(layer) is dict and is_text(layer.get("id"), "[0-9a-f]{32}"), "layer")
    indexes = layer.get("indexes")
    demand(type(indexes) is dict, "indexes")
    for name in ("account", "password"):
        if name in indexes:
            check_index(name, indexes[name], signed)
    if "similar" in layer:
        demand(layer["similar"] is True and "account" in indexes, "similar")
    if "filter" in layer:
        demand(type(layer["filter"]) is dict and "password" in indexes, "filter")
        size, blocks = layer["filter"].get("bytes"), layer["filter"].get("blocks")
        demand(is_integer(blocks, 1, 2**28) and is_integer(size, 112, 2**33 + 80), "filter")
        demand((size - 80) % 32 == 0 and is_text(layer["filter"].get("sha256"), HEX64), "filter")


def check_layers(layers):
    """All answer for the same prefixes."""
    known = lambda layer: [layer["indexes"][name] for name in ("account", "password") if name in layer["indexes"]]
    shape = lambda layer: [(index["prefixBits"], index["metadataBytes"], "usernames" in index) for index in known(layer)]
    for layer in layers[1:]:
        demand(shape(layer) == shape(layers[0]), "layers")
        demand(all((part in layer) == (part in layers[0]) for part in ("similar", "filter")), "layers")
        demand(all(len(index["bodyBytes"]) == 1 for index in known(layer)), "layers")
    demand(len({layer["id"] for layer in layers}) == len(layers), "layers")


def parse_statement(payload):
    """Refuses any deviation from §10 before anything is computed from the statement."""
    statement = strict_json(payload, "statement")
    demand(type(statement) is dict, "not an object")
    layers, auth, suite = statement.get("layers"), statement.get("auth"), statement.get("suite")
    supported = is_integer(statement.get("protocol"), 2, 2) and is_integer(statement.get("normalization"), 1, 1)
    supported = supported and suite in ("hmac", "oprf") and auth in ("mac", "signature")
    supported = supported and ("usernameRules" not in statement or are_username_rules(statement["usernameRules"]))
    supported = supported and not (type(layers) is list and not 1 <= len(layers) <= 8)
    refuse_unless(supported, "STATEMENT_UNSUPPORTED", "another version")
    demand(type(layers) is list, "layers")
    demand(is_text(statement.get("dataset"), HEX16) and is_text(statement.get("keyId"), HEX16), "an id")
    sequence = statement.get("sequence")
    demand(is_integer(sequence, 1, MAX_SEQUENCE) and is_integer(statement.get("minSequence"), 1, sequence), "sequence")
    signed = auth == "signature"
    demand(signed or suite == "hmac", "oprf needs signatures")
    demand(is_text(statement.get("publicKey"), HEX64) if suite == "oprf" else "publicKey" not in statement, "publicKey")
    parse_time(statement.get("publishedAt"), "statement")
    for layer in layers:
        check_layer(layer, signed)
    check_layers(layers)
    demand("usernameRules" not in statement or "account" in layers[0]["indexes"], "usernameRules")
    canary, sources, head_keys = statement.get("canary"), statement.get("sources"), statement.get("headKeys")
    demand(type(canary) is dict and is_text(canary.get("accountHash"), "[0-9a-f]{8}"), "canary")
    demand(is_text(canary.get("tag"), "[0-9a-f]{12}"), "canary")
    demand(type(sources) is dict and is_text(sources.get("sha256"), HEX64), "sources")
    demand(is_integer(sources.get("bytes"), 2, 2**24), "sources")
    demand(type(head_keys) is list and len(head_keys) <= 8 if signed else head_keys is None, "headKeys")
    for allowed in head_keys or []:
        demand(type(allowed) is dict and is_text(allowed.get("key"), HEX64), "headKeys")
        parse_time(allowed.get("notAfter"), "statement")
    return statement


def parse_sources(content):
    sources = strict_json(content, "sources")
    demand = lambda condition: refuse_unless(condition, "SOURCES_MALFORMED", "a source")
    demand(type(sources) is list and len(sources) <= 0xFFFF)
    for source in sources:
        demand(type(source) is dict and is_integer(source.get("number"), 1, 0xFFFF))
        demand(is_text(source.get("name"), "[a-z0-9][a-z0-9._-]{0,63}"))
        demand("date" not in source or is_text(source["date"], r"\d{4}-(0[1-9]|1[0-2])"))
    demand(len({source["number"] for source in sources}) == len(sources))
    return sources


def signed_by_delegate(statement, head, until):
    for allowed in statement.get("headKeys", []):
        key = bytes.fromhex(allowed["key"])
        if signing_key_id("head", key) == head.key_id and until <= parse_time(allowed["notAfter"], "statement"):
            return is_signature(key, head.message, head.signature)
    return False


def is_by(pin, envelope):
    return envelope.key_id == pin.key_id() and pin.verifies(envelope.message, envelope.signature)


class Snapshot:
    """§14: a head and the statement that it names, both verified for a pin."""

    def __init__(self, pin, head_envelope, fetch_statement, now):
        envelope = Envelope(head_envelope, "head")
        by_pin = pin.auth == "mac" or envelope.key_id == pin.key_id()
        refuse_unless(not by_pin or is_by(pin, envelope), "HEAD_FORGED", "by no key of this dataset")
        head, issued, until = parse_head(envelope.payload)
        refuse_unless(head["dataset"] == pin.dataset, "DATASET_MISMATCH", "head")
        refuse_unless(issued <= now + MOST_SKEW, "CLOCK_WRONG", "head")
        refuse_unless(now <= min(until, issued + MOST_AGE), "SNAPSHOT_STALE", "head")
        self.id = f"{int(head['sequence']):06d}-{head['statement'][:16]}"
        stated = Envelope(fetch_statement(self.id), "statement")
        refuse_unless(is_by(pin, stated), "STATEMENT_FORGED", "by another key")
        same = hashlib.sha256(stated.payload).hexdigest() == head["statement"]
        refuse_unless(same, "STATEMENT_FORGED", "the head names another one")
        statement = parse_statement(stated.payload)
        refuse_unless(statement["dataset"] == pin.dataset, "DATASET_MISMATCH", "statement")
        refuse_unless(statement["auth"] == pin.auth, "STATEMENT_FORGED", "auth")
        refuse_unless(statement["sequence"] == head["sequence"], "HEAD_FORGED", "sequence")
        refuse_unless(
            by_pin or signed_by_delegate(statement, envelope, until), "HEAD_FORGED", "by no key of this dataset"
        )
        self.suite = pin.suite or OprfSuite(bytes.fromhex(statement.get("publicKey", "")))
        same = statement["suite"] == self.suite.name and statement["keyId"] == self.suite.key_id
        refuse_unless(same, "KEY_MISMATCH", "another key")
        self.statement, self.layer = statement, statement["layers"][0]
        self.layers, self.indexes = statement["layers"], self.layer["indexes"]
