// A response that begins a session leaves for browsers that had a checked login, and no others.

import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../gateway/exchange.ts';
import { Browsers } from '../../../gateway/handle/browsers.ts';
import { HANDLE_COOKIE, Handles } from '../../../gateway/handle/handles.ts';
import { createSessionGuard } from '../../../gateway/login/session-guard.ts';
import { guardOf } from '../../../gateway/phases/guard-session.ts';
import type { RequestHead } from '../../../gateway/request/head.ts';
import type { HeldResponse } from '../../../gateway/upstream/held-response.ts';
import { exchangeOf } from '../../support/gateway/login/answer.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';

const APP = 'app.example';
const SESSION = ['Set-Cookie', 'app_in=x; Path=/'];
const sessions = createSessionGuard(
  [
    { sessionCookies: ['app_in'], mayBeginSession: 'http.request.uri.path == "/sign-up"' },
    { sessionCookies: ['app_of', 'app_id'], sessionUser: { cookies: ['app_of'] } },
  ],
  () => undefined,
);

function world() {
  const state = createMemoryState();
  const browsers = new Browsers(state, new Handles(createSecretKey(Buffer.alloc(32, 7))));
  const answered: string[] = [];
  const observe = {
    answered: (_: unknown, code: string) => void answered.push(code),
    keptBack: () => void answered.push('kept back'),
  };
  const parts = { browsers, observe };
  return { state, browsers, parts, answered };
}

/** A request of a browser with this handle. */
function requestTo(path: string, handle?: string, more: Partial<RequestHead> = {}): Exchange {
  const { head, ...exchange } = exchangeOf({ method: 'GET', path });
  const [name = '', value = ''] = HANDLE_COOKIE.format(handle ?? '', false).split(/[=;]/);
  const ownCookies = new Map(handle === undefined ? [] : [[name, value]]);
  const codes: string[] = [];
  const deleted: string[] = [];
  return {
    ...exchange,
    head: { ...head, ...more, ownCookies },
    application: { name: APP, sessions, guardsSessions: true },
    realm: APP,
    answer: (code: string, { headers = [] }: { headers?: readonly string[] } = {}) => {
      codes.push(code);
      deleted.push(...headers);
    },
    codes,
    deleted,
  } as unknown as Exchange;
}

/** @returns what becomes of a held response, and what the client is answered */
async function decide(
  exchange: Exchange,
  parts: Parameters<typeof guardOf>[1],
  headers: readonly string[] = SESSION,
): Promise<string[]> {
  const done: string[] = [];
  const held = {
    headers,
    release: () => done.push('released'),
    discard: () => done.push('discarded'),
    changeHeaders: (change: (headers: readonly string[]) => string[]) =>
      done.push(change([...headers, 'X-A', '1']).join() === 'X-A,1' ? 'without it' : 'with it'),
  };
  await guardOf(exchange, parts)?.decide(Promise.resolve(held as unknown as HeldResponse));
  return [...done, ...(exchange as unknown as { codes: string[] }).codes];
}

describe('a response', () => {
  test.each([
    ['without a session passes', '/x', ['X-A', '1'], undefined],
    ['that deletes the session passes', '/x', ['Set-Cookie', 'app_in=; Max-Age=0'], undefined],
    ['with a session is held from its head', '/x', SESSION, 0],
    ['with a session passes where one may begin', '/sign-up', SESSION, undefined],
  ])('%s', (_, path, headers, held) => {
    const guard = guardOf(requestTo(path), world().parts);
    expect(guard?.holds(headers)).toBe(held);
    expect(guard?.mayJoin(headers)).toBe(held === undefined);
  });

  test('is not guarded without a state, nor where no cookie tells a session', () => {
    const { parts } = world();
    expect(guardOf(requestTo('/x'), { ...parts, browsers: undefined })).toBeUndefined();
    for (const application of [
      { name: APP, sessions: undefined, guardsSessions: true },
      { name: APP, sessions, guardsSessions: false },
    ]) {
      const other = { ...requestTo('/x'), application } as unknown as Exchange;
      expect(guardOf(other, parts)).toBeUndefined();
    }
  });
});

describe('a session', () => {
  test('leaves for a browser that had a checked login', async () => {
    const { browsers, parts } = world();
    expect(await decide(requestTo('/x', await browsers.begin(APP, {})), parts)).toEqual(['released']);
  });

  test.each<[string, (browsers: Browsers) => Promise<string | undefined> | string | undefined]>([
    ['without a handle', () => undefined],
    ['with a handle of its own making', () => 'A'.repeat(43)],
    ['with the handle of another application', (browsers) => browsers.begin('other.example', {})],
    ['whose login is not checked yet', (browsers) => browsers.reserve()],
  ])('does not leave for one %s', async (_, handleOf) => {
    const { browsers, parts, answered } = world();
    const exchange = requestTo('/x', await handleOf(browsers));
    expect(await decide(exchange, parts)).toEqual(['discarded', 'SESSION_UNCHECKED']);
    expect(answered).toEqual(['SESSION_UNCHECKED']);
  });

  test('does not leave while the state is away', async () => {
    const { state, browsers, parts } = world();
    const handle = await browsers.begin(APP, {});
    state.leave();
    expect(await decide(requestTo('/x', handle), parts)).toEqual(['discarded', 'SESSION_UNCHECKED']);
  });

  test.each([
    ['of its user leaves', 'ann', ['released']],
    ['of another user does not leave', 'bob', ['discarded', 'SESSION_UNCHECKED']],
    ['of a user with a name that is nearly the same does not leave', 'Ann', ['discarded', 'SESSION_UNCHECKED']],
  ])('%s', async (_, user, done) => {
    const { browsers, parts } = world();
    const handle = await browsers.begin(APP, { users: { ofSession: ['ann'], typed: [] } });
    expect(await decide(requestTo('/x', handle), parts, ['Set-Cookie', `app_of=${user}`])).toEqual(done);
    const both = ['Set-Cookie', 'app_of=ann', 'Set-Cookie', `app_of=${user}`, 'Set-Cookie', 'app_in=1'];
    expect(await decide(requestTo('/x', handle), parts, both)).toEqual(done);
  });

  test('that names nobody, where sessions have names, does not leave', async () => {
    const { browsers, parts } = world();
    const handle = await browsers.begin(APP, { users: { ofSession: ['ann'], typed: [] } });
    const done = await decide(requestTo('/x', handle), parts, ['Set-Cookie', 'app_id=7']);
    expect(done).toEqual(['discarded', 'SESSION_UNCHECKED']);
  });

  test('that is refused is deleted in the browser, unless the state is away', async () => {
    const { state, parts } = world();
    const headers = ['X-A', '1', 'Set-Cookie', 'app_in=x; Path=/in; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Secure'];
    const deletedBy = async (exchange: Exchange) => {
      await decide(exchange, parts, [...headers, 'Set-Cookie', 'other=1']);
      return (exchange as unknown as { deleted: string[] }).deleted;
    };
    expect(await deletedBy(requestTo('/x'))).toEqual(['Set-Cookie', 'app_in=; Max-Age=0; Path=/in; Secure']);
    state.leave();
    expect(await deletedBy(requestTo('/x', 'A'.repeat(43)))).toEqual([]);
  });

  test('that was not held is nothing to decide', async () => {
    const { parts } = world();
    await guardOf(requestTo('/x'), parts)?.decide(Promise.resolve(undefined));
  });
});

describe('a session that names nobody, in a browser that has logged in', () => {
  test.each<[string, string, Partial<RequestHead>]>([
    ['of a page', '/x', {}],
    ['of its head', '/x', { method: 'HEAD' }],
    ['behind a question mark alone', '/x', { query: '' }],
  ])('is renewed by a request %s', async (_, path, head) => {
    const { browsers, parts } = world();
    const handle = await browsers.begin(APP, {});
    expect(await decide(requestTo(path, handle, head), parts)).toEqual(['released']);
    expect(await decide(requestTo(path, handle, head), parts)).toEqual(['released']);
  });

  test.each<[string, string, Partial<RequestHead>]>([
    ['a body', '/x', { method: 'POST', body: 3 }],
    ['a body of unknown length', '/x', { body: 'chunked' }],
    ['another method', '/x', { method: 'POST' }],
    ['a query', '/x', { query: 'a=b' }],
    ['a credential in its head', '/x', { headers: ['Authorization', 'Foo x'] }],
    ['parameters in its path', '/x;a=b', {}],
    ['hidden parameters in its path', '/x%3ba', {}],
  ])('is not renewed by one with %s: the answer leaves without it', async (_, path, head) => {
    const { browsers, parts, answered } = world();
    const handle = await browsers.begin(APP, {});
    expect(await decide(requestTo(path, handle, head), parts)).toEqual(['without it', 'released']);
    expect(answered).toEqual(['kept back']);
    expect(await decide(requestTo(path, undefined, head), parts)).toEqual(['discarded', 'SESSION_UNCHECKED']);
  });

  test('goes on if the browser has sent it, with a login or without', async () => {
    const { browsers, parts } = world();
    const head = { method: 'POST', body: 3, headers: ['Cookie', 'a=1; app_in=x'] } as const;
    expect(guardOf(requestTo('/x', undefined, head), parts)?.holds(SESSION)).toBeUndefined();
    const other = { ...head, headers: ['Cookie', 'app_in=y'] };
    const handle = await browsers.begin(APP, {});
    expect(await decide(requestTo('/x', handle, other), parts)).toEqual(['without it', 'released']);
  });

  test('follows a login once that begins none itself, whatever the request is', async () => {
    const { browsers, parts } = world();
    const handle = await browsers.begin(APP, { awaitsSession: true });
    const second = () => decide(requestTo('/x', handle, { method: 'POST', body: 3 }), parts);
    expect(await second()).toEqual(['released']);
    expect(await second()).toEqual(['without it', 'released']);
  });
});

test('a session that may begin takes the verdict of its user along', async () => {
  const { browsers, parts } = world();
  const guess = async (name: string) => {
    const handle = browsers.reserve();
    const users = { ofSession: [], typed: [name] };
    await browsers.finish(APP, handle, { header: '1', users, isSure: false, shows: 'nothing' });
    const session = ['Set-Cookie', 'app_of=ann'];
    expect(await decide(requestTo('/sign-up', handle), parts, session)).toEqual(['released']);
    const taken = await browsers.takeVerdict(browsers.placesOf(APP, handle, () => []));
    return taken?.header;
  };
  expect(await guess('ann')).toBe('1');
  expect(await guess('bob')).toBeUndefined();
});
