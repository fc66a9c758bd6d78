// What the fuzz of the gateway gives its inputs to, and what has to hold for each.

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../../../../gateway/answers/kinds.ts';
import { parseConfig } from '../../../../gateway/config/load.ts';
import { readHello } from '../../../../gateway/connection/client-hello.ts';
import { readProxyHeader } from '../../../../gateway/connection/proxy-protocol.ts';
import { pairsOf } from '../../../../gateway/header-pairs.ts';
import { ContentError } from '../../../../gateway/lists/formats/content-error.ts';
import { readHead } from '../../../../gateway/request/head.ts';
import { canonicalPath, isAmbiguous, isCanonicalUnique, readingsOf } from '../../../../gateway/request/path.ts';
import { isHopByHop, isReserved, lettersOf } from '../../../../gateway/request/reserved-names.ts';
import { parseRule } from '../../../../gateway/rules/rule.ts';
import { formatExpression } from '../../../../gateway/rules/syntax/format-rule.ts';
import { RuleError } from '../../../../gateway/rules/syntax/rule-error.ts';
import type { Random } from '../../random.ts';
import { build } from '../build-lists.ts';
import { withoutSpans } from '../rules/random-cases.ts';

/** @returns whether the input was taken @throws Error for whatever should not be */
type Run = (input: string, random: Random) => boolean;

const MAX_READINGS = 64;
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** As node:http would have split it. */
function messageOf(input: string): IncomingMessage {
  const [first = '', ...lines] = input.split('\r\n');
  const [method = '', url = '', version = 'HTTP/1.1'] = first.split(' ');
  const rawHeaders = lines
    .filter((line) => line !== '')
    .flatMap((line) => {
      const colon = line.indexOf(':', 1);
      return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
  return { method, url, httpVersion: version.slice(5), rawHeaders } as unknown as IncomingMessage;
}

const head: Run = (input) => {
  try {
    const judged = readHead(messageOf(input), { maxTargetBytes: 2_000 });
    assert.match(judged.target, /^\/[\x21-\x7e]*$/);
    assert.doesNotMatch(judged.target, /[#\\]/);
    assert.match(judged.host, /^[a-z0-9_.[\]:-]+$/);
    assert.equal(judged.authority.toLowerCase().startsWith(judged.host), true, judged.authority);
    for (const [name] of pairsOf(judged.headers)) {
      assert.equal(isReserved(lettersOf(name)) || isHopByHop(name.toLowerCase()), false, name);
      // As CGI reads it.
      const read = name.toLowerCase().replace(/[^a-z0-9]/g, '-');
      assert.doesNotMatch(read, /^(?:host|content-length|transfer-encoding|connection)$/);
    }
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

const path: Run = (input, random) => {
  const target = input.startsWith('/') ? input : `/${input}`;
  const options = { origin: random.pick(['unix', 'windows'] as const) };
  const readings = readingsOf(target, options);
  const canonical = canonicalPath(target);
  assert.equal(canonicalPath(canonical), canonical, 'not idempotent');
  assert.match(canonical, /^\//);
  if (!readings) return false;
  assert.equal(readings[0], target);
  assert.ok(readings.length <= MAX_READINGS, `${readings.length} readings`);
  for (const reading of readings) assert.match(reading, /^\//);
  // What replaces it is not read in more ways than it says.
  if (isCanonicalUnique(target, options)) assert.equal(isAmbiguous(readingsOf(canonical, options) ?? ['', '/']), false);
  return true;
};

/** Who has seen a part of the bytes must not have judged otherwise. */
const byPrefix =
  (read: (bytes: Buffer) => unknown): Run =>
  (input, random) => {
    const bytes = bytesOf(input);
    const whole = read(bytes);
    const part = read(bytes.subarray(0, random.below(bytes.length + 1)));
    if (part !== 'incomplete') assert.deepEqual(part, whole);
    return typeof whole === 'object';
  };

const rule: Run = (input) => {
  let expression: ReturnType<typeof parseRule>['expression'];
  try {
    expression = parseRule(input).expression;
  } catch (error) {
    if (error instanceof RuleError && error.hint !== '') return false;
    throw error;
  }
  const printed = formatExpression(expression);
  const again = parseRule(printed).expression;
  assert.deepEqual(withoutSpans(again), withoutSpans(expression), printed);
  assert.equal(formatExpression(again), printed);
  return true;
};

const config: Run = (input) => {
  const { config: parsed, faults } = parseConfig(input);
  assert.equal(parsed === undefined, faults.length > 0);
  for (const { line, column, message } of faults) assert.ok(line >= 1 && column >= 1 && message !== '', message);
  return parsed !== undefined;
};

const list: Run = (input, random) => {
  try {
    build(bytesOf(input), { kind: random.pick(['ip', 'ip', 'string']), allowPrivate: random.below(2) === 0 });
    return true;
  } catch (error) {
    if (error instanceof ContentError && error.hint !== '') return false;
    throw error;
  }
};

export interface FuzzTarget {
  readonly name: string;
  readonly run: Run;
  /** Inputs of it among all of them. */
  readonly share: number;
}

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  { name: 'head', run: head, share: 30 },
  { name: 'path', run: path, share: 25 },
  { name: 'client-hello', run: byPrefix(readHello), share: 15 },
  { name: 'proxy-header', run: byPrefix(readProxyHeader), share: 10 },
  { name: 'rule', run: rule, share: 15 },
  { name: 'list', run: list, share: 4 },
  { name: 'config', run: config, share: 1 },
];
