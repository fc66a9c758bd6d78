// Credentials by which a deployment can be tried safely, one for each verdict: PROTOCOL.md §10.
// Every snapshot holds the entries of the first, the canary; the others follow from it.

/** Nobody's: `.invalid` cannot be registered (RFC 2606). /v1/config says what a correct client must compute for it. */
export const CANARY = { username: 'canary@credveil.invalid', password: 'credveil-canary' } as const;

/** By verdict. Where a dataset lacks what one needs, the next lesser verdict is right: PROTOCOL.md §10. */
export const TEST_CREDENTIALS = {
  pair: CANARY,
  similar: { username: CANARY.username, password: 'Credveil-Canary1' },
  password: { username: 'nobody@credveil.invalid', password: CANARY.password },
  username: { username: CANARY.username, password: 'never-leaked' },
  clean: { username: 'nobody@credveil.invalid', password: 'never-leaked' },
} as const;
