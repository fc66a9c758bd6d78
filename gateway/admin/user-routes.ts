// Users and their factors, over the Unix socket of administration.

import { z } from 'zod';
import type { FactorAdmin } from '../factors/factor-admin.ts';
import { plainEmail } from '../identity/email.ts';

export type UserActions = Pick<
  FactorAdmin,
  'importUsers' | 'page' | 'search' | 'find' | 'makeCode' | 'remove' | 'forget'
>;

export interface UserReply {
  readonly status: number;
  readonly body: object;
}

/** An e-mail in lower case, or `PROVIDER:SUBJECT`. */
const USER = z
  .string()
  .max(512)
  .transform((user) => plainEmail(user) ?? user)
  .refine((user) => plainEmail(user) !== undefined || /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}:./.test(user));
const EMAIL = z
  .string()
  .transform((email) => plainEmail(email))
  .refine((email) => email !== undefined);
const NAME = z.string().min(1).max(1_024);
const IMPORT = z.strictObject({
  users: z.array(z.strictObject({ email: EMAIL, app: NAME.optional(), user: NAME.optional() })).max(1_000),
});
const ONE = z.strictObject({ user: USER });
const REMOVE = z.strictObject({ user: USER, factor: z.string().max(64).optional() });

/** @returns undefined for another route @throws StateError */
export async function answerUsers(
  method: string | undefined,
  url: string,
  readBody: () => Promise<unknown>,
  users: () => UserActions,
): Promise<UserReply | undefined> {
  const [isList, after] = /^\/users(?:\?after=([A-Za-z0-9_-]{43}))?$/.exec(url) ?? [];
  if (method === 'GET' && isList !== undefined) return ok(users().page(after));
  if (method !== 'POST' || !(url.startsWith('/users/') || url === '/factors/remove')) return undefined;
  const body = await readBody();
  switch (url) {
    case '/users/import': {
      const given = IMPORT.safeParse(body).data;
      return given ? ok({ added: await users().importUsers(given.users as ImportedUsers) }) : BAD;
    }
    case '/users/show': {
      const user = ONE.safeParse(body).data?.user;
      const entry = user === undefined ? undefined : users().find(user);
      return entry ? ok(entry) : NOBODY;
    }
    case '/users/code': {
      const user = ONE.safeParse(body).data?.user;
      if (user === undefined) return BAD;
      const isNew = users().find(user) === undefined;
      return ok({ code: await users().makeCode(user), isNew });
    }
    case '/users/remove': {
      const user = ONE.safeParse(body).data?.user;
      return user !== undefined && (await users().forget(user)) ? ok({}) : NOBODY;
    }
    case '/factors/remove': {
      const { user, factor } = REMOVE.safeParse(body).data ?? {};
      const removed = user === undefined ? [] : await users().remove(user, factor);
      return removed.length > 0 ? ok({ removed }) : NOBODY;
    }
    default:
      return undefined;
  }
}

type ImportedUsers = Parameters<UserActions['importUsers']>[0];

const ok = (body: object): UserReply => ({ status: 200, body });
const BAD: UserReply = { status: 400, body: { code: 'USERS_MALFORMED' } };
const NOBODY: UserReply = { status: 404, body: { code: 'USER_UNKNOWN' } };
