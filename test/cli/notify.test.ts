// --notify and `credveil events`: findings reach a sink under one id, and stay if they do not.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect } from 'vitest';
import { credveil, credveilJson, type WorkPlace } from '../support/credveil.ts';
import { COLUMNS, createWorld, SOURCES } from '../support/match/world.ts';
import { startReceiver } from '../support/notify/receiver.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

/** Writes the file of a webhook at `url`. */
function writeHook(place: WorkPlace, url: string, more: object = {}): { file: string; secret: string } {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  fs.writeFileSync(place.at('hook.secret'), `${secret}\n`, { mode: 0o600 });
  const sink = { kind: 'webhook', name: 'hook', url, secretFile: 'hook.secret', allow: ['127.0.0.1'], ...more };
  return { file: place.write('hook.json', JSON.stringify(sink)), secret };
}

const linesOf = (file: string): { [name: string]: unknown }[] =>
  fs
    .readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { [name: string]: unknown });

describe('credveil match --notify', () => {
  test('sends each account to each sink, and a second run nothing', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place);
    const receiver = await startReceiver();
    const { file, secret } = writeHook(place, receiver.url);
    const outbox = ['--outbox-file', place.at('outbox.sqlite')];
    const args = ['match', users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state'), ...outbox];
    const sinks = [
      '--notify',
      file,
      '--notify',
      `ecs:${place.at('ecs.jsonl')}`,
      '--notify',
      `ocsf:${place.at('ocsf')}`,
    ];
    const first = await credveil([...args, ...sinks]);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain(`events: ${planted.size} new to the outbox, 0 known to it\nevents: all are sent`);
    const bodies = receiver.received.map(
      ({ body, headers }) => new Webhook(secret).verify(body, headers) as { id: string; data: { account: string } },
    );
    expect(new Set(bodies.map(({ data }) => data.account))).toEqual(new Set(planted.keys()));
    expect(
      linesOf(place.at('ecs.jsonl'))
        .map(({ event }) => (event as { id: string }).id)
        .sort(),
    ).toEqual(bodies.map(({ id }) => id).sort());
    expect(linesOf(place.at('ocsf'))).toHaveLength(planted.size);
    // Nothing but ids: no password, name, hash or secret.
    const [line = ''] = fs
      .readFileSync(users, 'utf8')
      .split('\n')
      .filter((row) => row.startsWith(`${[...planted.keys()][0]},`));
    const [, login = '', mail = '', hash = ''] = line.split(',');
    const leak = SOURCES.map((name) => fs.readFileSync(path.join(corpora, name), 'utf8')).join('\n');
    const password =
      leak
        .split('\n')
        .find((pair) => pair.toLowerCase().startsWith(`${mail}:`) || pair.startsWith(`${login}:`))
        ?.split(':')[1] ?? '';
    const written = ['outbox.sqlite', 'ecs.jsonl', 'ocsf'].map((name) => fs.readFileSync(place.at(name), 'latin1'));
    const all = [...written, first.stderr, ...receiver.received.map(({ body }) => body)].join('\n');
    for (const marked of [login, mail, hash, password, secret, secret.slice(6)]) {
      expect(marked.length).toBeGreaterThan(4);
      expect(all.includes(marked), marked).toBe(false);
    }
    const again = await credveil([...args, ...sinks]);
    expect(again.stderr).toContain(`events: 0 new to the outbox, ${planted.size} known to it\nevents: all are sent`);
    expect(receiver.received).toHaveLength(planted.size);
    for (const name of ['outbox.sqlite', 'ecs.jsonl', 'ocsf'])
      expect(fs.statSync(place.at(name)).mode & 0o777).toBe(0o600);
    await receiver.close();
  });

  test('keeps the events of a sink that is gone, and fails; they are sent later under the same ids', async ({
    place,
  }) => {
    const { users, corpora, planted } = createWorld(place, { accounts: 40 });
    let status = 410;
    const receiver = await startReceiver((response) => response.writeHead(status).end());
    const { file } = writeHook(place, receiver.url);
    const outbox = ['--outbox-file', place.at('outbox.sqlite')];
    const match = ['match', users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
    const { code, stderr, stdout } = await credveil([...match, '--out', place.at('out'), '--notify', file, ...outbox]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('EVENTS_NOT_SENT');
    expect(fs.readFileSync(place.at('out'), 'utf8').trimEnd().split('\n')).toHaveLength(planted.size + 1);
    const dead = (await credveilJson(['events', 'list', '--state', 'dead', ...outbox])) as {
      deliveries: { id: string }[];
    };
    expect(dead.deliveries.length).toBe(receiver.received.length);
    expect(dead.deliveries[0]).toMatchObject({ sink: 'hook', state: 'dead', failure: 'STATUS_410', attempts: 1 });
    const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
    status = 204;
    receiver.received.length = 0;
    expect(await credveilJson(['events', 'retry', ...outbox])).toEqual({ retried: dead.deliveries.length });
    const sent = await credveil(['events', 'send', '--now', '--notify', file, ...outbox]);
    expect([sent.code, sent.stderr]).toEqual([0, 'events: all are sent\n']);
    const later = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
    expect(later.size).toBe(planted.size);
    for (const id of ids) expect(later).toContain(id);
    await receiver.close();
  });

  test.for<[string, number, (place: WorkPlace) => readonly string[]]>([
    ['--notify is missing', 2, ({ at }) => ['--outbox-file', at('o')]],
    ['--dry-run finds nothing to send', 2, ({ at }) => ['--dry-run', '--notify', `ecs:${at('e')}`]],
    ['standard output has the result already', 2, () => ['--notify', 'ecs:-']],
    ['has no secret', 2, () => ['--notify', 'https://hooks.example/x']],
    ['does not exist', 1, ({ at }) => ['--notify', at('none.json')]],
  ])('refuses before it reads anything: %s', async ([text, expected, more], { place }) => {
    const { users, corpora } = createWorld(place, { accounts: 3 });
    const args = ['match', users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
    const { code, stderr, stdout } = await credveil([...args, ...more(place)]);
    expect([code, stderr, stdout]).toEqual([expected, expect.stringContaining(text), '']);
  });
});
