// The repository's sources as the house rules see them: imports, functions with their lengths, strings.

import fs from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { type AnyNode, parse } from 'acorn';
import { root } from './paths.ts';

export interface Source {
  /** Relative to the root, with slashes. */
  readonly file: string;
  readonly text: string;
  /** Specifiers of static imports, re-exports and dynamic imports, type-only ones too. */
  readonly imports: readonly string[];
}

export interface FunctionSource {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

export const isOurs = (specifier: string): boolean => specifier.startsWith('.');
/** The room at the top that a file belongs to. */
export const areaOf = (file: string): string => file.split('/')[0] as string;
export const folderOf = (file: string): string => path.posix.dirname(file);
export const resolveImport = (file: string, specifier: string): string =>
  path.posix.normalize(path.posix.join(folderOf(file), specifier));

export function importsOf(text: string): string[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const declared = code.matchAll(/^(?:import|export)\b(?:[^'"`;=(]*\bfrom)?\s*['"]([^'"\n]+)['"]/gm);
  const dynamic = code.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]/g);
  return [...declared, ...dynamic].map((match) => match[1] as string);
}

/** Every source of a folder and the folders below it; none where the folder does not exist. */
export function readSources(folder: string): Source[] {
  if (!fs.existsSync(path.join(root, folder))) return [];
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')))
    .filter((file) => /\.(ts|js|mjs)$/.test(file) && !/(^|\/)(node_modules|dist|vendor)\//.test(file))
    .map((file) => {
      const text = fs.readFileSync(path.join(root, file), 'utf8');
      return { file, text, imports: importsOf(text) };
    });
}

/** Calls `see` for each node of the program with the node around it. Types are blanked, so lines are those of the file. */
function walk(text: string, see: (node: AnyNode, parent: AnyNode | undefined) => void): void {
  // Node blanks types in place and warns that it may change; the warning goes to the reader of a log.
  const program = parse(stripTypeScriptTypes(text), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
    allowHashBang: true,
  });
  const visit = (node: AnyNode, parent: AnyNode | undefined): void => {
    see(node, parent);
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value])
        if (typeof child?.type === 'string') visit(child as AnyNode, node);
  };
  visit(program, undefined);
}

const isTestCall = (node: AnyNode | undefined, text: string): boolean =>
  node?.type === 'CallExpression' && /^describe\b/.test(text.slice(node.callee.start, node.callee.end));

/** The functions of a source, without the callbacks of `describe`. */
export function functionsIn({ text }: Pick<Source, 'text'>): FunctionSource[] {
  const functions: FunctionSource[] = [];
  walk(text, (node, parent) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
    if (isTestCall(parent, text) || !node.loc) return;
    const { start, end } = node.loc;
    functions.push({ name: nameOf(node, parent), line: start.line, lines: end.line - start.line + 1 });
  });
  return functions;
}

function nameOf(node: AnyNode, parent: AnyNode | undefined): string {
  if (node.type === 'FunctionDeclaration') return node.id?.name ?? 'default';
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (parent?.type === 'MethodDefinition' || parent?.type === 'Property')
    return 'name' in parent.key && typeof parent.key.name === 'string' ? parent.key.name : 'a member';
  return 'a callback';
}

/** Paths, from the root, that a source makes from its own place: the strings beside `import.meta` in a call. */
export function placesIn({ file, text }: Pick<Source, 'file' | 'text'>): string[] {
  const places: string[] = [];
  walk(text, (node) => {
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return;
    const isOwn = node.arguments.some(
      (given) => given.type === 'MemberExpression' && given.object.type === 'MetaProperty',
    );
    const steps = node.arguments.flatMap((given) =>
      given.type === 'Literal' && typeof given.value === 'string' ? [given.value] : [],
    );
    if (isOwn && steps.length > 0) places.push(path.posix.join(folderOf(file), ...steps));
  });
  return places;
}

/** Circles in a graph, each as the trail that leads back to its first node. */
export function cyclesOf(graph: ReadonlyMap<string, Iterable<string>>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (node: string, trail: readonly string[]): void => {
    if (trail.includes(node)) cycles.push([...trail.slice(trail.indexOf(node)), node].join(' → '));
    if (done.has(node) || trail.includes(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}
