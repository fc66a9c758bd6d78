// Lookups of a caller without the key: the service evaluates blinded elements without learning
// their inputs. PROTOCOL.md §16.

import { randomBytes } from '@noble/hashes/utils.js';
import type { BucketHash, PrfOutput, PublicKey } from '../../protocol/brands.ts';
import { bucketId, formatPrefix } from '../../protocol/bucket-id.ts';
import { fromHex, readU32 } from '../../protocol/bytes.ts';
import { passwordBucketHash } from '../../protocol/entry.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { createOprfSuite } from '../../protocol/oprf-suite.ts';
import { MAX_OPRF_INPUT_BYTES, passwordInput } from '../../protocol/private-input.ts';
import type { Statement } from '../../protocol/signed/statement.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { createService, type Service } from '../api.ts';
import { lookupFailure, reasonOf } from '../errors.ts';
import { loadFilterCache } from '../filter/lazy-cache.ts';
import type { Lookup } from '../lookup.ts';
import type { CheckerSettings, OprfSettings } from '../options.ts';
import { createPart } from '../part.ts';
import { createSignatureAuthority } from '../publication/authority.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import type { LayeredBucket } from '../transport/bucket-cache.ts';
import type { Deadline } from '../transport/deadline.ts';
import {
  answerAbsent,
  answerable,
  answerFrom,
  answerOrFail,
  failAll,
  type Inquiry,
  isOpen,
  type Question,
} from '../verdict/inquiry.ts';
import type { Signals } from '../verdict/verdict.ts';
import { createEvaluator, type Evaluator, type OutputAt } from './evaluator.ts';
import { createEvaluatorClient } from './evaluator-client.ts';
import { createLatch } from './latch.ts';
import { loadBlinding } from './load-blinding.ts';

const CANARY_USERNAME = normalizeUsername(CANARY.username);
/** What `ready` has evaluated: any input would do. */
const CANARY_PASSWORD = passwordInput(normalizePassword(CANARY.password));

type AccountInquiry = Inquiry & { readonly index: 'account' };

/** The evaluations of a check, and the bucket of its username. */
interface Evaluated {
  readonly outputAt: OutputAt;
  openAccount(inquiry: AccountInquiry): Promise<LayeredBucket> | LayeredBucket;
}

/**
 * Has all questions of a check evaluated. Settled ones too: the number of elements must depend only
 * on the given fields.
 */
type Evaluate = (asked: readonly Inquiry[], snapshot: Snapshot, deadline: Deadline) => Promise<Evaluated>;

/** By a service that also has the buckets: one round trip for both. */
function createEvaluate(
  evaluator: Evaluator,
  { openBody, fetchBucket }: Service,
  accountBucketHash: (inquiry: AccountInquiry) => BucketHash,
): Evaluate {
  return async (asked, snapshot, deadline) => {
    const inputs = questionsOf(asked).map(({ input }) => input);
    const account = asked.find((inquiry) => inquiry.index === 'account');
    const { outputAt, body } = account
      ? await evaluator.lookup(inputs, snapshot, accountBucketHash(account), deadline)
      : { outputAt: await evaluator.evaluate(inputs, deadline), body: new Uint8Array(0) };
    return {
      outputAt,
      openAccount: (inquiry) =>
        inquiry === account
          ? openBody(body, snapshot, 'account', accountBucketHash(inquiry))
          : fetchBucket(snapshot, 'account', accountBucketHash(inquiry), deadline),
    };
  };
}

/** By other servers: the bucket of the username is fetched while they evaluate. */
function createSplitEvaluate(
  evaluator: Evaluator,
  { fetchBucket }: Service,
  accountBucketHash: (inquiry: AccountInquiry) => BucketHash,
): Evaluate {
  return async (asked, snapshot, deadline) => {
    evaluator.assertTrusted();
    const buckets = new Map<Inquiry, Promise<LayeredBucket>>();
    for (const inquiry of asked) {
      if (inquiry.index !== 'account') continue;
      const bucket = fetchBucket(snapshot, 'account', accountBucketHash(inquiry), deadline);
      // Whoever opens it gets the rejection; this only silences the unhandled one.
      bucket.catch(() => {});
      buckets.set(inquiry, bucket);
    }
    const inputs = questionsOf(asked).map(({ input }) => input);
    const outputAt = await evaluator.evaluate(inputs, deadline);
    return { outputAt, openAccount: (inquiry) => buckets.get(inquiry) as Promise<LayeredBucket> };
  };
}

/** What follows from the public key of a statement. */
interface Keyed {
  readonly publicKey: string;
  readonly evaluator: Evaluator;
  readonly evaluate: Evaluate;
}

/** Creates what follows from a public key once, and again when a statement has another one. */
function createKeyring(service: Service, oprf: OprfSettings): (snapshot: Snapshot) => Keyed {
  const client = createEvaluatorClient(service, oprf.evaluators);
  const latch = createLatch(service.history.catch);
  let held: Keyed | undefined;
  return ({ publicKey = '', keyId }) => {
    // Asked each time: another checker with the same memory may have caught it meanwhile.
    if (service.history.isCaught(keyId)) latch.restore(keyId);
    if (held?.publicKey === publicKey) return held;
    const suite = createOprfSuite(fromHex(publicKey) as PublicKey);
    const blinding = createPart(() => loadBlinding(oprf, suite.publicKey));
    const evaluator = createEvaluator(client, blinding, latch, suite.keyId);
    const create = oprf.evaluators ? createSplitEvaluate : createEvaluate;
    const evaluate = create(evaluator, service, ({ username }) => suite.accountBucketHash(username));
    held = { publicKey, evaluator, evaluate };
    return held;
  };
}

/** @throws LookupError `KEY_MISMATCH` */
function assertKey({ suite: name, publicKey, keyId, canary }: Statement): void {
  if (name !== 'oprf' || publicKey === undefined) throw lookupFailure('KEY_MISMATCH');
  const suite = createOprfSuite(fromHex(publicKey) as PublicKey);
  const accountHash = formatPrefix(bucketId(suite.accountBucketHash(CANARY_USERNAME), 32), 32);
  if (keyId !== suite.keyId || canary.accountHash !== accountHash) throw lookupFailure('KEY_MISMATCH');
}

export function createObliviousLookup(settings: CheckerSettings, oprf: OprfSettings): Lookup {
  const service = createService(settings, createSignatureAuthority(oprf.trust, settings.hashes), assertKey);
  const filters = loadFilterCache(settings);
  const keyedFor = createKeyring(service, oprf);

  const answerAll = async (
    asked: readonly Inquiry[],
    snapshot: Snapshot,
    deadline: Deadline,
  ): Promise<Partial<Signals>> => {
    const { evaluator, evaluate } = keyedFor(snapshot);
    const { outputAt, openAccount } = await evaluate(asked, snapshot, deadline);
    const questions = questionsOf(asked);
    const outputOf = (question: Question): PrfOutput => outputAt(questions.indexOf(question));
    const openBucketOf = (inquiry: Inquiry): Promise<LayeredBucket> | LayeredBucket => {
      if (inquiry.index === 'account') return openAccount(inquiry);
      const [question] = inquiry.questions;
      // The service would recognize the bucket of a placeholder by its prefix.
      const passwordBucket = question.settled ? randomBucketHash() : passwordBucketHash(outputOf(question));
      return service.fetchBucket(snapshot, 'password', passwordBucket, deadline);
    };
    // The password comes first: its request is sent before the account's bucket is opened.
    const answers = asked.toReversed().map((inquiry) =>
      answerOrFail(inquiry, async () =>
        // A settled password takes the same path here as well.
        inquiry.index === 'password' && filters.current(snapshot)?.mayHold(outputOf(inquiry.questions[0])) === false
          ? answerAbsent(inquiry)
          : answerFrom(await openBucketOf(inquiry), inquiry, snapshot, outputOf),
      ),
    );
    const signals: Partial<Signals> = Object.assign({}, ...(await Promise.all(answers)));
    evaluator.assertTrusted();
    return signals;
  };

  return {
    maxInputBytes: MAX_OPRF_INPUT_BYTES,
    fetchSnapshot: service.fetchSnapshot,
    confirm: async (snapshot, deadline) => {
      service.assertHeld(snapshot);
      await keyedFor(snapshot).evaluator.evaluate([CANARY_PASSWORD], deadline);
    },
    loadFilter: filters.load,
    // The service has to evaluate the password first.
    isAbsent: () => false,
    async ask(inquiries, snapshot, deadline) {
      const asked = answerable(inquiries, snapshot, MAX_OPRF_INPUT_BYTES);
      if (!asked.some(isOpen)) return failAll(asked, 'NOTHING_ASKED');
      try {
        return await answerAll(asked, snapshot, deadline);
      } catch (error) {
        return failAll(asked, reasonOf(error));
      }
    },
  };
}

function questionsOf(asked: readonly Inquiry[]): readonly Question[] {
  return asked.flatMap(({ questions }): readonly Question[] => questions);
}

function randomBucketHash(): BucketHash {
  return readU32(randomBytes(4), 0) as BucketHash;
}
