// The modules of a page, collected by following imports. Their types are stripped, and packages are
// imported by path.
//
// There is no bundler: the browser gets the modules of the repository. It can request only modules
// that an entry imports, directly or through others.

import fs from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

export interface PageModule {
  /**
   * Its path below the assets, with slashes: the path in the repository, or `packages/` and the
   * path in node_modules.
   */
  readonly path: string;
  readonly text: string;
  /** Paths of its static imports. */
  readonly imports: readonly string[];
}

/** The root of the repository, or of the compiled code. */
const ROOT = path.join(import.meta.dirname, '../..');
/** The folder of the pages: documents, modules and styles. The server imports none of its files. */
export const PAGES = path.join(ROOT, 'page');
const PACKAGES = `${path.sep}node_modules${path.sep}`;
/** An import or re-export begins a line; code in a comment is indented. */
const STATIC_IMPORT = /^((?:import|export)\b(?:[^'"`;=(]*\bfrom)?\s*)(['"])([^'"\n]+)\2/gm;
const DYNAMIC_IMPORT = /^(?!\s*(?:\/\/|\*))(.*\bimport\(\s*)(['"])([^'"\n]+)\2/gm;

/** @param entries asset paths of modules */
export function collectModules(entries: readonly string[]): Map<string, PageModule> {
  const modules = new Map<string, PageModule>();
  const waiting = entries.map((entry) => path.join(ROOT, entry));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const place = assetPath(file);
    if (modules.has(place)) continue;
    const { text, imports, files } = readModule(file);
    modules.set(place, { path: place, text, imports });
    waiting.push(...files);
  }
  return modules;
}

/** The paths of modules and of all their static imports, each once. */
export function withImports(modules: ReadonlyMap<string, PageModule>, entries: readonly string[]): string[] {
  const needed = new Set<string>();
  const visit = (place: string): void => {
    if (needed.has(place)) return;
    needed.add(place);
    for (const next of modules.get(place)?.imports ?? []) visit(next);
  };
  for (const entry of entries) visit(entry);
  return [...needed];
}

/** The path of a file below the assets. */
export function assetPath(file: string): string {
  // Below the root first: an installed package is inside a node_modules folder itself.
  const below = path.relative(ROOT, file);
  const own = !below.startsWith('..') && !below.includes('node_modules');
  const place = own ? below : path.join('packages', file.slice(file.lastIndexOf(PACKAGES) + PACKAGES.length));
  return place.replaceAll(path.sep, '/');
}

/** The file of a package's module for a browser: its `module` if it has no `exports`. */
export function resolvePackage(specifier: string, importer: string): string {
  const require = createRequire(importer);
  const file = require.resolve(specifier);
  const folder = file.slice(0, file.lastIndexOf(PACKAGES) + PACKAGES.length);
  const facts = JSON.parse(fs.readFileSync(path.join(folder, packageName(specifier), 'package.json'), 'utf8')) as {
    module?: string;
  };
  const wanted = specifier === packageName(specifier) ? facts.module : undefined;
  return wanted === undefined ? file : path.join(folder, packageName(specifier), wanted);
}

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function readModule(file: string): { text: string; imports: string[]; files: string[] } {
  const source = fs.readFileSync(file, 'utf8');
  const stripped = file.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  const from = path.posix.dirname(assetPath(file));
  const imports: string[] = [];
  const files: string[] = [];
  const rewrite = (isStatic: boolean) => (_match: string, before: string, quote: string, specifier: string) => {
    const target = specifier.startsWith('.')
      ? path.resolve(path.dirname(file), specifier)
      : resolvePackage(specifier, file);
    files.push(target);
    const place = assetPath(target);
    if (isStatic) imports.push(place);
    const relative = path.posix.relative(from, place);
    return `${before}${quote}${relative.startsWith('.') ? relative : `./${relative}`}${quote}`;
  };
  const text = stripped.replace(STATIC_IMPORT, rewrite(true)).replace(DYNAMIC_IMPORT, rewrite(false));
  return { text, imports, files };
}
