// Lookups of a caller who holds the key: outputs are computed here, buckets are fetched. PROTOCOL.md §14.

import type { HmacKey } from '../protocol/brands.ts';
import { passwordHash } from '../protocol/entry.ts';
import { createHmacSuite } from '../protocol/hmac-suite.ts';
import { knownAnswer } from '../protocol/service-config.ts';
import { answerable, answerFrom, answerOrFail, failAll, type Inquiry, isOpen } from './inquiry.ts';
import type { Lookup } from './lookup.ts';
import type { CheckerSettings } from './options.ts';
import { createService } from './service.ts';
import type { Signals } from './verdict.ts';

export function createKeyedLookup(settings: CheckerSettings, key: HmacKey): Lookup {
  const suite = createHmacSuite(key);
  const service = createService(settings, suite, knownAnswer(suite));
  const hashOf = (inquiry: Inquiry) =>
    inquiry.index === 'account'
      ? // It follows from the username alone: which bucket is asked for says nothing about the password.
        suite.accountHash(inquiry.username)
      : passwordHash(suite.evaluate(inquiry.questions[0].input));

  return {
    maxInputBytes: Number.POSITIVE_INFINITY,
    fetchConfig: service.fetchConfig,
    // The known answer was computed here, and compared when the config came.
    confirm: async () => {},
    async ask(inquiries, config, deadline) {
      const answers = answerable(inquiries, config).map((inquiry) =>
        isOpen(inquiry)
          ? answerOrFail(inquiry, async () => {
              const bucket = await service.fetchBucket(config, inquiry.index, hashOf(inquiry), deadline);
              return answerFrom(bucket, inquiry, config, ({ input }) => suite.evaluate(input));
            })
          : failAll([inquiry], 'NOTHING_ASKED'),
      );
      return Object.assign({}, ...(await Promise.all<Partial<Signals>>(answers)));
    },
  };
}
