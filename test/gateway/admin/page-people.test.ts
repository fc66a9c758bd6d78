// People on the admin page: found, and changed by the button of a thing alone.

import { describe, expect, onTestFinished, test } from 'vitest';
import { FactorAdmin } from '../../../gateway/factors/factor-admin.ts';
import { startMadePage } from '../../support/gateway/admin-page.ts';
import { openBook } from '../../support/gateway/factors/book.ts';

interface Person {
  readonly user: string;
  readonly factors: readonly { readonly id: string; readonly token: string }[];
  readonly codeToken: string;
  readonly endToken: string;
}

interface Found {
  readonly people: readonly Person[];
  readonly next?: string;
}

async function start() {
  const made = await startMadePage();
  onTestFinished(() => made.page.close());
  const send = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(new URL(path, made.page.url), {
      method: 'POST',
      headers: { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const signIn = async () => {
    const { body } = await send('/sign-in', { key: made.page.createLink().split('#key=')[1] });
    return { Authorization: `Bearer ${body['token']}` };
  };
  const find = async (session: { readonly Authorization: string }, search = '', after = '') =>
    (await send('/people', { search, after }, session)).body as unknown as Found;
  return { ...made, send, signIn, find };
}

describe('people', () => {
  test('are found by a part of their name, page by page', async () => {
    const { signIn, find } = await start();
    const session = await signIn();
    const first = await find(session);
    expect(first.people).toHaveLength(20);
    const second = await find(session, '', first.next);
    expect([second.people.length, second.next]).toEqual([4, undefined]);
    expect((await find(session, ' PERSON1@ ')).people.map(({ user }) => user)).toEqual(['person1@example.com']);
    expect((await find(session, 'nobody')).people).toEqual([]);
    // Somebody whom the gateway does not know so far gets a first code.
    expect((await find(session, 'New@example.com')).people).toMatchObject([{ user: 'new@example.com', factors: [] }]);
    expect((await find(session, '', 'x'.repeat(500))).people).toHaveLength(20);
  });

  test('change by the token of a thing, a person and a session', async () => {
    const { signIn, find, send, changed, ended } = await start();
    const session = await signIn();
    const [ann, ben] = (await find(session)).people;
    const [annElsewhere] = (await find(await signIn())).people;
    const [key, app] = ann?.factors ?? [];
    const user = ann?.user;
    for (const [path, body] of [
      ['code', { user, token: '' }],
      ['code', { user, token: ben?.codeToken }],
      ['code', { user, token: ann?.endToken }],
      ['code', { user, token: annElsewhere?.codeToken }],
      ['code', { user: 'eve@example.com', token: ann?.codeToken }],
      ['end', { user, token: ann?.codeToken }],
      ['end', { user: ben?.user, token: ann?.endToken }],
      ['remove', { user, factor: key?.id, token: app?.token }],
      ['remove', { user, factor: '', token: key?.token }],
      ['remove', { user: ben?.user, factor: key?.id, token: key?.token }],
    ] as const)
      expect([path, (await send(`/people/${path}`, body, session)).status]).toEqual([path, 403]);
    expect([changed, ended]).toEqual([[], []]);
    const code = await send('/people/code', { user, token: ann?.codeToken }, session);
    expect(code.body).toEqual({ code: 'k3m9-x7q2-0v5t-r8bd' });
    await send('/people/end', { user, token: ann?.endToken }, session);
    const removal = { user, factor: key?.id, token: key?.token };
    expect((await send('/people/remove', removal, session)).body).toEqual({ isDone: true });
    expect((await send('/people/remove', removal, session)).body).toEqual({ isDone: false });
    expect(changed.slice(0, 2)).toEqual([
      ['code', user],
      ['remove', user, key?.id],
    ]);
    expect(ended).toEqual([{ user }]);
    expect((await find(session)).people[0]?.factors.map(({ id }) => id)).toEqual([app?.id]);
  });

  test.each(['/people', '/people/code', '/people/end', '/people/remove'])(
    'are nothing for others, at %s',
    async (path) => {
      const { send, signIn, changed } = await start();
      for (const Authorization of ['Bearer x', 'Bearer '])
        expect((await send(path, {}, { Authorization })).status).toBe(401);
      const session = await signIn();
      for (const site of ['cross-site', 'same-site', 'none'])
        expect((await send(path, {}, { ...session, 'Sec-Fetch-Site': site })).status).toBe(403);
      expect((await send(path, {}, { ...session, 'Content-Type': 'text/plain' })).status).toBe(415);
      expect((await send(path, { search: 'x'.repeat(5_000) }, session)).status).toBe(413);
      expect(changed).toEqual([]);
    },
  );
});

describe('a search in the state', () => {
  test('finds all of them, once, however many there are', async () => {
    const { admin } = openBook();
    const names = Array.from({ length: 230 }, (_, i) => `person${i}@example.com`);
    await admin.importUsers(names.map((email) => ({ email })));
    const all: string[] = [];
    let after: string | undefined;
    do {
      const { users, next } = await admin.search('', after);
      all.push(...users.map(({ user }) => user));
      expect(users.length).toBeLessThanOrEqual(20);
      after = next;
    } while (after !== undefined);
    expect(all.toSorted()).toEqual(names.toSorted());
    expect((await admin.search('person22')).users.map(({ user }) => user).toSorted()).toEqual(
      names.filter((name) => name.startsWith('person22')).toSorted(),
    );
    expect(await admin.search('nobody')).toEqual({ users: [], next: undefined });
  });

  test('lets others in between, and ends after so many', async () => {
    let read = 0;
    const users = Array.from({ length: 200 }, (_, i) => ({ id: String(i), user: 'ben@example.com' }));
    class Endless extends FactorAdmin {
      override page() {
        read += users.length;
        return { users, next: 'more' } as unknown as ReturnType<FactorAdmin['page']>;
      }
    }
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    const found = await new Endless({} as ConstructorParameters<typeof FactorAdmin>[0]).search('ann');
    clearInterval(turning);
    expect(found).toEqual({ users: [], next: 'more' });
    expect(read).toBe(20_000);
    expect(turns).toBeGreaterThan(0);
  });
});
