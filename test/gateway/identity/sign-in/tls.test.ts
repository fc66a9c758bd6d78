// Sign-ins under TLS: cookies that are of one host, and connections that are of one profile.

import { expect, test } from 'vitest';
import { echo, serve, startOrigin } from '../../../support/gateway/gateway.ts';
import { Browser } from '../../../support/gateway/identity/browser.ts';
import { startProvider } from '../../../support/gateway/identity/provider.ts';
import { CLIENT } from '../../../support/gateway/identity/provider-configuration.ts';
import { EVERYONE } from '../../../support/gateway/identity/sign-in-world.ts';
import { createMemoryLimits, openTestState } from '../../../support/gateway/state/states.ts';
import { askHttp2, connectHttp2, tlsKey } from '../../../support/gateway/tls.ts';
import { valuesOf, visit } from '../../../support/gateway/visit.ts';

async function startSecureWorld() {
  const provider = await startProvider({ pages: 'https://auth.example', isPublic: true });
  const { url } = await startOrigin(echo);
  const config = `
listen: ['127.0.0.1:0', { address: '127.0.0.1:0', protocol: http }]
tls: ${tlsKey('first')}
auth: auth.example
identity: { staff: { oidc: "${provider.issuer}", clientId: ${CLIENT.id} } }
apps:
  app.example: { to: "${url}", access: { ${EVERYONE} } }
  '*.example': { to: "${url}", tls: ${tlsKey('second')} }
`;
  const state = { state: openTestState().state, limits: createMemoryLimits(), key: Buffer.alloc(32, 3) };
  const { gateway, events } = await serve(config, { state });
  const [secure = 0, plain = 0] = gateway.ports;
  return { provider, secure, plain, events, browser: () => new Browser(() => secure) };
}

test('cookies are of one host, and sent under TLS alone', async () => {
  const { browser, plain } = await startSecureWorld();
  const ann = browser();
  const page = await ann.open('https://app.example/page');
  expect(page.code, page.text).toBe(200);
  const names = [...ann.jars].flatMap(([host, jar]) => [...jar.keys()].map((name) => `${host} ${name}`));
  expect(names.filter((name) => name.includes('.example')).sort()).toEqual([
    'app.example __Host-cv-access',
    'app.example __Host-cv-start',
    'auth.example __Host-cv-session',
    'auth.example __Host-cv-way',
  ]);
  // Whoever listens on the way gets nothing: the same page is asked for under TLS first.
  const headers = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' };
  const clear = await visit(plain, 'app.example', { path: '/page?x', headers });
  expect(valuesOf(clear, 'location')).toEqual(['https://app.example/page?x']);
  expect(valuesOf(clear, 'set-cookie')).toEqual([]);
  const value = ann.jarOf({ hostname: 'app.example' }).get('__Host-cv-access');
  const stolen = await visit(plain, 'app.example', {
    path: '/',
    headers: { ...headers, Cookie: `cv-access=${value}` },
  });
  expect(stolen.status).toContain('303');
  const pages = await visit(plain, 'auth.example', { path: '/sign-in?to=x', headers });
  expect(valuesOf(pages, 'location')).toEqual(['https://auth.example/sign-in?to=x']);
});

test("the gateway's pages are on connections of their own profile alone", async () => {
  const { secure } = await startSecureWorld();
  const path = '/sign-out';
  expect((await visit(secure, 'auth.example', { path }, 'auth.example')).status).toContain('200');
  expect((await visit(secure, 'auth.example', { path }, 'any.example')).status).toContain('421');
  expect((await visit(secure, 'any.example', { path }, 'auth.example')).status).toContain('421');
  const session = await connectHttp2({ port: secure, servername: 'any.example' });
  expect(await askHttp2(session, { ':authority': 'auth.example', ':path': path })).toMatchObject({ status: 421 });
});
