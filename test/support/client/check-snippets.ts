// Type-checks snippets as a caller's code: one run of tsc --strict against the SDK's sources.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../paths.ts';
import { type Snippet, splitImports } from './doc-snippets.ts';

/** The names that snippets take from the application around them. */
const SURROUNDINGS = `
import type { LeakChecker, ServerParts } from '@credveil/client';

declare global {
  const leaks: LeakChecker;
  const url: string, key: string, trust: string, watchKey: string;
  const cache: string, from: ServerParts;
  const username: string, password: string;
  const json: Uint8Array, sha256: string;
  const user: { readonly id: string; readonly passwordChangedAt: Date };
  const log: { warn(...args: unknown[]): void };
  const seconds: { observe(labels: object, value: number): void };
  const requests: { inc(labels: object): void };
  function passwordIsRight(body: unknown): Promise<boolean>;
  function namesOf(username: string): Promise<string[]>;
  function markForPasswordChange(id: string): Promise<void>;
  function saveWatchTag(id: string, tag: string): Promise<void>;
  function requirePasswordChange(): void;
  function requireSecondFactorAndNewPassword(): void;
  function refuse(): void;
  function askForCode(...args: unknown[]): any;
  function startSession(...args: unknown[]): any;
  function signUp(...args: unknown[]): any;
}
`;

/** Next.js is not a dependency: the one function in use. */
const NEXT = `
declare module 'next/server' {
  export const NextResponse: { next(init?: { request?: { headers?: Headers } }): Response };
}
`;

/** @returns the errors of tsc; empty if there are none */
export async function typeErrorsOf(snippets: readonly Snippet[]): Promise<string> {
  const parent = path.join(root, '.tmp');
  fs.mkdirSync(parent, { recursive: true });
  // Below the root, where tsc finds the packages that snippets import.
  const folder = fs.mkdtempSync(path.join(parent, 'snippets-'));
  const write = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text);
  try {
    snippets.forEach(({ title, code }, i) => {
      const { imports, body } = splitImports(code);
      const inner = body.replace(/^export default /gm, 'const exported = ').replace(/^export /gm, '');
      write(`snippet-${i}.ts`, `// ${title}\n${imports}\nexport async function snippet() {\n${inner}\n}\n`);
    });
    write('surroundings.ts', SURROUNDINGS);
    write('next.d.ts', NEXT);
    const config = { extends: path.join(root, 'tsconfig.json'), include: ['*.ts'], exclude: [] };
    write('tsconfig.json', JSON.stringify(config));
    const tsc = path.join(root, 'node_modules/.bin/tsc');
    const { stdout } = await promisify(execFile)(tsc, ['-p', folder, '--strict']).catch(
      (error: { stdout: string }) => error,
    );
    // The titles instead of the numbers of the files.
    return stdout.replace(/^\S*snippet-(\d+)\.ts/gm, (_, i) => snippets[Number(i)]?.title ?? '');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
