// Administration over a Unix socket: who may open it is the file system's to say, and no page,
// application or other machine reaches it.

import fs from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { CredveilError } from '../../protocol/errors.ts';
import type { EndRequest, SessionPage } from '../identity/sessions/session-book.ts';
import type { BanPage, LiftRequest } from '../limits/limit-messages.ts';
import type { ListStats } from '../lists/lists.ts';
import { answerUsers, type UserActions } from './user-routes.ts';

export interface AdminActions {
  status(): GatewayStatus;
  /** Puts a list in force that a guard refused. @returns false if none waits */
  acceptList(name: string): Promise<boolean>;
  /** Reads a list now. @returns undefined if it has no source */
  refreshList(name: string): Promise<'over' | 'going on' | undefined>;
  /** Bans of logins in force, page by page. */
  bans(after?: string): Promise<BanPage>;
  /** @returns whether there was something to lift */
  lift(request: LiftRequest): Promise<boolean>;
  /** Sessions of people, page by page. */
  sessions(after?: string): Promise<SessionPage>;
  /** @returns how many ended */
  endSessions(request: EndRequest): Promise<number>;
  /** Users and their factors. @throws StateError without a state */
  users(): UserActions;
  /** A link that signs in to the admin page once; undefined without the page. */
  pageLink(): string | undefined;
}

export interface GatewayStatus {
  /** Of the process that takes signals. */
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  readonly config: ConfigStatus;
  readonly urls: readonly string[];
  readonly apps: readonly string[];
  readonly lists: readonly ListStats[];
}

export interface ConfigStatus {
  readonly file: string;
  /** Since when it is in force. */
  readonly appliedAt: string;
  /** `message` says why it was refused. Undefined before the first reload. */
  readonly lastReload: { readonly at: string; readonly message?: string } | undefined;
}

export interface AdminServerOptions {
  readonly socketFile: string;
  /** May open the socket too. */
  readonly group?: number | undefined;
}

export type AdminErrorCode = 'ADMIN_SOCKET_PATH' | 'ADMIN_SOCKET_IN_USE' | 'ADMIN_SOCKET_FAILED';

/** The gateway serves without administration. */
export class AdminError extends CredveilError<AdminErrorCode> {
  override name = 'AdminError';
}

/** The kernel takes no longer path, with its closing NUL. */
const MAX_PATH_BYTES = 107;
const MAX_CONNECTIONS = 16;
const TIMEOUT_MS = 10_000;
const MAX_BODY_LENGTH = 8_192;
const LIFT = z.union([
  z.strictObject({ id: z.string().min(1).max(128) }),
  z.strictObject({ app: z.string().min(1).max(1_024), username: z.string().min(1).max(1_024) }),
]);
const END = z.union([
  z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  z.strictObject({ user: z.string().min(1).max(1_024) }),
  z.strictObject({ app: z.string().min(1).max(1_024) }),
]);
/** The socket for its user and group alone, from its first moment on. */
const UMASK = 0o117;

/** @returns a function that closes it @throws AdminError */
export async function startAdminServer(
  { socketFile, group }: AdminServerOptions,
  actions: AdminActions,
): Promise<() => Promise<void>> {
  if (Buffer.byteLength(socketFile) > MAX_PATH_BYTES)
    throw new AdminError(
      'ADMIN_SOCKET_PATH',
      `the path of the admin socket is longer than ${MAX_PATH_BYTES} bytes`,
      'Set admin.socketFile to a shorter one, such as /run/credveil/admin.sock.',
    );
  const server = http.createServer({ requestTimeout: TIMEOUT_MS }, (request, response) => {
    answer(request, response, actions).catch(() => send(response, 500, { code: 'INTERNAL' }));
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    fs.mkdirSync(path.dirname(socketFile), { recursive: true, mode: 0o700 });
    await removeStale(socketFile);
    await listen(server, socketFile);
    if (group !== undefined) fs.chownSync(socketFile, -1, group);
  } catch (cause) {
    server.close();
    if (cause instanceof AdminError) throw cause;
    throw new AdminError(
      'ADMIN_SOCKET_FAILED',
      `the admin socket ${socketFile} cannot be created`,
      'Set stateDirectory or admin.socketFile to a place that this user may write.',
      { cause },
    );
  }
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

/** A gateway that was killed leaves its socket. One that runs answers on it. */
async function removeStale(socketFile: string): Promise<void> {
  if (!fs.existsSync(socketFile)) return;
  const isInUse = await new Promise<boolean>((resolve) => {
    const socket = net.connect(socketFile, () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
  if (isInUse)
    throw new AdminError(
      'ADMIN_SOCKET_IN_USE',
      `another gateway answers on ${socketFile}`,
      'Stop it, or give this one a stateDirectory of its own.',
    );
  if (fs.lstatSync(socketFile).isSocket()) fs.unlinkSync(socketFile);
}

async function listen(server: http.Server, socketFile: string): Promise<void> {
  const before = process.umask(UMASK);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketFile, resolve);
    });
  } finally {
    process.umask(before);
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, actions: AdminActions): Promise<void> {
  const { method, url = '' } = request;
  if (method === 'POST' && url === '/limits/lift') {
    const lift = parse(LIFT, await readText(request));
    const isLifted = lift !== undefined && (await actions.lift(lift));
    send(response, isLifted ? 200 : lift ? 404 : 400, isLifted ? { lifted: true } : { code: 'NOTHING_LIFTED' });
    return;
  }
  if (method === 'POST' && url === '/sessions/end') {
    const end = parse(END, await readText(request));
    send(response, end ? 200 : 400, end ? { ended: await actions.endSessions(end) } : { code: 'NOTHING_NAMED' });
    return;
  }
  const ofUsers = await answerUsers(method, url, async () => readJson(await readText(request)), actions.users);
  if (ofUsers) {
    send(response, ofUsers.status, ofUsers.body);
    return;
  }
  request.resume();
  const [isOfSessions, afterSession] = /^\/sessions(?:\?after=([A-Za-z0-9_-]{43}))?$/.exec(url) ?? [];
  if (method === 'GET' && isOfSessions !== undefined) {
    send(response, 200, await actions.sessions(afterSession));
    return;
  }
  const [, after] = /^\/limits(?:\?after=([A-Za-z0-9_.-]{1,128}))?$/.exec(url) ?? [];
  if (method === 'GET' && url.startsWith('/limits') && (after !== undefined || url === '/limits')) {
    send(response, 200, await actions.bans(after));
    return;
  }
  if (method === 'GET' && url === '/status') {
    send(response, 200, actions.status());
    return;
  }
  if (method === 'POST' && url === '/page/link') {
    const link = actions.pageLink();
    send(response, link ? 200 : 404, link ? { link } : { code: 'PAGE_OFF' });
    return;
  }
  const [, name, verb] = /^\/lists\/([a-z0-9_.]{1,64})\/(accept|refresh)$/.exec(url) ?? [];
  if (method === 'POST' && name !== undefined && verb === 'refresh') {
    const progress = await actions.refreshList(name);
    send(response, progress ? 200 : 404, progress ? { refreshed: name, progress } : { code: 'LIST_WITHOUT_SOURCE' });
    return;
  }
  if (method === 'POST' && name !== undefined) {
    const isAccepted = await actions.acceptList(name);
    send(response, isAccepted ? 200 : 404, isAccepted ? { accepted: name } : { code: 'LIST_NOT_WAITING' });
    return;
  }
  send(response, 404, { code: 'ROUTE_MISSING' });
}

/** Undefined if it is too long. */
async function readText(request: IncomingMessage): Promise<string | undefined> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) {
    text += piece as string;
    if (text.length > MAX_BODY_LENGTH) return undefined;
  }
  return text;
}

const parse = <Value>(schema: z.ZodType<Value>, text?: string): Value | undefined =>
  schema.safeParse(readJson(text)).data;

function readJson(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
