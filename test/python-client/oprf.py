"""§15 Suite oprf (RFC 9497), §16 the linear check."""

import hashlib
import secrets

from edwards import (
    GENERATOR_ENCODED,
    IDENTITY,
    ORDER,
    add,
    decode_element,
    encode_element,
    map_to_point,
    multiply,
    negate,
)
from normalize import len2
from refusal import refuse_unless

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
    refuse_unless(len(message) <= 0xFFFF, "FIELD_TOO_LONG", "an input")
    scalar = 1 + secrets.randbelow(ORDER - 1)
    return scalar, encode_element(multiply(scalar, hash_to_group(message)))


def finalize(message, scalar, evaluated):
    unblinded = encode_element(multiply(pow(scalar, -1, ORDER), decode_element(evaluated)))
    return sha512(len2(message) + message + b"\x00\x20" + unblinded + b"Finalize")


def verify_proof(public_key, blinded, evaluated, proof):
    """RFC 9497 §2.2.2."""
    c, s = int.from_bytes(proof[:32], "little"), int.from_bytes(proof[32:], "little")
    refuse_unless(len(proof) == 64 and c < ORDER and s < ORDER, "PROOF_WRONG", "proof")
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
    refuse_unless(c == hash_to_scalar(transcript), "PROOF_WRONG", "proof")


# --- §16 The linear check -------------------------------------------------------------------------


def sum_weighted(weights, encoded):
    total = IDENTITY
    for weight, element in zip(weights, encoded, strict=True):
        total = add(total, multiply(weight, decode_element(element)))
    return total


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
