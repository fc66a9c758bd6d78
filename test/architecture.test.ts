// The house rules of ARCHITECTURE.md, read off the sources: who may import whom, no cycles, short files, a first line.

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
const FREE = ['test', 'bench', 'scripts', 'examples'];
/** Adapters by what they may import; of Next.js nothing, since its own bundle resolves it. */
const ADAPTERS: { readonly [name: string]: string } = {
  express: 'express',
  fastify: 'fastify',
  fetch: '',
  hono: 'hono',
  next: '',
  'better-auth': 'better-auth',
};
/** The one place by which the server finds the files of the pages: no import leads there. */
const FINDS_PAGES = ['server/pages/page-modules.ts'];
/** Packages that scripts/build.ts copies into dist/, so that they are no dependencies. */
const COPIED_BY_BUILD = ['node-liblzma'];
const MAX_LINES = 300;
const MAX_FILES = 26;
const MAX_FUNCTION_LINES = 70;
/** To be split. */
const STILL_LONG = [
  'createSodiumOprf',
  'createRistretto255',
  'createService',
  'createLeakChecker',
  'openFilterCache',
  'createServiceSource',
  'createObliviousLookup',
  'a callback',
  'computeExamples',
  'soak',
];

/** Whether all imports of a specifier are of types. */
const isOfTypes = (text: string, specifier: string): boolean =>
  !new RegExp(`^import (?!type )[^;]*from '${specifier}'`, 'm').test(text);

// AssemblyScript is another language.
const ruled = Object.keys(MAY_IMPORT)
  .flatMap(readSources)
  .filter(({ file }) => !file.startsWith('accel/assembly/'));
const all = [...ruled, ...FREE.flatMap(readSources)];

describe('the sources', () => {
  test('were found', () => {
    expect(ruled.filter(({ file }) => areaOf(file) === 'protocol').length).toBeGreaterThan(5);
    expect(ruled.filter(({ file }) => areaOf(file) === 'store').length).toBeGreaterThan(5);
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
      .filter(({ file }) => areaOf(file) === folder)
      .flatMap(({ file, imports }) => imports.filter(isOurs).map((specifier) => [file, resolveImport(file, specifier)]))
      .filter(([file = '', target = '']) => ![...allowed, ALSO[file]].includes(areaOf(target)))
      .filter(([, target = '']) => !shared.includes(target));
    expect(wrong).toEqual([]);
  });

  test('of protocol import nothing else but @noble/*', () => {
    const foreign = ruled
      .filter(({ file }) => areaOf(file) === 'protocol')
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
    for (const { file, imports } of readSources('examples')) {
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
    const packages = [...named('package.json'), ...named('client-sdk/package.json'), ...COPIED_BY_BUILD];
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
    expect(cyclesOf(targets)).toEqual([]);
  });

  test.each([...Object.keys(MAY_IMPORT), 'bench'])('of sub-folders of %s import no circle of them', (area) => {
    const graph = new Map<string, Set<string>>();
    for (const { file, imports } of all.filter((source) => areaOf(source.file) === area)) {
      const from = folderOf(file);
      const others = imports
        .filter(isOurs)
        .map((specifier) => folderOf(resolveImport(file, specifier)))
        // What lies at the top of an area serves all of its sub-folders.
        .filter((to) => to !== from && from !== area && areaOf(to) === area && to !== area);
      graph.set(from, new Set([...(graph.get(from) ?? []), ...others]));
    }
    expect(cyclesOf(graph)).toEqual([]);
  });

  test('lead by a path to no other area, but for the one place that finds the pages', () => {
    const found = ruled.flatMap((source) =>
      placesIn(source)
        .filter((place) => areaOf(place) !== areaOf(source.file) && place !== 'package.json')
        .map((place) => `${source.file}: ${place}`),
    );
    expect(found.filter((line) => !FINDS_PAGES.some((file) => line.startsWith(`${file}: `)))).toEqual([]);
    expect(found.length, 'the pages are found').toBeGreaterThan(0);
    expect(placesIn({ file: 'a/b/c.ts', text: "new URL('../../d/e.html', import.meta.url);" })).toEqual(['d/e.html']);
  });

  test(`are at most ${MAX_FILES} in a folder`, () => {
    const counts = Map.groupBy(all, ({ file }) => folderOf(file));
    expect([...counts].filter(([, files]) => files.length > MAX_FILES).map(([folder]) => folder)).toEqual([]);
  });

  test(`have functions of at most ${MAX_FUNCTION_LINES} lines`, () => {
    const long = all.flatMap((source) =>
      functionsIn(source)
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .filter(({ name }) => !STILL_LONG.includes(name))
        .map(({ name, line, lines }) => `${source.file}:${line} ${name} (${lines})`),
    );
    expect(long).toEqual([]);
    const nested = 'const f = () => {\n  describe("x", () => {\n\n  });\n};';
    expect(functionsIn({ text: nested })).toEqual([{ name: 'f', line: 1, lines: 5 }]);
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
