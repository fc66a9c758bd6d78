// Verdicts in words for a person. An error is never worded as good news.

import type { UnknownReason } from '../client-sdk/errors.ts';
import type { Verdict, VerdictStatus } from '../client-sdk/verdict.ts';
import { byId, formatCount, make } from './dom.ts';

type Tone = 'bad' | 'warn' | 'good' | 'none';

const WORDS: { readonly [status in VerdictStatus]: readonly [tone: Tone, said: string, more: string] } = {
  pair: [
    'bad',
    'This username and password have leaked, together.',
    'Whoever has the list can log in with them. Change this password wherever you use it, and do not use it again.',
  ],
  similar: [
    'bad',
    'A password very much like this one has leaked for this username.',
    'Those who try leaked passwords try such changes too. Choose one that has nothing in common with it.',
  ],
  password: [
    'bad',
    'This password has leaked, though not with this username.',
    'It is on the lists that attackers try everywhere. Choose another one.',
  ],
  username: [
    'warn',
    'This username is in a leak, with another password.',
    'That is so of nearly every e-mail address. Use this password nowhere else.',
  ],
  clean: [
    'good',
    'Neither is in this server’s breach data.',
    'That is what these lists say. Others may know more, so a password of its own for each account is still worth it.',
  ],
  unknown: ['none', 'No answer.', 'An error is never taken for good news: nothing is known of this login.'],
};

const REASONS: { readonly [reason in UnknownReason]?: string } = {
  TIMEOUT: 'The server took too long to answer. Try again.',
  NETWORK: 'The server cannot be reached. Check that it runs, then try again.',
  HTTP_STATUS: 'The server refused to answer.',
  KEY_MISMATCH: 'The key is not that of this dataset, or the server uses another one than it says.',
  CONFIG_FORGED: 'What the server says of itself does not carry the seal of this key.',
  BODY_FORGED: 'A bucket does not carry the seal of this key: something on the way changed it.',
  SNAPSHOT_CHANGED: 'The server’s data changed twice during this check. Try again.',
  FIELD_TOO_LONG: 'The username or the password is too long: 65,535 bytes are the most.',
  INDEX_MISSING: 'This dataset has nothing to compare that with.',
  NOTHING_ASKED: 'There was nothing to ask.',
};

function say(tone: Tone, status: string, said: string, more: string): void {
  const place = byId('verdict-text', HTMLElement);
  place.dataset.tone = tone;
  place.dataset.status = status;
  place.replaceChildren(
    make('p', { class: 'said' }, make('b', {}, status), said),
    make('p', { class: 'more' }, more),
    make('p', { class: 'more' }, make('a', { href: '#steps' }, 'See step by step what left your browser')),
  );
}

export function showVerdict(verdict: Verdict): void {
  const [tone, said, more] = WORDS[verdict.status];
  const { reason, timesSeen, source } = verdict;
  const why = reason && (REASONS[reason] ?? `The reason is ${reason}.`);
  const seen = timesSeen === undefined || timesSeen < 2 ? '' : ` It was seen at least ${formatCount(timesSeen)} times.`;
  const from = source ? ` The latest source is ${source.name}${source.date ? `, ${source.date}` : ''}.` : '';
  say(tone, verdict.status, said, `${why ? `${why} ` : ''}${more}${seen}${from}`);
}

/** Where a check could not even begin. */
export function showFailure(reason: string, message: string): void {
  const [tone, said, more] = WORDS.unknown;
  say(tone, 'unknown', said, `${REASONS[reason as UnknownReason] ?? message} ${more}`);
}

export function clearVerdict(): void {
  const place = byId('verdict-text', HTMLElement);
  place.replaceChildren();
  delete place.dataset.status;
}
