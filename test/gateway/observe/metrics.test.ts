// What the gateway counts, and that the dashboard and docs/gateway.md know all of it.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listMetrics } from '../../../gateway/lists/list-metrics.ts';
import { formatMetrics } from '../../../runtime/observe/metrics-listener.ts';
import { echo, exchange, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { startKeptState } from '../../support/gateway/state/limit-workers.ts';
import { startLimitedApp } from '../../support/gateway/state/limited-app.ts';
import { stateFolder } from '../../support/gateway/state/states.ts';
import { root } from '../../support/paths.ts';

const HOST = 'Host: app.example\r\n';
const ONE_LIST = [
  {
    name: 'office',
    entries: 1,
    observed: 0,
    leftOut: 0,
    ageMs: 5_000,
    isKnown: true,
    lastError: undefined,
    isRefused: false,
  },
];

test('requests, rules, refusals and failures are counted', async () => {
  const [origin, gone] = [await startOrigin(echo), await startOrigin(echo)];
  gone.server.close();
  const { gateway, port } = await serve(
    `listen: 127.0.0.1:0\nrules: [{ name: no-x, when: 'http.request.uri.path eq "/x"', do: block }]\napps:\n  app.example: { to: ${origin.url} }\n  gone.example: { to: ${gone.url} }\n`,
  );
  await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`);
  await exchange(port, `GET /x HTTP/1.1\r\n${HOST}\r\n`);
  await exchange(port, `GET /#x HTTP/1.1\r\n${HOST}\r\n`);
  await exchange(port, 'GET / HTTP/1.1\r\nHost: gone.example\r\n\r\n');
  const text = await formatMetrics([[...(await gateway.metrics())]]);
  for (const line of [
    'credveil_gateway_requests_total{app="app.example",status="2xx"} 1',
    'credveil_gateway_requests_total{app="app.example",status="4xx"} 1',
    'credveil_gateway_requests_total{app="-",status="4xx"} 1',
    'credveil_gateway_requests_total{app="gone.example",status="5xx"} 1',
    'credveil_gateway_rule_matches_total{rule="no-x",action="block"} 1',
    'credveil_gateway_refusals_total{code="BLOCKED"} 1',
    'credveil_gateway_refusals_total{code="TARGET_MALFORMED"} 1',
    'credveil_gateway_failures_total{code="UPSTREAM_FAILED"} 1',
  ])
    expect(text.split('\n')).toContain(line);
});

test('an application that is too slow, or breaks off, is told with a next step', async () => {
  const slow = await startOrigin((request, response) => {
    if (request.url !== '/cut') return;
    response.writeHead(200, { 'Content-Length': '100' }).write('x');
    setImmediate(() => response.destroy());
  });
  const { port, events } = await serve(
    `listen: 127.0.0.1:0\napps:\n  app.example: { to: ${slow.url}, upstream: { responseTimeoutMs: 100 } }\n`,
  );
  for (const target of ['/slow', '/cut']) await exchange(port, `GET ${target} HTTP/1.1\r\n${HOST}\r\n`);
  expect(events.filter(({ event }) => event === 'upstream-failed')).toEqual([
    expect.objectContaining({ code: 'UPSTREAM_TIMEOUT', hint: expect.stringContaining('responseTimeoutMs') }),
    expect.objectContaining({ code: 'UPSTREAM_CUT', hint: expect.stringContaining('log') }),
  ]);
});

test('the dashboard and the page show every metric of the gateway, and no other', async () => {
  const { gateway } = await serve('listen: 127.0.0.1:0\napps: { "*": { to: "http://127.0.0.1:1" } }\n');
  const { kept } = startKeptState(stateFolder());
  const metrics = [...(await gateway.metrics()), ...listMetrics(ONE_LIST), ...kept.metrics()];
  const exported = metrics.map(({ name }) => name).filter((name) => name.startsWith('credveil_gateway_'));
  const dashboard = fs.readFileSync(path.join(root, 'deploy/grafana-dashboard.json'), 'utf8');
  const shown = new Set([...dashboard.matchAll(/credveil_gateway_\w+/g)].map(([name]) => name.replace(/_bucket$/, '')));
  expect([...shown].filter((name) => !exported.includes(name))).toEqual([]);
  const page = ['gateway.md', 'gateway-lists.md']
    .map((name) => fs.readFileSync(path.join(root, 'docs', name), 'utf8'))
    .join('');
  expect(exported.filter((name) => !page.includes(name))).toEqual([]);
  const ofLists = exported.filter((name) => name.startsWith('credveil_gateway_list_'));
  expect(exported.filter((name) => !shown.has(name) && !ofLists.includes(name))).toEqual([]);
});

test('bans and counted keys are those of the process that counts', async () => {
  const limits = '[{ name: one, by: [address], allow: 1, window: 1m, for: 1h }]';
  const { login, service } = await startLimitedApp({ limits, stateDirectory: stateFolder() });
  for (let i = 0; i < 3; i++) await login('ann', 'wrong');
  const lines = (await formatMetrics(await service.metrics())).split('\n');
  expect(lines).toContain('credveil_gateway_bans 1');
  expect(lines).toContain('credveil_gateway_limit_windows 1');
  expect(lines).toContain('credveil_gateway_state_failing 0');
  expect(lines).toContain('credveil_gateway_limited_total{limit="one"} 2');
});
