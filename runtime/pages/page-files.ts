// The pages as files that can be sent: documents with their references filled in, modules, styles.
// Read once.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { assetPath, collectModules, PAGES, type PageModule, resolvePackage, withImports } from './page-modules.ts';

export interface PageFile {
  /** Of the URL, below the server's: `/`, `/status`, or `/assets/…`. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly gzipped: Uint8Array;
  /** Without quotes. */
  readonly digest: string;
}

/**
 * The file of each document in `page/`, without its extension, by the path that it is served at.
 */
export type Documents = { readonly [path: string]: string };

/**
 * A document refers to files beside it or above, or to a package's style sheet. The build renames
 * its scripts to `.js`.
 */
const REFERENCE = /\b(href|src)="(?:(\.{1,2}\/[a-z-]+\.(?:css|ts|js|svg))|package:([^"]+\.css))"/g;

const CONTENT_TYPES: { readonly [extension: string]: string } = {
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};

interface Document {
  readonly path: string;
  /** What its references are relative to. */
  readonly folder: string;
  readonly text: string;
  /** The files that it refers to. */
  readonly files: readonly string[];
  /** The asset paths of its scripts. */
  readonly scripts: readonly string[];
}

/** @throws Error where a file is missing or a reference leads nowhere */
export function buildPageFiles(served: Documents): PageFile[] {
  const documents = Object.entries(served).map(([url, name]): Document => {
    const file = path.join(PAGES, `${name}.html`);
    const folder = path.dirname(file);
    const text = fs.readFileSync(file, 'utf8');
    const files = [...text.matchAll(REFERENCE)].map((match) => referencedFile(match, folder));
    const scripts = files.filter(isScript).map(assetPath);
    return { path: url, folder, text, files, scripts };
  });
  const modules = collectModules(documents.flatMap(({ scripts }) => scripts));
  const assets = new Map<string, string>([...modules].map(([place, { text }]) => [place, text]));
  for (const file of documents.flatMap(({ files }) => files))
    if (!isScript(file)) assets.set(assetPath(file), fs.readFileSync(file, 'utf8'));

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

function referencedFile([, , own, ofPackage]: RegExpMatchArray, folder: string): string {
  if (ofPackage !== undefined) return resolvePackage(ofPackage, path.join(folder, 'x'));
  return path.join(folder, own as string);
}

const isScript = (file: string): boolean => /\.[tj]s$/.test(file);

/** References are relative: a proxy may serve the pages below another path. */
function fillIn(
  { text, folder, scripts }: Document,
  modules: ReadonlyMap<string, PageModule>,
  at: (place: string) => string,
): string {
  const preloads = withImports(modules, scripts).map((place) => `<link rel="modulepreload" href="${at(place)}">\n`);
  return text
    .replace(
      REFERENCE,
      (...match) => `${match[1]}="${at(assetPath(referencedFile(match as unknown as RegExpMatchArray, folder)))}"`,
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
