// The code in the documents of @credveil/client: examples of public names, and README
// snippets.

import fs from 'node:fs';
import path from 'node:path';
import { root } from '../paths.ts';

export interface Snippet {
  readonly title: string;
  readonly code: string;
}

export interface PublicName {
  /** `@credveil/client`, or a subpath of it. */
  readonly specifier: string;
  readonly name: string;
  /** The code of its `@example`; undefined if it has none. */
  readonly example: string | undefined;
}

const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');

/** The entry points that package.json exports: specifier and source file. */
function entryPoints(): readonly (readonly [specifier: string, file: string])[] {
  const { exports } = JSON.parse(read('client-sdk/package.json')) as { exports: Record<string, { default: string }> };
  return Object.entries(exports).map(([subpath, { default: built }]) => [
    path.posix.join('@credveil/client', subpath),
    built.replace('./dist/', '').replace(/\.js$/, '.ts'),
  ]);
}

/** The names that a module exports, each with the file that declares it. */
function exportsOf(file: string): { name: string; file: string }[] {
  return [...read(file).matchAll(/^export\b[^;{=(]*(?:\{([^}]*)\} from '([^']+)')?/gm)].flatMap(
    ([text, list, from]) => {
      if (list === undefined || from === undefined) {
        const [, name] = /^export (?:async |abstract )?(?:const|function|interface|type|class) (\w+)/.exec(text) ?? [];
        if (!name) throw new Error(`${file}: cannot read the export "${text}"`);
        return [{ name, file }];
      }
      const declared = path.posix.join(path.posix.dirname(file), from);
      const names = list.split(',').map((item) => item.trim().replace(/^type /, ''));
      return names.filter((name) => name !== '').map((name) => ({ name, file: declared }));
    },
  );
}

/** The `@example` in the comment right above a declaration. */
function exampleOf(name: string, file: string): string | undefined {
  const lines = read(file).split('\n');
  const declaration = new RegExp(`^export (async )?(const|function|interface|type|class) ${name}\\b`);
  const at = lines.findIndex((line) => declaration.test(line));
  const start = lines.slice(0, at).lastIndexOf('/**');
  const comment = lines.slice(start, at);
  if (at < 0 || start < 0 || comment.indexOf(' */') !== comment.length - 1) return undefined;
  const text = comment.map((line) => line.replace(/^ \* ?/, '')).join('\n');
  return /^@example\n```ts\n([\s\S]*?)^```$/m.exec(text)?.[1];
}

export function publicNames(): PublicName[] {
  return entryPoints().flatMap(([specifier, entry]) =>
    exportsOf(entry).map(({ name, file }) => ({ specifier, name, example: exampleOf(name, file) })),
  );
}

/** The TypeScript snippets of a Markdown file. */
export function readmeSnippets(file: string): Snippet[] {
  return [...read(file).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ''], i) => ({
    title: `${file}, snippet ${i + 1}`,
    code,
  }));
}

const IMPORT = /^import [^;]*;\n/gm;

/** Separates import statements from the code that uses them. */
export function splitImports(code: string): { readonly imports: string; readonly body: string } {
  return { imports: (code.match(IMPORT) ?? []).join(''), body: code.replace(IMPORT, '') };
}
