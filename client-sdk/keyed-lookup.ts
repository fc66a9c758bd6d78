// Lookups of a caller with the key: computes outputs in this process and fetches buckets.
// PROTOCOL.md §14.

import { equalTexts } from '../protocol/bytes.ts';
import { passwordBucketHash } from '../protocol/entry.ts';
import { createHmacSuite } from '../protocol/hmac-suite.ts';
import { normalizePassword } from '../protocol/normalize.ts';
import { passwordInput } from '../protocol/private-input.ts';
import type { Statement } from '../protocol/signed/statement.ts';
import { knownAnswer } from '../protocol/test-credentials.ts';
import { createService } from './api.ts';
import { lookupFailure } from './errors.ts';
import { loadFilterCache } from './filter/lazy-cache.ts';
import type { Lookup } from './lookup.ts';
import type { CheckerSettings, HmacSettings } from './options.ts';
import { createMacAuthority, createSignatureAuthority } from './publication/authority.ts';
import type { Snapshot } from './publication/snapshot.ts';
import type { Deadline } from './transport/deadline.ts';
import {
  answerAbsent,
  answerable,
  answerFrom,
  answerOrFail,
  failAll,
  type Inquiry,
  isOpen,
} from './verdict/inquiry.ts';
import type { Signals } from './verdict/verdict.ts';

const MAX_INPUT_BYTES = Number.POSITIVE_INFINITY;
/** A password of this many UTF-16 units is not too long, also in other characters than ASCII. */
const MAX_PASSWORD_UNITS = 1024;

export function createKeyedLookup(settings: CheckerSettings, { dataset, key, trust }: HmacSettings): Lookup {
  const suite = createHmacSuite(key);
  const known = knownAnswer(suite);
  const authority = trust
    ? createSignatureAuthority(trust, settings.hashes)
    : createMacAuthority(dataset, suite.sealKey, settings.hashes);
  const service = createService(settings, authority, ({ suite: name, keyId, canary }: Statement) => {
    const isRight = name === suite.name && keyId === suite.keyId;
    if (!isRight || !equalTexts(canary.accountHash + canary.tag, known.accountHash + known.tag))
      throw lookupFailure('KEY_MISMATCH');
  });
  const filters = loadFilterCache(settings);

  const answer = async (inquiry: Inquiry, snapshot: Snapshot, deadline: Deadline): Promise<Partial<Signals>> => {
    if (inquiry.index === 'account') {
      // Derived from the username alone, so the request reveals nothing about the password.
      const hash = suite.accountBucketHash(inquiry.username);
      const bucket = await service.fetchBucket(snapshot, 'account', hash, deadline);
      return answerFrom(bucket, inquiry, snapshot, ({ input }) => suite.evaluate(input));
    }
    const output = suite.evaluate(inquiry.questions[0].input);
    if (filters.current(snapshot)?.mayHold(output) === false) return answerAbsent(inquiry);
    const bucket = await service.fetchBucket(snapshot, 'password', passwordBucketHash(output), deadline);
    return answerFrom(bucket, inquiry, snapshot, () => output);
  };

  return {
    maxInputBytes: MAX_INPUT_BYTES,
    fetchSnapshot: service.fetchSnapshot,
    // The known answer is computed here, and compared when the statement arrives.
    confirm: async (snapshot) => service.assertHeld(snapshot),
    loadFilter: filters.load,
    isAbsent(password, snapshot, now) {
      const filter = filters.current(snapshot, now);
      if (!filter || password.length > MAX_PASSWORD_UNITS) return false;
      return !filter.mayHold(suite.evaluate(passwordInput(normalizePassword(password))));
    },
    async ask(inquiries, snapshot, deadline) {
      const answers = answerable(inquiries, snapshot, MAX_INPUT_BYTES).map((inquiry) =>
        isOpen(inquiry)
          ? answerOrFail(inquiry, () => answer(inquiry, snapshot, deadline))
          : failAll([inquiry], 'NOTHING_ASKED'),
      );
      return Object.assign({}, ...(await Promise.all<Partial<Signals>>(answers)));
    },
  };
}
