// npm run build: compiles the command, the server and the pages into dist/, which npm packs.
//
// Node strips no types below node_modules, so the package contains JavaScript. The tree below dist/
// mirrors the sources.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');
/** A thread or process is started by the URL of its module; tsc renames imports only. */
const MODULE_URL = /(new URL\('\.{1,2}\/[\w./-]+)\.ts(', import\.meta\.url\))/g;
/** A script in a page's document. */
const SCRIPT = /(<script type="module" src="\.\/[a-z-]+)\.ts(")/g;
/** A string in the built code that still names a source file. */
const LEFT_OVER = /^(?!\s*(?:\/\/|\*|\/\*)).*?(['"`])(?:\.{0,2}\/)?[\w./-]+\.ts\1/m;

fs.rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [TSC, '-p', path.join(ROOT, 'tsconfig.build.json')], { stdio: 'inherit' });

copyLiblzma();
copyBcrypt();
for (const name of fs.globSync('**/*.{html,css,svg}', { cwd: path.join(ROOT, 'page') }))
  fs.copyFileSync(path.join(ROOT, 'page', name), path.join(DIST, 'page', name));

fs.cpSync(path.join(ROOT, 'gateway/login/presets'), path.join(DIST, 'gateway/login/presets'), { recursive: true });

for (const name of fs.globSync('**/*.{js,html}', { cwd: DIST, exclude: ['node_modules'] })) {
  const file = path.join(DIST, name);
  if (name.endsWith('.js')) rename(file, MODULE_URL);
  else if (name.endsWith('.html')) rename(file, SCRIPT);
}

/**
 * The WebAssembly half of node-liblzma, unchanged, where dist/ingest/ finds it. As a dependency npm
 * 10 and older would compile its native half on the user's machine, and fail without a compiler.
 */
function copyLiblzma(): void {
  const from = path.join(ROOT, 'node_modules/node-liblzma');
  const to = path.join(DIST, 'node_modules/node-liblzma');
  const { name, version, license, repository, exports } = JSON.parse(
    fs.readFileSync(path.join(from, 'package.json'), 'utf8'),
  );
  const files = ['./wasm/liblzma.js', './wasm/liblzma.wasm'].map((entry) => [
    entry,
    exports[entry].default ?? exports[entry],
  ]);
  for (const file of ['LICENSE', ...files.map(([, file]) => file)])
    fs.cpSync(path.join(from, file), path.join(to, file), { recursive: true });
  const manifest = { name, version, license, repository, type: 'module', exports: Object.fromEntries(files) };
  fs.writeFileSync(path.join(to, 'package.json'), JSON.stringify(manifest, null, 2));
}

/**
 * bcrypt with its binaries for all platforms, and what chooses one of them, where dist/match/ finds
 * them. As a dependency it would run an install script on the user's machine, which compiles it
 * where the script finds no binary.
 */
function copyBcrypt(): void {
  for (const [name, files] of [
    ['bcrypt', ['LICENSE', 'bcrypt.js', 'promises.js', 'prebuilds']],
    ['node-gyp-build', ['LICENSE', 'index.js', 'node-gyp-build.js']],
  ] as const) {
    const from = path.join(ROOT, 'node_modules', name);
    const to = path.join(DIST, 'node_modules', name);
    for (const file of files) fs.cpSync(path.join(from, file), path.join(to, file), { recursive: true });
    const { version, license, repository, main } = JSON.parse(fs.readFileSync(path.join(from, 'package.json'), 'utf8'));
    fs.writeFileSync(
      path.join(to, 'package.json'),
      JSON.stringify({ name, version, license, repository, main }, null, 2),
    );
  }
}

/**
 * Replaces `.ts` by `.js` in a file.
 * @throws Error if a path to a source file is left, which would fail at run time
 */
function rename(file: string, pattern: RegExp): void {
  const text = fs.readFileSync(file, 'utf8').replace(pattern, '$1.js$2');
  const left = LEFT_OVER.exec(text);
  if (left) throw new Error(`${path.relative(ROOT, file)} names a source file: ${left[0].trim()}`);
  fs.writeFileSync(file, text);
}
