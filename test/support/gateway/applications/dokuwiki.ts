// Debian's DokuWiki with users in a file, in a temporary folder. apt-get install dokuwiki php-cli
// (and what it is served by)

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { WorkPlace } from '../../credveil.ts';
import type { Pair } from '../../dataset.ts';
import { ownerOf } from '../../machine/owner.ts';

const [SOURCE, CONFIG, DATA] = ['/usr/share/dokuwiki', '/etc/dokuwiki', '/var/lib/dokuwiki'] as const;

/** @returns its document root */
export function installDokuWiki(place: WorkPlace, users: readonly Pair[]): string {
  if (!fs.existsSync(SOURCE)) throw new Error('DokuWiki is missing: apt-get install dokuwiki');
  const [root, conf] = [place.at('dokuwiki'), place.at('conf')];
  execFileSync('cp', ['-rL', SOURCE, root]);
  execFileSync('cp', ['-rL', CONFIG, conf]);
  fs.cpSync(`${DATA}/data`, place.at('data'), { recursive: true });
  fs.rmSync(`${root}/install.php`);
  // Debian's names its own folders.
  fs.writeFileSync(`${root}/inc/preload.php`, `<?php define('DOKU_CONF', '${conf}/');\n`);
  fs.writeFileSync(`${conf}/local.php`, configOf(place.at('data')));
  fs.writeFileSync(`${conf}/acl.auth.php`, '*\t@ALL\t1\n*\t@user\t8\n');
  fs.writeFileSync(`${conf}/users.auth.php`, users.map(lineOf).join(''));
  const owner = ownerOf('www-data');
  if (owner) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, place.at('data'), conf]);
  return root;
}

const configOf = (data: string): string => `<?php
$conf['title'] = 'A wiki';
$conf['savedir'] = '${data}';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['remote'] = 1;
$conf['remoteuser'] = '';
$conf['updatecheck'] = 0;
`;

function lineOf({ username, password }: Pair): string {
  const script = 'echo password_hash(stream_get_contents(STDIN), PASSWORD_BCRYPT, ["cost" => 4]);';
  const hash = execFileSync('php', ['-r', script], { input: password, encoding: 'utf8' });
  return `${username}:${hash}:Somebody:${username}@example.com:user\n`;
}
