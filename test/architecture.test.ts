// The rules of ARCHITECTURE.md and docs/style.md, checked on the sources: imports, cycles, sizes.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './support/paths.ts';
import {
  areaOf,
  cyclesOf,
  folderOf,
  functionsIn,
  importsOf,
  isOurs,
  placesIn,
  readSources,
  resolveImport,
} from './support/sources.ts';

/** Each area with the areas it may import. */
const MAY_IMPORT: { readonly [folder: string]: readonly string[] } = {
  protocol: [],
  accel: ['protocol'],
  store: ['protocol'],
  runtime: ['protocol'],
  access: ['protocol', 'store', 'runtime'],
  notify: ['protocol', 'runtime'],
  ingest: ['protocol', 'accel', 'store'],
  match: ['protocol', 'store', 'ingest'],
  server: ['protocol', 'accel', 'store', 'runtime', 'access', 'notify'],
  'client-sdk': ['protocol'],
  gateway: ['protocol', 'store', 'runtime', 'notify', 'client-sdk'],
  page: ['protocol', 'client-sdk'],
  cli: [
    'protocol',
    'accel',
    'store',
    'ingest',
    'match',
    'runtime',
    'access',
    'notify',
    'server',
    'client-sdk',
    'gateway',
  ],
};
/** Entry points that callers import explicitly may use one area more. */
const ALSO: { readonly [file: string]: string } = { 'client-sdk/sodium.ts': 'accel' };
const FREE = ['test', 'bench', 'scripts', 'examples'];
/**
 * Each adapter with the framework it may import. Next.js bundles itself, so its adapter imports
 * none.
 */
const ADAPTERS: { readonly [name: string]: string } = {
  express: 'express',
  fastify: 'fastify',
  fetch: '',
  hono: 'hono',
  next: '',
  'better-auth': 'better-auth',
};
/** Whoever serves pages reads their files by path, from this file alone. */
const FINDS_PAGES = 'runtime/pages/page-modules.ts';
/** scripts/build.ts copies these packages into dist/, so package.json does not depend on them. */
const COPIED_BY_BUILD = ['node-liblzma', 'bcrypt'];
const MAX_LINES = 300;
const MAX_FILES = 26;
const MAX_FUNCTION_LINES = 70;

/** Whether the source imports only types from a specifier. */
const isOfTypes = (text: string, specifier: string): boolean =>
  !new RegExp(`^import (?!type )[^;]*from '${specifier}'`, 'm').test(text);

// AssemblyScript is another language.
const ruled = Object.keys(MAY_IMPORT)
  .flatMap(readSources)
  .filter(({ file }) => !file.startsWith('accel/assembly/'));
const all = [...ruled, ...FREE.flatMap(readSources)];

describe('the house rules', () => {
  test('see the sources', () => {
    expect(ruled.filter(({ file }) => areaOf(file) === 'protocol').length).toBeGreaterThan(5);
    expect(ruled.filter(({ file }) => areaOf(file) === 'store').length).toBeGreaterThan(5);
    expect(
      importsOf("import type { A } from './a.ts';\nexport * from \"b\";\nawait import('node:c');\nimport 'd';"),
    ).toEqual(['./a.ts', 'b', 'd', 'node:c']);
    // `from './x.ts'` in a comment is no import.
    expect(importsOf("// from './x.ts'\n * import('./y.ts')")).toEqual([]);
  });

  test.each(Object.keys(MAY_IMPORT))('%s imports only the areas it may', (folder) => {
    const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
    // Entry points check Node's version first, with a file in the root.
    const shared = ['node-version.js', 'package.json'];
    const wrong = ruled
      .filter(({ file }) => areaOf(file) === folder)
      .flatMap(({ file, imports }) => imports.filter(isOurs).map((specifier) => [file, resolveImport(file, specifier)]))
      .filter(([file = '', target = '']) => ![...allowed, ALSO[file]].includes(areaOf(target)))
      .filter(([, target = '']) => !shared.includes(target));
    expect(wrong).toEqual([]);
  });

  test('protocol imports no package but @noble/*', () => {
    const foreign = ruled
      .filter(({ file }) => areaOf(file) === 'protocol')
      .flatMap(({ file, imports }) =>
        imports.filter((specifier) => !isOurs(specifier)).map((name) => `${file}: ${name}`),
      );
    expect(foreign.filter((found) => !/: @noble\//.test(found))).toEqual([]);
    expect(foreign.length).toBeGreaterThan(0);
  });

  const sources = new Map(ruled.map((source) => [source.file, source]));
  /** A file with its transitive imports. */
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

  test("the client's core imports no package but @noble/*, transitively", () => {
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
    'the %s adapter imports types of its framework and nothing else',
    (name, framework) => {
      const closure = closureOf(`client-sdk/adapter/${name}.ts`);
      expect(closure.size).toBeGreaterThan(5);
      for (const file of closure) {
        const { imports = [], text = '' } = sources.get(file) ?? {};
        const foreign = imports.filter((specifier) => !isOurs(specifier) && !specifier.startsWith('@noble/'));
        const ofOthers = foreign.filter((specifier) => framework === '' || specifier.split('/')[0] !== framework);
        expect(ofOthers, file).toEqual([]);
        // better-auth builds plugins with its own functions; every other adapter loads without its
        // framework.
        const values = foreign.filter((specifier) => !isOfTypes(text, specifier));
        expect(name === 'better-auth' ? [] : values, file).toEqual([]);
      }
    },
  );

  test('examples import the published packages, as users do', () => {
    for (const { file, imports } of readSources('examples')) {
      const manifest = path.join(root, path.dirname(file), 'package.json');
      const { dependencies } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as { dependencies: object };
      const packages = [...Object.keys(dependencies), 'node:'];
      expect(imports.filter((name) => !packages.some((known) => name.startsWith(known)))).toEqual([]);
    }
  });

  test('sources import only packages that a package.json names', () => {
    const named = (file: string): string[] => {
      const json = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')) as Record<string, object | undefined>;
      return ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((key) =>
        Object.keys(json[key] ?? {}),
      );
    };
    const packages = [...named('package.json'), ...named('client-sdk/package.json'), ...COPIED_BY_BUILD];
    const unnamed = ruled.flatMap(({ file, imports }) =>
      imports
        .filter((name) => !isOurs(name) && !name.startsWith('node:'))
        .filter((name) => !packages.some((known) => name === known || name.startsWith(`${known}/`)))
        .map((name) => `${file}: ${name}`),
    );
    expect(unnamed).toEqual([]);
  });

  test('imports have no cycles', () => {
    const targets = new Map(
      all.map(({ file, imports }) => [file, imports.filter(isOurs).map((specifier) => resolveImport(file, specifier))]),
    );
    expect(cyclesOf(targets)).toEqual([]);
  });

  test.each([...Object.keys(MAY_IMPORT), 'bench'])('sub-folders of %s have no import cycles', (area) => {
    const graph = new Map<string, Set<string>>();
    for (const { file, imports } of all.filter((source) => areaOf(source.file) === area)) {
      const from = folderOf(file);
      const others = imports
        .filter(isOurs)
        .map((specifier) => folderOf(resolveImport(file, specifier)))
        // Files at the top of an area serve all of its sub-folders.
        .filter((to) => to !== from && from !== area && areaOf(to) === area && to !== area);
      graph.set(from, new Set([...(graph.get(from) ?? []), ...others]));
    }
    expect(cyclesOf(graph)).toEqual([]);
  });

  test('no path leads from one area to another, except to the pages', () => {
    const found = ruled.flatMap((source) =>
      placesIn(source)
        .filter((place) => areaOf(place) !== areaOf(source.file) && place !== 'package.json')
        .map((place) => `${source.file}: ${place}`),
    );
    expect(found.filter((line) => !line.startsWith(`${FINDS_PAGES}: `))).toEqual([]);
    expect(found.length, 'the pages are found').toBeGreaterThan(0);
    expect(placesIn({ file: 'a/b/c.ts', text: "new URL('../../d/e.html', import.meta.url);" })).toEqual(['d/e.html']);
  });

  test(`a folder has at most ${MAX_FILES} source files`, () => {
    const counts = Map.groupBy(all, ({ file }) => folderOf(file));
    expect([...counts].filter(([, files]) => files.length > MAX_FILES).map(([folder]) => folder)).toEqual([]);
  });

  test(`a function has at most ${MAX_FUNCTION_LINES} lines`, () => {
    const long = all.flatMap((source) =>
      functionsIn(source)
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ name, line, lines }) => `${source.file}:${line} ${name} (${lines})`),
    );
    expect(long).toEqual([]);
    const nested = 'const f = () => {\n  describe("x", () => {\n\n  });\n};';
    expect(functionsIn({ text: nested })).toEqual([{ name: 'f', line: 1, lines: 5 }]);
  });

  test(`a file has at most ${MAX_LINES} lines`, () => {
    const long = all.filter(({ text }) => text.trimEnd().split('\n').length > MAX_LINES).map(({ file }) => file);
    expect(long).toEqual([]);
  });

  test('the first line of a file describes it', () => {
    // An executable names its interpreter first.
    const silent = all.filter(({ text }) => !/^(#!.*\n)?\/\/ \S/.test(text)).map(({ file }) => file);
    expect(silent).toEqual([]);
  });
});
