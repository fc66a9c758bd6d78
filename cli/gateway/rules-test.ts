// credveil gateway rules test: what the rules of a configuration make of one request.

import { parseAddress } from '../../gateway/addresses/address.ts';
import { ANSWER_KINDS } from '../../gateway/answers/kinds.ts';
import { readConfig } from '../../gateway/config/read.ts';
import { type ExplainedRequest, type ExplainedRule, explainRequest } from '../../gateway/explain.ts';
import type { Explanation } from '../../gateway/rules/explain.ts';
import { UsageError } from '../exit.ts';
import { printResult } from '../output.ts';
import { readNamedFile } from './named-file.ts';
import { listsOf, withSetup } from './offline-setup.ts';

export interface RulesTestFlags {
  readonly config: string;
  readonly request: string;
  readonly from: string;
  readonly https?: boolean;
  readonly json?: boolean;
}

const MAX_REQUEST_BYTES = 2 ** 20;

export async function testRules(flags: RulesTestFlags): Promise<void> {
  const from = parseAddress(flags.from);
  if (!from) throw new UsageError('--from is no address', 'Pass an IPv4 or IPv6 address: --from 192.0.2.1.');
  const config = readConfig(flags.config);
  // Copies of the lists that a gateway with this configuration has read.
  const lists = listsOf(config);
  await lists.load();
  const explained = await withSetup(config, { lists, onEvent: () => undefined }, (setup) =>
    explainRequest(readRequest(flags.request), setup, { from, isSecure: flags.https === true }),
  );
  printResult(flags, explained, describe);
}

/** Lines may end as editors end them. */
function readRequest(file: string): Buffer {
  const hint = 'Name a file with a request line and headers, as in: GET /login HTTP/1.1, Host: app.example.';
  const text = readNamedFile(file, hint, MAX_REQUEST_BYTES).toString('latin1');
  // Editors begin a file with the mark of its encoding, and people with an empty line.
  const lines = text.replace(/^\xef\xbb\xbf/, '').replace(/\r?\n/g, '\n');
  const [head = ''] = lines.trimStart().split('\n\n', 1);
  if (head === '') throw new UsageError(`${file} is empty`, hint);
  return Buffer.from(`${head.trimEnd().replaceAll('\n', '\r\n')}\r\n\r\n`, 'latin1');
}

function describe({ app, readings, rules, end }: ExplainedRequest): string {
  const paths = readings.length > 1 ? [`paths  ${readings.join('  ')}`] : [];
  return [
    `app    ${app ?? '-'}`,
    ...paths,
    ...rules.flatMap((rule) => describeRule(rule, readings[0])),
    `end    ${describeEnd(end)}`,
  ].join('\n');
}

function describeRule({ name, action, outcome, isReached, reading, parts }: ExplainedRule, path?: string): string[] {
  const note = `${reading === path ? '' : `, path read as ${reading}`}${isReached ? '' : ', not reached'}`;
  return [`rule   ${name} (${action}): ${word(outcome)}${note}`, ...describeParts(parts, 1)];
}

export const describeParts = ({ text, outcome, parts }: Explanation, depth: number): string[] => [
  `       ${'  '.repeat(depth)}${text.replace(/\s+/g, ' ')}  ${Array.isArray(outcome) ? `[${outcome.map(word).join(' ')}]` : word(outcome as boolean | undefined)}`,
  ...parts.flatMap((part) => describeParts(part, depth + 1)),
];

export const word = (outcome: boolean | undefined): string => (outcome === undefined ? 'unknown' : String(outcome));

function describeEnd(end: ExplainedRequest['end']): string {
  if ('forwarded' in end) return `forwarded as ${end.forwarded}`;
  if ('redirected' in end) return 'redirected to the path that reads in one way';
  if ('refused' in end) {
    const { detail, hint } = ANSWER_KINDS[end.refused];
    return `refused: ${end.refused}\n       ${detail} ${hint}`;
  }
  return `blocked by ${end.blockedBy} with ${end.status}`;
}
