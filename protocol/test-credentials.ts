// Credentials for trying out a deployment safely, one for each verdict: PROTOCOL.md §10.
// Every snapshot contains the entries of the canary; the other verdicts follow from them.

/**
 * Belongs to nobody: `.invalid` cannot be registered (RFC 2606). /v1/config holds the values that a
 * correct client computes for it.
 */
export const CANARY = { username: 'canary@credveil.invalid', password: 'credveil-canary' } as const;

/**
 * By verdict. If a dataset lacks the index that one needs, the verdict is a lesser one: PROTOCOL.md
 * §10.
 */
export const TEST_CREDENTIALS = {
  pair: CANARY,
  similar: { username: CANARY.username, password: 'Credveil-Canary1' },
  password: { username: 'nobody@credveil.invalid', password: CANARY.password },
  username: { username: CANARY.username, password: 'never-leaked' },
  clean: { username: 'nobody@credveil.invalid', password: 'never-leaked' },
} as const;
