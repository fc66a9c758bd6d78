// The plugin in a real better-auth, over HTTP: verdicts on verified sign-ins, and leaked passwords.

import { APIError, createAuthEndpoint, createAuthMiddleware } from 'better-auth/api';
import { admin, twoFactor, username } from 'better-auth/plugins';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Verdict } from '../../../client-sdk/index.ts';
import { SUITE_NAMES } from '../../../protocol/suite.ts';
import { type AuthApp, startAuthApp } from '../../support/client/auth-app.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

/** better-auth accepts only addresses of real domains, so these replace the test credentials. */
const LEAKED = { username: 'ada@example.com', password: 'Correct Horse 7' };
const HANDLE = { username: 'ada_lovelace', password: LEAKED.password };
const OTHER = 'bob@example.com';
const SIMILAR = 'correct horse 79';
const VERDICTS = [
  ['pair', LEAKED.username, LEAKED.password, '1'],
  ['similar', LEAKED.username, 'correct horse 79', '3'],
  ['password', OTHER, LEAKED.password, '4'],
  ['username', LEAKED.username, 'never seen 1234', '2'],
  ['clean', OTHER, 'never seen 1234', null],
] as const;
const DENIED = ['pair', 'similar', 'password'];

describe.each(SUITE_NAMES)('better-auth plugin, suite %s', (suite) => {
  let world: AdapterWorld;
  beforeAll(async () => {
    world = await createAdapterWorld(suite, { pairs: [LEAKED, HANDLE] });
  });
  afterAll(() => world.close());

  const withApp = async (
    start: (verdicts: Verdict[]) => ReturnType<typeof startAuthApp>,
    use: (app: AuthApp, verdicts: Verdict[]) => Promise<void>,
  ): Promise<void> => {
    const verdicts: Verdict[] = [];
    const app = await start(verdicts);
    try {
      await use(app, verdicts);
    } finally {
      await app.close();
    }
  };

  test.each(VERDICTS)(
    'onSignIn receives the verdict %s only after the password was verified',
    async (status, email, password, value) => {
      const headers: (string | null | undefined)[] = [];
      const behind = {
        id: 'behind',
        hooks: {
          after: [
            {
              matcher: ({ path }: { path?: string }) => path === '/sign-in/email',
              handler: createAuthMiddleware(async (ctx) => {
                headers.push(
                  ctx.headers?.get('exposed-credential-check') ?? ctx.headers?.get('exposed_credential_check'),
                );
              }),
            },
          ],
        },
      };
      await withApp(
        (verdicts) =>
          startAuthApp(
            { checker: world.checker, newPassword: 'annotate', onSignIn: (verdict) => void verdicts.push(verdict) },
            [behind],
          ),
        async (app, verdicts) => {
          expect((await app.post('/sign-up/email', { email, password, name: 'A' })).status).toBe(200);
          const spoof = { exposed_credential_check: '1', 'exposed-credential-check': '1' };
          const wrong = await app.post('/sign-in/email', { email, password: `${password}!` }, spoof);
          expect([wrong.status, verdicts]).toEqual([401, []]);
          const right = await app.post('/sign-in/email', { email, password }, spoof);
          expect([right.status, verdicts.map((verdict) => verdict.status)]).toEqual([200, [status]]);
          expect(right.cookie).not.toBe('');
          expect(headers).toEqual([null, value]);
        },
      );
    },
  );

  test.each(VERDICTS)('sign-up with verdict %s is denied if the password leaked', async (status, email, password) => {
    await withApp(
      () => startAuthApp({ checker: world.checker }),
      async (app) => {
        const { status: answered, body, cookie } = await app.post('/sign-up/email', { email, password, name: 'A' });
        const denied = DENIED.includes(status);
        expect(answered).toBe(denied ? 422 : 200);
        expect(app.rows.user?.length).toBe(denied ? 0 : 1);
        expect(cookie === '').toBe(denied);
        if (!denied) return;
        expect(body).toMatchObject({ code: 'PASSWORD_LEAKED' });
        expect(body.message).toContain('has appeared in a data breach');
      },
    );
  });

  test.each(VERDICTS)(
    'signIn deny ends the session of a sign-in with verdict %s if the password leaked',
    async (status, email, password) => {
      await withApp(
        () => startAuthApp({ checker: world.checker, newPassword: 'annotate', signIn: 'deny' }),
        async (app) => {
          await app.api.signUpEmail({ body: { email, password, name: 'A' } });
          const before = app.rows.session?.length;
          const { status: answered, body, cookie } = await app.post('/sign-in/email', { email, password });
          const denied = DENIED.includes(status);
          expect(answered).toBe(denied ? 403 : 200);
          expect(cookie === '').toBe(denied);
          expect(app.rows.session?.length).toBe(denied ? before : (before ?? 0) + 1);
          if (denied) expect(body).toMatchObject({ code: 'PASSWORD_LEAKED' });
        },
      );
    },
  );

  test('denies a leaked new password on change, on reset and from an administrator', async () => {
    await withApp(
      () => startAuthApp({ checker: world.checker }, [admin() as never]),
      async (app) => {
        const old = 'never seen 1234';
        const { cookie } = await app.post('/sign-up/email', { email: LEAKED.username, password: old, name: 'A' });
        const change = (newPassword: string, headers = {}) =>
          app.post('/change-password', { currentPassword: old, newPassword }, headers);
        expect(await change(LEAKED.password, { cookie })).toMatchObject({
          status: 422,
          body: { code: 'PASSWORD_LEAKED' },
        });
        // The username comes from the session, so a similar password is found.
        expect((await change('correct horse 79', { cookie })).status).toBe(422);
        // Without a session, the response reveals nothing about the password.
        expect((await change(LEAKED.password)).status).toBe(401);

        await app.post('/request-password-reset', { email: LEAKED.username });
        const [token] = app.resetTokens;
        const reset = (newPassword: string) => app.post('/reset-password', { newPassword, token });
        expect((await reset(LEAKED.password)).status).toBe(422);
        expect((await reset('never seen either')).status).toBe(200);

        for (const user of app.rows.user ?? []) user.role = 'admin';
        const credential = { email: LEAKED.username, password: 'never seen either' };
        const signedIn = await app.post('/sign-in/email', credential);
        const created = { email: OTHER, password: LEAKED.password, name: 'B' };
        const byAdmin = await app.post('/admin/create-user', created, { cookie: signedIn.cookie });
        expect(byAdmin).toMatchObject({ status: 422, body: { code: 'PASSWORD_LEAKED' } });
        const set = { newPassword: LEAKED.password, userId: String(app.rows.user?.[0]?.id) };
        expect((await app.post('/admin/set-user-password', set, { cookie: signedIn.cookie })).status).toBe(422);
        const free = await change('never seen again', { cookie: signedIn.cookie });
        expect(free.status).toBe(400);
      },
    );
  });

  test('sign-up looks for a similar password under every name', async () => {
    await withApp(
      () => startAuthApp({ checker: world.checker }, [username() as never]),
      async (app) => {
        const signUp = { email: OTHER, username: HANDLE.username, password: SIMILAR, name: 'A' };
        expect(await app.post('/sign-up/email', signUp)).toMatchObject({ status: 422, cookie: '' });
        expect((await app.post('/sign-up/email', { ...signUp, username: 'somebody' })).status).toBe(200);
      },
    );
  });

  test('denies a leaked new password to an endpoint without a path, and to one of another plugin', async () => {
    const body = z.object({ newPassword: z.string() });
    const setting = createAuthEndpoint('/set-another', { method: 'POST', body }, async (ctx) => ctx.json({}));
    await withApp(
      () => startAuthApp({ checker: world.checker }, [{ id: 'other', endpoints: { setting } }]),
      async (app) => {
        const old = 'never seen 1234';
        const { cookie } = await app.post('/sign-up/email', { email: LEAKED.username, password: old, name: 'A' });
        for (const newPassword of [LEAKED.password, SIMILAR])
          expect((await app.post('/set-another', { newPassword }, { cookie })).status).toBe(422);
        expect((await app.post('/set-another', { newPassword: LEAKED.password })).status).toBe(422);
        expect((await app.post('/set-another', { newPassword: 'never seen' })).status).toBe(200);
        app.rows.account?.splice(0);
        const set = (newPassword: string) =>
          app.api.setPassword({ body: { newPassword }, headers: new Headers({ cookie }) });
        for (const newPassword of [LEAKED.password, SIMILAR])
          await expect(set(newPassword)).rejects.toMatchObject({ body: { code: 'PASSWORD_LEAKED' } });
        expect(await set('never seen')).toEqual({ status: true });
      },
    );
  });

  test('an outage lets users in unless onError denies', async () => {
    const [email, password] = [LEAKED.username, LEAKED.password];
    await withApp(
      (verdicts) => startAuthApp({ checker: world.cutOff, onSignIn: (verdict) => void verdicts.push(verdict) }),
      async (app, verdicts) => {
        expect((await app.post('/sign-up/email', { email, password, name: 'A' })).status).toBe(200);
        expect((await app.post('/sign-in/email', { email, password })).status).toBe(200);
        expect(verdicts).toMatchObject([{ status: 'unknown', reason: 'NETWORK' }]);
      },
    );
    await withApp(
      () =>
        startAuthApp({
          checker: world.cutOff,
          onError: ({ reason }, ctx) => (reason === 'NETWORK' && ctx.path === '/sign-up/email' ? 'allow' : 'deny'),
        }),
      async (app) => {
        expect((await app.post('/sign-up/email', { email, password, name: 'A' })).status).toBe(200);
        const refused = await app.post('/sign-in/email', { email, password });
        expect(refused).toMatchObject({ status: 503, body: { code: 'CHECK_UNAVAILABLE' }, cookie: '' });
      },
    );
  });

  test('an error from onSignIn ends the session, also before a second factor', async () => {
    const [email, password] = [LEAKED.username, LEAKED.password];
    const onSignIn = ({ status }: Verdict): void => {
      if (status === 'pair')
        throw new APIError('FORBIDDEN', { code: 'CONFIRM_BY_MAIL', message: 'Look into your mail.' });
    };
    await withApp(
      () => startAuthApp({ checker: world.checker, newPassword: 'annotate', onSignIn }, [twoFactor() as never]),
      async (app) => {
        const { cookie } = await app.post('/sign-up/email', { email, password, name: 'A' });
        const before = app.rows.session?.length;
        const refused = await app.post('/sign-in/email', { email, password });
        expect(refused).toMatchObject({ status: 403, body: { code: 'CONFIRM_BY_MAIL' }, cookie: '' });
        expect(app.rows.session?.length).toBe(before);
        expect((await app.post('/two-factor/enable', { password }, { cookie })).status).toBe(200);
        for (const user of app.rows.user ?? []) user.twoFactorEnabled = true;
        expect(await app.post('/sign-in/email', { email, password })).toMatchObject({ status: 403, cookie: '' });
      },
    );
  });
});
