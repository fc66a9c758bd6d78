// Sizes of ristretto255-SHA512, apart from oprf.ts so that a client of the `hmac` suite loads no curve.

/** Bytes of a serialized group element (SerializeElement, RFC 9497 §4.1). */
export const ELEMENT_BYTES = 32;
export const SCALAR_BYTES = 32;
/** c ‖ s of the DLEQ proof (RFC 9497 §2.2.1). */
export const PROOF_BYTES = 2 * SCALAR_BYTES;
