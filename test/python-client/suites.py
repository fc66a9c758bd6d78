"""§4 Suite hmac, §9 keys as text, §15 what follows from the public key of the suite oprf."""

import base64
import hashlib
import hmac
import re

from edwards import decode_element, is_signature
from normalize import WHITE_SPACE
from refusal import refuse_unless


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf32(ikm, salt, info):
    """RFC 5869 for 32 bytes: one block."""
    return hmac_sha256(hmac_sha256(salt, ikm), info + b"\x01")


class HmacSuite:
    name, public_key = "hmac", None

    def __init__(self, key):
        refuse_unless(len(set(key)) > 1, "KEY_MALFORMED", "all bytes are equal")
        subkey = lambda use: hkdf32(key, b"credveil hmac 1", use)
        self.key_id, self.seal_key = subkey(b"key id")[:8].hex(), subkey(b"seal")
        account, entry = subkey(b"account"), subkey(b"entry")
        self.account_hash = lambda username: hmac_sha256(account, username)[:4]
        self.evaluate = lambda message: hmac_sha256(entry, message)


class OprfSuite:
    name = "oprf"

    def __init__(self, public_key):
        decode_element(public_key)
        self.public_key = public_key
        self.key_id = hashlib.sha256(b"credveil oprf 1 key id" + public_key).digest()[:8].hex()
        self.seal_key = hkdf32(public_key, b"credveil oprf 1", b"seal")
        self.account_hash = lambda username: hashlib.sha256(b"credveil oprf 1 account" + username).digest()[:4]


def parse_line(text, kind):
    """Dataset and 32 bytes of a line that clients pin."""
    match = re.fullmatch(rf"credveil-{kind}-2\.([0-9a-f]{{16}})\.([A-Za-z0-9_-]{{43}})", text.strip(WHITE_SPACE))
    refuse_unless(match is not None, "KEY_MALFORMED", "not such a line")
    encoded = match.group(2) + "="
    content = base64.urlsafe_b64decode(encoded)
    refuse_unless(base64.urlsafe_b64encode(content).decode() == encoded, "KEY_MALFORMED", "not canonical")
    return match.group(1), content


def signing_key_id(use, public_key):
    return hashlib.sha256(f"credveil {use} 2 id".encode() + public_key).digest()[:8].hex()


class Pin:
    """What a client is given: whom it believes about which dataset."""

    def __init__(self, key=None, trust=None):
        refuse_unless(key is not None or trust is not None, "KEY_MALFORMED", "no line")
        self.suite, self.auth = None, "mac" if trust is None else "signature"
        if key is not None:
            self.dataset, secret = parse_line(key, "hmac")
            self.suite = HmacSuite(secret)
        if trust is not None:
            dataset, self.publisher = parse_line(trust, "trust")
            refuse_unless(key is None or dataset == self.dataset, "KEY_MALFORMED", "the lines name two datasets")
            self.dataset = dataset

    def key_id(self):
        return "mac" if self.auth == "mac" else signing_key_id("publisher", self.publisher)

    def verifies(self, message, signature):
        if self.auth == "mac":
            return hmac.compare_digest(hmac_sha256(self.suite.seal_key, message), signature)
        return is_signature(self.publisher, message, signature)
