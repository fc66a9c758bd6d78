// The package credveil as a new user gets it: packed by npm, installed into an empty project, and
// used only through its command.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { credveil } from '../support/credveil.ts';
import {
  EXPECTED_VERDICTS,
  type InstalledCredveil,
  installCredveil,
  startTrial,
} from '../support/machine/installed-credveil.ts';
import { root } from '../support/paths.ts';
import { fetchPublished } from '../support/signed/published.ts';

const test = base.extend<{ installed: InstalledCredveil }>({
  installed: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
    async ({}, use) => {
      const installed = await installCredveil();
      await use(installed);
      installed.dispose();
    },
    { scope: 'file' },
  ],
});

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly gypfile?: boolean;
  readonly engines?: { readonly node?: string };
}

const readManifest = (folder: string): Manifest =>
  JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;

const filesBelow = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));

describe('the packed credveil', () => {
  test('the package contains only the compiled program and its documents', ({ installed }) => {
    const files = filesBelow(installed.home);
    const outside = files.filter((file) => !/^(dist|deploy|docs)\//.test(file) && !file.endsWith('.md'));
    const program = ['LICENSE', 'PROTOCOL.vectors.json', 'cli/bin.js', 'node-version.js', 'package.json'];
    expect(outside.filter((file) => !/^examples\/[\w-]+\/server\.ts$/.test(file)).sort()).toEqual(program);
    expect(files.filter((file) => file.startsWith('docs/') && !file.endsWith('.md'))).toEqual([]);
    for (const name of ['deploy/credveil.service', 'PROTOCOL.md', 'docs/corpora.md']) expect(files).toContain(name);
    const other = files.filter((file) => file.startsWith('dist/') && !/\.(js|html|css|svg|wasm)$/.test(file));
    const presets = fs
      .readdirSync(path.join(root, 'gateway/login/presets'))
      .map((n) => `dist/gateway/login/presets/${n}`);
    expect(other.filter((file) => !file.startsWith('dist/node_modules/')).sort()).toEqual(presets.sort());
    // The build copies every document and asset of the pages.
    for (const name of filesBelow(path.join(root, 'page')))
      expect(files, name).toContain(`dist/page/${name.replace(/\.ts$/, '.js')}`);
  });

  test('every link of a document in the package leads to a file in it', ({ installed }) => {
    const documents = filesBelow(installed.home).filter((file) => /^(?!dist\/|node_modules\/).*\.md$/.test(file));
    const dead = documents.flatMap((file) =>
      [...fs.readFileSync(path.join(installed.home, file), 'utf8').matchAll(/\]\(([^)\s#:]+)(?:#[^)\s]*)?\)/g)]
        .map(([, target = '']) => path.join(path.dirname(file), target))
        .filter((target) => !fs.existsSync(path.join(installed.home, target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(documents.length).toBeGreaterThan(10);
    expect(dead).toEqual([]);
  });

  test('no dependency of the package runs an install script', ({ installed }) => {
    const modules = path.join(installed.folder, 'node_modules');
    const folders = fs.globSync('**/node_modules/{*,@*/*}/package.json', { cwd: installed.folder }).map(path.dirname);
    expect(folders.length).toBeGreaterThan(50);
    for (const folder of folders.map((folder) => path.join(installed.folder, folder))) {
      const { name, scripts = {}, gypfile } = readManifest(folder);
      expect(
        Object.keys(scripts).filter((script) => /^(pre|post)?install$/.test(script)),
        name,
      ).toEqual([]);
      // npm compiles a package with a binding.gyp unless its manifest forbids it.
      if (fs.existsSync(path.join(folder, 'binding.gyp'))) expect(gypfile, name).toBe(false);
    }
    expect(fs.readdirSync(modules)).not.toContain('@credveil');
  });

  test('the installed command prints its version', async ({ installed }) => {
    const { code, stdout } = await credveil(['--version'], '', {
      program: { node: process.execPath, bin: installed.bin },
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${readManifest(installed.home).version}\n` });
  });

  test('the installed command verifies bcrypt hashes in its threads', async ({ installed }) => {
    // The hash is of Openwall's crypt_blowfish.
    const users = 'id,login,hash\n7,ann,$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n';
    const leak = path.join(installed.folder, 'leak.csv');
    fs.writeFileSync(leak, 'username,password\nann,U*U\nben,word\n');
    const state = path.join(installed.folder, 'state');
    const args = ['match', '-', '--columns', 'id=id,username=login,hash=hash', '--against', leak, '--state', state];
    const { code, stdout, stderr } = await credveil(args, users, {
      program: { node: process.execPath, bin: installed.bin },
    });
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'account,source,date,match\n7,leak.csv,,exact\n' });
  });
});

describe.each(['hmac', 'oprf'] as const)('the installed command under %s', (suite) => {
  test('the installed command creates a dataset, ingests, serves the pages and the API, and checks', async ({
    installed,
  }) => {
    const trial = await startTrial(suite, installed);
    try {
      const { url } = trial.served;
      for (const page of ['/', '/status']) {
        const answer = await fetch(`${url}${page}`);
        expect([page, answer.status]).toEqual([page, 200]);
        const assets = await crawlAssets(url, await answer.text());
        expect(assets.filter((asset) => asset.endsWith('.js')).length).toBeGreaterThan(20);
        expect(assets.filter((asset) => /\.ts$/.test(asset))).toEqual([]);
      }
      expect((await fetchPublished(url)).statement.suite).toBe(suite);
      const status = await fetch(`${url}/v1/status`);
      expect(status.status).toBe(200);
      expect(await trial.check()).toEqual(EXPECTED_VERDICTS);
    } finally {
      const { code, stderr } = await trial.stop();
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/Warning|ERR_/);
    }
  });
});

/**
 * Fetches a document's references recursively.
 * @returns the paths of the assets
 */
async function crawlAssets(base: string, document: string): Promise<string[]> {
  const found = new Set<string>();
  const follow = async (text: string, pattern: RegExp, from: string): Promise<void> => {
    for (const [, reference = ''] of text.matchAll(pattern)) {
      const { pathname } = new URL(reference, `${base}${from}`);
      if (found.has(pathname)) continue;
      found.add(pathname);
      const answer = await fetch(`${base}${pathname}`);
      expect([pathname, answer.status]).toEqual([pathname, 200]);
      const body = await answer.text();
      if (pathname.endsWith('.js')) await follow(body, IMPORT, pathname);
    }
  };
  await follow(document, /\b(?:href|src)="(assets\/[^"]+)"/g, '/');
  return [...found];
}

/**
 * A static or dynamic import at the start of a line, as the compiler writes it. Comments are
 * indented or begin with `//`.
 */
const IMPORT = /^(?:(?:import|export)\b[^'"`;=(]*|(?!\s*(?:\/\/|\*)).*\bimport\(\s*)['"](\.[^'"\n]+)['"]/gm;
