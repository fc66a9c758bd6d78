// The formats of one credential a line, which worker threads read: they load no others.

import { countedModule } from './formats/counted.ts';
import type { FormatModule, FormatOptions, LineRules } from './formats/format.ts';
import { hashModule } from './formats/hashes/hash-modules.ts';
import { countedPasswordsModule, passwordsModule } from './formats/lines/line-format.ts';
import { comboModules } from './formats/lines/pair-lines.ts';
import { toolOutputModule } from './formats/lines/tool-output.ts';
import { urlModule } from './formats/lines/url-lines.ts';

export const LINE_MODULES: readonly FormatModule[] = [
  hashModule,
  toolOutputModule,
  urlModule,
  countedPasswordsModule,
  countedModule,
  ...comboModules,
  passwordsModule,
];

/** @throws Error for a name that is not of these formats */
export function createLineRules(name: string, options: FormatOptions): LineRules {
  const rules = LINE_MODULES.find(({ names }) => names.includes(name))?.create(name, options).lines;
  if (!rules) throw new Error(`${name} is not a format of lines`);
  return rules;
}
