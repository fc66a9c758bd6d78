// Lookups of a caller with the key: computes outputs in this process and fetches buckets.
// PROTOCOL.md §14.

import type { HmacKey } from '../protocol/brands.ts';
import { passwordBucketHash } from '../protocol/entry.ts';
import { createHmacSuite } from '../protocol/hmac-suite.ts';
import { normalizePassword } from '../protocol/normalize.ts';
import { passwordInput } from '../protocol/private-input.ts';
import { knownAnswer, type ServiceConfig } from '../protocol/service-config.ts';
import { CANARY } from '../protocol/test-credentials.ts';
import { createService } from './api.ts';
import { createFilterCache } from './filter/cache.ts';
import type { Lookup } from './lookup.ts';
import type { CheckerSettings } from './options.ts';
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

/** A password of this many UTF-16 units, once normalized, still fits into a PrivateInput. */
const MAX_PASSWORD_UNITS = 4096;
const CANARY_PASSWORD = passwordInput(normalizePassword(CANARY.password));

export function createKeyedLookup(settings: CheckerSettings, key: HmacKey): Lookup {
  const suite = createHmacSuite(key);
  const service = createService(settings, suite, knownAnswer(suite));
  const filters = createFilterCache(settings, service, suite.sealKey, () => suite.evaluate(CANARY_PASSWORD));

  const answer = async (inquiry: Inquiry, config: ServiceConfig, deadline: Deadline): Promise<Partial<Signals>> => {
    if (inquiry.index === 'account') {
      // Derived from the username alone, so the request reveals nothing about the password.
      const hash = suite.accountBucketHash(inquiry.username);
      const bucket = await service.fetchBucket(config, 'account', hash, deadline);
      return answerFrom(bucket, inquiry, config, ({ input }) => suite.evaluate(input));
    }
    const output = suite.evaluate(inquiry.questions[0].input);
    if (filters.current()?.mayHold(output) === false) return answerAbsent(inquiry);
    const bucket = await service.fetchBucket(config, 'password', passwordBucketHash(output), deadline);
    return answerFrom(bucket, inquiry, config, () => output);
  };

  return {
    maxInputBytes: Number.POSITIVE_INFINITY,
    fetchConfig: service.fetchConfig,
    // The known answer is computed here, and compared when the config arrives.
    confirm: async () => {},
    loadFilter: filters.load,
    absentIn(password, now) {
      const filter = filters.current(now);
      if (!filter || password.length > MAX_PASSWORD_UNITS) return undefined;
      const output = suite.evaluate(passwordInput(normalizePassword(password)));
      return filter.mayHold(output) ? undefined : filter.snapshot;
    },
    async ask(inquiries, config, deadline) {
      const answers = answerable(inquiries, config).map((inquiry) =>
        isOpen(inquiry)
          ? answerOrFail(inquiry, () => answer(inquiry, config, deadline))
          : failAll([inquiry], 'NOTHING_ASKED'),
      );
      return Object.assign({}, ...(await Promise.all<Partial<Signals>>(answers)));
    },
  };
}
