// The world of the hostile runs: a dataset with two snapshots, another dataset under the same key,
// one under another key, and credentials with the true verdict of each.

import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import {
  type Credential,
  createLeakChecker,
  type LeakChecker,
  type LeakCheckerOptions,
  type Verdict,
} from '../../../client-sdk/index.ts';
import { createSodiumOprf as createEngine } from '../../../client-sdk/sodium.ts';
import type { SuiteName } from '../../../protocol/suite.ts';
import { startServer } from '../../../server/server.ts';
import { type DatasetContent, type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../dataset.ts';
import { pinOf } from '../pins.ts';

/** A credential and its verdict from an honest service. */
export interface Subject {
  readonly credential: Credential;
  readonly truth: Verdict;
}

/** A response as the proxy forwards it. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** An honest answer, of this dataset or of another one. */
export interface Recorded extends Answer {
  /** Method and path without the query. */
  readonly request: string;
}

export interface HostileWorld {
  readonly suite: SuiteName;
  readonly made: MadeDataset;
  /** Base URL of the honest service. */
  readonly url: string;
  readonly subjects: readonly Subject[];
  /** Answers of the first snapshot. */
  readonly older: readonly Recorded[];
  /** Answers of the other datasets. */
  readonly foreign: readonly Recorded[];
  /** A checker with the right pins. */
  checker(options?: Partial<LeakCheckerOptions>): LeakChecker;
  close(): Promise<void>;
}

const [FIRST, SECOND, ELSEWHERE] = [seededPairs(40), seededPairs(20, 2), seededPairs(20, 3)];
const PASSWORDS = seededPasswords(10);

const CREDENTIALS: readonly { readonly credential: Credential; readonly status: Verdict['status'] }[] = [
  ...FIRST.slice(0, 6).map((credential) => ({ credential, status: 'pair' as const })),
  // Unknown to the older snapshot.
  ...SECOND.slice(0, 6).map((credential) => ({ credential, status: 'pair' as const })),
  // Known to another dataset only.
  ...ELSEWHERE.slice(0, 6).map((credential) => ({ credential, status: 'clean' as const })),
  ...FIRST.slice(0, 3).map(({ username }) => ({
    credential: { username, password: 'never seen' },
    status: 'username' as const,
  })),
  ...FIRST.slice(3, 6).map(({ username, password }) => ({
    credential: { username, password: `${password}!` },
    status: 'similar' as const,
  })),
  ...PASSWORDS.slice(0, 3).map((password, i) => ({
    credential: { username: `nobody${i}@example.test`, password },
    status: 'password' as const,
  })),
  { credential: { password: PASSWORDS[4] as string }, status: 'password' },
  { credential: { password: 'never seen either' }, status: 'clean' },
  { credential: { username: SECOND[7]?.username as string }, status: 'username' },
  { credential: { username: 'nobody@example.test' }, status: 'clean' },
];

/** The pins of a dataset, and the service that serves it. */
function optionsOf(made: MadeDataset, url: string): LeakCheckerOptions {
  return { url, ...pinOf(made), timeoutMs: 60_000, bucketCacheBytes: 0 };
}

async function serve(made: MadeDataset): Promise<{ url: string; close(): Promise<void> }> {
  const server = await startServer(made.folder, { port: 0, ...(made.key.publicKey && { key: made.key }) });
  return { url: server.url, close: () => server.close({ deadlineMs: 100 }) };
}

/** Has all credentials checked by an honest service. */
function checkAll(checker: LeakChecker): Promise<Verdict[]> {
  return Promise.all(CREDENTIALS.map(({ credential }) => checker.check(credential)));
}

/** The answers of an honest service to checks of all credentials. */
async function record(made: MadeDataset): Promise<Recorded[]> {
  const service = await serve(made);
  const recorded: Recorded[] = [];
  const recording: typeof fetch = async (input, init) => {
    const answer = await readAnswer(await fetch(input, init));
    recorded.push({ ...answer, request: requestOf(input, init) });
    return toResponse(answer);
  };
  const options = {
    ...optionsOf(made, service.url),
    ...(made.key.publicKey && { engine: createEngine() }),
    fetch: recording,
  } as LeakCheckerOptions;
  await checkAll(createLeakChecker(options));
  const filtering = createLeakChecker({ ...options, passwordFilter: true });
  await filtering.loadFilter();
  await checkAll(filtering);
  await service.close();
  return recorded;
}

/** An honest verdict. A head may take seconds, whatever the deadline: too few on a busy machine. */
async function truthOf(credential: Credential, checker: () => LeakChecker): Promise<Verdict> {
  for (let left = 5; ; left--) {
    const verdict = await checker().check(credential);
    if (verdict.reason !== 'TIMEOUT' || left === 0) return verdict;
  }
}

export async function createHostileWorld(suite: SuiteName): Promise<HostileWorld> {
  const oprf = await createSodiumOprf();
  const make = (content: DatasetContent, keySeed = 1) =>
    makeDataset({ suite, oprf, similar: true, metadataBytes: 3, keySeed, ...content });
  const content = { pairs: FIRST, passwords: PASSWORDS };
  const made = await make(content);
  const [sibling, stranger] = [await make({ pairs: ELSEWHERE }), await make(content, 2)];
  const older = await record(made);
  const foreign = [...(await record(sibling)), ...(await record(stranger))];
  made.addSource('second', { pairs: SECOND });
  await made.publish();
  const service = await serve(made);
  const engine = suite === 'oprf' ? { engine: createEngine() } : {};
  const checker = (options?: Partial<LeakCheckerOptions>): LeakChecker =>
    createLeakChecker({ ...optionsOf(made, service.url), ...engine, ...options } as LeakCheckerOptions);
  const truths = await Promise.all(CREDENTIALS.map(({ credential }) => truthOf(credential, checker)));
  for (const [i, { status }] of CREDENTIALS.entries())
    if (truths[i]?.status !== status)
      throw new Error(`credential ${i} is ${truths[i]?.status} (${truths[i]?.reason}), not ${status}`);
  return {
    suite,
    made,
    url: service.url,
    subjects: CREDENTIALS.map(({ credential }, i) => ({ credential, truth: truths[i] as Verdict })),
    older,
    foreign,
    checker,
    close: async () => {
      await service.close();
      for (const dataset of [made, sibling, stranger]) dataset.dispose();
    },
  };
}

export function requestOf(input: Parameters<typeof fetch>[0], init?: RequestInit): string {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  return `${init?.method ?? 'GET'} ${pathname}`;
}

export async function readAnswer(response: Response): Promise<Answer> {
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: new Uint8Array(await response.arrayBuffer()) };
}

/** A status without a body has none, whatever the answer holds. */
export function toResponse({ status, headers, body }: Answer): Response {
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  return new Response(hasBody ? Uint8Array.from(body) : null, { status, headers });
}
