// The pages as files that can be sent: documents with their references filled in, modules, styles. Read once.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { assetPath, collectModules, type PageModule, resolvePackage, withImports } from './page-modules.ts';

export interface PageFile {
  /** Of the URL, below the server's: `/`, `/status`, or `/assets/…`. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly gzipped: Uint8Array;
  /** Without quotes. */
  readonly digest: string;
}

const FOLDER = path.join(import.meta.dirname, '../../page');
/** Sources are stripped of types in a clone, and are JavaScript already where they were compiled. */
const EXTENSION = path.extname(import.meta.filename);
const DOCUMENTS = { '/': 'check', '/status': 'status' } as const;
const ICON = 'icon.svg';
/** What stands in a document is a file beside it, or one of a package. */
const REFERENCE = /\b(href|src)="(?:\.\/([a-z-]+\.(?:css|ts|svg))|package:([^"]+\.css))"/g;

const CONTENT_TYPES: { readonly [extension: string]: string } = {
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};

interface Document {
  readonly path: string;
  readonly text: string;
  readonly entry: string;
}

/** @throws Error where a file is missing or a reference leads nowhere */
export function buildPageFiles(): PageFile[] {
  const documents = Object.entries(DOCUMENTS).map(([url, name]): Document => {
    const text = fs.readFileSync(path.join(FOLDER, `${name}.html`), 'utf8');
    return { path: url, text, entry: `page/${name}${EXTENSION}` };
  });
  const modules = collectModules(documents.map(({ entry }) => entry));
  const assets = new Map<string, string>([...modules].map(([place, { text }]) => [place, text]));
  const styles = documents.flatMap(({ text }) => [...text.matchAll(REFERENCE)].map(referencedFile));
  for (const file of styles) if (!/\.[tj]s$/.test(file)) assets.set(assetPath(file), fs.readFileSync(file, 'utf8'));

  const version = createHash('sha256')
    .update(JSON.stringify([...assets].sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
    .slice(0, 16);
  const at = (place: string): string => `assets/${version}/${place}`;
  return [
    ...documents.map((document) => createFile(document.path, '.html', fillIn(document, modules, at))),
    ...[...assets].map(([place, text]) => createFile(`/${at(place)}`, path.extname(place), text)),
  ];
}

function referencedFile([, , own, ofPackage]: RegExpMatchArray): string {
  if (ofPackage !== undefined) return resolvePackage(ofPackage, path.join(FOLDER, 'x'));
  return path.join(FOLDER, (own ?? ICON).replace(/\.ts$/, EXTENSION));
}

/** References are relative: the server may stand below a path of somebody else's. */
function fillIn(
  { text, entry }: Document,
  modules: ReadonlyMap<string, PageModule>,
  at: (place: string) => string,
): string {
  const preloads = withImports(modules, entry).map((place) => `<link rel="modulepreload" href="${at(place)}">\n`);
  return text
    .replace(
      REFERENCE,
      (...match) => `${match[1]}="${at(assetPath(referencedFile(match as unknown as RegExpMatchArray)))}"`,
    )
    .replace('</head>', () => `${preloads.join('')}</head>`);
}

function createFile(url: string, extension: string, text: string): PageFile {
  const bytes = Buffer.from(text);
  return {
    path: url,
    contentType: CONTENT_TYPES[extension] ?? 'text/javascript; charset=utf-8',
    bytes,
    gzipped: gzipSync(bytes, { level: 9 }),
    digest: createHash('sha256').update(bytes).digest('hex').slice(0, 32),
  };
}
