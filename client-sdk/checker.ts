// The checker: asks the service for buckets and decides in this process whether a credential has leaked.

import { createHmacSuite } from '../protocol/hmac-suite.ts';
import type { Metadata } from '../protocol/metadata.ts';
import type { ServiceConfig } from '../protocol/service-config.ts';
import { CONFIG_TIMEOUT_MS, createConfigCache } from './config-cache.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { LookupError, reasonOf, type UnknownReason } from './errors.ts';
import { type Credential, deriveInquiries, findAnswer, type Inquiry } from './inquiry.ts';
import { type LeakCheckerOptions, parseKeyOption, parseOptions } from './options.ts';
import { createService } from './service.ts';
import { decide, type Signal, type SignalName, type Signals, UNASKED, type Verdict } from './verdict.ts';

export interface CallOptions {
  /** Ends the wait early: `check` then gives `unknown` with reason `ABORTED`, `ready` rejects with that code. */
  readonly signal?: AbortSignal | undefined;
}

export interface LeakChecker {
  /**
   * Has this credential leaked? Trouble with the service gives the status `unknown`, never a rejection.
   * @throws LookupError `ARGUMENT_MALFORMED` (as a rejection) where neither field is given or one is not a string
   */
  check(credential: Credential, options?: CallOptions): Promise<Verdict>;
  /**
   * Fetches the config, to learn at start-up whether URL, key and dataset belong together. Not required.
   * @throws LookupError (as a rejection) with the reason that a check would give
   */
  ready(options?: CallOptions): Promise<void>;
}

/** What one pass over the inquiries found. */
interface Pass {
  readonly signals: Signals;
  readonly config?: ServiceConfig;
}

/**
 * Makes a checker. It holds the key, so it belongs into a server process; nothing is sent before the first call.
 * @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED`
 */
export function createLeakChecker(options: LeakCheckerOptions): LeakChecker {
  const settings = parseOptions(options);
  const suite = createHmacSuite(parseKeyOption(options.key));
  const service = createService(settings, suite);
  const configs = createConfigCache(service.fetchConfig, settings.configMaxAgeMs);

  const ask = async (inquiry: Inquiry, config: ServiceConfig, deadline: Deadline): Promise<Partial<Signals>> => {
    const { index, hash, questions } = inquiry;
    const indexConfig = config.indexes[index];
    if (!indexConfig) return {};
    if (hash === undefined) return failAll([inquiry], 'FIELD_TOO_LONG');
    try {
      const bucket = await service.fetchBucket(config.snapshot, index, indexConfig, hash, deadline);
      return signalsOf(questions, ({ signal, output }) =>
        output ? signalOf(findAnswer(bucket, signal, output), config) : { result: 'unknown', reason: 'FIELD_TOO_LONG' },
      );
    } catch (error) {
      return failAll([inquiry], reasonOf(error));
    }
  };

  const askAll = async (inquiries: readonly Inquiry[], config: ServiceConfig, deadline: Deadline): Promise<Pass> => {
    const answers = await Promise.all(inquiries.map((inquiry) => ask(inquiry, config, deadline)));
    return { config, signals: Object.assign({}, UNASKED, ...answers) };
  };

  const lookUp = async (inquiries: readonly Inquiry[], deadline: Deadline): Promise<Pass> => {
    try {
      const config = await configs.get(deadline);
      const pass = await askAll(inquiries, config, deadline);
      if (!snapshotChanged(pass)) return pass;
      // Everything is asked again, so that a verdict speaks of one snapshot. Once: after that it is the caller's turn.
      return await askAll(inquiries, await configs.renew(config, deadline), deadline);
    } catch (error) {
      return { signals: { ...UNASKED, ...failAll(inquiries, reasonOf(error)) } };
    }
  };

  return {
    async check(credential, callOptions = {}) {
      const startedAt = performance.now();
      assertCredential(credential);
      const deadline = createCallDeadline(settings.timeoutMs, callOptions);
      const inquiries = deriveInquiries(suite, credential);
      const pass: Pass = inquiries.length > 0 ? await lookUp(inquiries, deadline) : { signals: UNASKED };
      return {
        ...decide(pass.signals, inquiries.length > 0 ? 'INDEX_MISSING' : 'NOTHING_ASKED'),
        ...(pass.config && { snapshot: pass.config.snapshot }),
        durationMs: performance.now() - startedAt,
        signals: pass.signals,
      };
    },

    async ready(callOptions = {}) {
      await configs.get(createCallDeadline(CONFIG_TIMEOUT_MS, callOptions));
    },
  };
}

function signalsOf(
  questions: Inquiry['questions'],
  answer: (question: Inquiry['questions'][number]) => Signal,
): Partial<Signals> {
  const signals: { [name in SignalName]?: Signal } = {};
  for (const question of questions) signals[question.signal] = answer(question);
  return signals;
}

function failAll(inquiries: readonly Inquiry[], reason: UnknownReason): Partial<Signals> {
  return signalsOf(
    inquiries.flatMap(({ questions }) => questions),
    () => ({ result: 'unknown', reason }),
  );
}

function signalOf(metadata: Metadata | undefined, config: ServiceConfig): Signal {
  if (!metadata) return { result: 'absent' };
  const source = config.sources.find(({ number }) => number === metadata.source);
  return { result: 'found', timesSeen: metadata.timesSeen, ...(source && { source }) };
}

function snapshotChanged({ signals }: Pass): boolean {
  return Object.values(signals).some((signal) => signal.result === 'unknown' && signal.reason === 'SNAPSHOT_CHANGED');
}

function argumentMalformed(why: string, hint: string, cause?: unknown): LookupError {
  return new LookupError('ARGUMENT_MALFORMED', why, hint, { cause });
}

function assertCredential(credential: unknown): void {
  if (typeof credential !== 'object' || credential === null)
    throw argumentMalformed('the credential is not an object', 'Give { username, password } or one of the two.');
  const { username, password } = credential as Record<string, unknown>;
  for (const field of [username, password])
    if (field !== undefined && typeof field !== 'string')
      throw argumentMalformed('a username or password is not a string', 'Check the type of what a form or body holds.');
  if (username === undefined && password === undefined)
    throw argumentMalformed('neither username nor password is given', 'Give at least one of them.');
}

function createCallDeadline(timeoutMs: number, { signal }: CallOptions): Deadline {
  try {
    return createDeadline(timeoutMs, signal);
  } catch (cause) {
    throw argumentMalformed('signal is not an AbortSignal', 'Give the signal of an AbortController.', cause);
  }
}
