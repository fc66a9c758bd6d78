"""§17 Password filter."""

import hashlib

from refusal import refuse_unless

SALT = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)


def decode_filter(file):
    """The number of blocks of a well-formed file."""
    demand = lambda condition, why: refuse_unless(condition, "FILTER_MALFORMED", why)
    demand(len(file) >= 64 and file[:8] == b"CVFLT\x00\x00\x02", "magic")
    demand(not any(file[32:48]) and file[56:60] == b"\x02\0\0\0", "index, or a zero byte")
    demand(int.from_bytes(file[48:56], "big") < 2**53, "entries")
    blocks = int.from_bytes(file[60:64], "big")
    demand(1 <= blocks <= 2**28 and len(file) == 80 + 32 * blocks, "blocks")
    return blocks


class PasswordFilter:
    """Complete, and the one that the statement names."""

    def __init__(self, file, stated, layer_id, dataset):
        same = len(file) == stated["bytes"] and hashlib.sha256(file).hexdigest() == stated["sha256"]
        refuse_unless(same, "FILTER_FORGED", "not the filter of the statement")
        refuse_unless(file[8:16].hex() == dataset and file[16:32].hex() == layer_id, "FILTER_MALFORMED", "of another layer")
        self.file, self.blocks = file, decode_filter(file)
        refuse_unless(self.blocks == stated["blocks"], "FILTER_MALFORMED", "blocks")

    def may_hold(self, output):
        high, low = int.from_bytes(output[16:20], "big"), int.from_bytes(output[2:6], "big")
        at = 64 + 32 * (high * self.blocks >> 32)
        words = [int.from_bytes(self.file[at + 4 * i : at + 4 * i + 4], "little") for i in range(8)]
        bits = [(low * salt % 2**32) >> 27 for salt in SALT]
        return all(word >> bit & 1 for word, bit in zip(words, bits, strict=True))
