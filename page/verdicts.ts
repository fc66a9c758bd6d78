// Verdicts in words for the user. A failure is never worded as good news.

import type { UnknownReason } from '../client-sdk/errors.ts';
import type { Credential } from '../client-sdk/verdict/inquiry.ts';
import type { Verdict, VerdictStatus } from '../client-sdk/verdict/verdict.ts';
import { byId, formatCount, make } from './dom.ts';

type Tone = 'bad' | 'warn' | 'good' | 'none';

interface Words {
  readonly tone: Tone;
  readonly said: string;
  /** Used if only one of the two was given. */
  readonly alone?: string;
  readonly more: string;
}

const WORDS: { readonly [status in VerdictStatus]: Words } = {
  pair: {
    tone: 'bad',
    said: 'This username and password have leaked, together.',
    more: 'Anyone with the list can log in with them. Change this password wherever you use it, and never reuse it.',
  },
  similar: {
    tone: 'bad',
    said: 'A password very much like this one has leaked for this username.',
    more: 'Attackers try such variations too. Choose a password that has nothing in common with it.',
  },
  password: {
    tone: 'bad',
    said: 'This password has leaked, though not with this username.',
    alone: 'This password has leaked.',
    more: 'It is on lists that attackers try everywhere. Choose another one.',
  },
  username: {
    tone: 'warn',
    said: 'This username is in a leak, with another password.',
    alone: 'This username is in a leak.',
    more: 'That is true of nearly every e-mail address. Use a different password for each account.',
  },
  clean: {
    tone: 'good',
    said: 'Neither is in this server’s breach data.',
    alone: 'That is not in this server’s breach data.',
    more: 'Other lists may contain more, so use a different password for each account.',
  },
  unknown: {
    tone: 'none',
    said: 'No answer.',
    more: 'A failed check is not good news: nothing is known about this login.',
  },
};

const REASONS: { readonly [reason in UnknownReason]?: string } = {
  TIMEOUT: 'The server took too long to answer. Try again.',
  NETWORK: 'The server cannot be reached. Check that it runs, then try again.',
  HTTP_STATUS: 'The server refused to answer.',
  CLIENT_REFUSED: 'The server requires a client key, or does not know this one.',
  QUOTA_EXCEEDED: 'Too many requests: this client’s quota is used up for now. Try again later.',
  KEY_MISMATCH: 'The key does not belong to this dataset, or the server uses another key than it announces.',
  HEAD_FORGED: 'The server’s data does not belong to this key, or was changed on the way.',
  STATEMENT_FORGED: 'The server’s data does not belong to its publisher, or was changed on the way.',
  DATASET_MISMATCH: 'This is the key of another dataset.',
  SNAPSHOT_STALE: 'Nobody has confirmed for too long that the server’s data is current.',
  CLOCK_WRONG: 'The clock of this device is wrong.',
  PREFIX_TOO_LONG: 'This dataset asks for more bits of a hash than a client should give.',
  BODY_FORGED: 'A bucket is not the one that was published: it was changed on the way.',
  SNAPSHOT_CHANGED: 'The server’s data changed twice during this check. Try again.',
  FIELD_TOO_LONG:
    'The username or the password is too long (maximum 65,535 bytes, or 1,024 characters if some are not ASCII).',
  INDEX_MISSING: 'This dataset has no index for that.',
  NOTHING_ASKED: 'There was nothing to check.',
};

function say(status: VerdictStatus, said: string, more: string, hasSteps: boolean): void {
  const place = byId('verdict-text', HTMLElement);
  place.dataset.tone = WORDS[status].tone;
  place.dataset.status = status;
  const parts = [make('p', { class: 'said' }, make('b', {}, status), said), make('p', { class: 'more' }, more)];
  if (hasSteps)
    parts.push(make('p', { class: 'more' }, make('a', { href: '#steps' }, 'See step by step what left your browser')));
  place.replaceChildren(...parts);
}

export function showVerdict({ username, password }: Credential, verdict: Verdict): void {
  const { said, alone, more } = WORDS[verdict.status];
  const { status, reason, timesSeen, source } = verdict;
  const isAlone = username === undefined || password === undefined;
  const why = reason === undefined ? '' : `${REASONS[reason] ?? `The reason is ${reason}.`} `;
  const seen = timesSeen === undefined || timesSeen < 2 ? '' : ` It was seen at least ${formatCount(timesSeen)} times.`;
  const from = source ? ` The latest source is ${source.name}${source.date ? `, ${source.date}` : ''}.` : '';
  say(status, (isAlone && alone) || said, `${why}${more}${seen}${from}`, true);
}

/** For a check that could not start. */
export function showFailure(reason: string, message: string): void {
  const { said, more } = WORDS.unknown;
  say('unknown', said, `${REASONS[reason as UnknownReason] ?? message} ${more}`, false);
}

export function clearVerdict(): void {
  const place = byId('verdict-text', HTMLElement);
  place.replaceChildren();
  delete place.dataset.status;
}
