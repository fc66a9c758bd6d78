// The repository's sources for the house rules: imports, functions with their lengths, paths.

import fs from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { type AnyNode, parse } from 'acorn';
import { root } from './paths.ts';

export interface Source {
  /** Relative to the root, with slashes. */
  readonly file: string;
  readonly text: string;
  /** Specifiers of static and dynamic imports and of re-exports, including type-only ones. */
  readonly imports: readonly string[];
}

export interface FunctionSource {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

export const isOurs = (specifier: string): boolean => specifier.startsWith('.');
/** The top-level folder of a file. */
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

/** All sources below a folder. Empty if the folder does not exist. */
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

/** Calls `visit` with each node of the program and its parent. */
function walk(text: string, visit: (node: AnyNode, parent: AnyNode | undefined) => void): void {
  // Node replaces types by blanks, so that line numbers stay the same.
  const program = parse(stripTypeScriptTypes(text), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
    allowHashBang: true,
  });
  const descend = (node: AnyNode, parent: AnyNode | undefined): void => {
    visit(node, parent);
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value])
        if (typeof child?.type === 'string') descend(child as AnyNode, node);
  };
  descend(program, undefined);
}

const isTestCall = (node: AnyNode | undefined, text: string): boolean =>
  node?.type === 'CallExpression' && /^describe\b/.test(text.slice(node.callee.start, node.callee.end));

/** The functions of a source, except callbacks of `describe`. */
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

/**
 * Paths from the root that a source builds relative to itself: the strings in calls that also have
 * an argument of `import.meta`.
 */
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

/** The cycles in a graph, each as a path that ends at its first node. */
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
