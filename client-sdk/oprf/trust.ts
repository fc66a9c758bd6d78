// Trust: verifies by canaries and proofs that the evaluator uses the pinned key. PROTOCOL.md §16.
//
// The canary is evaluated at the start and at random times later. Its known answer detects a
// service with the wrong key. A proof detects a service that uses another key occasionally, or for
// some callers only. The client requests it once the evaluation has arrived, so the evaluator
// cannot predict which evaluations it will have to prove.

import { randomBytes } from '@noble/hashes/utils.js';
import type { ServiceConfig } from '../../protocol/service-config.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { OprfSettings } from '../options.ts';
import { CONFIG_TIMEOUT_MS } from '../transport/config-cache.ts';
import { createDeadline, type Deadline } from '../transport/deadline.ts';
import type { Evaluation } from './evaluator-client.ts';

/** One check in this many has the canary evaluated again, in the background. */
const CANARY_EVERY = 256;
/** Maximum owed proofs in memory. A single one already fails every check. */
const MAX_OWED = 64;

export interface Examiner {
  /**
   * Has the canary evaluated like any other credential.
   * @throws LookupError, `KEY_MISMATCH` for a wrong answer
   */
  evaluateCanary(config: ServiceConfig, deadline: Deadline): Promise<Evaluation>;
  /**
   * Has an evaluation proved.
   * @throws LookupError, `KEY_MISMATCH` for a wrong proof; other codes if no proof arrives
   */
  prove(evaluation: Evaluation, deadline: Deadline): Promise<void>;
}

export interface Trust {
  /**
   * Before a check: passes a trusted service, and has any other one prove itself first.
   * @throws LookupError, `KEY_MISMATCH` if it evaluates with another key
   */
  confirm(config: ServiceConfig, deadline: Deadline): Promise<void>;
  /** After the evaluation of a check: has it proved if it is drawn. @throws LookupError */
  examine(evaluation: Evaluation, deadline: Deadline): Promise<void>;
  /**
   * Before a verdict: another check may have caught the service in the meantime.
   * @throws LookupError `KEY_MISMATCH`
   */
  assertTrusted(): void;
}

export function createTrust(examiner: Examiner, { proof, sampleEvery }: OprfSettings): Trust {
  /** `caught`: it returned a wrong answer or proof, and no correct one since. */
  let state: 'new' | 'trusted' | 'caught' = 'new';
  /** How often it was caught: a test that was already running must not restore trust. */
  let catches = 0;
  /** Drawn but not yet proved. Checks fail until they are: a cheat could withhold proofs. */
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
        // A wrong proof settles the debt too: the service is caught.
        if (isMismatch(error)) owed.delete(debt);
        throw error;
      }
    const evaluation = await orCatch(examiner.evaluateCanary(config, deadline));
    if (before.state === 'caught' && proof !== 'never') await orCatch(examiner.prove(evaluation, deadline));
    if (catches !== before.catches) throw lookupFailure('KEY_MISMATCH');
    state = 'trusted';
  };

  /** Shared by checks, with a separate deadline: a check that leaves early does not abort it. */
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

/** True with probability 1/`every`, from the platform's random source. */
function isDrawn(every: number): boolean {
  return new DataView(randomBytes(4).buffer).getUint32(0) < 2 ** 32 / every;
}
