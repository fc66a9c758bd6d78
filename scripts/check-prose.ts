// npm run check:prose [FILE or FOLDER…]: finds calqued phrases, and prose lines over 100 columns.
//
// It reads Markdown and comments; --habits lists words to look at twice instead.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { HABITS, PHRASES } from './prose-phrases.ts';

export interface Finding {
  /** 1 for the first line of the file. */
  readonly line: number;
  readonly message: string;
}

const MAX_COLUMNS = 100;
const TEXT = /\.(md|ts|js|mjs|php|py)$/;
/** Folders of third-party or built files. */
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'vendor', 'coverage', 'assembly', '.git', '.tmp']);
/** Files that quote the phrases. */
const SKIPPED_FILES = new Set([
  'scripts/prose-phrases.ts',
  'test/prose.test.ts',
  'docs/style.md',
  'accel/kernel-wasm.ts',
]);

/** Lower case, with blanks and comment signs as one space, and the line of each character. */
function flatten(text: string): { readonly flat: string; readonly lines: readonly number[] } {
  const parts: string[] = [];
  const lines: number[] = [];
  text.split('\n').forEach((raw, index) => {
    const prose = raw.replace(/^\s*(\/\/+|\/\*+|\*+\/|\*|#+|>)?\s*/, '').replace(/\s+/g, ' ');
    parts.push(prose.trimEnd());
    for (let i = 0; i <= prose.trimEnd().length; i++) lines.push(index + 1);
  });
  return { flat: parts.join(' ').toLowerCase(), lines };
}

function findPhrases(text: string): Finding[] {
  const { flat, lines } = flatten(text);
  const found: Finding[] = [];
  for (const [phrase, native] of PHRASES) {
    const wanted = phrase.toLowerCase();
    for (let at = flat.indexOf(wanted); at !== -1; at = flat.indexOf(wanted, at + 1))
      found.push({ line: lines[at] ?? 1, message: `"${phrase}": write "${native}"` });
  }
  return found;
}

/** Habits are hints, not errors. Code is searched too, since errors and help are prose. */
export function findHabits(text: string): Finding[] {
  const { flat, lines } = flatten(text);
  return HABITS.flatMap(([word, instead]) =>
    [...flat.matchAll(word)].map((found) => ({
      line: lines[found.index] ?? 1,
      message: `"${flat.slice(Math.max(0, found.index - 20), found.index + found[0].length + 20)}": ${instead}`,
    })),
  ).sort((a, b) => a.line - b.line);
}

/** Exempt are tables, headings, code blocks, and lines that a link makes long. */
function findLongMarkdown(text: string): Finding[] {
  let fenced = false;
  const found: Finding[] = [];
  text.split('\n').forEach((line, index) => {
    const fence = /^\s*(```|~~~)/.test(line);
    if (fence) fenced = !fenced;
    if (fenced || fence || /^\s*(\||#)/.test(line) || line.length <= MAX_COLUMNS) return;
    // A link counts as the text that a reader sees.
    const shown = line.replace(/\]\([^)]*\)/g, ']').replace(/https?:\/\/\S+/g, '');
    if (shown.length > MAX_COLUMNS) found.push({ line: index + 1, message: `${line.length} columns` });
  });
  return found;
}

/** Comments that have a line to themselves. */
function findLongComments(text: string): Finding[] {
  const found: Finding[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.length <= MAX_COLUMNS || !/^\s*(\/\/|\/\*|\*\s)/.test(line)) return;
    if (/https?:\/\/|biome-ignore/.test(line)) return;
    found.push({ line: index + 1, message: `${line.length} columns` });
  });
  return found;
}

/** @param name the file's path from the root, with slashes */
export function checkProse(name: string, text: string): Finding[] {
  const long = name.endsWith('.md') ? findLongMarkdown(text) : findLongComments(text);
  return [...findPhrases(text), ...long].sort((a, b) => a.line - b.line);
}

/** Paths from the root of every file whose prose is ours. */
export function listProse(root: string, folder = ''): string[] {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listProse(root, name);
      return TEXT.test(name) && !SKIPPED_FILES.has(name) ? [name] : [];
    })
    .sort();
}

const withinFolders = (name: string, folders: readonly string[]): boolean =>
  folders.length === 0 || folders.some((folder) => name === folder || name.startsWith(`${folder}/`));

/** @param folders files or folders to check; all of them if empty */
function main(folders: readonly string[], find: (name: string, text: string) => Finding[]): number {
  const root = path.join(import.meta.dirname, '..');
  let count = 0;
  for (const name of listProse(root).filter((name) => withinFolders(name, folders))) {
    for (const { line, message } of find(name, fs.readFileSync(path.join(root, name), 'utf8'))) {
      console.log(`${name}:${line}: ${message}`);
      count++;
    }
  }
  return count;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { habits: { type: 'boolean' } } });
  const folders = positionals.map((folder) => folder.replace(/\/$/, ''));
  if (values.habits) main(folders, (_, text) => findHabits(text));
  else if (main(folders, checkProse) > 0) {
    console.error('docs/style.md describes how this repository is written.');
    process.exitCode = 1;
  }
}
