// Debian's MediaWiki with SQLite in a temporary folder. apt-get install mediawiki php-sqlite3
// php-cli (and what it is served by)

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { WorkPlace } from '../../credveil.ts';
import type { Pair } from '../../dataset.ts';
import { ownerOf } from '../../machine/owner.ts';

const SOURCE = '/usr/share/mediawiki';
const FOLDERS = [
  'extensions',
  'includes',
  'languages',
  'maintenance',
  'resources',
  'skins',
  'vendor',
  'autoload.php',
] as const;

/** @returns its document root */
export function installMediaWiki(place: WorkPlace, host: string, users: readonly Pair[]): string {
  if (!fs.existsSync(SOURCE)) throw new Error('MediaWiki is missing: apt-get install mediawiki');
  const [root, data] = [place.at('mediawiki'), place.at('data')];
  fs.mkdirSync(root);
  fs.mkdirSync(data);
  // Its code stays where it is: a copy takes longer than all tests.
  for (const name of ['index.php', 'api.php'])
    fs.writeFileSync(`${root}/${name}`, `<?php putenv('MW_INSTALL_PATH=${root}'); require '${SOURCE}/${name}';\n`);
  for (const name of FOLDERS) fs.symlinkSync(`${SOURCE}/${name}`, `${root}/${name}`);
  const owner = ownerOf('www-data');
  const run = (script: string, ...args: readonly string[]): void => {
    execFileSync('php', [`${SOURCE}/maintenance/${script}`, ...args], {
      env: { ...process.env, MW_INSTALL_PATH: root },
      stdio: 'pipe',
    });
  };
  const options = { dbtype: 'sqlite', dbpath: data, confpath: root, server: `http://${host}`, scriptpath: '' };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  run('install.php', ...flags, '--pass=of the administrator alone: 81', 'A wiki', 'Admin');
  fs.appendFileSync(`${root}/LocalSettings.php`, MORE);
  for (const { username, password } of users)
    run('createAndPromote.php', `--conf=${root}/LocalSettings.php`, username, password);
  if (owner) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, data]);
  return root;
}

/** Nothing in the background. */
const MORE = `
$wgJobRunRate = 0;
$wgEnableEmail = false;
`;
