// Debian's phpMyAdmin with MariaDB, PHP-FPM and nginx, a script that streams beside it, and a
// gateway before them. apt-get install phpmyadmin

import fs from 'node:fs';
import { createWorkPlace } from '../../credveil.ts';
import type { Pair } from '../../dataset.ts';
import { Closers } from '../../machine/closers.ts';
import { type DatabaseServer, startMariaDb } from '../../machine/database-servers.ts';
import { startPhpSite } from '../../machine/php-site.ts';
import { startGatewayCommand } from '../command.ts';
import { type Answer, cookiesOf, formOf, type Request, textOf, visit, withCookie } from '../visit.ts';
import { type LoginEvent, loginEvents, recordRequests, type Seen, serveLeaks } from './watched.ts';

export interface PhpMyAdmin {
  readonly maria: DatabaseServer;
  readonly gatewayPort: number;
  /** Lets the streaming script go on to its next event. */
  release(): void;
  direct(request: Request): Promise<Answer>;
  through(request: Request): Promise<Answer>;
  /** Requests that PHP got. */
  seen(): Seen[];
  /** Events of logins. */
  logins(): LoginEvent[];
  close(): Promise<void>;
}

export interface PhpMyAdminOptions {
  /** What the leak service knows. */
  readonly leaked?: readonly Pair[];
  /** Keys of the application, as YAML. */
  readonly keys?: string;
}

const SOURCE = '/usr/share/phpmyadmin';
export const HOST = 'db.example';
export const USER = { name: 'clerk', password: 'of the clerk & of nobody else: 81' } as const;

/** An event for each file that the test writes; `?once` answers with the first and ends. */
const EVENTS = `<?php
$folder = $_SERVER['DOCUMENT_ROOT'] . '/go';
header('Content-Type: text/event-stream');
header('X-Accel-Buffering: no');
header('Cache-Control: no-store');
while (ob_get_level()) ob_end_flush();
if (!isset($_GET['once'])) { echo ": open\\n\\n"; flush(); }
for ($i = 1; $i <= (isset($_GET['once']) ? 1 : 3); $i++) {
  while (!file_exists("$folder/$i")) { clearstatcache(); usleep(20000); }
  echo "id: $i\\ndata: " . str_repeat('x', $i) . "\\n\\n";
  flush();
}
`;

export function startPhpMyAdmin({ leaked, keys = '' }: PhpMyAdminOptions = {}): Promise<PhpMyAdmin> {
  if (!fs.existsSync(SOURCE)) throw new Error('phpMyAdmin is missing: apt-get install phpmyadmin');
  return Closers.start(async (closers) => {
    const place = createWorkPlace();
    closers.add(() => place.dispose());
    fs.chmodSync(place.home, 0o755);
    const root = place.at('root');
    fs.mkdirSync(`${root}/go`, { recursive: true });
    fs.symlinkSync(SOURCE, `${root}/phpmyadmin`);
    fs.writeFileSync(`${root}/events.php`, EVENTS);
    const maria = await startMariaDb(place.home);
    closers.add(() => maria.stop());
    maria.run(`CREATE DATABASE shop; CREATE USER ${USER.name}@localhost IDENTIFIED BY '${USER.password}';
      GRANT ALL ON shop.* TO ${USER.name}@localhost;`);
    const recorder = recordRequests(place);
    const ini = { 'mysqli.default_socket': `${maria.folder}/socket`, ...recorder.ini };
    const site = await startPhpSite({ home: place.home, root, ini });
    closers.add(() => site.stop());
    const leaks = leaked ? await serveLeaks(place, closers, leaked) : '';
    const top = `listen: 127.0.0.1:0\nworkers: 2\ntrustedProxies: [127.0.0.1/32]\n${leaks}`;
    const app = `apps:\n  ${HOST}:\n    to: "http://127.0.0.1:${site.port}"\n${keys}`;
    const gateway = await startGatewayCommand(place.write('gateway.yaml', top + app));
    closers.add(() => gateway.stop());
    const [gatewayPort = 0] = gateway.ports;
    let released = 0;
    return {
      maria,
      gatewayPort,
      release: () => fs.writeFileSync(`${root}/go/${++released}`, ''),
      direct: (request) => visit(site.port, HOST, request),
      through: (request) => visit(gatewayPort, HOST, request),
      seen: recorder.seen,
      logins: () => loginEvents(gateway),
      close: () => closers.close(),
    };
  });
}

export interface Form {
  /** The page that has it. */
  readonly page: Answer;
  readonly request: Request;
}

/** The form to sign in, filled in. @param go to the application */
export async function fillInForm(go: PhpMyAdmin['through'], name: string, password: string): Promise<Form> {
  const first = await go({ path: '/phpmyadmin/index.php' });
  const page = textOf(first);
  const [, session = ''] = /name="set_session" value="(\w+)"/.exec(page) ?? [];
  const fields = { pma_username: name, pma_password: password, server: '1', token: tokenIn(page) };
  const form = formOf({ ...fields, set_session: session, route: '/' });
  const request = { path: '/phpmyadmin/index.php?route=/', ...form };
  return { page: first, request: withCookie(request, cookiesOf(first)) };
}

const tokenIn = (page: string): string => /name="token" value="(\w+)"/.exec(page)?.[1] ?? '';
