// HMAC-SHA-256 (RFC 2104) and SHA-256 (FIPS 180-4) of many short messages, four at a time in the lanes of WebAssembly SIMD.
// AssemblyScript; `npm run build:kernel` makes accel/hmac-kernel-wasm.ts of it.
//
// The key is given as two states of SHA-256: after the inner pad's block and after the outer's.

@inline function rotr(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
}

// FIPS 180-4 §4.2.2
const K = memory.data<u32>([
  0x428a2f98,0x71374491,0xb5c0fbcf,0xe9b5dba5,0x3956c25b,0x59f111f1,0x923f82a4,0xab1c5ed5,
  0xd807aa98,0x12835b01,0x243185be,0x550c7dc3,0x72be5d74,0x80deb1fe,0x9bdc06a7,0xc19bf174,
  0xe49b69c1,0xefbe4786,0x0fc19dc6,0x240ca1cc,0x2de92c6f,0x4a7484aa,0x5cb0a9dc,0x76f988da,
  0x983e5152,0xa831c66d,0xb00327c8,0xbf597fc7,0xc6e00bf3,0xd5a79147,0x06ca6351,0x14292967,
  0x27b70a85,0x2e1b2138,0x4d2c6dfc,0x53380d13,0x650a7354,0x766a0abb,0x81c2c92e,0x92722c85,
  0xa2bfe8a1,0xa81a664b,0xc24b8b70,0xc76c51a3,0xd192e819,0xd6990624,0xf40e3585,0x106aa070,
  0x19a4c116,0x1e376c08,0x2748774c,0x34b0bcb5,0x391c0cb3,0x4ed8aa4a,0x5b9cca4f,0x682e6ff3,
  0x748f82ee,0x78a5636f,0x84c87814,0x8cc70208,0x90befffa,0xa4506ceb,0xbef9a3f7,0xc67178f2]);

// FIPS 180-4 §5.3.3
const IV = memory.data<u32>([
  0x6a09e667,0xbb67ae85,0x3c6ef372,0xa54ff53a,0x510e527f,0x9b05688c,0x1f83d9ab,0x5be0cd19]);

// The message schedule, four lanes a word.
const W = memory.data(64 * 16, 16);
export const STATE = memory.data(8 * 16, 16);
// Two blocks a lane. Vectors may be written beyond the last one.
export const LANES = memory.data(4 * 128 + 16, 16);

/** Sixteen bytes as four big-endian words. */
@inline export function be(p: usize): v128 {
  return v128.swizzle(v128.load(p), i8x16(3,2,1,0,7,6,5,4,11,10,9,8,15,14,13,12));
}

/** Where memory is free for messages and results. */
export function heapBase(): usize {
  return __heap_base;
}

/** The words of one block of four lanes, `stride` bytes apart, into the message schedule. */
@inline function loadBlocks(block: usize, stride: usize): void {
  for (let g = 0; g < 4; g++) {
    const p = block + g * 16;
    const a = be(p), b = be(p + stride), c = be(p + 2 * stride), d = be(p + 3 * stride);
    const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
    const w = W + g * 64;
    v128.store(w, i64x2.shuffle(ab0, cd0, 0, 2));
    v128.store(w, i64x2.shuffle(ab0, cd0, 1, 3), 16);
    v128.store(w, i64x2.shuffle(ab1, cd1, 0, 2), 32);
    v128.store(w, i64x2.shuffle(ab1, cd1, 1, 3), 48);
  }
}

/** One block of four lanes, 128 bytes apart, into STATE. `mask` lanes of all ones take the result. */
function compress(block: usize, mask: v128): void {
  loadBlocks(block, 128);
  rounds(mask);
}

/** The word of the message schedule at `w`, from those before it: FIPS 180-4 §6.2.2. */
@inline function word(w: usize): v128 {
  const w15 = v128.load(w - 240), w2 = v128.load(w - 32);
  const s0 = v128.xor(v128.xor(rotr(w15, 7), rotr(w15, 18)), i32x4.shr_u(w15, 3));
  const s1 = v128.xor(v128.xor(rotr(w2, 17), rotr(w2, 19)), i32x4.shr_u(w2, 10));
  const x = i32x4.add(i32x4.add(v128.load(w - 256), s0), i32x4.add(v128.load(w - 112), s1));
  v128.store(w, x);
  return x;
}

/** What a round adds to h and d. */
@inline function t1(e: v128, f: v128, g: v128, h: v128, w: v128, k: usize): v128 {
  const S1 = v128.xor(v128.xor(rotr(e, 6), rotr(e, 11)), rotr(e, 25));
  const ch = v128.xor(g, v128.and(e, v128.xor(f, g)));
  return i32x4.add(i32x4.add(i32x4.add(h, i32x4.add(w, v128.load32_splat(k))), ch), S1);
}

/** What it adds to the new a. Maj(a, b, c) is made of a ^ b and b ^ c, which is a ^ b of the round before. */
@inline function t2(a: v128, b: v128, ab: v128, bc: v128): v128 {
  const S0 = v128.xor(v128.xor(rotr(a, 2), rotr(a, 13)), rotr(a, 22));
  return i32x4.add(S0, v128.xor(v128.and(ab, bc), b));
}

/** The rounds over the block whose 16 words begin the message schedule. Eight at a time, so that no register moves. */
function rounds(mask: v128): void {
  let a = v128.load(STATE), b = v128.load(STATE, 16), c = v128.load(STATE, 32), d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64), f = v128.load(STATE, 80), g = v128.load(STATE, 96), h = v128.load(STATE, 112);
  let x: v128, y = v128.xor(b, c);
  let k: usize = K;
  for (let w: usize = W; w < W + 256; w += 128, k += 32) {
    h = t1(e, f, g, h, v128.load(w, 0), k + 0); d = i32x4.add(d, h); x = v128.xor(a, b); h = i32x4.add(h, t2(a, b, x, y));
    g = t1(d, e, f, g, v128.load(w, 16), k + 4); c = i32x4.add(c, g); y = v128.xor(h, a); g = i32x4.add(g, t2(h, a, y, x));
    f = t1(c, d, e, f, v128.load(w, 32), k + 8); b = i32x4.add(b, f); x = v128.xor(g, h); f = i32x4.add(f, t2(g, h, x, y));
    e = t1(b, c, d, e, v128.load(w, 48), k + 12); a = i32x4.add(a, e); y = v128.xor(f, g); e = i32x4.add(e, t2(f, g, y, x));
    d = t1(a, b, c, d, v128.load(w, 64), k + 16); h = i32x4.add(h, d); x = v128.xor(e, f); d = i32x4.add(d, t2(e, f, x, y));
    c = t1(h, a, b, c, v128.load(w, 80), k + 20); g = i32x4.add(g, c); y = v128.xor(d, e); c = i32x4.add(c, t2(d, e, y, x));
    b = t1(g, h, a, b, v128.load(w, 96), k + 24); f = i32x4.add(f, b); x = v128.xor(c, d); b = i32x4.add(b, t2(c, d, x, y));
    a = t1(f, g, h, a, v128.load(w, 112), k + 28); e = i32x4.add(e, a); y = v128.xor(b, c); a = i32x4.add(a, t2(b, c, y, x));
  }
  for (let w: usize = W + 256; w < W + 1024; w += 128, k += 32) {
    h = t1(e, f, g, h, word(w + 0), k + 0); d = i32x4.add(d, h); x = v128.xor(a, b); h = i32x4.add(h, t2(a, b, x, y));
    g = t1(d, e, f, g, word(w + 16), k + 4); c = i32x4.add(c, g); y = v128.xor(h, a); g = i32x4.add(g, t2(h, a, y, x));
    f = t1(c, d, e, f, word(w + 32), k + 8); b = i32x4.add(b, f); x = v128.xor(g, h); f = i32x4.add(f, t2(g, h, x, y));
    e = t1(b, c, d, e, word(w + 48), k + 12); a = i32x4.add(a, e); y = v128.xor(f, g); e = i32x4.add(e, t2(f, g, y, x));
    d = t1(a, b, c, d, word(w + 64), k + 16); h = i32x4.add(h, d); x = v128.xor(e, f); d = i32x4.add(d, t2(e, f, x, y));
    c = t1(h, a, b, c, word(w + 80), k + 20); g = i32x4.add(g, c); y = v128.xor(d, e); c = i32x4.add(c, t2(d, e, y, x));
    b = t1(g, h, a, b, word(w + 96), k + 24); f = i32x4.add(f, b); x = v128.xor(c, d); b = i32x4.add(b, t2(c, d, x, y));
    a = t1(f, g, h, a, word(w + 112), k + 28); e = i32x4.add(e, a); y = v128.xor(b, c); a = i32x4.add(a, t2(b, c, y, x));
  }
  add(0, a, mask); add(16, b, mask); add(32, c, mask); add(48, d, mask);
  add(64, e, mask); add(80, f, mask); add(96, g, mask); add(112, h, mask);
}

@inline function add(at: usize, x: v128, mask: v128): void {
  const p = STATE + at;
  v128.store(p, i32x4.add(v128.load(p), v128.and(x, mask)));
}

@inline function loadState(p: usize): void {
  for (let i: usize = 0; i < 8; i++) v128.store(STATE + (i << 4), v128.load32_splat(p + (i << 2)));
}

/** Copies a message to its lane with SHA-256's padding after a first block of key. */
function place(lane: usize, message: usize, length: u32): void {
  const zero = i64x2.splat(0);
  for (let i: usize = 0; i < 128; i += 16) v128.store(lane + i, zero);
  memory.copy(lane, message, length);
  store<u8>(lane + length, 0x80);
  store<u32>(lane + (length > 55 ? 124 : 60), bswap<u32>((64 + length) << 3));
}

/** Writes the state (8 u32) that follows from the block of 64 bytes at `block`: a key XORed with a pad. */
export function stateAfter(block: usize, state: usize): void {
  memory.copy(LANES, block, 64);
  loadState(IV);
  compress(LANES, i32x4.splat(-1));
  for (let i: usize = 0; i < 8; i++) store<i32>(state + (i << 2), i32x4.extract_lane(v128.load(STATE + (i << 4)), 0));
}

/**
 * blocks: count times 64 bytes, each a whole message with SHA-256's padding. out: the first 4 bytes of each digest.
 * count is a multiple of 4.
 */
export function sha256Heads(blocks: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i += 4) {
    loadBlocks(blocks + (i << 6), 64);
    loadState(IV);
      rounds(i32x4.splat(-1));
    v128.store(out + (i << 2), be(STATE));
  }
}

/** The digests of the messages in LANES into STATE. `lengths` are theirs, one a lane. */
export function digestLanes(keys: usize, lengths: v128): void {
  loadState(keys);
  compress(LANES, i32x4.splat(-1));
  const long = i32x4.gt_u(lengths, i32x4.splat(55));
  if (v128.any_true(long)) compress(LANES + 64, long);
  // The inner digest is the message of the outer hash: already in words.
  for (let w: usize = 0; w < 128; w += 16) v128.store(W + w, v128.load(STATE + w));
  v128.store(W + 128, i32x4.splat(<i32>0x80000000));
  const zero = i32x4.splat(0);
  for (let w: usize = 144; w < 240; w += 16) v128.store(W + w, zero);
  v128.store(W + 240, i32x4.splat((64 + 32) << 3));
  loadState(keys + 32);
  rounds(i32x4.splat(-1));
}

/**
 * keys: inner and outer state (8 u32 each). messages: count times { u32 at; u32 length <= 119 }. out: 32 bytes each.
 * count is a multiple of 4.
 */
export function hmacBatch(keys: usize, messages: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i += 4) {
    const m = messages + (i << 3);
    const l0 = load<u32>(m, 4), l1 = load<u32>(m, 12), l2 = load<u32>(m, 20), l3 = load<u32>(m, 28);
    place(LANES, load<u32>(m), l0);
    place(LANES + 128, load<u32>(m, 8), l1);
    place(LANES + 256, load<u32>(m, 16), l2);
    place(LANES + 384, load<u32>(m, 24), l3);
    digestLanes(keys, i32x4(l0, l1, l2, l3));
    const o = out + (i << 5);
    for (let w: usize = 0; w < 8; w++) {
      const s = be(STATE + (w << 4));
      store<u32>(o + (w << 2), i32x4.extract_lane(s, 0));
      store<u32>(o + 32 + (w << 2), i32x4.extract_lane(s, 1));
      store<u32>(o + 64 + (w << 2), i32x4.extract_lane(s, 2));
      store<u32>(o + 96 + (w << 2), i32x4.extract_lane(s, 3));
    }
  }
}
