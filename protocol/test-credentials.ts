// Credentials that every dataset holds, so that a deployment can be tried safely: PROTOCOL.md §10.
// The first is the canary: /v1/config says what a correct client must compute for it.

/** Nobody's: `.invalid` cannot be registered (RFC 2606). */
export const CANARY = { username: 'canary@credveil.invalid', password: 'credveil-canary' } as const;
