// An observed check: the SDK decides, and its intermediate values are kept for the steps.

import { hexToBytes } from '@noble/hashes/utils.js';
import { createLeakChecker, type LeakChecker } from '../client-sdk/checker.ts';
import { answerable, type Credential, deriveInquiries, type Question } from '../client-sdk/verdict/inquiry.ts';
import type { SignalName, Verdict } from '../client-sdk/verdict/verdict.ts';
import type { BlindedElement, BucketHash, PrfOutput, PublicKey } from '../protocol/brands.ts';
import { createHmacSuite } from '../protocol/hmac-suite.ts';
import { isTooLong, normalizeUsername } from '../protocol/normalize.ts';
import { createOprfSuite } from '../protocol/oprf-suite.ts';
import { MAX_OPRF_INPUT_BYTES } from '../protocol/private-input.ts';
import { parseHmacPinText } from '../protocol/signed/trust.ts';
import { askedForms } from '../protocol/similar.ts';
import type { KeyedSuite, Suite } from '../protocol/suite.ts';
import { createUsernameRewrite } from '../protocol/username-rules.ts';
import type { ServedDataset } from './api.ts';
import { createHeldFetch } from './held-answers.ts';
import { createObservedEngine, type ObservedInput } from './observed-engine.ts';
import { type Published, readPublished } from './published.ts';
import type { Exchange, Traffic } from './traffic.ts';

/** An entry that the check searched for. */
export interface Sought {
  readonly signal: SignalName;
  readonly index: 'account' | 'password';
  readonly output: PrfOutput | undefined;
  /** Under `oprf`. */
  readonly blindedElement: BlindedElement | undefined;
}

export interface Trial {
  readonly published: Published;
  readonly verdict: Verdict;
  readonly username: string | undefined;
  readonly accountHash: BucketHash | undefined;
  readonly sought: readonly Sought[];
  /** Dummy elements, so that their number does not depend on the password. */
  readonly standIns: number;
  /** The exchanges of this check, in order. */
  readonly exchanges: readonly Exchange[];
}

/** Caches are off: a held bucket would leave nothing to show. */
const EACH_TIME = { bucketCacheBytes: 0, circuitBreaker: false } as const;

export interface Trier {
  /** @throws LookupError if the service cannot be trusted or reached */
  check(credential: Credential): Promise<Trial>;
}

/** A user waits longer than a login handler, and a phone is slower than a server. */
const TIMEOUT_MS = 15_000;

/** @param keyText under `hmac`. @throws LookupError `KEY_MALFORMED` */
export function createTrier(traffic: Traffic, served: ServedDataset, published: Published, keyText: string): Trier {
  const observed: ObservedInput[] = [];
  const { url, trust } = served;
  const shared = { url, timeoutMs: TIMEOUT_MS, fetch: createHeldFetch(traffic), ...EACH_TIME };
  let suite: Suite;
  let evaluate: KeyedSuite['evaluate'] | undefined;
  let checker: LeakChecker;
  if (published.suite === 'hmac') {
    checker = createLeakChecker({ ...shared, key: keyText, ...(trust !== undefined && { trust }) });
    const keyed = createHmacSuite(parseHmacPinText(keyText).key);
    ({ evaluate } = keyed);
    suite = keyed;
  } else {
    const publicKey = hexToBytes(published.publicKey ?? '') as PublicKey;
    const engine = createObservedEngine((input) => observed.push(input));
    checker = createLeakChecker({ ...shared, trust: trust ?? '', engine });
    suite = createOprfSuite(publicKey);
  }

  const seek = (question: Question, index: Sought['index']): Sought => {
    const blinded = observed.find(({ input }) => equal(input, question.input));
    const output = evaluate?.(question.input) ?? blinded?.output;
    return { signal: question.signal, index, output, blindedElement: blinded?.blindedElement };
  };

  return {
    async check(credential) {
      traffic.phase = 'trust';
      await checker.ready();
      const before = new Set(traffic.exchanges);
      observed.length = 0;
      traffic.phase = 'check';
      const verdict = await checker.check(credential);
      const exchanges = traffic.exchanges.filter((exchange) => !before.has(exchange));
      const asking = newestPublished(traffic, url) ?? published;
      const { indexes, similar, usernameRules } = asking;
      const rewrite = usernameRules && createUsernameRewrite(usernameRules);
      const derived = deriveInquiries(credential, MAX_OPRF_INPUT_BYTES, rewrite);
      const asked = answerable(derived, { indexes, ...(similar && { askedForms }) }, MAX_OPRF_INPUT_BYTES);
      const sought = asked.flatMap(({ index, questions }) =>
        (questions as readonly Question[]).filter(({ settled }) => !settled).map((question) => seek(question, index)),
      );
      const { username } = credential;
      const name = normalizeUsername(isTooLong(username ?? '') ? '' : (username ?? ''));
      // An empty one counts as none, and so does one that no entry has.
      const normalized = name.length > 0 ? (rewrite?.(name) ?? name) : undefined;
      return {
        published: asking,
        verdict,
        username: normalized && new TextDecoder().decode(normalized),
        accountHash: normalized && asking.indexes.account ? suite.accountBucketHash(normalized) : undefined,
        sought,
        standIns: observed.length === 0 ? 0 : observed.length - sought.length,
        exchanges,
      };
    },
  };
}

/**
 * The snapshot may have changed since the page was opened; the SDK then fetched a new statement.
 */
function newestPublished({ exchanges }: Traffic, base: URL): Published | undefined {
  const { pathname } = new URL('v1/statement/', base);
  const newest = exchanges.findLast(({ target, status }) => target.startsWith(pathname) && status === 200);
  return newest && readPublished(newest.received);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
