// From a credential to what is asked: which buckets, and which entries to look for in each. PROTOCOL.md §3, §4.

import type { BucketHash, PrfOutput, PrivateInput } from '../protocol/brands.ts';
import { type Bucket, findEntry } from '../protocol/bucket.ts';
import type { IndexName } from '../protocol/bucket-id.ts';
import { entryTag, metadataPad, passwordHash } from '../protocol/entry.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Metadata } from '../protocol/metadata.ts';
import { normalizePassword, normalizeUsername } from '../protocol/normalize.ts';
import { EntryKind, pairInput, passwordInput, usernameInput } from '../protocol/private-input.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import type { SignalName } from './verdict.ts';

/** A username and password, a username alone, or a password alone. */
export interface Credential {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** An entry to look for in a bucket. Undefined output: a field is longer than the protocol takes. */
export interface Question {
  readonly signal: SignalName;
  readonly output: PrfOutput | undefined;
}

/** One bucket and what to look for in it. */
export interface Inquiry {
  readonly index: IndexName;
  /** Undefined where no question has an output: then there is nothing to fetch. */
  readonly hash: BucketHash | undefined;
  readonly questions: readonly Question[];
}

/** Derives everything locally. An empty field alone has no entry in any dataset, so it is not asked for. */
export function deriveInquiries(suite: KeyedSuite, credential: Credential): Inquiry[] {
  const username = credential.username === undefined ? undefined : normalizeUsername(credential.username);
  const password = credential.password === undefined ? undefined : normalizePassword(credential.password);
  const evaluate = (input: () => PrivateInput): PrfOutput | undefined => {
    try {
      return suite.evaluate(input());
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'FIELD_TOO_LONG') return undefined;
      throw error;
    }
  };

  const inquiries: Inquiry[] = [];
  if (username) {
    const questions: Question[] = [];
    if (password) questions.push({ signal: 'pair', output: evaluate(() => pairInput(username, password)) });
    if (username.length > 0) questions.push({ signal: 'username', output: evaluate(() => usernameInput(username)) });
    const fits = questions.some(({ output }) => output);
    // The account bucket follows from the username alone: which one is asked says nothing about the password.
    if (questions.length > 0)
      inquiries.push({ index: 'account', hash: fits ? suite.accountHash(username) : undefined, questions });
  }
  if (password && password.length > 0) {
    const output = evaluate(() => passwordInput(password));
    const questions: Question[] = [{ signal: 'password', output }];
    inquiries.push({ index: 'password', hash: output && passwordHash(output), questions });
  }
  return inquiries;
}

const KINDS: { readonly [name in SignalName]: EntryKind } = {
  pair: EntryKind.pair,
  password: EntryKind.password,
  username: EntryKind.username,
};

/** Looks for a question's entry in the bucket that would hold it. */
export function findAnswer(bucket: Bucket, signal: SignalName, output: PrfOutput): Metadata | undefined {
  return findEntry(bucket, entryTag(output), metadataPad(output), KINDS[signal]);
}
