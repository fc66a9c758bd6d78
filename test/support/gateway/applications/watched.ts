// What makes logins of a real application visible: a leak service that knows pairs, a script that
// records what PHP got, and the gateway's events.

import fs from 'node:fs';
import { expect } from 'vitest';
import { startServer } from '../../../../server/server.ts';
import type { WorkPlace } from '../../credveil.ts';
import { makeDataset, type Pair } from '../../dataset.ts';
import type { Closers } from '../../machine/closers.ts';
import { keyPinOf } from '../../pins.ts';
import type { GatewayCommand } from '../command.ts';
import { type Answer, type Request, textOf } from '../visit.ts';

/** A request as PHP got it. */
export interface Seen {
  readonly line: string;
  readonly verdict: string | null;
}

/** A login as the log of the gateway has it. */
export interface LoginEvent {
  readonly event: string;
  readonly app: string;
  readonly login: string;
  readonly outcome?: string;
  readonly verdict?: string;
  readonly why?: string;
}

/** Of all that a test starts. @returns the key `leaks` of a configuration, in a line */
export async function serveLeaks(place: WorkPlace, closers: Closers, pairs: readonly Pair[]): Promise<string> {
  const made = await makeDataset({ pairs });
  closers.add(() => made.dispose());
  const server = await startServer(made.folder, { port: 0 });
  closers.add(() => server.close());
  fs.chmodSync(place.write('leaks.pin', keyPinOf(made).key), 0o600);
  return `leaks: { url: "${server.url}", keyFile: leaks.pin, timeoutMs: 10000 }\n`;
}

export interface Recorder {
  /** Settings of PHP. */
  readonly ini: { readonly [name: string]: string };
  /** All requests so far. */
  seen(): Seen[];
}

/** Records each request that PHP gets, before any script of the application. */
export function recordRequests(place: WorkPlace): Recorder {
  const file = place.write('seen.jsonl', '');
  fs.chmodSync(file, 0o666);
  const script = `<?php
$seen = ['line' => "$_SERVER[REQUEST_METHOD] $_SERVER[REQUEST_URI]", 'verdict' => $_SERVER['HTTP_EXPOSED_CREDENTIAL_CHECK'] ?? null];
file_put_contents('${file}', json_encode($seen) . "\\n", FILE_APPEND | LOCK_EX);
unset($seen);
`;
  return {
    ini: { auto_prepend_file: place.write('record.php', script) },
    seen: () => linesOf(fs.readFileSync(file, 'utf8')) as Seen[],
  };
}

const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));

/** Events of logins so far. */
export const loginEvents = ({ running }: GatewayCommand): LoginEvent[] =>
  (linesOf(running.written.stderr) as LoginEvent[]).filter(({ event }) =>
    ['login', 'login-unreadable'].includes(event),
  );

export interface WatchedLogin {
  readonly answer: Answer;
  readonly status: number;
  /** What the log got for it. */
  readonly events: LoginEvent[];
}

export interface WatchedApplication {
  logins(): LoginEvent[];
  through(request: Request): Promise<Answer>;
}

let clients = 0;
/** A client without a past. */
const freshAddress = (): string => `192.0.2.${++clients}`;

/** @param address of the client, which the gateway believes */
export async function sendLogin(
  { logins, through }: WatchedApplication,
  request: Request,
  address = freshAddress(),
): Promise<WatchedLogin> {
  const before = logins().length;
  const answer = await through({ ...request, headers: { ...request.headers, 'X-Forwarded-For': address } });
  const message = `${answer.status} ${textOf(answer).slice(0, 300)}`;
  await expect.poll(() => logins().length, { message }).toBeGreaterThan(before);
  return { answer, status: Number(answer.status.split(' ')[1]), events: logins().slice(before) };
}
