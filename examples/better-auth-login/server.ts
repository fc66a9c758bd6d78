// better-auth with the plugin: rejects leaked new passwords, and marks users who sign in with one.

import { createServer } from 'node:http';
import { createLeakChecker, type LookupError } from '@credveil/client';
import { leakCheck } from '@credveil/client/better-auth';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { createAuthMiddleware, isAPIError } from 'better-auth/api';
import { toNodeHandler } from 'better-auth/node';

const checker = createLeakChecker({
  url: process.env.CREDVEIL_URL ?? 'http://127.0.0.1:8787',
  key: process.env.CREDVEIL_KEY ?? '',
});
const port = Number(process.env.PORT ?? 3000);

const auth = betterAuth({
  baseURL: `http://localhost:${port}`,
  secret: process.env.BETTER_AUTH_SECRET ?? 'for-this-example-alone-set-your-own',
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },
  user: { additionalFields: { mustChangePassword: { type: 'boolean', input: false, defaultValue: false } } },
  plugins: [
    leakCheck({
      checker,
      // better-auth has verified the password: from here on, code may act on the verdict.
      onSignIn: async ({ action }, session, ctx) => {
        if (!session || action === 'allow') return;
        await ctx.context.internalAdapter.updateUser(session.user.id, { mustChangePassword: true });
      },
    }),
  ],
  hooks: {
    after: createAuthMiddleware(async ({ path, context }) => {
      if (path !== '/change-password' || !context.session || isAPIError(context.returned)) return;
      await context.internalAdapter.updateUser(context.session.user.id, { mustChangePassword: false });
    }),
  },
});

// Before the first login: the first check of a cold process could exceed its deadline. An outage is
// no reason not to start; a wrong URL or key is.
await checker.ready().catch((error: LookupError) => {
  if (!['NETWORK', 'TIMEOUT', 'HTTP_STATUS'].includes(error.code)) throw error;
  console.warn(`${error.message}. ${error.hint}`);
});
createServer(toNodeHandler(auth)).listen(port, () => console.log(`http://localhost:${port}`));
