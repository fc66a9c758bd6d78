// A provider of OAuth 2.0 alone, as some have it: codes, PKCE, access tokens, an API of its own.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { CLIENT } from './provider-configuration.ts';

export interface OauthTestProvider {
  readonly origin: string;
  /** What the API says. */
  user: unknown;
  emails: unknown;
  status: number;
  /** More parameters of its way back. */
  back: { readonly [name: string]: string };
}

export async function startOauthProvider(redirectUri: string): Promise<OauthTestProvider> {
  const codes = new Map<string, string>();
  const tokens = new Set<string>();
  const provider: { -readonly [Key in keyof OauthTestProvider]: OauthTestProvider[Key] } = {
    origin: '',
    user: { id: 7, email: 'ann@example.com', verified: true },
    emails: [],
    status: 200,
    back: {},
  };
  const isSigned = ({ headers }: IncomingMessage): boolean =>
    tokens.has(headers.authorization?.replace('Bearer ', '') ?? '');
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    };
    if (pathname === '/authorize') {
      const code = randomBytes(8).toString('hex');
      codes.set(code, searchParams.get('code_challenge') ?? '');
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      if (back.href !== redirectUri || searchParams.get('code_challenge_method') !== 'S256') return json(400, {});
      for (const [name, value] of Object.entries({ code, state: searchParams.get('state') ?? '', ...provider.back }))
        back.searchParams.set(name, value);
      response.writeHead(302, { Location: back.href }).end();
      return;
    }
    if (pathname === '/token') {
      const body = new URLSearchParams(await text(request));
      const challenge = codes.get(body.get('code') ?? '');
      codes.delete(body.get('code') ?? '');
      const hashed = createHash('sha256')
        .update(body.get('code_verifier') ?? '')
        .digest('base64url');
      const isRight = body.get('client_secret') === CLIENT.secret && body.get('redirect_uri') === redirectUri;
      if (!isRight || challenge !== hashed) return json(400, { error: 'invalid_grant' });
      const token = randomBytes(8).toString('hex');
      tokens.add(token);
      return json(200, { access_token: token, token_type: 'bearer' });
    }
    if (!isSigned(request)) return json(401, {});
    return json(provider.status, pathname === '/emails' ? provider.emails : provider.user);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  provider.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return provider;
}
