// The non-adjacent form of an integer with windows of 4 bits: few digits other than zero, so few
// additions of points.

/**
 * Recodes a little-endian integer as Σ digits[i]·2^i, where each digit is 0 or odd, and from -7 to
 * 7. Of four neighbours at most one is not 0 (Solinas, "Efficient arithmetic on Koblitz curves",
 * 2000).
 */
export function signedDigits(bytes: Uint8Array): readonly number[] {
  // Two's complement is not needed: a digit's carry goes into the bits above it.
  const bits = Array.from({ length: 8 * bytes.length + 1 }, (_, i) => ((bytes[i >>> 3] ?? 0) >>> (i & 7)) & 1);
  for (let i = 0; i < bits.length; i++) {
    if (bits[i] === 0) continue;
    let digit = 0;
    for (let j = 3; j >= 0; j--) {
      digit = 2 * digit + (bits[i + j] ?? 0);
      if (i + j < bits.length) bits[i + j] = 0;
    }
    if (digit > 7) {
      digit -= 16;
      let carryAt = i + 4;
      while (bits[carryAt] === 1) bits[carryAt++] = 0;
      bits[carryAt] = 1;
    }
    bits[i] = digit;
  }
  return bits;
}
