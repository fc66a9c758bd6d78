// The formats of one credential a line, which worker threads read: they load no others, and not
// these for lists of pairs or passwords.

import { countedModule } from './formats/counted.ts';
import type { FormatModule } from './formats/format.ts';
import { hashModule } from './formats/hashes/hash-modules.ts';
import { enclosedAddressModule } from './formats/lines/enclosed-address.ts';
import { comboModules } from './formats/lines/pair-lines.ts';
import { countedPasswordsModule, passwordsModule } from './formats/lines/password-lines.ts';
import { toolOutputModule } from './formats/lines/tool-output.ts';
import { urlModule } from './formats/lines/url-lines.ts';

export const LINE_MODULES: readonly FormatModule[] = [
  hashModule,
  toolOutputModule,
  urlModule,
  enclosedAddressModule,
  countedPasswordsModule,
  countedModule,
  ...comboModules,
  passwordsModule,
];
