"""§14 What a client does. It never retries, so a snapshot that changes during a check is an error."""

import secrets
import time

from buckets import matches, most_bytes, open_layers
from normalize import (
    PAIR,
    PASSWORD,
    SIMILAR,
    USERNAME,
    asked_forms,
    normalize_password,
    normalize_username,
    private_input,
    rewrite_username,
)
from oprf import LinearCheck, blind, finalize, verify_proof
from password_filter import PasswordFilter
from refusal import refuse_unless
from service import Service
from statement import Snapshot
from suites import Pin

CANARY = ("canary@credveil.invalid", "credveil-canary")
MOST_FORMS = 5


class Client:
    def __init__(self, url, key=None, trust=None, prove=False):
        self.service, self.prove = Service(url), prove
        envelope_of = lambda snapshot: self.service.ask(f"/v1/statement/{snapshot}", 65_536)
        head = self.service.ask("/v1/head", 4096)
        self.snapshot = Snapshot(Pin(key, trust), head, envelope_of, time.time())
        self.suite, self.indexes, layer = self.snapshot.suite, self.snapshot.indexes, self.snapshot.layer
        self.assert_canary()
        self.filter = None
        # The filter of one layer says nothing of the others.
        if "filter" in layer and len(self.snapshot.layers) == 1:
            path = f"/v1/filter/password?snapshot={self.snapshot.id}"
            file = self.service.ask(path, layer["filter"]["bytes"], snapshot=self.snapshot.id)
            self.filter = PasswordFilter(file, layer["filter"], layer["id"], self.snapshot.statement["dataset"])

    def assert_canary(self):
        username, password = normalize_username(CANARY[0]), normalize_password(CANARY[1])
        known, suite = self.snapshot.statement["canary"], self.suite
        refuse_unless(known["accountHash"] == suite.account_hash(username).hex(), "KEY_MISMATCH", "accountHash")
        if suite.name == "hmac":
            output = suite.evaluate(private_input(PAIR, username, password))
            refuse_unless(known["tag"] == output[:6].hex(), "KEY_MISMATCH", "tag")

    def outputs(self, inputs, bucket_id=None):
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
            most = most_bytes(self.in_layers("account"))
            evaluated, body = self.service.lookup(self.snapshot.id, bucket_id, elements, most)
        if check is None:
            verify_proof(self.suite.public_key, elements, evaluated, self.service.prove(elements))
        else:
            refuse_unless(check.holds(evaluated), "KEY_MISMATCH", "linear check")
            evaluated = evaluated[:-1]
        return [finalize(m, scalar, e) for m, (scalar, _), e in zip(inputs, blinded, evaluated, strict=True)], body

    def bucket_id(self, index, hash4):
        """§6."""
        return int.from_bytes(hash4, "big") >> (32 - self.indexes[index]["prefixBits"])

    def bucket(self, index, bucket_id, body=None):
        snapshot = self.snapshot
        if body is None:
            prefix = format(bucket_id, "x").zfill(max(1, -(-self.indexes[index]["prefixBits"] // 4)))
            path = f"/v1/{index}/{prefix}?snapshot={snapshot.id}"
            body = self.service.ask(path, most_bytes(self.in_layers(index)), snapshot=snapshot.id)
        with_forms = index == "account" and "similar" in snapshot.layer
        return open_layers(body, self.suite.seal_key, index, self.in_layers(index), bucket_id, with_forms)

    def in_layers(self, index):
        """The parameters of an index in each layer, by the layer's id."""
        return {layer["id"]: layer["indexes"][index] for layer in self.snapshot.layers}

    def questions(self, name, word):
        """(kind, username, password) of what is sought; dummies have the kind None."""
        asked = []
        if "account" in self.indexes:
            asked += [(PAIR, name, word)] if name is not None and word is not None else []
            asked += [(USERNAME, name, b"")] if name is not None else []
        if "password" in self.indexes and word:
            asked.append((PASSWORD, b"", word))
        if asked and asked[0][0] == PAIR and "similar" in self.snapshot.layer:
            forms = [form for form in asked_forms(word) if len(form) <= 0xFFFF]
            asked += [(SIMILAR, name, form) for form in forms]
            missing = MOST_FORMS - len(forms) if self.suite.name == "oprf" else 0
            asked += [(None, b"", secrets.token_bytes(16)) for _ in range(missing)]
        return asked

    def check(self, username, password):
        """A verdict: unknown if the dataset has no index for the question."""
        # An empty username counts as none.
        name = normalize_username(username or "") or None
        if name is not None:
            name = rewrite_username(name, self.snapshot.statement.get("usernameRules", []))
        word = None if password is None else normalize_password(password)
        asked = self.questions(name, word)
        if not asked:
            return "unknown"
        account_id = None
        if asked[0][0] != PASSWORD:
            account_id = self.bucket_id("account", self.suite.account_hash(name))
        outputs, body = self.outputs([private_input(kind or SIMILAR, *rest) for kind, *rest in asked], account_id)
        account = None if account_id is None else self.bucket("account", account_id, body)
        found = set()
        for (kind, _, _), output in zip(asked, outputs, strict=True):
            bucket = account
            if kind == PASSWORD and self.filter and not self.filter.may_hold(output):
                bucket = {}
            elif kind == PASSWORD:
                bucket = self.bucket("password", self.bucket_id("password", output[16:20]))
            if kind is not None and any(matches(bucket[layer], layer, output, kind) for layer in bucket):
                found.add(kind)
        for kind, status in ((PAIR, "pair"), (SIMILAR, "similar"), (PASSWORD, "password"), (USERNAME, "username")):
            if kind in found:
                return status
        return "clean"
