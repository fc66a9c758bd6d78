// Debian's WordPress with MariaDB, PHP-FPM and nginx in a temporary folder, and a gateway before
// it. apt-get install wordpress wordpress-theme-twentytwentythree php-mysql (and what they are
// served by)

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createWorkPlace, type WorkPlace } from '../../credveil.ts';
import type { Pair } from '../../dataset.ts';
import { Closers } from '../../machine/closers.ts';
import { startMariaDb } from '../../machine/database-servers.ts';
import { freePort } from '../../machine/free-port.ts';
import { ownerOf } from '../../machine/owner.ts';
import { startPhpSite } from '../../machine/php-site.ts';
import { startGatewayCommand } from '../command.ts';
import { type Answer, formOf, type Request, textOf, visit } from '../visit.ts';
import { type LoginEvent, loginEvents, recordRequests, type Seen, serveLeaks } from './watched.ts';

export interface WordPress {
  /** What the site calls itself: the gateway's address. */
  readonly host: string;
  /** Past the gateway, under the same host name. */
  direct(request: Request): Promise<Answer>;
  through(request: Request): Promise<Answer>;
  /** Through the gateway, under another host name of its configuration. */
  throughAs(host: string, request: Request): Promise<Answer>;
  /** Requests that PHP got. */
  seen(): Seen[];
  /** The site itself, for another gateway before it. */
  readonly site: { readonly to: string; readonly leaks: string; readonly place: WorkPlace };
  /** Events of logins. */
  logins(): LoginEvent[];
  /** Runs a script inside WordPress. */
  runPhp(script: string): void;
  close(): Promise<void>;
}

export interface WordPressOptions {
  /** What the leak service knows. */
  readonly leaked?: readonly Pair[];
  /** Keys of the application that is the site, as YAML. */
  readonly keys?: string;
  /** More applications that lead to the site, as YAML; `TO` is its address. */
  readonly apps?: string;
}

const SOURCE = '/usr/share/wordpress';
export const ADMIN = { name: 'admin', password: 'of one site & of no other: 81' } as const;

/** Not installed yet. */
export function startWordPress({ leaked, keys = '', apps = '' }: WordPressOptions = {}): Promise<WordPress> {
  if (!fs.existsSync(SOURCE)) throw new Error('WordPress is missing: apt-get install wordpress');
  return Closers.start(async (closers) => {
    const place = createWorkPlace();
    closers.add(() => place.dispose());
    fs.chmodSync(place.home, 0o755);
    const root = place.at('wordpress');
    execFileSync('cp', ['-rL', SOURCE, root]);
    makeUploads(root);
    const port = await freePort();
    const host = `127.0.0.1:${port}`;
    fs.writeFileSync(`${root}/wp-config.php`, configOf(`http://${host}`));
    const maria = await startMariaDb(place.home);
    closers.add(() => maria.stop());
    maria.run(
      "CREATE DATABASE blog; CREATE USER blog@localhost IDENTIFIED BY 'blog'; GRANT ALL ON blog.* TO blog@localhost;",
    );
    const socket = `${maria.folder}/socket`;
    const recorder = recordRequests(place);
    const ini = { 'mysqli.default_socket': socket, ...recorder.ini };
    const site = await startPhpSite({ home: place.home, root, ini });
    closers.add(() => site.stop());
    const to = `http://127.0.0.1:${site.port}`;
    const top = `listen: ${host}\nworkers: 2\ntrustedProxies: [127.0.0.1/32]\n`;
    const app = `apps:\n  127.0.0.1:\n    to: ${to}\n    keep: [X-HTTP-Method-Override]\n${keys}`;
    const leaks = leaked ? await serveLeaks(place, closers, leaked) : '';
    const file = place.write('gateway.yaml', `${top}${leaks}${app}${apps.replaceAll('TO', to)}`);
    const gateway = await startGatewayCommand(file);
    closers.add(() => gateway.stop());
    return {
      host,
      site: { to, leaks, place },
      direct: (request) => visit(site.port, host, request),
      through: (request) => visit(port, host, request),
      throughAs: (name, request) => visit(port, name, request),
      seen: recorder.seen,
      logins: () => loginEvents(gateway),
      runPhp: (script) =>
        void execFileSync('php', ['-d', `mysqli.default_socket=${socket}`, '-r', `require 'wp-load.php'; ${script}`], {
          cwd: root,
        }),
      close: () => closers.close(),
    };
  });
}

/** As its administrator does it in a browser. */
export async function installWordPress(wordpress: WordPress): Promise<void> {
  const { name, password } = ADMIN;
  const form = { weblog_title: 'A blog', user_name: name, admin_password: password, admin_password2: password };
  const install = formOf({ ...form, admin_email: 'admin@example.com', blog_public: '0', language: '' });
  const installed = textOf(await wordpress.through({ path: '/wp-admin/install.php?step=2', ...install }));
  if (!installed.includes('WordPress has been installed')) throw new Error(`WordPress was not installed\n${installed}`);
}

function makeUploads(root: string): void {
  const owner = ownerOf('www-data');
  fs.mkdirSync(`${root}/wp-content/uploads`, { recursive: true });
  if (owner) fs.chownSync(`${root}/wp-content/uploads`, owner.uid, owner.gid);
}

/** Without jobs in the background, requests to other sites, and TLS for application passwords. */
const configOf = (url: string): string => `<?php
define('DB_NAME', 'blog');
define('DB_USER', 'blog');
define('DB_PASSWORD', 'blog');
define('DB_HOST', 'localhost');
define('WP_HOME', '${url}');
define('WP_SITEURL', '${url}');
define('WP_ENVIRONMENT_TYPE', 'local');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTH_SALT', 'a'); define('SECURE_AUTH_SALT', 'b'); define('LOGGED_IN_SALT', 'c'); define('NONCE_SALT', 'd');
define('AUTH_KEY', 'e'); define('SECURE_AUTH_KEY', 'f'); define('LOGGED_IN_KEY', 'g'); define('NONCE_KEY', 'h');
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
`;
