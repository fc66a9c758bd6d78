"""The group of edwards25519: ristretto255 (RFC 9496) and Ed25519 (RFC 8032)."""

import hashlib

from refusal import refuse_unless

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
    refuse_unless(len(encoded) == 32, "ELEMENT_MALFORMED", "length")
    s = int.from_bytes(encoded, "little")
    refuse_unless(s != 0, "ELEMENT_MALFORMED", "identity")
    refuse_unless(s < P and not is_negative(s), "ELEMENT_MALFORMED", "not canonical")
    ss = s * s % P
    u1, u2 = 1 - ss, 1 + ss
    v = (-D * u1 * u1 - u2 * u2) % P
    was_square, invsqrt = sqrt_ratio_m1(1, v * u2 * u2)
    den_x = invsqrt * u2 % P
    den_y = invsqrt * den_x * v % P
    x = absolute(2 * s * den_x)
    y = u1 * den_y % P
    t = x * y % P
    refuse_unless(was_square and not is_negative(t) and y != 0, "ELEMENT_MALFORMED", "not canonical")
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


def is_equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def negate(point):
    x, y, z, t = point
    return (-x % P, y, z, -t % P)


# --- Ed25519 --------------------------------------------------------------------------------------


def decode_point(encoded):
    """RFC 8032 §5.1.3. None unless it is the canonical encoding of a point."""
    if len(encoded) != 32:
        return None
    y, sign = int.from_bytes(encoded, "little") & (2**255 - 1), encoded[31] >> 7
    if y >= P:
        return None
    was_square, x = sqrt_ratio_m1(y * y - 1, D * y * y + 1)
    if not was_square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signature(public_key, message, signature):
    """RFC 8032 §5.1.7, without the cofactor, under the rules of §8."""
    if len(signature) != 64:
        return False
    key, r, s = decode_point(public_key), decode_point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER or is_equal(multiply(8, key), IDENTITY):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    return is_equal(multiply(s, BASE), add(r, multiply(k, key)))
