// Opens sinks as the operator names them: a file in JSON, `ecs:FILE`, `ocsf:FILE`, or a URL.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { NotifyError } from '../errors.ts';
import type { NotifyEvent } from '../events.ts';
import { createAllowed, hostOf, isAllowable, isInternal, isLoopbackAddress } from '../http/addresses.ts';
import { createEndpoint, type Endpoint } from '../http/post.ts';
import type { Destination } from '../outbox.ts';
import type { Sink } from '../sink.ts';
import { formatEcs } from '../sinks/ecs.ts';
import { createLinesSink } from '../sinks/lines.ts';
import { formatOcsf } from '../sinks/ocsf.ts';
import { POSTING_SOCKETS } from '../sinks/posting-sink.ts';
import { createRiscSink } from '../sinks/risc.ts';
import { createWebhookSink } from '../sinks/webhook.ts';
import { type FileAccess, readSmallFile } from './private-file.ts';
import { readAuthorization, readSigningKey, readWebhookSecrets } from './secrets.ts';
import { type PostedSink, SINK_SCHEMA, type SinkFile } from './sink-schema.ts';

export interface SinkOptions extends FileAccess {
  /** Secrets of the webhooks that are named by their URL. */
  readonly secretFile?: string;
  /** Internal places where sinks that are named by their URL may be. */
  readonly allow?: readonly string[];
}

/** Names in errors a sink that is named by its URL, which may hold a token. */
const BY_URL = '--notify';

/**
 * @throws NotifyError `SINK_MALFORMED`, `SINK_UNREADABLE`, `SECRET_EXPOSED`, `SECRET_MALFORMED`
 */
export async function openSinks(specs: readonly string[], options: SinkOptions = {}): Promise<Sink[]> {
  const sinks = await Promise.all(specs.map((spec) => openSink(spec, options)));
  const twice = sinks.find(({ name }, at) => sinks.findIndex((sink) => sink.name === name) !== at);
  if (twice === undefined) return sinks;
  throw new NotifyError(
    'SINK_MALFORMED',
    `sink ${twice.name} is named twice`,
    'Name it once, or give one of them another "name".',
  );
}

function openSink(spec: string, options: SinkOptions): Promise<Sink> {
  const [, kind, file] = /^(ecs|ocsf):(.+)$/.exec(spec) ?? [];
  if (kind !== undefined && file !== undefined) return openParsed({ kind, file } as SinkFile, spec, options);
  if (!/^https?:\/\//i.test(spec)) return openParsed(readSinkFile(spec), spec, options, path.dirname(spec));
  const { secretFile, allow = [] } = options;
  if (secretFile === undefined)
    throw new NotifyError(
      'SINK_MALFORMED',
      'a webhook that is named by its URL has no secret',
      'Name the file of its secret with --notify-secret, or write a file for the sink.',
    );
  const wrong = allow.find((text) => !isAllowable(text));
  if (wrong !== undefined)
    throw new NotifyError(
      'SINK_MALFORMED',
      '--notify-allow is no host, address or net',
      'Write it as hooks.internal, 10.1.2.3 or 10.1.0.0/16.',
    );
  return openParsed({ kind: 'webhook', url: spec, secretFile, allow: [...allow] }, BY_URL, options);
}

/** The message names the member, never its value. @throws NotifyError */
function readSinkFile(file: string): SinkFile {
  const malformed = (why: string): NotifyError =>
    new NotifyError('SINK_MALFORMED', `sink ${file}: ${why}`, 'docs/events.md has an example of each kind.');
  let json: unknown;
  try {
    json = JSON.parse(readSmallFile(file));
  } catch (error) {
    if (error instanceof NotifyError) throw error;
    throw malformed('it is not JSON');
  }
  const parsed = SINK_SCHEMA.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const member = issue?.path.map(String).join('.') ?? '';
  const unknown = issue?.code === 'unrecognized_keys' ? 'a member is not known' : undefined;
  throw malformed(unknown ?? (member === '' ? 'it is not one object' : `"${member}" is missing or wrong`));
}

/** @param where the paths of its other files begin */
async function openParsed(file: SinkFile, spec: string, access: FileAccess, where = '.'): Promise<Sink> {
  const at = (name: string): string => path.resolve(where, name);
  if (file.kind === 'ecs' || file.kind === 'ocsf') {
    const target = file.file === '-' ? '-' : at(file.file);
    assertNoLink(target, spec);
    const format = file.kind === 'ecs' ? formatEcs : formatOcsf;
    return createLinesSink({ ...destinationOf(file, target), file: target, format });
  }
  const url = parseUrl(file, spec);
  const destination = destinationOf(
    file,
    `${url.host}:${createHash('sha256').update(url.href).digest('hex').slice(0, 6)}`,
  );
  const { caFile } = file;
  const ca = caFile === undefined ? undefined : await named(spec, 'caFile', () => readSmallFile(at(caFile)));
  const endpoint = openEndpoint(file, url, ca);
  if (file.kind === 'webhook') {
    const { secretFile } = file;
    const secrets = await named(spec, 'secretFile', () => readWebhookSecrets(at(secretFile), access));
    return createWebhookSink({ ...destination, secrets, endpoint });
  }
  const { issuer, audience, subject = { format: 'opaque' as const }, keyFile, authorizationFile } = file;
  const signing = await named(spec, 'keyFile', () => readSigningKey(at(keyFile), access));
  const authorization =
    authorizationFile === undefined
      ? undefined
      : await named(spec, 'authorizationFile', () => readAuthorization(at(authorizationFile), access));
  return createRiscSink({
    ...destination,
    ...{ endpoint, signing, issuer, audience, subject },
    ...(authorization !== undefined && { authorization }),
  });
}

/** Whoever made the link chooses the file. @throws NotifyError `SINK_MALFORMED` */
function assertNoLink(file: string, spec: string): void {
  if (!fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  throw new NotifyError('SINK_MALFORMED', `sink ${spec}: its file is a link`, 'Name the file that it leads to.');
}

/** The place names a sink whose operator gave no name, without a token that its URL may hold. */
function destinationOf({ kind, name, events }: SinkFile, place: string): Destination {
  const types = events && new Set(events);
  return {
    name: name ?? `${kind}:${place}`,
    accepts: ({ type }: NotifyEvent) => types === undefined || types.has(type) || type === 'credveil.test',
  };
}

/** @throws NotifyError whose message begins with the sink and its key, or with the option */
async function named<Value>(spec: string, key: string, read: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof NotifyError)) throw cause;
    const name = spec === BY_URL ? '--notify-secret' : `sink ${spec}: ${key}`;
    throw new NotifyError(cause.code, `${name}: ${cause.message}`, cause.hint, { cause });
  }
}

const openEndpoint = ({ allow = [] }: PostedSink, url: URL, ca: string | undefined): Endpoint =>
  createEndpoint({
    url,
    allowed: createAllowed(allow),
    maxSockets: POSTING_SOCKETS,
    ...(ca !== undefined && { ca }),
  });

/** @throws NotifyError `SINK_MALFORMED` */
function parseUrl({ url: text, allow = [] }: PostedSink, spec: string): URL {
  const refuse = (why: string, hint: string): NotifyError =>
    new NotifyError('SINK_MALFORMED', `sink ${spec}: its URL ${why}`, hint);
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw refuse('is not https://…', 'Write it in full.');
  if (url.username !== '' || url.password !== '')
    throw refuse('holds a password', 'Use a secret in a file instead: see docs/events.md.');
  if (url.hash !== '') throw refuse('has a fragment', 'Leave out # and what follows.');
  const host = hostOf(url);
  const allowed = createAllowed(allow);
  const isAllowed = allowed.hasHost(host) || allowed.hasAddress(host);
  // What a name resolves to is checked when it is connected to.
  if (isIP(host) !== 0 && isInternal(host) && !isAllowed)
    throw refuse('leads into your own network', 'If it is to, name it in "allow" or with --notify-allow.');
  if (url.protocol === 'https:') return url;
  if (isAllowed && (host === 'localhost' || isLoopbackAddress(host))) return url;
  throw refuse('is not https', 'Use https; http is for loopback alone, where "allow" names it.');
}
