"""§5 Metadata, §7 bucket body, §8 tails."""

import hashlib
import hmac

from normalize import SIMILAR
from refusal import refuse_unless
from suites import hmac_sha256


def decode_tags(body, at, count, tag_bits):
    """Golomb-Rice, from the offset `at`. Returns the tags and the offset of the next byte."""
    if count == 0:
        return [], at
    k = tag_bits - 1 - (count.bit_length() - 1)
    bits = len(body) * 8
    refuse_unless(count * (k + 1) <= bits - at * 8, "BODY_MALFORMED", "count")
    at, tag, tags = at * 8, -1, []
    bit = lambda i: body[i >> 3] >> (7 - (i & 7)) & 1
    for _ in range(count):
        quotient, remainder = 0, 0
        while True:
            refuse_unless(at < bits, "BODY_MALFORMED", "tags")
            at += 1
            if bit(at - 1) == 0:
                break
            quotient += 1
        refuse_unless(at + k <= bits, "BODY_MALFORMED", "tags")
        for i in range(at, at + k):
            remainder = remainder << 1 | bit(i)
        at += k
        tag += 1 + (quotient << k | remainder)
        refuse_unless(tag < 2**tag_bits, "BODY_MALFORMED", "tag")
        tags.append(tag)
    while at % 8:
        refuse_unless(bit(at) == 0, "BODY_MALFORMED", "rest")
        at += 1
    return tags, at // 8


class Bucket:
    """Entries by tag, with their sealed metadata, and the short tags of forms."""

    def __init__(self, entries, form_bits=48, forms=()):
        self.entries, self.form_bits, self.forms = entries, form_bits, set(forms)


def decode_forms(body, at):
    """Returns formBits, formTags and the offset of the next byte."""
    refuse_unless(at + 5 <= len(body), "BODY_MALFORMED", "length")
    bits, count = body[at], int.from_bytes(body[at + 1 : at + 5], "big")
    refuse_unless(count < 2**24, "BODY_MALFORMED", "formCount")
    least = 11 + (count - 1).bit_length() if count > 1 else 12
    refuse_unless(max(12, least) <= bits <= 48, "BODY_MALFORMED", "formBits")
    return bits, *decode_tags(body, at + 5, count, bits)


def open_bucket(answer, seal_key, layer, index, parameters, bucket_id, with_forms):
    prefix_bits, metadata_bytes, root = (parameters.get(name) for name in ("prefixBits", "metadataBytes", "root"))
    lower, upper = (32 * min(10, prefix_bits), 32 * max(0, prefix_bits - 10)) if root else (16, 0)
    body, path_above = answer[: len(answer) - upper], answer[len(answer) - upper :]
    refuse_unless(len(body) in parameters["bodyBytes"], "BODY_MALFORMED", "length")
    refuse_unless(len(body) >= 6 + lower and body[1] == metadata_bytes, "BODY_MALFORMED", "header")
    refuse_unless(body[0] == (2 if with_forms else 1), "BODY_MALFORMED", "format")
    count = int.from_bytes(body[2:6], "big")
    refuse_unless(count < 2**24, "BODY_MALFORMED", "count")
    tags, metadata_at = decode_tags(body, 6, count, 48)
    tail_at = metadata_at + count * metadata_bytes
    form_bits, forms = 48, []
    if with_forms:
        form_bits, forms, tail_at = decode_forms(body, tail_at)
    refuse_unless(tail_at + lower <= len(body), "BODY_MALFORMED", "length")
    refuse_unless(not any(body[tail_at + lower :]), "BODY_MALFORMED", "padding")
    message = b"credveil bucket 2" + bytes.fromhex(layer)
    message += bytes([{"account": 1, "password": 2}[index], prefix_bits]) + bucket_id.to_bytes(4, "big") + body[:tail_at]
    tail = body[tail_at : tail_at + lower]
    if root:
        refuse_unless(merkle_root(message, bucket_id, tail + path_above).hex() == root, "BODY_FORGED", "path")
    else:
        refuse_unless(hmac.compare_digest(hmac_sha256(seal_key, message)[:16], tail), "BODY_FORGED", "seal")
    at = lambda i: metadata_at + i * metadata_bytes
    return Bucket({tag: body[at(i) : at(i + 1)] for i, tag in enumerate(tags)}, form_bits, forms)


def open_layers(answer, seal_key, index, layers, bucket_id, with_forms):
    """§7: a bucket for each layer, cut from the end of the answer."""
    first, opened = next(iter(layers)), {}
    for layer, parameters in reversed(layers.items()):
        at = 0 if layer == first else max(0, len(answer) - most_bytes({layer: parameters}))
        opened[layer] = open_bucket(answer[at:], seal_key, layer, index, parameters, bucket_id, with_forms)
        answer = answer[:at]
    return opened


def merkle_root(message, position, path):
    """§8."""
    node = hashlib.sha256(b"\0" + message).digest()
    for at in range(0, len(path), 32):
        sibling = path[at : at + 32]
        node = hashlib.sha256(b"\1" + (sibling + node if position & 1 else node + sibling)).digest()
        position >>= 1
    return node


def matches(bucket, layer, output, kind):
    tag = int.from_bytes(output[:6], "big")
    if kind == SIMILAR:
        return tag >> (48 - bucket.form_bits) in bucket.forms
    sealed = bucket.entries.get(tag)
    if not sealed:
        return sealed is not None
    first = sealed[0] ^ hashlib.sha256(b"cvm2" + bytes.fromhex(layer) + output[:14]).digest()[0]
    return first >> 6 == kind - 1 and first & 63 != 1


def most_bytes(layers):
    """The longest answer for a bucket: §7, §8."""
    upper = lambda one: 32 * max(0, one["prefixBits"] - 10) if "root" in one else 0
    return sum(parameters["bodyBytes"][-1] + upper(parameters) for parameters in layers.values())
