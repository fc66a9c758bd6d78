"""§8 Envelopes (DSSE 1.0), and JSON of which no two readers see different documents."""

import base64
import json
import re

from refusal import Refused, refuse_unless

KINDS = {"head": ("head", 4096), "statement": ("snapshot", 65_536)}


def malformed(what):
    return f"{what.upper()}_MALFORMED"


def is_text(value, pattern):
    return type(value) is str and re.fullmatch(pattern, value, re.ASCII) is not None


def is_integer(value, low, high):
    """JSON has one type of number: 7.0 is an integer."""
    return type(value) in (int, float) and low <= value <= high and int(value) == value


def strict_json(content, what):
    """I-JSON (RFC 7493)."""

    def members(pairs):
        refuse_unless(len(pairs) == len(dict(pairs)), malformed(what), "two members of one name")
        return dict(pairs)

    def constant(_):
        raise ValueError

    try:
        text = content.decode()
        # Python reads a byte order mark as a character that JSON cannot begin with.
        value = json.loads(text, object_pairs_hook=members, parse_constant=constant)
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except (ValueError, RecursionError):
        raise Refused(malformed(what), "not I-JSON in UTF-8") from None


def strict_base64(text, what):
    refuse_unless(is_text(text, "[A-Za-z0-9+/]*={0,2}"), malformed(what), "not base64")
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(malformed(what), "not base64") from None
    refuse_unless(base64.b64encode(content).decode() == text, malformed(what), "base64 that is not canonical")
    return content


class Envelope:
    """Decoded, and not verified: its payload is not to be believed."""

    def __init__(self, content, what):
        payload_type = f"application/vnd.credveil.{KINDS[what][0]}.v2+json"
        refuse_unless(len(content) <= KINDS[what][1], malformed(what), "too long")
        envelope = strict_json(content, what)
        refuse_unless(type(envelope) is dict, malformed(what), "not an object")
        refuse_unless(envelope.get("payloadType") == payload_type, malformed(what), "another payloadType")
        signatures = envelope.get("signatures")
        one = type(signatures) is list and len(signatures) == 1 and type(signatures[0]) is dict
        refuse_unless(one, malformed(what), "not one signature")
        self.key_id = signatures[0].get("keyid")
        refuse_unless(is_text(self.key_id, "mac|[0-9a-f]{16}"), malformed(what), "keyid")
        self.payload = strict_base64(envelope.get("payload"), what)
        self.signature = strict_base64(signatures[0].get("sig"), what)
        self.message = f"DSSEv1 {len(payload_type)} {payload_type} {len(self.payload)} ".encode() + self.payload
