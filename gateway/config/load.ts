// The configuration file: YAML or JSON, checked as a whole. Every mistake has its line.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLParseError,
} from 'yaml';
import { accessFaults } from './access-faults.ts';
import { isObject } from './compare.ts';
import { conflictsIn, impossibleNames, missingTargets } from './conflicts.ts';
import { deviceFaults } from './device-faults.ts';
import { factorFaults } from './factor-faults.ts';
import type { ConfigFault, Conflict, Path } from './fault.ts';
import { holdFaults } from './hold-faults.ts';
import { identityFaults } from './identity-faults.ts';
import { limitFaults } from './limit-faults.ts';
import { expressionFaults, ruleFaults } from './rule-faults.ts';
import { CONFIG, type GatewayConfig } from './schema.ts';
import { conflictsOf, messageOf } from './schema-faults.ts';

export type ParsedConfig =
  | { readonly config: GatewayConfig; readonly faults: readonly [] }
  | { readonly config: undefined; readonly faults: readonly ConfigFault[] };

const MAX_ALIASES = 1_000;

/** Reads the text of a configuration. JSON is YAML 1.2. */
export function parseConfig(text: string): ParsedConfig {
  const lines = new LineCounter();
  // A warning of the parser repeats what the file has.
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', prettyErrors: false, logLevel: 'error' });
  if (document.errors.length > 0)
    return failed(firstFaults(document.errors).map(({ pos, code }) => syntaxFault(lines.linePos(pos[0]), code)));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    return failed([{ line: 1, column: 1, key: '', message: 'has too many aliases' }]);
  }
  const placed = ({ path, isOfKey = true, ...fault }: Conflict): ConfigFault => ({
    ...fault,
    ...placeOf(document, lines, path, isOfKey),
    key: named(path),
  });
  const impossible = impossibleNames(value);
  if (impossible.length > 0) return failed(impossible.map(placed));
  const checked = CONFIG.safeParse(value ?? {}, { reportInput: true, error: messageOf });
  if (!checked.success) {
    const missing = isObject(value) && value.listen !== undefined ? missingTargets(value.apps) : [];
    return failed([...conflictsOf(checked.error.issues), ...missing, ...expressionFaults(value)].map(placed));
  }
  const conflicts = [
    ...conflictsIn(checked.data),
    ...accessFaults(checked.data),
    ...deviceFaults(checked.data),
    ...identityFaults(checked.data),
    ...holdFaults(checked.data),
    ...factorFaults(checked.data),
    ...ruleFaults(checked.data),
    ...limitFaults(checked.data, value),
  ].map(placed);
  return conflicts.length > 0 ? failed(conflicts) : { config: checked.data, faults: [] };
}

const failed = (faults: readonly ConfigFault[]): ParsedConfig => ({
  config: undefined,
  faults: [...faults].sort((a, b) => a.line - b.line || a.column - b.column),
});

/** What follows one of them is read out of step: those behind the first are its consequences. */
function firstFaults(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const [first] = errors.filter(({ code }) => code !== 'DUPLICATE_KEY').sort((a, b) => a.pos[0] - b.pos[0]);
  return errors.filter(
    (error) => error === first || (error.code === 'DUPLICATE_KEY' && !(first && first.pos[0] < error.pos[0])),
  );
}

const QUOTE_HINT = 'Put an expression, or another text with " { [ or : in it, into single quotes.';
const SYNTAX: { readonly [code: string]: string } = {
  DUPLICATE_KEY: 'a key stands here twice',
  TAB_AS_INDENT: 'tabs do not indent in YAML; use spaces',
  BAD_INDENT: 'the indentation does not fit the lines above',
  MISSING_CHAR: 'a character is missing: a closing quote, bracket or comma, or the space after a colon',
};

function syntaxFault({ line, col }: { line: number; col: number }, code: string): ConfigFault {
  const known = SYNTAX[code] ?? `the file is neither YAML nor JSON here (${code.toLowerCase().replaceAll('_', ' ')})`;
  const isOfText = code === 'UNEXPECTED_TOKEN' || code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MISSING_CHAR';
  return { line, column: col, key: '', message: known, ...(isOfText && { hint: QUOTE_HINT }) };
}

/** A key may be anything that somebody wrote: no control characters, and not all of a long one. */
const named = (path: Path): string =>
  path
    .map((part) =>
      String(part)
        .replace(/[^\p{L}\p{N}_.*/:[\]-]/gu, '?')
        .slice(0, 80),
    )
    .join('.');

/** The position of a key or of its value; of a missing one that of what should have it. */
function placeOf(document: Document, lines: LineCounter, path: Path, isKey: boolean): { line: number; column: number } {
  let node: Node | null | undefined = document.contents as Node | null;
  let range = node?.range;
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) break;
      const isLast = depth === path.length - 1;
      range = (isKey && isLast ? (pair.key as Node) : ((pair.value ?? pair.key) as Node)).range ?? range;
      node = pair.value as Node | null;
    } else if (node && 'items' in node) {
      const item = (node.items as unknown[])[Number(part)] as Node | undefined;
      if (!item) break;
      node = item;
      range = item.range ?? range;
    } else break;
  }
  const { line, col } = lines.linePos(range?.[0] ?? 0);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
