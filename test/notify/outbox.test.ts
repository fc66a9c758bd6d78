// The outbox: what is committed to it, under which id, and how long it stays.

import fs from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect } from 'vitest';
import { NotifyError } from '../../notify/errors.ts';
import type { NewEvent, NotifyEvent } from '../../notify/events.ts';
import { Outbox } from '../../notify/outbox.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const leaked = (account: string, more: object = {}): NewEvent => ({
  event: { type: 'account.leaked', account, source: 'leak', leakedAt: '2024-05', finding: 'exact', ...more },
});
const ALL = { name: 'all', accepts: () => true };
const ALARMS = { name: 'alarms', accepts: ({ type }: NotifyEvent) => type === 'quota.used_up' };
const LEASE_MS = 1000;

const idsOf = (outbox: Outbox): string[] => outbox.list(['waiting', 'delivered', 'dead'], 99).map(({ id }) => id);

describe('the outbox', () => {
  test('gives a finding one id, in each process and whatever became known of it', ({ place }) => {
    const file = place.at('outbox.sqlite');
    const first = Outbox.open(file);
    expect(first.add([leaked('a'), leaked('b'), leaked('a')], [ALL])).toEqual({ added: 2, known: 1 });
    const ids = idsOf(first);
    first.close();
    const second = Outbox.open(file);
    expect(second.add([leaked('b', { leakedAt: null }), leaked('a')], [ALL])).toEqual({ added: 0, known: 2 });
    expect(idsOf(second)).toEqual(ids);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^evt_[\w-]{24}$/);
    second.close();
  });

  test('tells findings apart by account, source, kind and evidence, and no two by where fields end', ({ place }) => {
    const outbox = Outbox.open(place.at('outbox.sqlite'));
    const events = [
      leaked('a'),
      leaked('a', { source: 'other' }),
      leaked('a', { finding: 'similar' }),
      { ...leaked('a'), evidence: 'hash 1' },
      { ...leaked('a'), evidence: 'hash 2' },
      leaked('a","leak'),
      leaked('a', { source: '","leak' }),
      { event: { type: 'watch.found', account: 'a', source: 'leak', leakedAt: null, finding: 'exact' } } as const,
    ];
    expect(outbox.add(events, [ALL]).added).toBe(events.length);
    expect(fs.readFileSync(outbox.file).includes('hash 1')).toBe(false);
    outbox.close();
  });

  test('is of its owner alone, also where it was not', ({ place }) => {
    const file = place.at('outbox.sqlite');
    Outbox.open(file).close();
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    fs.chmodSync(file, 0o644);
    const outbox = Outbox.open(file);
    outbox.add([leaked('a')], [ALL]);
    for (const name of fs.readdirSync(place.home)) expect(fs.statSync(place.at(name)).mode & 0o077).toBe(0);
    outbox.close();
  });

  test('takes an event for the destinations that accept it, and later for another one', ({ place }) => {
    const outbox = Outbox.open(place.at('outbox.sqlite'));
    expect(outbox.add([leaked('a')], [ALARMS])).toEqual({ added: 0, known: 0 });
    outbox.add([leaked('a')], [ALL, ALARMS]);
    outbox.add([leaked('a')], [{ ...ALL, name: 'more' }]);
    expect(outbox.counts()).toEqual([
      { sink: 'all', state: 'waiting', count: 1, failure: null },
      { sink: 'more', state: 'waiting', count: 1, failure: null },
    ]);
    expect(new Set(idsOf(outbox)).size).toBe(1);
    outbox.close();
  });

  test('lets one process attempt a delivery until its lease ends', ({ place }) => {
    let nowMs = 1_000_000;
    const [one, two] = [1, 2].map(() => Outbox.open(place.at('outbox.sqlite'), { now: () => nowMs })) as [
      Outbox,
      Outbox,
    ];
    one.add([leaked('a'), leaked('b')], [ALL]);
    const [claim] = one.claim('all', 1, LEASE_MS);
    expect(claim).toMatchObject({ attempts: 1, atMs: 1_000_000 });
    expect(two.claim('all', 9, LEASE_MS).map(({ id }) => id)).not.toContain(claim?.id);
    expect(two.claim('all', 9, LEASE_MS)).toEqual([]);
    nowMs += LEASE_MS;
    expect(two.claim('all', 9, LEASE_MS).map(({ attempts }) => attempts)).toEqual([2, 2]);
    one.settle('all', [{ id: claim?.id ?? '', state: 'delivered' }]);
    two.settle('all', [{ id: claim?.id ?? '', state: 'waiting', dueMs: 0, failure: 'TIMEOUT' }]);
    expect(one.list(['delivered'], 9).map(({ id }) => id)).toEqual([claim?.id]);
    for (const outbox of [one, two]) outbox.close();
  });

  test('keeps dead letters until they are retried or deleted', ({ place }) => {
    const outbox = Outbox.open(place.at('outbox.sqlite'));
    outbox.add([leaked('a'), leaked('b')], [ALL]);
    const claims = outbox.claim('all', 9, LEASE_MS);
    outbox.settle(
      'all',
      claims.map(({ id }) => ({ id, state: 'dead', failure: 'GONE' })),
    );
    expect(outbox.nextDueMs('all')).toBeUndefined();
    expect(outbox.list(['dead'], 9)).toMatchObject([{ failure: 'GONE' }, { failure: 'GONE' }]);
    expect(outbox.revive([claims[0]?.id ?? ''])).toBe(1);
    expect(outbox.claim('all', 9, LEASE_MS)).toMatchObject([{ id: claims[0]?.id, attempts: 1 }]);
    expect(outbox.forget()).toBe(1);
    expect(idsOf(outbox)).toEqual([claims[0]?.id]);
    outbox.close();
  });

  test('is bounded: what was delivered makes room, and what was not is never dropped', ({ place }) => {
    const outbox = Outbox.open(place.at('outbox.sqlite'), { maxEvents: 3 });
    outbox.add([leaked('a'), leaked('b'), leaked('c')], [ALL]);
    expect(() => outbox.add([leaked('d')], [ALL])).toThrow(expect.objectContaining({ code: 'OUTBOX_FULL' }));
    expect(idsOf(outbox)).toHaveLength(3);
    const [claim] = outbox.claim('all', 1, LEASE_MS);
    outbox.settle('all', [{ id: claim?.id ?? '', state: 'delivered' }]);
    outbox.add([leaked('d')], [ALL]);
    expect(idsOf(outbox)).toHaveLength(3);
    expect(idsOf(outbox)).not.toContain(claim?.id);
    outbox.close();
  });

  test('gives up events that were altered, and sends the others', ({ place }) => {
    const file = place.at('outbox.sqlite');
    const outbox = Outbox.open(file);
    outbox.add(
      Array.from({ length: 9 }, (_, i) => leaked(`a${i}`)),
      [ALL],
    );
    const database = new Database(file);
    const alterings = [
      ...['no JSON', 'null', '"text"', '{}', '{"type":"account.leaked"}', '{"type":"toString"}'].map(
        (content) => `UPDATE events SET content = '${content}'`,
      ),
      `UPDATE events SET content = replace(content, '"2024-05"', '7')`,
      'UPDATE events SET at = 9000000000000000000',
    ];
    for (const [at, altering] of alterings.entries())
      expect(database.prepare(`${altering} WHERE number = ${at + 1}`).run().changes).toBe(1);
    database.exec('UPDATE deliveries SET due = 9000000000000000000 WHERE event = 1');
    database.close();
    expect(outbox.list(['waiting'], 99)).toHaveLength(9);
    const claims = [1, 2].flatMap(() => outbox.claim('all', 9, LEASE_MS));
    expect(claims.map(({ event }) => 'account' in event && event.account)).toEqual(['a8']);
    expect(outbox.list(['dead'], 99).map(({ failure }) => failure)).toEqual(alterings.map(() => 'EVENT_DAMAGED'));
    expect(outbox.list(['dead'], 99)[0]?.event).toBeUndefined();
    outbox.close();
  });

  test('gives up deliveries whose event is gone, so that none stays due', ({ place }) => {
    const file = place.at('outbox.sqlite');
    const outbox = Outbox.open(file);
    outbox.add([leaked('a'), leaked('b')], [ALL]);
    const database = new Database(file);
    database.exec('PRAGMA foreign_keys = OFF; DELETE FROM events WHERE number = 1');
    database.close();
    expect(outbox.list(['waiting'], 99).map(({ event }) => event?.type)).toEqual([undefined, 'account.leaked']);
    const [claim, ...others] = outbox.claim('all', 9, LEASE_MS);
    expect([claim?.event, others]).toEqual([leaked('b').event, []]);
    outbox.settle('all', [{ id: claim?.id ?? '', state: 'delivered' }]);
    expect(outbox.nextDueMs('all')).toBeUndefined();
    expect(outbox.list(['dead'], 99).map(({ failure }) => failure)).toEqual(['EVENT_DAMAGED']);
    expect(outbox.forget()).toBe(1);
    outbox.close();
  });

  test.for(['DELETE FROM secret', "UPDATE secret SET key = x'00'", 'DROP TABLE secret'])(
    'with an altered key is corrupt: %s',
    (altering, { place }) => {
      const file = place.at('outbox.sqlite');
      Outbox.open(file).close();
      const database = new Database(file);
      database.exec(altering);
      database.close();
      expect(() => Outbox.open(file)).toThrow(expect.objectContaining({ code: 'OUTBOX_CORRUPT' }));
    },
  );

  test.for(['events', 'deliveries'])('without its table %s is corrupt', (table, { place }) => {
    const file = place.at('outbox.sqlite');
    const outbox = Outbox.open(file);
    const database = new Database(file);
    database.exec(`PRAGMA foreign_keys = OFF; DROP TABLE ${table}`);
    database.close();
    for (const work of [
      () => outbox.list(['waiting'], 9),
      () => outbox.claim('all', 1, LEASE_MS),
      () => outbox.add([leaked('a')], [ALL]),
    ])
      expect(work).toThrow(expect.objectContaining({ code: 'OUTBOX_CORRUPT' }));
    outbox.close();
  });

  test('leaves the database of another program as it is', ({ place }) => {
    const file = place.at('other.sqlite');
    const other = new Database(file);
    other.exec('PRAGMA journal_mode = WAL; CREATE TABLE events (id TEXT)');
    other.close();
    fs.chmodSync(file, 0o644);
    const before = fs.readFileSync(file);
    expect(() => Outbox.open(file)).toThrow(expect.objectContaining({ code: 'OUTBOX_CORRUPT' }));
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(fs.statSync(file).mode & 0o777).toBe(0o644);
  });

  test('refuses files that are no outbox', ({ place }) => {
    const open = (file: string) => () => Outbox.open(file, { create: false });
    expect(open(place.at('none'))).toThrow(expect.objectContaining({ code: 'OUTBOX_MISSING' }));
    expect(
      open(place.write('text', 'some text that is longer than a header of SQLite, which has 100 bytes. '.repeat(9))),
    ).toThrow(expect.objectContaining({ code: 'OUTBOX_CORRUPT' }));
    expect(open(place.home)).toThrow(NotifyError);
  });
});
