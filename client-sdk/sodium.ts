// @credveil/client/sodium: the group operations of the `oprf` suite on libsodium, for the option `engine`.

export { createSodiumOprf } from '../accel/oprf-sodium.ts';
export type { Oprf } from '../protocol/oprf.ts';
