// Turns a credential into inquiries: the indexes to ask, and the entries to find in each.
// PROTOCOL.md §3, §4.

import type { NormalizedPassword, NormalizedUsername, PrfOutput, PrivateInput } from '../../protocol/brands.ts';
import { findEntry, hasForm } from '../../protocol/bucket.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { entryTag, metadataPad } from '../../protocol/entry.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { MAX_TIMES_SEEN, type Metadata } from '../../protocol/metadata.ts';
import { isTooLong, normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import {
  EntryKind,
  MAX_SIMILAR_FORMS,
  pairInput,
  passwordInput,
  similarInput,
  usernameInput,
} from '../../protocol/private-input.ts';
import type { LeakSource } from '../../protocol/signed/sources.ts';
import type { RewriteUsername } from '../../protocol/username-rules.ts';
import { reasonOf, type UnknownReason } from '../errors.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import type { LayeredBucket } from '../transport/bucket-cache.ts';
import { either } from './decide.ts';
import { type Sighting, type Signal, type SignalName, type Signals, UNASKED } from './verdict.ts';

/**
 * A username and password, a username alone, or a password alone. An account with several usernames
 * gives them all as `usernames`, and one login that can be read in several ways its `passwords`.
 * @example
 * ```ts
 * import type { Credential } from '@credveil/client';
 *
 * const credential: Credential = { username: 'canary@credveil.invalid', password: 'never-leaked' };
 * const { status } = await leaks.check(credential);
 * console.log(status); // username
 * ```
 */
export interface Credential {
  readonly username?: string | undefined;
  /**
   * Instead of `username`: the names of one account, such as its e-mail address and phone number.
   * The worst finding on any of them is the verdict. At most 16.
   */
  readonly usernames?: readonly string[] | undefined;
  readonly password?: string | undefined;
  /**
   * Instead of `password`: what one login may have sent, or a hash may take for it, such as the
   * password with its blanks and without. The worst finding on any of them is the verdict. At most
   * 4.
   */
  readonly passwords?: readonly string[] | undefined;
}

/** One username at most, and one spelling of the password. */
export type Spelling = Pick<Credential, 'username' | 'password'>;

/**
 * What to check for a credential: each username with each password that a hash may take for a given
 * one. C strings end at a NUL, and bcrypt repeats its key from there, so what stands before the
 * first one is checked too.
 */
export function spellingsOf({ username, usernames = [username], password, passwords = [password] }: Given): Spelling[] {
  if (usernames.length * passwords.length === 1 && !passwords[0]?.includes('\0'))
    return [{ username: usernames[0], password: passwords[0] }];
  const texts = passwords.flatMap((text) => {
    const end = text?.indexOf('\0') ?? -1;
    return end > 0 ? [text, text?.slice(0, end)] : [text];
  });
  return [...new Set(usernames)].flatMap((name) =>
    [...new Set(texts)].map((text) => ({ username: name, password: text })),
  );
}

/** A credential whose lists may hold what is not given. */
interface Given extends Spelling {
  readonly usernames?: readonly (string | undefined)[] | undefined;
  readonly passwords?: readonly (string | undefined)[] | undefined;
}

/** One entry to find in a bucket. */
export interface Question {
  readonly signal: SignalName;
  /** A placeholder that encodes no credential if the question is settled. */
  readonly input: PrivateInput;
  /** The answer if no dataset can have an entry. It overrides any finding for `input`. */
  readonly settled?: Signal;
  /** Is told the output of `input`, once it is known and about to be looked for. */
  readonly onOutput?: (output: PrfOutput) => void;
}

/** The questions that one bucket answers. */
export type Inquiry =
  | {
      readonly index: 'account';
      readonly username: NormalizedUsername;
      readonly password?: NormalizedPassword;
      readonly questions: readonly Question[];
    }
  | { readonly index: 'password'; readonly questions: readonly [Question] };

const NO_PASSWORD = normalizePassword('');
const INPUT_OF_NOBODY = passwordInput(NO_PASSWORD);
const TOO_LONG: Signal = { result: 'unknown', reason: 'FIELD_TOO_LONG' };

const settle = (signal: SignalName, settled: Signal): Question => ({ signal, input: INPUT_OF_NOBODY, settled });

function question(signal: SignalName, maxInputBytes: number, makeInput: () => PrivateInput): Question {
  try {
    const input = makeInput();
    if (input.length <= maxInputBytes) return { signal, input };
  } catch (error) {
    if (!(error instanceof ProtocolError && error.code === 'FIELD_TOO_LONG')) throw error;
  }
  return settle(signal, TOO_LONG);
}

/** Stands for the forms until a snapshot tells whether the dataset has entries of them. */
const FORMS: Question = { signal: 'similar', input: INPUT_OF_NOBODY };

/**
 * Derives all inquiries locally. The set of questions depends on which fields are present, never on
 * their values; a username that is empty once normalized counts as absent.
 * @param maxInputBytes maximum input length of the suite
 * @param rewrite applies the dataset's rules for usernames
 */
export function deriveInquiries(credential: Spelling, maxInputBytes: number, rewrite?: RewriteUsername): Inquiry[] {
  const { username: name = '', password: secret = '' } = credential;
  const [isLongName, isLongSecret] = [isTooLong(name), isTooLong(secret)];
  // Of a name that is too long a bucket is asked for all the same, which depends on it.
  const normalized = normalizeUsername(isLongName ? `-${name.slice(0, 99)}` : name);
  const username = rewrite?.(normalized) ?? normalized;
  const password = isLongSecret ? NO_PASSWORD : normalizePassword(secret);
  const hasPassword = credential.password !== undefined;
  const ask = (signal: SignalName, isLong: boolean, makeInput: () => PrivateInput): Question =>
    isLong ? settle(signal, TOO_LONG) : question(signal, maxInputBytes, makeInput);
  const inquiries: Inquiry[] = [];
  // An empty one is none: it has a bucket that everyone knows.
  if (username.length > 0) {
    const questions = [ask('username', isLongName, () => usernameInput(username))];
    if (hasPassword)
      questions.unshift(
        ask('pair', isLongName || isLongSecret, () => pairInput(username, password)),
        FORMS,
      );
    // No form is asked for of a name that is not this one.
    const ofForms = isLongName ? NO_PASSWORD : password;
    inquiries.push({ index: 'account', username, ...(hasPassword && { password: ofForms }), questions });
  }
  if (hasPassword) {
    // No dataset has an entry for an empty password alone.
    const only = secret
      ? ask('password', isLongSecret, () => passwordInput(password))
      : settle('password', UNASKED.password);
    inquiries.push({ index: 'password', questions: [only] });
  }
  return inquiries;
}

/** Whether a dataset can answer any of its questions. */
export function isOpen({ questions }: Inquiry): boolean {
  return questions.some(({ settled }) => !settled);
}

/** Whether it asks anything: an empty field alone does not. */
export function isAsked({ questions }: Inquiry): boolean {
  return questions.some(({ settled }) => settled?.result !== 'unasked');
}

const KINDS: { readonly [name in Exclude<SignalName, 'similar'>]: EntryKind } = {
  pair: EntryKind.pair,
  password: EntryKind.password,
  username: EntryKind.username,
};

/** Answers an inquiry from the bucket that would contain its entries. */
export function answerFrom(
  layers: LayeredBucket,
  { questions }: Inquiry,
  snapshot: Snapshot,
  outputOf: (question: Question) => PrfOutput,
): Partial<Signals> {
  return signalsOf(questions, (question) => {
    const { signal, onOutput } = question;
    const output = outputOf(question);
    onOutput?.(output);
    const tag = entryTag(output);
    // Entries of forms have no metadata. Each layer is searched, whatever another one has.
    if (signal === 'similar')
      return { result: layers.filter((bucket) => hasForm(bucket, tag)).length > 0 ? 'found' : 'absent' };
    const found = layers.flatMap(
      (bucket) => findEntry(bucket, tag, metadataPad(bucket.layer, output), KINDS[signal]) ?? [],
    );
    return found.length > 0 ? { result: 'found', ...sightingOf(found, snapshot) } : { result: 'absent' };
  });
}

/** The answer if the password filter does not contain the inquiry's entry. */
export function answerAbsent({ questions }: Inquiry): Partial<Signals> {
  return signalsOf(questions, () => ({ result: 'absent' }));
}

/** @param found in each layer that has the entry */
function sightingOf(found: readonly Metadata[], { sources }: Snapshot): Sighting {
  const times = found.reduce((sum, { timesSeen = 0 }) => sum + timesSeen, 0);
  const timesSeen = times > 0 ? Math.min(times, MAX_TIMES_SEEN) : undefined;
  const named = sources.filter(({ number }) => found.some((metadata) => metadata.source === number));
  const [source] = named.sort((a, b) => (orderOf(a) > orderOf(b) ? -1 : 1));
  // An entry names only the last of its sources, and sources without a date sort before dated ones.
  const newestLeak = sources.every(({ date }) => date !== undefined) ? source?.date : undefined;
  return {
    ...(timesSeen !== undefined && { timesSeen }),
    ...(source && { source }),
    ...(newestLeak !== undefined && { newestLeak }),
  };
}

/** Publishing merges sources in this order, a missing date first, and the last one counts. */
const orderOf = ({ date = '', name }: LeakSource): string => `${date} ${name}`;

/** Gives every question that is not settled the same failure. */
export function failAll(inquiries: readonly Inquiry[], reason: UnknownReason): Partial<Signals> {
  return signalsOf(
    inquiries.flatMap(({ questions }): readonly Question[] => questions),
    () => ({ result: 'unknown', reason }),
  );
}

/** Waits for `answer`. If the service fails, only this inquiry's questions become `unknown`. */
export async function answerOrFail(
  inquiry: Inquiry,
  answer: () => Promise<Partial<Signals>> | Partial<Signals>,
): Promise<Partial<Signals>> {
  try {
    return await answer();
  } catch (error) {
    return failAll([inquiry], reasonOf(error));
  }
}

function signalsOf(questions: readonly Question[], answer: (question: Question) => Signal): Partial<Signals> {
  const signals: { [name in SignalName]?: Signal } = {};
  for (const question of questions) {
    const before = signals[question.signal] ?? UNASKED[question.signal];
    signals[question.signal] = either(before, question.settled ?? answer(question));
  }
  return signals;
}

/** The part of a snapshot that decides which questions it answers. */
type Answerable = { readonly indexes: { readonly [name in IndexName]?: object } } & Pick<Snapshot, 'askedForms'>;

/**
 * Keeps the inquiries that the dataset has an index for, and the questions that it has entries for.
 * @param maxInputBytes as in `deriveInquiries`
 */
export function answerable(
  inquiries: readonly Inquiry[],
  { indexes, askedForms }: Answerable,
  maxInputBytes: number,
): Inquiry[] {
  return inquiries
    .filter(({ index }: { index: IndexName }) => indexes[index])
    .map((inquiry) => {
      if (inquiry.index !== 'account' || !inquiry.password) return inquiry;
      const { username, password } = inquiry;
      const forms = askedForms ? formQuestions(username, askedForms(password), maxInputBytes) : [];
      return { ...inquiry, questions: inquiry.questions.flatMap((asked) => (asked === FORMS ? forms : [asked])) };
    });
}

/** The number of questions must not depend on the password. */
function formQuestions(
  username: NormalizedUsername,
  forms: readonly NormalizedPassword[],
  maxInputBytes: number,
): Question[] {
  return Array.from({ length: MAX_SIMILAR_FORMS }, (_, i) => {
    const form = forms[i];
    const asked = form && question('similar', maxInputBytes, () => similarInput(username, form));
    // No dataset has an entry for a form that is longer than the suite's maximum.
    return asked && !asked.settled ? asked : settle('similar', UNASKED.similar);
  });
}
