// Debian's WordPress with MariaDB, PHP-FPM and nginx in a temporary folder, and a gateway before
// it. apt-get install wordpress wordpress-theme-twentytwentythree php-mysql (and what they are
// served by)

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createWorkPlace } from '../../credveil.ts';
import { Closers } from '../../machine/closers.ts';
import { startMariaDb } from '../../machine/database-servers.ts';
import { freePort } from '../../machine/free-port.ts';
import { ownerOf } from '../../machine/owner.ts';
import { startPhpSite } from '../../machine/php-site.ts';
import { startGatewayCommand } from '../command.ts';
import { type Answer, type Request, visit } from '../visit.ts';

export interface WordPress {
  /** What the site calls itself: the gateway's address. */
  readonly host: string;
  /** Past the gateway, under the same host name. */
  direct(request: Request): Promise<Answer>;
  through(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

const SOURCE = '/usr/share/wordpress';
export const ADMIN = { name: 'admin', password: 'of one site & of no other: 81' } as const;

export function startWordPress(): Promise<WordPress> {
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
    const ini = { 'mysqli.default_socket': `${maria.folder}/socket` };
    const site = await startPhpSite({ home: place.home, root, ini });
    closers.add(() => site.stop());
    const app = `{ to: "http://127.0.0.1:${site.port}", keep: [X-HTTP-Method-Override] }`;
    const gateway = await startGatewayCommand(
      place.write('gateway.yaml', `listen: ${host}\nworkers: 2\napps:\n  127.0.0.1: ${app}\n`),
    );
    closers.add(() => gateway.stop());
    return {
      host,
      direct: (request) => visit(site.port, host, request),
      through: (request) => visit(port, host, request),
      close: () => closers.close(),
    };
  });
}

function makeUploads(root: string): void {
  const owner = ownerOf('www-data');
  fs.mkdirSync(`${root}/wp-content/uploads`, { recursive: true });
  if (owner) fs.chownSync(`${root}/wp-content/uploads`, owner.uid, owner.gid);
}

/** Without jobs in the background, and without requests to other sites. */
const configOf = (url: string): string => `<?php
define('DB_NAME', 'blog');
define('DB_USER', 'blog');
define('DB_PASSWORD', 'blog');
define('DB_HOST', 'localhost');
define('WP_HOME', '${url}');
define('WP_SITEURL', '${url}');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTH_SALT', 'a'); define('SECURE_AUTH_SALT', 'b'); define('LOGGED_IN_SALT', 'c'); define('NONCE_SALT', 'd');
define('AUTH_KEY', 'e'); define('SECURE_AUTH_KEY', 'f'); define('LOGGED_IN_KEY', 'g'); define('NONCE_KEY', 'h');
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
`;
