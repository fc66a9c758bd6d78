// A gateway under TLS whose people sign in with Glewlwyd. Its host is auth.example, at the
// gateway's port.

import fs from 'node:fs';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWorkPlace, type WorkPlace } from '../../credveil.ts';
import { Closers } from '../../machine/closers.ts';
import { freePort } from '../../machine/free-port.ts';
import { type GatewayCommand, startGatewayCommand } from '../command.ts';
import { visit } from '../visit.ts';
import { Browser, HTML, type Page } from './browser.ts';
import { type Glewlwyd, startGlewlwyd } from './glewlwyd.ts';

export interface GlewlwydWorld {
  readonly glewlwyd: Glewlwyd;
  readonly gateway: GatewayCommand;
  /** @param path of an application */
  at(host: string, path?: string): string;
  browser(): Browser;
  /** A browser in which somebody has signed in. */
  signedIn(username: string, url: string): Promise<{ readonly browser: Browser; readonly page: Page }>;
  /** By the gateway's button. @param url of a page of the gateway's */
  signOut(browser: Browser, url: string): Promise<Page>;
  close(): Promise<void>;
}

/** What a configuration needs. */
export interface GlewlwydPlaces {
  readonly place: WorkPlace;
  readonly closers: Closers;
  readonly port: number;
  /** The gateway's host, with port. */
  readonly auth: string;
  readonly glewlwyd: Glewlwyd;
  readonly secretFile: string;
  /** @returns the address of a server of this process */
  listen(listener: RequestListener): Promise<string>;
}

/** @param configure the gateway's configuration, which has Glewlwyd as `staff` */
export function startGlewlwydWorld(
  configure: (places: GlewlwydPlaces) => string | Promise<string>,
): Promise<GlewlwydWorld> {
  return Closers.start(async (closers) => {
    const place = createWorkPlace();
    closers.add(() => place.dispose());
    fs.chmodSync(place.home, 0o755);
    const port = await freePort();
    const auth = `auth.example:${port}`;
    const listen = async (listener: RequestListener): Promise<string> => {
      const server = http.createServer(listener);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closers.add(() => server.close().closeAllConnections());
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    // Glewlwyd finds no auth.example.
    const relay = await listen(async (request, response) => {
      const { method = '', url: path = '', headers } = request;
      let body = '';
      for await (const piece of request) body += String(piece);
      const sent = { 'Content-Type': headers['content-type'] ?? '', 'Content-Length': String(body.length) };
      const { status } = await visit(port, auth, { method, path, headers: sent, body }, 'auth.example');
      response.writeHead(Number(status.split(' ')[1])).end();
    });
    const glewlwyd = await startGlewlwyd(place, {
      redirectUri: `https://${auth}/callback/staff`,
      signedOut: `https://${auth}/signed-out`,
      backChannelLogout: `${relay}/back-channel-logout/staff`,
    });
    closers.add(() => glewlwyd.stop());
    const secretFile = place.write('gateway.secret', glewlwyd.client.secret);
    fs.chmodSync(secretFile, 0o600);
    const config = await configure({ place, closers, port, auth, glewlwyd, secretFile, listen });
    const gateway = await startGatewayCommand(place.write('gateway.yaml', config));
    closers.add(() => gateway.stop());
    const browser = () => new Browser(() => port);
    return {
      glewlwyd,
      gateway,
      at: (host, path = '/') => `https://${host}:${port}${path}`,
      browser,
      signedIn: async (username, url) => {
        const own = browser();
        return { browser: own, page: await glewlwyd.signIn(own, await own.open(url), username) };
      },
      signOut: async (own, url) => {
        const { text } = await own.get(url);
        const [, token = ''] = / name="token" value="([^"]+)"/.exec(text) ?? [];
        return own.send(url, { method: 'POST', path: '', headers: FORM, body: `token=${token}` });
      },
      close: () => closers.close(),
    };
  });
}

const FORM = {
  ...HTML,
  'Sec-Fetch-Site': 'same-origin',
  'Content-Type': 'application/x-www-form-urlencoded',
};
