// Failures in words, for whoever reads one. Of all texts of a checker theirs are the longest, so
// they are loaded only then.

import { LookupError, lookupFailure, type Reason } from './errors.ts';
import { createPart } from './part.ts';

const loadReasons = createPart(() => import('./reasons.ts'));

/** Settles as `call` does, but rejects with LookupErrors alone, which have a message and a hint. */
export async function orExplain<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw await explain(cause instanceof LookupError ? cause : lookupFailure('CHECK_FAILED', { cause }));
  }
}

async function explain(failure: LookupError): Promise<LookupError> {
  const { code, message: detail, hint, cause } = failure;
  if (hint !== '') return failure;
  const [what, next] = await loadReasons().then(
    ({ REASONS }) => REASONS[code as Reason],
    () => [code, 'See the README of @credveil/client.'] as const,
  );
  return new LookupError(code, detail === '' ? what : `${what}: ${detail}`, next, { cause });
}
