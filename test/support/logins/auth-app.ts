// Logins in better-auth, which reads and compares them itself.

import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { leakCheck } from '../../../client-sdk/adapter/better-auth.ts';
import type { Recorder } from './attempts.ts';
import { headersOf } from './requests.ts';
import type { LoginApp } from './routes.ts';
import { CLEAN, HASHES, LEAKED } from './users.ts';

const MODELS = ['user', 'session', 'account', 'verification'];
const URL_OF_APP = 'http://app.test';
/** Its default hash normalizes too. */
const hashOf = (password: string): string => HASHES.exact(password.normalize('NFKC'));

/** Every path is its sign-in. */
export async function createAuthLogins({ checker, handle }: Recorder): Promise<LoginApp> {
  const rows: Record<string, Record<string, unknown>[]> = Object.fromEntries(MODELS.map((model) => [model, []]));
  const auth = betterAuth({
    baseURL: URL_OF_APP,
    secret: 'only-for-tests-only-for-tests-only-for-tests',
    database: memoryAdapter(rows),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 3,
      password: {
        hash: async (password) => hashOf(password),
        verify: async ({ hash, password }) => hash === hashOf(password),
      },
    },
    advanced: { disableOriginCheck: true, disableCSRFCheck: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [
      leakCheck({
        checker,
        newPassword: 'annotate',
        onSignIn: async (verdict, session) => {
          const user = [...LEAKED, ...CLEAN].find(({ username }) => username === session?.user.email);
          if (user) await handle([user.username, user.password], 'exact', async () => verdict);
        },
      }),
    ],
  });
  for (const { username: email, password } of [...LEAKED, ...CLEAN])
    if (/^\w+@/.test(email)) await auth.api.signUpEmail({ body: { email, password, name: 'A' } });
  rows.session?.splice(0);
  return {
    reads: { usernames: ['email'], encodings: ['json'] },
    async send(_path, login) {
      const { query, body } = login;
      const headers = { ...headersOf(login), origin: URL_OF_APP };
      await auth.handler(
        new Request(`${URL_OF_APP}/api/auth/sign-in/email${query}`, { method: 'POST', headers, body }),
      );
      rows.session?.splice(0);
    },
    close: async () => {},
  };
}
