// Alarms of the service: which events of its log they are, and that sinks get each once.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alarmOf } from '../../notify/alarms.ts';
import type { SnapshotId } from '../../protocol/brands.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { credveil, credveilJson, serveDataset } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';
import { type Receiver, startReceiver } from '../support/notify/receiver.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const NOON = Date.UTC(2026, 0, 2, 12);
const HINT = { hint: 'marked' };

describe('an alarm', () => {
  const snapshot = '000001-aaaa' as SnapshotId;
  test.for<[ServerEvent, object]>([
    [
      { event: 'quota-exceeded', client: 'shop', policy: 'requests-per-minute' },
      { type: 'quota.used_up', client: 'shop', policy: 'requests-per-minute', day: '2026-01-02' },
    ],
    [
      { event: 'head-expiring', snapshot, validUntil: '2026-01-03T00:00:00Z', ...HINT },
      { type: 'snapshot.stale', snapshot, validUntil: '2026-01-03T00:00:00Z', state: 'expiring' },
    ],
    [
      { event: 'head-expired', snapshot, validUntil: '2026-01-03T00:00:00Z', ...HINT },
      { type: 'snapshot.stale', snapshot, validUntil: '2026-01-03T00:00:00Z', state: 'expired' },
    ],
    [
      { event: 'tls-refused', code: 'TLS_FILES_INVALID', message: 'marked', ...HINT },
      { type: 'reload.failed', what: 'tls', code: 'TLS_FILES_INVALID', day: '2026-01-02' },
    ],
    [
      { event: 'snapshot-withdrawn', snapshot, ...HINT },
      { type: 'reload.failed', what: 'snapshot', code: 'SNAPSHOT_WITHDRAWN', day: '2026-01-02' },
    ],
    [
      { event: 'login-leaked', app: 'a', login: 'wordpress', user: 'u_x', finding: 'pair', request: 'marked' },
      { type: 'login.leaked', app: 'a', login: 'wordpress', user: 'u_x', finding: 'pair', day: '2026-01-02' },
    ],
  ])('is made of $0.event, without its text', ([event, alarm]) => {
    expect(alarmOf(event, NOON)).toEqual(alarm);
  });

  test.for<ServerEvent>([
    { event: 'listening', url: 'http://127.0.0.1:1' },
    { event: 'sink-failed', sink: 's', code: 'TIMEOUT', hint: '' },
    { event: 'request-failed', code: 'X', hint: '' },
    { event: 'closed' },
  ])('is not made of $event', (event) => {
    expect(alarmOf(event, NOON)).toBeUndefined();
  });
});

const served = datasetTest({ pairs: seededPairs(20) });

interface Body {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly [name: string]: string };
}
const bodiesOf = ({ received }: Receiver): Body[] => received.map(({ body }) => JSON.parse(body) as Body);

/** Writes a webhook and a configuration beside the dataset. @returns the configuration's path */
function writeConfig(folder: string, receiver: Receiver, more: object = {}): string {
  const secret = `whsec_${createHash('sha256').update('a secret').digest('base64')}`;
  fs.writeFileSync(`${folder}.secret`, secret, { mode: 0o600 });
  const sink = {
    kind: 'webhook',
    name: 'hook',
    url: receiver.url,
    secretFile: `${folder}.secret`,
    allow: ['127.0.0.1'],
  };
  fs.writeFileSync(`${folder}.hook.json`, JSON.stringify(sink));
  fs.writeFileSync(`${folder}.config.json`, JSON.stringify({ notify: [`${folder}.hook.json`], ...more }));
  return `${folder}.config.json`;
}

describe('credveil serve', () => {
  served('sends a used-up quota once a day, over workers and restarts, and a refused reload', async ({ made }) => {
    const receiver = await startReceiver();
    const config = writeConfig(made.folder, receiver);
    const client = (await credveilJson(['client', 'add', made.folder, 'shop', '--requests-per-day', '2'])) as {
      key: string;
    };
    const exhaust = async (url: string): Promise<void> => {
      const headers = { authorization: `Bearer ${client.key}` };
      for (let i = 0; i < 12; i++) await fetch(`${url}/v1/account/0`, { headers });
    };
    const first = await serveDataset(made.folder, { args: ['--config', config, '--workers', '2'] });
    await exhaust(first.url);
    await expect.poll(() => receiver.received.length).toBeGreaterThan(0);
    fs.appendFileSync(config, '{');
    first.child.kill('SIGHUP');
    await expect.poll(() => receiver.received.length).toBeGreaterThan(1);
    expect((await first.stop()).code).toBe(0);
    writeConfig(made.folder, receiver);
    const second = await serveDataset(made.folder, { args: ['--config', config, '--workers', '0'] });
    await exhaust(second.url);
    expect((await second.stop()).code).toBe(0);
    expect(bodiesOf(receiver).map(({ type, data }) => [type, data])).toEqual([
      ['quota.used_up', { client: 'shop', policy: 'requests-per-day', day: expect.any(String) }],
      ['reload.failed', { what: 'config', code: 'SETTINGS_FILE_MALFORMED', day: expect.any(String) }],
    ]);
    expect(fs.statSync(`${made.folder}.outbox.sqlite`).mode & 0o777).toBe(0o600);
    await receiver.close();
  });

  served(
    'answers while a sink is down, logs it once without its answer, and sends after a restart',
    async ({ made }) => {
      let status = 500;
      const receiver = await startReceiver((response) => response.writeHead(status).end('marked'));
      const config = writeConfig(made.folder, receiver);
      const { key } = (await credveilJson(['client', 'add', made.folder, 'shop', '--requests-per-day', '0'])) as {
        key: string;
      };
      const serve = () => serveDataset(made.folder, { args: ['--config', config, '--workers', '2'] });
      const first = await serve();
      const headers = { authorization: `Bearer ${key}` };
      expect((await fetch(`${first.url}/v1/account/0`, { headers })).status).toBe(429);
      await expect.poll(() => first.written.stderr).toContain('sink-failed');
      expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
      const { stderr } = await first.stop();
      const lines = stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as ServerEvent & { level: string });
      expect(lines.filter(({ event }) => event === 'sink-failed')).toEqual([
        expect.objectContaining({ level: 'error', sink: 'hook', code: 'STATUS_500' }),
      ]);
      expect(stderr).not.toContain('marked');
      status = 204;
      const later = ['events', 'send', '--now', '--notify', `${made.folder}.hook.json`];
      expect((await credveil([...later, '--outbox-file', `${made.folder}.outbox.sqlite`])).code).toBe(0);
      expect(new Set(bodiesOf(receiver).map(({ id }) => id)).size).toBe(1);
      await receiver.close();
    },
  );

  served('does not start with a sink that is wrong', async ({ made }) => {
    const receiver = await startReceiver();
    const config = writeConfig(made.folder, receiver);
    fs.chmodSync(`${made.folder}.secret`, 0o644);
    const { code, stderr } = await credveil(['serve', made.folder, '--config', config, '--listen', '127.0.0.1:0']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('SECRET_EXPOSED')]);
    fs.rmSync(`${made.folder}.hook.json`);
    const missing = await credveil(['serve', made.folder, '--config', config, '--listen', '127.0.0.1:0']);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('SINK_UNREADABLE')]);
    await receiver.close();
  });

  served('stops when it cannot listen, though alarms are set up', async ({ made }) => {
    const receiver = await startReceiver();
    const args = ['--config', writeConfig(made.folder, receiver), '--listen', new URL(receiver.url).host];
    const { code, stderr } = await credveil(['serve', made.folder, ...args]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('ADDRESS_IN_USE')]);
    await receiver.close();
  });
});
