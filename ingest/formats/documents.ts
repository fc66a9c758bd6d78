// Documents whose lines are no credentials: what they are, and what to make of them instead.

import { describeMarkup, isBinary } from '../containers/binary.ts';
import { IngestError } from '../errors.ts';
import type { TextSample } from './sample.ts';

const HEAD_BYTES = 4096;
const CSV = 'Export the passwords as CSV and ingest that';

/** By the element that such a document begins with. */
const XML: readonly (readonly [start: RegExp, what: string, hint: string])[] = [
  [/<KeePassFile[\s>]/, 'an XML export of KeePass 2', `${CSV}: File > Export > KeePass CSV (1.x).`],
  [/<pwlist[\s>]/, 'an XML export of KeePass 1', `${CSV}: File > Export > CSV File.`],
  [
    /KEEPASSX_DATABASE/,
    'an XML export of KeePassX',
    `${CSV}: open it in KeePassXC, then Database > Export > CSV File.`,
  ],
  [
    /<FileZilla\d?[\s>]/,
    'a list of servers of FileZilla, with passwords in base64',
    'Make a CSV with a header username,password of each User and its decoded Pass, and ingest that.',
  ],
  [/<entries[^>]+Password Exporter/, 'an XML export of Password Exporter for Firefox', `${CSV}, which it writes too.`],
  [/<passwordsafe[\s>]/i, 'an XML export of Password Safe', `${CSV}: File > Export To > Plain Text, with tabs.`],
  [/<revelationdata[\s>]/, 'an XML export of Revelation', `${CSV}.`],
];

const TAG = /^\s*<\/?[a-z][\w:.-]{0,60}(?:\s[^<>]*)?>/i;
const MOST = 0.8;
const ANY_HINT =
  'Make a CSV of its credentials with a header and ingest that, leave it out with --skip-unrecognised, or, if it is text, name its --format.';

const EXPORT_HINT =
  'Export it as CSV and ingest that, leave it out with --skip-unrecognised, or, if it is text, name its --format.';

/** Text that a page shows as it stands, as pages of pastes do. */
const PREFORMATTED = /<(?:pre|textarea)[\s>]/i;
const PREFORMATTED_HINT =
  'Save the text between <pre> and </pre>, with &amp; and the like decoded, as the raw view of the page shows it, and ingest that; or leave it out with --skip-unrecognised.';

/** @returns the error to refuse a document with, or undefined for any other text */
export function refuseDocument(sample: TextSample): IngestError | undefined {
  const head = sample.bytes.toString('latin1', 0, HEAD_BYTES);
  const binary = sample.binary?.what;
  const known =
    binary === undefined && /^\s*</.test(sample.lines[0] ?? '') ? XML.find(([start]) => start.test(head)) : undefined;
  if (known) return refusal(known[1], known[2]);
  const what = binary ?? describeMarkup(sample.lines[0] ?? '') ?? (isBinary(sample.bytes) ? 'no text' : undefined);
  if (what !== undefined) return refusal(what, PREFORMATTED.test(head) ? PREFORMATTED_HINT : EXPORT_HINT);
  const isMarkup = sample.share((line) => TAG.test(line)) > MOST && /<\/|\/>/.test(head);
  return isMarkup ? refusal('a text of XML or HTML', ANY_HINT) : undefined;
}

const refusal = (what: string, hint: string): IngestError =>
  new IngestError('INPUT_BINARY', `it is ${what}, which is not read`, hint);
