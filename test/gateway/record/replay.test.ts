// What is recorded of decisions, and what another configuration would have decided.

import { describe, expect, test } from 'vitest';
import { listsOf, withSetup } from '../../../cli/gateway/offline-setup.ts';
import type { GatewayConfig } from '../../../gateway/config/schema.ts';
import { type Decision, parseDecision } from '../../../gateway/record/decision-schema.ts';
import { changeOf, type Replayed, replay } from '../../../gateway/replay.ts';
import { configOf, exchange, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { randomRequest, randomRules } from '../../support/gateway/record/random-traffic.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const RECORD = 'record: { maxPerSecond: 100000 }\n';
const LISTS = 'lists:\n  office: { items: [127.0.0.1/32] }\n  seen: { observed: {} }\n';

/** What a gateway records of requests. */
async function record(config: string, requests: readonly string[]) {
  const lines: string[] = [];
  const { gateway, port } = await serve(config, { isClosedByTest: true, onDecisions: (more) => lines.push(...more) });
  const statuses: number[] = [];
  for (const request of requests) statuses.push((await exchange(port, request)).status);
  await gateway.close({ deadlineMs: 200 });
  return { lines, statuses, decisions: lines.map((line) => parseDecision(line) as Decision) };
}

const replayAll = (decisions: readonly Decision[], config: GatewayConfig): Promise<readonly Replayed[]> =>
  withSetup(config, { lists: listsOf(config), onEvent: () => undefined }, (setup) =>
    decisions.map((decision) => replay(decision, setup)),
  );

const origin = async (): Promise<string> => (await startOrigin((_, response) => response.end('ok'))).url;

const configWith = (url: string, rules: string, more = ''): string =>
  `listen: 127.0.0.1:0\n${RECORD}${LISTS}${more}apps:\n  app.example:\n    to: ${url}\n    rules:\n${rules}\n`;

const rule = (name: string, when: string, action: string): string =>
  `      - { name: ${name}, when: '${when}', do: ${action} }`;

describe('the unchanged configuration', () => {
  test('decides as it did, whatever the rules and requests', async () => {
    const url = await origin();
    const random = createRandom(testSeed('replay'));
    const ends = new Map<string, number>();
    for (let set = 0; set < 24; set++) {
      const more = set % 2 === 0 ? 'logAddresses: true\n' : '';
      const text = configWith(url, randomRules(random, 1 + random.below(8), '      '), more);
      const requests = Array.from({ length: 30 }, () => randomRequest(random));
      const { decisions } = await record(text, requests);
      const replayed = await replayAll(decisions, configOf(text));
      for (const [i, decision] of decisions.entries()) {
        const again = replayed[i] as Replayed;
        expect([changeOf(decision, again), again, text], JSON.stringify(decision)).toEqual(['same', again, text]);
        const kind = Object.keys(decision.end)[0] ?? '';
        ends.set(kind, (ends.get(kind) ?? 0) + 1);
      }
    }
    expect(ends.get('blockedBy')).toBeGreaterThan(100);
    expect(ends.get('forwarded')).toBeGreaterThan(100);
  });
});

describe('a record', () => {
  const all = rule('all', 'http.request.method ne ""', 'log');
  const more = [
    rule('cookie', 'http.cookie contains "marked"', 'log'),
    rule('query', 'any(http.request.uri.args["x"][*] contains "marked")', 'log'),
  ];

  test('has no cookie, credential, query, address or token of a path', async () => {
    const random = createRandom(testSeed('record'));
    const config = configWith(await origin(), [all, ...more].join('\n'));
    const { lines } = await record(
      config,
      Array.from({ length: 200 }, () => randomRequest(random)),
    );
    expect(lines).toHaveLength(200);
    expect(lines.join('\n')).not.toMatch(/marked|127\.0\.0\.1|@person/);
  });

  test('has nothing of a request on which nothing acted', async () => {
    const config = configWith(await origin(), rule('none', 'http.host eq "other.example"', 'block'));
    const { lines, statuses } = await record(config, ['GET / HTTP/1.1\r\nHost: app.example\r\n\r\n']);
    expect([lines, statuses]).toEqual([[], [200]]);
  });

  test('has so many decisions a second, and says how many it left out', async () => {
    const config = configWith(await origin(), all).replace('100000', '1');
    const request = 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n';
    const { decisions } = await record(
      config,
      Array.from({ length: 60 }, () => request),
    );
    expect(decisions.length).toBeGreaterThan(5);
    expect(decisions.length).toBeLessThan(40);
  });
});

describe('another configuration', () => {
  const REQUESTS = [
    'GET /admin HTTP/1.1\r\nHost: app.example\r\nUser-Agent: bot\r\nCookie: s=1\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: app.example\r\nUser-Agent: people\r\n\r\n',
  ];
  const BEFORE = rule('office', 'ip.src in $office', 'log');

  test.each([
    ['a field that was recorded', rule('r', 'http.user_agent eq "bot"', 'block'), ['blocked', 'rules']],
    [
      'a condition that was recorded',
      rule('r', 'ip.src in $office and http.user_agent eq "bot"', 'block'),
      ['blocked', 'rules'],
    ],
    ['a cookie, which was not', rule('r', 'http.cookie contains "s=1"', 'block'), ['untold', 'untold']],
    [
      'a cookie that does not matter',
      rule('r', 'http.cookie eq "z" and http.user_agent eq "b"', 'block'),
      ['rules', 'rules'],
    ],
    ['an address that was not', rule('r', 'ip.src eq 192.0.2.1', 'block'), ['untold', 'untold']],
  ])('that reads %s', async (_, rules, expected) => {
    const url = await origin();
    const { decisions } = await record(configWith(url, BEFORE), REQUESTS);
    const replayed = await replayAll(decisions, configOf(configWith(url, rules)));
    expect(decisions.map((decision, i) => changeOf(decision, replayed[i] as Replayed))).toEqual(expected);
  });

  test('blocks what was forwarded; what a limit refused was no way through', () => {
    const blocked: Replayed = { app: 'a', end: { blockedBy: 'r', status: 403 }, matches: [], untold: [] };
    const of = (end: Decision['end']) => changeOf({ end, matches: [] as Decision['matches'] } as Decision, blocked);
    expect(of({ forwarded: 200 })).toBe('blocked');
    expect(of({ refused: 'LOGIN_LIMITED', limit: 'x' })).toBe('otherwise');
  });

  test('with other items in a list cannot tell who was on it', async () => {
    const url = await origin();
    const { decisions } = await record(configWith(url, BEFORE), REQUESTS);
    const other = configWith(url, BEFORE).replace('127.0.0.1/32', '192.0.2.0/24');
    const [first] = await replayAll(decisions, configOf(other));
    expect(first?.untold).toEqual([{ rule: 'office', fields: ['ip.src'] }]);
    expect(changeOf(decisions[0] as Decision, first as Replayed)).toBe('untold');
  });
});
