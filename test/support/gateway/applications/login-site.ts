// A PHP application of the system behind a gateway that checks its logins, and what became of them.

import fs from 'node:fs';
import { createWorkPlace, type WorkPlace } from '../../credveil.ts';
import type { Pair } from '../../dataset.ts';
import { Closers } from '../../machine/closers.ts';
import { freePort } from '../../machine/free-port.ts';
import { startPhpSite } from '../../machine/php-site.ts';
import { startGatewayCommand } from '../command.ts';
import { type Answer, cookiesOf, type Request, visit, withCookie } from '../visit.ts';
import { loginEvents, recordRequests, type Seen, sendLogin, serveLeaks, type WatchedLogin } from './watched.ts';

export interface LoginSite {
  direct(request: Request): Promise<Answer>;
  through(request: Request): Promise<Answer>;
  /** Waits for its event. */
  login(request: Request): Promise<WatchedLogin>;
  /** Requests that PHP got. */
  seen(): Seen[];
  /** What the application got with two pages after an answer. */
  verdictsAfter(answer: Answer, path: string): Promise<(string | null | undefined)[]>;
  close(): Promise<void>;
}

export interface LoginSiteOptions {
  readonly preset: string;
  readonly leaked: readonly Pair[];
  /** Puts the application into a folder. @returns the document root */
  install(place: WorkPlace, host: string): string;
}

export function startLoginSite({ preset, leaked, install }: LoginSiteOptions): Promise<LoginSite> {
  return Closers.start(async (closers) => {
    const place = createWorkPlace();
    closers.add(() => place.dispose());
    fs.chmodSync(place.home, 0o755);
    const port = await freePort();
    const host = `127.0.0.1:${port}`;
    const recorder = recordRequests(place);
    const site = await startPhpSite({ home: place.home, root: install(place, host), ini: recorder.ini });
    closers.add(() => site.stop());
    const leaks = await serveLeaks(place, closers, leaked);
    const login = `{ presets: [${preset}] }`;
    const app = `apps:\n  127.0.0.1:\n    to: http://127.0.0.1:${site.port}\n    login: ${login}\n`;
    const gateway = await startGatewayCommand(place.write('gateway.yaml', `listen: ${host}\n${leaks}${app}`));
    closers.add(() => gateway.stop());
    const through = (request: Request): Promise<Answer> => visit(port, host, request);
    return {
      direct: (request) => visit(site.port, host, request),
      through,
      login: (request) => sendLogin({ logins: () => loginEvents(gateway), through }, request),
      seen: recorder.seen,
      verdictsAfter: async (answer, path) => {
        const verdicts = [];
        for (let i = 0; i < 2; i++) {
          await through(withCookie({ path }, cookiesOf(answer)));
          verdicts.push(recorder.seen().at(-1)?.verdict);
        }
        return verdicts;
      },
      close: () => closers.close(),
    };
  });
}
