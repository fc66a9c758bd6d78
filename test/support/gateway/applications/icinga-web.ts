// Debian's Icinga Web 2, which takes people's names from its web server. It has nothing to show but
// itself. apt-get install icingaweb2 (and what it is served by)

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { WorkPlace } from '../../credveil.ts';
import { ownerOf } from '../../machine/owner.ts';

/** The document root. */
export const ICINGA_WEB = '/usr/share/icingaweb2/public';

/** @param authentication its file of that name @returns what PHP needs in its environment */
export function configureIcingaWeb(place: WorkPlace, authentication: string): { readonly [name: string]: string } {
  if (!fs.existsSync(ICINGA_WEB)) throw new Error('Icinga Web 2 is missing: apt-get install icingaweb2');
  const [config, storage] = [place.at('icinga'), place.at('icinga-storage')];
  for (const folder of [config, storage]) fs.mkdirSync(folder);
  fs.writeFileSync(`${config}/config.ini`, '[global]\nmodule_path = "/nonexistent"\n[logging]\nlog = "none"\n');
  fs.writeFileSync(`${config}/authentication.ini`, authentication);
  fs.writeFileSync(`${config}/roles.ini`, '[all]\nusers = "*"\npermissions = "*"\n');
  const owner = ownerOf('www-data');
  if (owner) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, config, storage]);
  return { ICINGAWEB_CONFIGDIR: config, ICINGAWEB_STORAGEDIR: storage };
}
