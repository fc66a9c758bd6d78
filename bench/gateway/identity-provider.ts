// A provider of OpenID Connect in a process of its own, for the benchmark of sign-ins. Prints its
// issuer.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { configurationOf, createKey } from '../../test/support/gateway/identity/provider-configuration.ts';

const server = http.createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const provider = new Provider(issuer, configurationOf(createKey(), {}));
provider.proxy = true;
const answer = provider.callback();
let people = 0;
server.on('request', (request, response) => {
  if (!request.url?.startsWith('/interaction/')) {
    answer(request, response);
    return;
  }
  const login = { accountId: `person-${people++}`, amr: ['pwd'] };
  provider.interactionFinished(request, response, { login }).catch(() => response.destroy());
});
console.log(issuer);
