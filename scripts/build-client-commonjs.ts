// npm run build -w client-sdk, its last step: dist/cjs/, the same package for require().
//
// Each file stays a file, so that entry points share classes and state. @noble/* are ES modules
// that older Node and Jest cannot require: they are converted too, into dist/cjs/noble/.

import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const HOME = process.cwd();
const DIST = path.join(HOME, 'dist');
const OUT = path.join(DIST, 'cjs');

/** The files below dist/ with this ending, relative to dist/. */
const filesIn = (ending: string): string[] =>
  fs.globSync(`{accel,client-sdk,protocol}/**/*${ending}`, { cwd: DIST }).map((file) => file.replaceAll('\\', '/'));

/** A file's path below dist/cjs/, with slashes. */
function placeOf(file: string): string {
  const noble = /[\\/]@noble[\\/](.+)$/.exec(file)?.[1];
  return (noble ? `noble/${noble}` : path.relative(DIST, file)).replaceAll('\\', '/');
}

/** The files of @noble/* that the package imports. */
async function nobleFiles(): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: filesIn('.js').map((file) => path.join(DIST, file)),
    absWorkingDir: HOME,
    outdir: OUT,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    external: ['better-auth', 'bloom-filters', 'libsodium-wrappers-sumo'],
  });
  return Object.keys(metafile.inputs)
    .map((file) => path.resolve(HOME, file))
    .filter((file) => placeOf(file).startsWith('noble/'));
}

async function convert(files: readonly string[]): Promise<void> {
  await build({
    entryPoints: files.map((file) => ({ in: file, out: placeOf(file).replace(/\.js$/, '') })),
    outdir: OUT,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    // import() becomes a deferred require(): Jest's virtual machines support nothing else.
    supported: { 'dynamic-import': false },
    plugins: [
      {
        name: 'keep files apart',
        setup({ onResolve, resolve }) {
          onResolve(
            { filter: /^(\.|@noble\/)/ },
            async ({ kind, importer, path: specifier, resolveDir, pluginData }) => {
              if (kind === 'entry-point' || pluginData === 'resolving') return undefined;
              const resolved = await resolve(specifier, { kind, importer, resolveDir, pluginData: 'resolving' });
              const from = path.posix.dirname(placeOf(importer));
              const target = path.posix.relative(from, placeOf(resolved.path));
              return { path: target.startsWith('.') ? target : `./${target}`, external: true };
            },
          );
          onResolve({ filter: /^[^./@]/ }, ({ kind, path: specifier }) =>
            kind === 'entry-point' ? undefined : { path: specifier, external: true },
          );
        },
      },
    ],
  });
}

/** Declarations import `.ts`, which older versions of TypeScript reject. */
function copyDeclarations(): void {
  for (const file of filesIn('.d.ts')) {
    const text = fs.readFileSync(path.join(DIST, file), 'utf8');
    fs.mkdirSync(path.join(OUT, path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(OUT, file), text.replace(/(from |import\()('\.[^']*)\.ts'/g, "$1$2.js'"));
  }
}

/** A copy of @noble/* includes its licence. */
function copyLicences(files: readonly string[]): void {
  for (const home of new Set(files.map((file) => file.replace(/([\\/]@noble[\\/][^\\/]+).*$/, '$1'))))
    fs.copyFileSync(path.join(home, 'LICENSE'), path.join(OUT, placeOf(path.join(home, 'LICENSE'))));
}

const noble = await nobleFiles();
await convert([...filesIn('.js').map((file) => path.join(DIST, file)), ...noble]);
copyDeclarations();
copyLicences(noble);
fs.writeFileSync(path.join(OUT, 'package.json'), '{ "type": "commonjs" }\n');
