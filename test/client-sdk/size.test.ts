// Size budgets of @credveil/client in a page or a function: bundled, minified and compressed.

import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { expect, test } from 'vitest';
import { root } from '../support/paths.ts';

const KEYED_BYTES = 21_900;
const OBLIVIOUS_BYTES = 44_000;

async function bundle(
  external: string[],
): Promise<{ gzipBytes: number; inputs: string[]; outputs: Metafile['outputs'] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [path.join(root, 'client-sdk/index.ts')],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    external,
  });
  const [file] = outputFiles;
  if (!file || outputFiles.length > 1) throw new Error('expected one output file');
  return { gzipBytes: gzipSync(file.contents).length, inputs: Object.keys(metafile.inputs), outputs: metafile.outputs };
}

test(`the bundle of the keyed suite is under ${KEYED_BYTES} bytes`, async ({ annotate }) => {
  // A caller that only holds a key, and sets no option `memory`, never loads these modules, or the
  // last four unless its dataset has forms, rules for usernames or sources of entries, or it reads
  // an error: the core imports them dynamically.
  const { gzipBytes, inputs, outputs } = await bundle([
    '*/oprf/lookup.ts',
    './signature.ts',
    './cache.ts',
    './shared-memory.ts',
    '*/similar.ts',
    '*/username-rules.ts',
    '*/sources.ts',
    './reasons.ts',
  ]);
  await annotate(`${gzipBytes} bytes`);
  expect(inputs).toContain('client-sdk/keyed-lookup.ts');
  expect(inputs.filter((file) => /@noble\/curves|^client-sdk\/oprf\/|^protocol\/oprf\.ts/.test(file))).toEqual([]);
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  expect(imports.map(({ kind, path: target }) => [kind, path.basename(target)])).toEqual([
    ['dynamic-import', 'reasons.ts'],
    ['dynamic-import', 'shared-memory.ts'],
    ['dynamic-import', 'similar.ts'],
    ['dynamic-import', 'username-rules.ts'],
    ['dynamic-import', 'sources.ts'],
    ['dynamic-import', 'cache.ts'],
    ['dynamic-import', 'signature.ts'],
    ['dynamic-import', 'lookup.ts'],
  ]);
  expect(gzipBytes).toBeLessThan(KEYED_BYTES);
});

test(`the bundle of both suites and the curve is under ${OBLIVIOUS_BYTES} bytes`, async ({ annotate }) => {
  const { gzipBytes, inputs } = await bundle([
    './shared-memory.ts',
    '*/similar.ts',
    '*/username-rules.ts',
    '*/sources.ts',
    './reasons.ts',
  ]);
  await annotate(`${gzipBytes} bytes`);
  expect(inputs).toContain('node_modules/@noble/curves/ed25519.js');
  expect(gzipBytes).toBeLessThan(OBLIVIOUS_BYTES);
});
