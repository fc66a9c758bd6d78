"""§5 Metadata, §7 bucket body, §8 tails."""

import hashlib
import hmac

from refusal import refuse_unless
from suites import hmac_sha256


def decode_tags(body, count):
    """Golomb-Rice. Returns the tags and the offset of the next byte."""
    if count == 0:
        return [], 6
    k = 47 - (count.bit_length() - 1)
    bits = len(body) * 8
    refuse_unless(count * (k + 1) <= bits - 48, "BODY_MALFORMED", "count")
    at, tag, tags = 48, -1, []
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
        refuse_unless(tag < 2**48, "BODY_MALFORMED", "tag")
        tags.append(tag)
    while at % 8:
        refuse_unless(bit(at) == 0, "BODY_MALFORMED", "rest")
        at += 1
    return tags, at // 8


def open_bucket(answer, seal_key, layer, index, parameters, bucket_id):
    """Returns {tag: sealed metadata}."""
    prefix_bits, metadata_bytes, root = (parameters.get(name) for name in ("prefixBits", "metadataBytes", "root"))
    lower, upper = (32 * min(10, prefix_bits), 32 * max(0, prefix_bits - 10)) if root else (16, 0)
    body, path_above = answer[: len(answer) - upper], answer[len(answer) - upper :]
    refuse_unless(len(body) in parameters["bodyBytes"], "BODY_MALFORMED", "length")
    refuse_unless(len(body) >= 6 + lower and body[0] == 1 and body[1] == metadata_bytes, "BODY_MALFORMED", "header")
    count = int.from_bytes(body[2:6], "big")
    refuse_unless(count < 2**24, "BODY_MALFORMED", "count")
    tags, metadata_at = decode_tags(body, count)
    tail_at = metadata_at + count * metadata_bytes
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
