// Loads how the lines of a segment are read, by the name and options of its format.

import type { FormatOptions, LineRules } from '../formats/format.ts';
import { plainFormat } from '../formats/lines/layout-format.ts';

/**
 * Formats of pairs and of passwords load no others, nor what recognises them.
 * @throws Error for a name that is not of a format of lines
 */
export async function loadLineRules(name: string, options: FormatOptions): Promise<LineRules> {
  const rules = plainFormat(name, options)?.lines ?? (await loadOther(name, options));
  if (!rules) throw new Error(`${name} is not a format of lines`);
  return rules;
}

async function loadOther(name: string, options: FormatOptions): Promise<LineRules | undefined> {
  const { LINE_MODULES } = await import('../line-registry.ts');
  return LINE_MODULES.find(({ names }) => names.includes(name))?.create(name, options).lines;
}
