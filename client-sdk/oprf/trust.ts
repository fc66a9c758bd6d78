// Whether the evaluator uses the key that was pinned: known answers and proofs. PROTOCOL.md §16.
//
// A known answer is asked for at the start and at random times later; it finds a service with the wrong key. A proof
// finds a service that uses another key now and then, or for some callers only: it is asked for once the evaluation
// has come, so the evaluator cannot know which one it will have to prove.

import { randomBytes } from '@noble/hashes/utils.js';
import type { ServiceConfig } from '../../protocol/service-config.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { OprfSettings } from '../options.ts';
import { CONFIG_TIMEOUT_MS } from '../transport/config-cache.ts';
import { createDeadline, type Deadline } from '../transport/deadline.ts';
import type { Evaluation } from './evaluator-client.ts';

/** One check in how many has the known answer asked for again, in the background. */
const CANARY_EVERY = 256;
/** Proofs that are remembered as owed. One that is not paid stops every check, so more would change nothing. */
const MAX_OWED = 64;

export interface Examiner {
  /** Has the canary evaluated as if it were anyone's. @throws LookupError `KEY_MISMATCH` for a wrong answer, and others */
  evaluateCanary(config: ServiceConfig, deadline: Deadline): Promise<Evaluation>;
  /** Has an evaluation proved. @throws LookupError `KEY_MISMATCH` for a wrong proof, and others where none came */
  prove(evaluation: Evaluation, deadline: Deadline): Promise<void>;
}

export interface Trust {
  /**
   * Before a check: lets pass a service that is trusted, and asks one that is not for what is missing.
   * @throws LookupError `KEY_MISMATCH`, or why the service cannot be asked
   */
  confirm(config: ServiceConfig, deadline: Deadline): Promise<void>;
  /** With the evaluation of a check: has it proved, where that is its turn. @throws LookupError */
  examine(evaluation: Evaluation, deadline: Deadline): Promise<void>;
  /** Before a verdict: another check may have caught the service meanwhile. @throws LookupError `KEY_MISMATCH` */
  assertTrusted(): void;
}

export function createTrust(examiner: Examiner, { proof, sampleEvery }: OprfSettings): Trust {
  /** `caught`: it gave a wrong answer or proof, and none that was right since. */
  let state: 'new' | 'trusted' | 'caught' = 'new';
  /** How often it was caught: what was under way at the time must not restore trust. */
  let catches = 0;
  /** Chosen for a proof that did not come. Until it does, nothing passes: else a cheat need only keep silent. */
  const owed = new Set<Evaluation>();
  let pending: Promise<void> | undefined;

  const orCatch = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (isMismatch(error)) {
        state = 'caught';
        catches++;
      }
      throw error;
    }
  };

  const settle = async (config: ServiceConfig, deadline: Deadline): Promise<void> => {
    const before = { state, catches };
    for (const debt of owed)
      try {
        await orCatch(examiner.prove(debt, deadline));
        owed.delete(debt);
      } catch (error) {
        // Wrong is an answer too: the debt is paid, and the service caught.
        if (isMismatch(error)) owed.delete(debt);
        throw error;
      }
    const evaluation = await orCatch(examiner.evaluateCanary(config, deadline));
    if (before.state === 'caught' && proof !== 'never') await orCatch(examiner.prove(evaluation, deadline));
    if (catches !== before.catches) throw lookupFailure('KEY_MISMATCH');
    state = 'trusted';
  };

  /** Shared, with a deadline of its own: who has less time stops waiting, and the next one profits. */
  const settleOnce = (config: ServiceConfig): Promise<void> => {
    pending ??= settle(config, createDeadline(CONFIG_TIMEOUT_MS)).finally(() => {
      pending = undefined;
    });
    return pending;
  };

  return {
    async confirm(config, deadline) {
      if (state !== 'trusted' || owed.size > 0) return deadline.race(() => settleOnce(config));
      if (isDrawn(CANARY_EVERY)) settleOnce(config).catch(() => {});
    },

    async examine(evaluation, deadline) {
      if (proof === 'never' || (proof === 'sampled' && !isDrawn(sampleEvery))) return;
      if (proof === 'always') return examiner.prove(evaluation, deadline);
      try {
        await orCatch(examiner.prove(evaluation, deadline));
      } catch (error) {
        if (!isMismatch(error) && owed.size < MAX_OWED) owed.add(evaluation);
        throw error;
      }
    },

    assertTrusted() {
      if (state === 'caught') throw lookupFailure('KEY_MISMATCH');
    },
  };
}

function isMismatch(error: unknown): boolean {
  return error instanceof LookupError && error.code === 'KEY_MISMATCH';
}

/** True once in `every` times, by the platform's randomness. */
function isDrawn(every: number): boolean {
  return new DataView(randomBytes(4).buffer).getUint32(0) < 2 ** 32 / every;
}
