// Malformed and ambiguous requests: each is refused, or read by the application as the gateway
// judged it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../../gateway/gateway.ts';
import { type DesyncCase, FORGED, type Seen } from '../../support/gateway/desync/case.ts';
import { type RecordingOrigin, seenIn, startRecordingOrigin } from '../../support/gateway/desync/recording-origin.ts';
import { expectedOf, FLUSHED, flush, sendCase } from '../../support/gateway/desync/send-case.ts';
import { valuesOf } from '../../support/gateway/desync/strict-reader.ts';
import { configOf } from '../../support/gateway/gateway.ts';
import { CASES } from './cases.ts';

let origin: RecordingOrigin;
let gateway: Gateway;

beforeAll(async () => {
  origin = await startRecordingOrigin();
  // One connection: requests reach the application in the order in which they were passed on.
  const app = `{ to: "${origin.url}", upstream: { maxConnections: 1 } }`;
  const config = configOf(`listen: 127.0.0.1:0\napps:\n  app.example: ${app}\n`);
  gateway = await startGateway({ config });
});

afterAll(async () => {
  await gateway.close({ deadlineMs: 200 });
  origin.close();
});

/** Header names that the gateway sets itself, with what they say here. */
const OWN: { readonly [name: string]: string } = {
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-proto': 'http',
  'x-real-ip': '127.0.0.1',
};

/** Connections to the application have no order among them. */
const sorted = (requests: readonly Seen[]): string[] => requests.map((request) => JSON.stringify(request)).sort();

async function run(one: DesyncCase): Promise<void> {
  const port = gateway.ports[0] as number;
  const answer = await sendCase(port, one);
  expect(await flush(port)).toContain('200 OK');
  const { bytes, strict, read } = origin.take();
  expect(sorted(strict.map(seenIn)), answer).toEqual(sorted([...expectedOf(one), FLUSHED]));
  expect(sorted(read)).toEqual(sorted(strict.map(seenIn)));
  expect(bytes).not.toContain(FORGED);
  for (const { headers } of strict)
    for (const [name, value] of Object.entries(OWN)) expect(valuesOf(headers, name)).toEqual([value]);
  if (one.expected === 'refused' && !one.isCutShort) expect(answer).toMatch(/^HTTP\/1.1 4\d\d |^$/);
}

test('the corpus has hundreds of requests, each with a name of its own', () => {
  expect(CASES.length).toBeGreaterThan(500);
  const names = CASES.map(({ group, name }) => `${group}: ${name}`);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

describe.each(Object.entries(Object.groupBy(CASES, ({ group }) => group)))('%s', (_, cases = []) => {
  test.each(cases)('$name', run);
});
