// The house rules of ARCHITECTURE.md, read off the sources: who may import whom, no cycles, short files, a first line.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '..');

/** A folder and what it may import of ours. */
const MAY_IMPORT: { readonly [folder: string]: readonly string[] } = {
  protocol: [],
  accel: ['protocol'],
  store: ['protocol'],
  runtime: ['protocol'],
  access: ['protocol', 'store', 'runtime'],
  ingest: ['protocol', 'accel', 'store'],
  server: ['protocol', 'accel', 'store', 'runtime', 'access'],
  'client-sdk': ['protocol'],
  page: ['protocol', 'client-sdk'],
  cli: ['protocol', 'accel', 'store', 'ingest', 'runtime', 'access', 'server', 'client-sdk'],
};
/** Entry points of their own, for whom a caller has to ask: they may import one folder more. */
const ALSO: { readonly [file: string]: string } = { 'client-sdk/sodium.ts': 'accel' };
const FREE = ['test', 'bench', 'examples'];
/** Adapters by what they may import; of Next.js nothing, since its own bundle resolves it. */
const ADAPTERS: { readonly [name: string]: string } = {
  express: 'express',
  fastify: 'fastify',
  fetch: '',
  hono: 'hono',
  next: '',
  'better-auth': 'better-auth',
};
const MAX_LINES = 300;

interface Source {
  /** Relative to the root, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** Specifiers of static imports, re-exports and dynamic imports, type-only ones too. */
function importsOf(text: string): string[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const declared = code.matchAll(/^(?:import|export)\b(?:[^'"`;=(]*\bfrom)?\s*['"]([^'"\n]+)['"]/gm);
  const dynamic = code.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]/g);
  return [...declared, ...dynamic].map((match) => match[1] as string);
}

function readFolder(folder: string): Source[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')))
    .filter((file) => /\.(ts|js|mjs)$/.test(file) && !/(^|\/)(node_modules|dist|vendor)\//.test(file))
    .map((file) => {
      const text = fs.readFileSync(path.join(root, file), 'utf8');
      return { file, text, imports: importsOf(text) };
    });
}

/** Whether all imports of a specifier are of types. */
const isOfTypes = (text: string, specifier: string): boolean =>
  !new RegExp(`^import (?!type )[^;]*from '${specifier}'`, 'm').test(text);

const isOurs = (specifier: string): boolean => specifier.startsWith('.');
const resolveImport = (file: string, specifier: string): string =>
  path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
const folderOf = (file: string): string => file.split('/')[0] as string;

const ruled = Object.keys(MAY_IMPORT).flatMap(readFolder);
const all = [...ruled, ...FREE.flatMap(readFolder)];

describe('the sources', () => {
  test('were found', () => {
    expect(ruled.filter(({ file }) => folderOf(file) === 'protocol').length).toBeGreaterThan(5);
    expect(ruled.filter(({ file }) => folderOf(file) === 'store').length).toBeGreaterThan(5);
    expect(
      importsOf("import type { A } from './a.ts';\nexport * from \"b\";\nawait import('node:c');\nimport 'd';"),
    ).toEqual(['./a.ts', 'b', 'd', 'node:c']);
    // `from './x.ts'` in a comment is no import.
    expect(importsOf("// from './x.ts'\n * import('./y.ts')")).toEqual([]);
  });

  test.each(Object.keys(MAY_IMPORT))('of %s import only the folders that they may', (folder) => {
    const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
    // Entry points check the version of Node first: that one file stands in the root.
    const shared = ['node-version.js', 'package.json'];
    const wrong = ruled
      .filter(({ file }) => folderOf(file) === folder)
      .flatMap(({ file, imports }) => imports.filter(isOurs).map((specifier) => [file, resolveImport(file, specifier)]))
      .filter(([file = '', target = '']) => ![...allowed, ALSO[file]].includes(folderOf(target)))
      .filter(([, target = '']) => !shared.includes(target));
    expect(wrong).toEqual([]);
  });

  test('of protocol import nothing else but @noble/*', () => {
    const foreign = ruled
      .filter(({ file }) => folderOf(file) === 'protocol')
      .flatMap(({ file, imports }) =>
        imports.filter((specifier) => !isOurs(specifier)).map((name) => `${file}: ${name}`),
      );
    expect(foreign.filter((found) => !/: @noble\//.test(found))).toEqual([]);
    expect(foreign.length).toBeGreaterThan(0);
  });

  const sources = new Map(ruled.map((source) => [source.file, source]));
  /** A file with all that it imports. */
  const closureOf = (entry: string): Set<string> => {
    const closure = new Set<string>();
    const visit = (file: string): void => {
      const source = sources.get(file);
      if (!source || closure.has(file)) return;
      closure.add(file);
      for (const specifier of source.imports.filter(isOurs)) visit(resolveImport(file, specifier));
    };
    visit(entry);
    return closure;
  };

  test("of the client's core, with all that it imports, import nothing else but @noble/*", () => {
    const core = closureOf('client-sdk/index.ts');
    if (fs.readdirSync(path.join(root, 'client-sdk')).some((name) => name.endsWith('.ts')))
      expect(core.size, 'the front door is client-sdk/index.ts').toBeGreaterThan(0);
    const foreign = [...core].flatMap((file) =>
      (sources.get(file)?.imports ?? [])
        .filter((name) => !isOurs(name) && !name.startsWith('@noble/'))
        .map((name) => `${file}: ${name}`),
    );
    expect(foreign).toEqual([]);
  });

  test.each(Object.entries(ADAPTERS))(
    'of the adapter %s import its framework alone, and of it types',
    (name, framework) => {
      const closure = closureOf(`client-sdk/adapter/${name}.ts`);
      expect(closure.size).toBeGreaterThan(5);
      for (const file of closure) {
        const { imports = [], text = '' } = sources.get(file) ?? {};
        const foreign = imports.filter((specifier) => !isOurs(specifier) && !specifier.startsWith('@noble/'));
        const ofOthers = foreign.filter((specifier) => framework === '' || specifier.split('/')[0] !== framework);
        expect(ofOthers, file).toEqual([]);
        // A plugin of better-auth is made with its functions; every other adapter loads without its framework.
        const values = foreign.filter((specifier) => !isOfTypes(text, specifier));
        expect(name === 'better-auth' ? [] : values, file).toEqual([]);
      }
    },
  );

  test('of examples import what is published, as a user does', () => {
    for (const { file, imports } of readFolder('examples')) {
      const manifest = path.join(root, path.dirname(file), 'package.json');
      const { dependencies } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as { dependencies: object };
      const packages = [...Object.keys(dependencies), 'node:'];
      expect(imports.filter((name) => !packages.some((known) => name.startsWith(known)))).toEqual([]);
    }
  });

  test('import no package that package.json does not name', () => {
    const named = (file: string): string[] => {
      const json = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')) as Record<string, object | undefined>;
      return ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((key) =>
        Object.keys(json[key] ?? {}),
      );
    };
    const packages = [...named('package.json'), ...named('client-sdk/package.json')];
    const unnamed = ruled.flatMap(({ file, imports }) =>
      imports
        .filter((name) => !isOurs(name) && !name.startsWith('node:'))
        .filter((name) => !packages.some((known) => name === known || name.startsWith(`${known}/`)))
        .map((name) => `${file}: ${name}`),
    );
    expect(unnamed).toEqual([]);
  });

  test('have no import cycles', () => {
    const targets = new Map(
      all.map(({ file, imports }) => [file, imports.filter(isOurs).map((specifier) => resolveImport(file, specifier))]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      if (done.has(file) || trail.includes(file)) return;
      for (const target of targets.get(file) ?? []) visit(target, [...trail, file]);
      done.add(file);
    };
    for (const file of targets.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test(`have at most ${MAX_LINES} lines`, () => {
    const long = all.filter(({ text }) => text.trimEnd().split('\n').length > MAX_LINES).map(({ file }) => file);
    expect(long).toEqual([]);
  });

  test('say in their first line what they are', () => {
    // A program that is started by its name has its interpreter there.
    const silent = all.filter(({ text }) => !/^(#!.*\n)?\/\/ \S/.test(text)).map(({ file }) => file);
    expect(silent).toEqual([]);
  });
});
