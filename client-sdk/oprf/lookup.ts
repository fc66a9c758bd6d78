// Lookups of a caller without the key: the service evaluates blinded elements without learning
// their inputs. PROTOCOL.md §16.

import { randomBytes } from '@noble/hashes/utils.js';
import type { BucketHash, EvaluatedElement, PrfOutput } from '../../protocol/brands.ts';
import type { Bucket } from '../../protocol/bucket.ts';
import { bucketId, formatPrefix } from '../../protocol/bucket-id.ts';
import { readU32 } from '../../protocol/bytes.ts';
import { entryTag, formatTag, passwordBucketHash } from '../../protocol/entry.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { createOprfSuite } from '../../protocol/oprf-suite.ts';
import { MAX_OPRF_INPUT_BYTES, pairInput } from '../../protocol/private-input.ts';
import type { ServiceConfig } from '../../protocol/service-config.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { createService } from '../api.ts';
import type { BlindedInput, Blinding } from '../engine.ts';
import { lookupFailure, reasonOf } from '../errors.ts';
import { createFilterCache } from '../filter/cache.ts';
import type { Lookup } from '../lookup.ts';
import type { CheckerSettings, OprfSettings } from '../options.ts';
import type { Deadline } from '../transport/deadline.ts';
import {
  answerAbsent,
  answerable,
  answerFrom,
  answerOrFail,
  deriveInquiries,
  failAll,
  type Inquiry,
  isOpen,
  type Question,
} from '../verdict/inquiry.ts';
import type { Signals } from '../verdict/verdict.ts';
import { createEvaluatorClient, type Evaluation, type EvaluatorClient } from './evaluator-client.ts';
import { loadBlinding } from './load-blinding.ts';
import { createTrust, type Examiner } from './trust.ts';

const CANARY_USERNAME = normalizeUsername(CANARY.username);
const CANARY_INQUIRIES = deriveInquiries(CANARY, MAX_OPRF_INPUT_BYTES);
const CANARY_PAIR: Question = {
  signal: 'pair',
  input: pairInput(CANARY_USERNAME, normalizePassword(CANARY.password)),
};

/**
 * An evaluation of the inputs of questions, with the outputs that only the blinding caller can
 * compute.
 */
interface Evaluated {
  readonly evaluation: Evaluation;
  /** The account bucket, not yet opened. Empty if none was requested. */
  readonly body: Uint8Array;
  /** @throws LookupError `BODY_MALFORMED` if the element is not in the group */
  outputOf(question: Question): PrfOutput;
}

/**
 * Blinds the inputs of questions and has them evaluated, with an account bucket if a hash is given.
 */
type Evaluate = (
  questions: readonly Question[],
  account: BucketHash | undefined,
  config: ServiceConfig,
  deadline: Deadline,
) => Promise<Evaluated>;

function createEvaluate(evaluator: EvaluatorClient, blinding: Promise<Blinding>): Evaluate {
  return async (questions, account, config, deadline) => {
    const { blind } = await deadline.race(() => blinding);
    const blinded = questions.map(({ input }) => blind(input));
    const elements = blinded.map(({ blindedElement }) => blindedElement);
    const { body, ...evaluation } =
      account === undefined
        ? { ...(await evaluator.evaluate(elements, deadline)), body: new Uint8Array(0) }
        : await evaluator.lookup(elements, config, account, deadline);
    const outputs = new Map<Question, PrfOutput>();
    const outputOf = (question: Question): PrfOutput => {
      const at = questions.indexOf(question);
      const output = outputs.get(question) ?? finalize(blinded[at], evaluation.evaluatedElements[at]);
      outputs.set(question, output);
      return output;
    };
    return { evaluation, body, outputOf };
  };
}

/** Tests the evaluator, for `createTrust`. */
function createExaminer(evaluate: Evaluate, evaluator: EvaluatorClient, blinding: Promise<Blinding>): Examiner {
  const evaluateCanary = async (config: ServiceConfig, deadline: Deadline): Promise<Evaluation> => {
    const { account } = config.indexes;
    // The request looks like a check of a username and password, or of a password alone if there is
    // no account index. The bucket is random, like that of any username. So the service cannot
    // recognize the canary.
    const others = answerable(CANARY_INQUIRIES, config)
      .flatMap(({ questions }): readonly Question[] => questions)
      .filter(({ signal }) => account && signal !== 'pair');
    const { evaluation, outputOf } = await evaluate(
      [CANARY_PAIR, ...others],
      account && randomBucketHash(),
      config,
      deadline,
    );
    if (formatTag(entryTag(outputOf(CANARY_PAIR))) !== config.canary.tag)
      throw lookupFailure('KEY_MISMATCH', { detail: 'the canary evaluates to a wrong answer' });
    return evaluation;
  };

  const prove = async ({ blindedElements, evaluatedElements }: Evaluation, deadline: Deadline): Promise<void> => {
    const { verifyProof } = await deadline.race(() => blinding);
    const proof = await evaluator.prove(blindedElements, deadline);
    try {
      verifyProof(blindedElements, evaluatedElements, proof);
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      throw lookupFailure('KEY_MISMATCH', { cause, detail: 'its proof is invalid' });
    }
  };

  return { evaluateCanary, prove };
}

export function createObliviousLookup(settings: CheckerSettings, oprf: OprfSettings): Lookup {
  const suite = createOprfSuite(oprf.publicKey);
  const accountHash = formatPrefix(bucketId(suite.accountBucketHash(CANARY_USERNAME), 32), 32);
  const service = createService(settings, suite, { accountHash });
  const evaluator = createEvaluatorClient(service);
  const filters = createFilterCache(settings, service, suite.sealKey);
  const blinding = loadBlinding(oprf);
  // Awaiters get the rejection; this only silences the unhandled one.
  blinding.catch(() => {});
  const evaluate = createEvaluate(evaluator, blinding);
  const trust = createTrust(createExaminer(evaluate, evaluator, blinding), oprf);

  const askTrusted = async (
    asked: readonly Inquiry[],
    config: ServiceConfig,
    deadline: Deadline,
  ): Promise<Partial<Signals>> => {
    await trust.confirm(config, deadline);
    // Settled questions are sent too: the number of elements must depend only on the given fields.
    const questions = asked.flatMap((inquiry): readonly Question[] => inquiry.questions);
    const account = asked.find((inquiry) => inquiry.index === 'account');
    const hash = account && suite.accountBucketHash(account.username);
    const { evaluation, body, outputOf } = await evaluate(questions, hash, config, deadline);
    await trust.examine(evaluation, deadline);
    const openBucketOf = (inquiry: Inquiry): Promise<Bucket> | Bucket => {
      if (inquiry.index === 'account')
        return service.openBody(body, config, 'account', suite.accountBucketHash(inquiry.username));
      const [question] = inquiry.questions;
      // The service would recognize the bucket of a placeholder by its prefix.
      const passwordBucket = question.settled ? randomBucketHash() : passwordBucketHash(outputOf(question));
      return service.fetchBucket(config, 'password', passwordBucket, deadline);
    };
    // The password comes first: its request is sent before the account's bucket is opened.
    const answers = asked.toReversed().map((inquiry) =>
      answerOrFail(inquiry, async () =>
        // A settled password takes the same path here as well.
        inquiry.index === 'password' && filters.current()?.mayHold(outputOf(inquiry.questions[0])) === false
          ? answerAbsent(inquiry)
          : answerFrom(await openBucketOf(inquiry), inquiry, config, outputOf),
      ),
    );
    const signals: Partial<Signals> = Object.assign({}, ...(await Promise.all(answers)));
    trust.assertTrusted();
    return signals;
  };

  return {
    maxInputBytes: MAX_OPRF_INPUT_BYTES,
    fetchConfig: service.fetchConfig,
    confirm: trust.confirm,
    loadFilter: filters.load,
    // The service has to evaluate the password first.
    absentIn: () => undefined,
    async ask(inquiries, config, deadline) {
      const asked = answerable(inquiries, config);
      if (!asked.some(isOpen)) return failAll(asked, 'NOTHING_ASKED');
      try {
        return await askTrusted(asked, config, deadline);
      } catch (error) {
        return failAll(asked, reasonOf(error));
      }
    },
  };
}

function randomBucketHash(): BucketHash {
  return readU32(randomBytes(4), 0) as BucketHash;
}

function finalize(blinded: BlindedInput | undefined, evaluatedElement: EvaluatedElement | undefined): PrfOutput {
  if (!blinded || !evaluatedElement) throw new RangeError('this question was not evaluated');
  try {
    return blinded.finalize(evaluatedElement);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure('BODY_MALFORMED', { cause });
  }
}
