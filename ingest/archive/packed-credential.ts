// The binary form of a credential, between threads and in archives.
//
//   struct PackedCredential {
//     u32 times;
//     u32 usernameBytes;   // 0xffffffff for none
//     u32 passwordBytes;
//     u8  username[];      // UTF-8, not yet normalized
//     u8  password[];
//   }                      // little-endian

export const PACKED_HEADER_BYTES = 12;
/** The length of no username. */
export const NO_USERNAME = 0xffff_ffff;
/** Longer than any cell or value of a corpus format. */
export const MAX_PACKED_FIELD_BYTES = 1 << 24;
