// ECS and OCSF: the fields that their schemas require, and the values that they allow.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { EVENT_TYPES, type NotifyEvent, type StoredEvent } from '../../notify/events.ts';
import { openSinks } from '../../notify/setup/open-sinks.ts';
import { formatEcs } from '../../notify/sinks/ecs.ts';
import { createLinesSink } from '../../notify/sinks/lines.ts';
import { formatOcsf } from '../../notify/sinks/ocsf.ts';
import { root } from '../support/paths.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const IN_SOURCE = { source: 'leak', leakedAt: '2024-05' };
const EVENTS: readonly NotifyEvent[] = [
  { type: 'account.leaked', account: '17', finding: 'exact', ...IN_SOURCE },
  { type: 'account.named', account: '17', ...IN_SOURCE, leakedAt: null },
  { type: 'watch.found', account: '17', finding: 'similar', ...IN_SOURCE },
  { type: 'canary.found', canary: 'c1', finding: 'pair', ...IN_SOURCE },
  { type: 'quota.used_up', client: 'shop', policy: 'requests-per-day', day: '2026-01-02' },
  { type: 'snapshot.stale', snapshot: '000001-abc', validUntil: '2026-01-02T03:04:05Z', state: 'expired' },
  { type: 'reload.failed', what: 'tls', code: 'TLS_FILES_INVALID', day: '2026-01-02' },
  {
    type: 'login.leaked',
    app: 'blog.example.com',
    login: 'wordpress',
    user: 'u_1lqFvA01kThOwIEqXt2fZA',
    finding: 'pair',
    day: '2026-01-02',
  },
  { type: 'credveil.test', nonce: 'n' },
];
const stored = (event: NotifyEvent): StoredEvent => ({ id: 'evt_abc', atMs: 1_767_323_045_000, event });

/** `event.type` values that ECS 9 allows with each `event.category` that is used. */
const ECS_TYPES: { readonly [category: string]: readonly string[] } = {
  authentication: ['end', 'info', 'start'],
  iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  api: ['access', 'admin', 'allowed', 'change', 'creation', 'deletion', 'denied', 'end', 'info', 'start', 'user'],
};

const userIn = (event: NotifyEvent): string | undefined =>
  'account' in event ? '17' : 'canary' in event ? 'c1' : 'user' in event ? event.user : undefined;

interface Ecs {
  readonly '@timestamp': string;
  readonly message: string;
  readonly ecs: { readonly version: string };
  readonly event: { readonly [name: string]: unknown; category: string[]; type: string[] };
  readonly user?: { readonly id: string };
  readonly credveil: object;
}

interface Ocsf {
  readonly [name: string]: unknown;
  readonly class_uid: number;
  readonly activity_id: number;
  readonly metadata: {
    readonly version: string;
    readonly product: { readonly name: string; readonly vendor_name: string };
  };
  readonly finding_info: { readonly uid: string; readonly title: string };
  readonly evidences?: readonly [{ readonly user: { readonly uid: string } }];
}

describe('events', () => {
  test('of each type are formatted here', () => {
    expect(EVENTS.map(({ type }) => type)).toEqual(EVENT_TYPES);
  });

  test('are shown in docs/events.md, each with the members that it has', () => {
    const page = fs.readFileSync(path.join(root, 'docs/events.md'), 'utf8');
    const shown = page.split('\n').filter((line) => line.startsWith('{"type":'));
    const examples = shown.map((line) => JSON.parse(line) as { type: string; data: object });
    const expected = EVENTS.filter(({ type }) => type !== 'credveil.test').map(({ type, ...data }) => ({ type, data }));
    const membersOf = ({ type, data }: { type: string; data: object }) => [type, Object.keys(data).sort()];
    expect(examples.map(membersOf)).toEqual(expected.map(membersOf));
  });

  test.for(EVENTS)('are ECS: $type', (event) => {
    const ecs = formatEcs(stored(event)) as Ecs;
    expect(ecs['@timestamp']).toBe('2026-01-02T03:04:05.000Z');
    expect(ecs.ecs.version).toMatch(/^9\.\d+\.\d+$/);
    expect(ecs.event).toMatchObject({ id: 'evt_abc', kind: 'alert', action: event.type, module: 'credveil' });
    const allowed = ecs.event.category.flatMap((category) => ECS_TYPES[category] ?? []);
    for (const type of ecs.event.type) expect(allowed).toContain(type);
    const { type: _, ...fields } = event;
    expect(ecs.credveil).toEqual(fields);
    expect(ecs.user?.id).toBe(userIn(event));
    expect(ecs.message.length).toBeGreaterThan(10);
  });

  test.for(EVENTS)('are OCSF: $type', (event) => {
    const ocsf = formatOcsf(stored(event)) as Ocsf;
    // Required in detection_finding: https://schema.ocsf.io/1.6.0/classes/detection_finding
    for (const name of ['activity_id', 'category_uid', 'class_uid', 'severity_id', 'time', 'type_uid'])
      expect(Number.isInteger(ocsf[name]), name).toBe(true);
    expect([ocsf.category_uid, ocsf.class_uid, ocsf.type_uid]).toEqual([2, 2004, 200_400 + ocsf.activity_id]);
    expect([1, 2, 3]).toContain(ocsf.activity_id);
    expect([1, 2, 3, 4, 5]).toContain(ocsf.severity_id);
    expect(ocsf.metadata).toMatchObject({ version: '1.6.0', product: { name: 'Credveil', vendor_name: 'Credveil' } });
    expect(ocsf.finding_info.uid).toBe('evt_abc');
    expect(ocsf.finding_info.title.length).toBeGreaterThan(10);
    expect(ocsf.evidences?.[0].user.uid).toBe(userIn(event));
  });
});

describe('a file of lines', () => {
  const signal = AbortSignal.timeout(60_000);
  const open = (file: string) => createLinesSink({ name: 'lines', accepts: () => true, file, format: formatEcs });

  test('has one line for each event, whatever an id holds', async ({ place }) => {
    const account = '"}\r\n{"@timestamp":"x"}\u2028\u0085\u202e=cmd|x';
    const event = { type: 'account.named', account, source: 'a\nb', leakedAt: null } as const;
    await open(place.at('events')).send([stored(event), stored(event)], signal);
    const text = fs.readFileSync(place.at('events'), 'utf8');
    expect(text).toMatch(/^[\x20-\x7e]*\n[\x20-\x7e]*\n$/);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Ecs);
    expect(lines.map(({ user }) => user?.id)).toEqual([account, account]);
    expect(fs.statSync(place.at('events')).mode & 0o777).toBe(0o600);
  });

  test('goes on behind a line that a killed process did not finish, and behind logrotate', async ({ place }) => {
    const file = place.write('events', '{"torn":');
    const sink = open(file);
    await sink.send([stored(EVENTS[0] as NotifyEvent)], signal);
    expect(fs.readFileSync(file, 'utf8')).toMatch(/^\{"torn":\n\{"@timestamp".*\}\n$/);
    fs.renameSync(file, place.at('events.1'));
    expect(await sink.send([stored(EVENTS[1] as NotifyEvent)], signal)).toEqual([{ delivered: true }]);
    expect(fs.readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
  });

  test("is its owner's alone, also if it was there with other rights", async ({ place }) => {
    const file = place.write('events', '');
    for (const mode of [0o644, 0o666, 0o640]) {
      fs.chmodSync(file, mode);
      expect(await open(file).send([stored(EVENTS[0] as NotifyEvent)], signal)).toEqual([{ delivered: true }]);
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  test('is never what a link leads to', async ({ place }) => {
    const target = place.write('target', 'as it was');
    fs.symlinkSync('target', place.at('link'));
    fs.symlinkSync('none', place.at('dangling'));
    for (const name of ['link', 'dangling']) {
      const [outcome] = await open(place.at(name)).send([stored(EVENTS[0] as NotifyEvent)], signal);
      expect(outcome).toEqual({ delivered: false, failure: 'FILE_UNWRITABLE' });
      await expect(openSinks([`ocsf:${place.at(name)}`])).rejects.toMatchObject({ code: 'SINK_MALFORMED' });
    }
    expect(fs.readFileSync(target, 'utf8')).toBe('as it was');
    expect(fs.readdirSync(place.home).sort()).toEqual(['dangling', 'link', 'target']);
  });

  test('that cannot be written is a failure', async ({ place }) => {
    const failed = [{ delivered: false, failure: 'FILE_UNWRITABLE' }];
    expect(await open(place.home).send([stored(EVENTS[0] as NotifyEvent)], signal)).toEqual(failed);
    expect(await open('/dev/null').send([stored(EVENTS[0] as NotifyEvent)], signal)).toEqual(failed);
  });
});
