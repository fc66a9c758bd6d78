// credveil gateway certificate issue: for a device of a list, with a new key or for its own.

import fs from 'node:fs';
import { readConfig } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { certificateIn, certify, issueFor } from '../../gateway/devices/authority/authority.ts';
import { MAX_REQUEST_BYTES, readRequest } from '../../gateway/devices/authority/certificate-request.ts';
import type { Identity } from '../../gateway/devices/authority/pkcs12.ts';
import { idOf, keyHashOf, serialOf } from '../../gateway/devices/certificate/client-certificate.ts';
import { ContentError } from '../../gateway/lists/formats/content-error.ts';
import { normalSerial } from '../../gateway/lists/formats/serial.ts';
import type { ReplicatedList } from '../../gateway/lists/list-replica.ts';
import { loadFile } from '../../gateway/lists/load-file.ts';
import { SourceError } from '../../gateway/lists/source/source.ts';
import { UsageError } from '../exit.ts';
import { note, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { daysOf, passwordOf } from './certificate-flags.ts';
import { readNamedFile } from './named-file.ts';
import { listsOf } from './offline-setup.ts';

export interface IssueFlags {
  readonly config: string;
  readonly json?: boolean;
  readonly caPasswordFile?: string;
  /** The folder of the CA. */
  readonly ca: string;
  readonly list: string;
  readonly out: string;
  /** Of the device, for a key that it keeps. `-` is standard input. */
  readonly request?: string;
  readonly days: string;
  /** `-` is standard input. */
  readonly passwordFile?: string;
}

const FILE_TIMEOUT_MS = 60_000;

/** @throws AuthorityError, UsageError, GatewayConfigError */
export async function issue(device: string, flags: IssueFlags): Promise<void> {
  const { ca, out, list } = flags;
  const format = /\.(?:p12|pfx)$/i.test(out) ? 'p12' : 'pem';
  const isTwice = [flags.passwordFile, flags.caPasswordFile, flags.request].filter((each) => each === '-').length > 1;
  if (isTwice) throw new UsageError('standard input has one of them', 'Pass the others in files.');
  if (flags.request !== undefined && (format === 'p12' || flags.passwordFile !== undefined))
    throw new UsageError('the device has its key already', 'Name a file that ends in .pem, without --password-file.');
  const password = await passwordOf('--password-file', flags.passwordFile);
  if (format === 'p12' && password === undefined)
    throw new UsageError('PKCS #12 needs a password', 'Pass --password-file, or name a file that ends in .pem.');
  const listed = await listedAs(device, list, readConfig(flags.config));
  const { certificate } = await writing(out, async () => {
    const days = daysOf(flags.days);
    const caPassword = await passwordOf('--ca-password-file', flags.caPasswordFile);
    if (flags.request !== undefined) {
      const publicKey = readRequest(await requestIn(flags.request));
      const certified = await certify({ device: listed, publicKey }, ca, days, caPassword);
      return { certificate: certified, content: certified.toString() };
    }
    const identity = await issueFor(listed, ca, days, caPassword);
    return { certificate: identity.certificate, content: await encode(identity, format, password) };
  });
  const id = idOf({ issuer: keyHashOf(certificateIn(ca).publicKey), serial: serialOf(certificate.serialNumber) });
  printResult(flags, { device: listed, certificate: id, file: out }, () => id);
  const until = new Date(Date.parse(certificate.validTo)).toISOString().slice(0, 10);
  const what = `the certificate of ${printable(listed)}${flags.request === undefined ? ' and its key' : ''}`;
  if (!flags.json) note(`${out} has ${what}. It is valid until ${until}.`);
}

async function requestIn(file: string): Promise<Buffer> {
  if (file !== '-')
    return readNamedFile(
      file,
      'Name the request of the device with --request: PKCS #10, PEM or DER.',
      MAX_REQUEST_BYTES,
    );
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of process.stdin) {
    pieces.push(piece as Buffer);
    length += (piece as Buffer).length;
    if (length > MAX_REQUEST_BYTES) break;
  }
  return Buffer.concat(pieces);
}

/** With a file of its own, before anything is issued; without one after an error. */
async function writing<Made extends { readonly content: string | Buffer }>(
  file: string,
  make: () => Promise<Made>,
): Promise<Made> {
  let handle: number;
  try {
    handle = fs.openSync(file, 'wx', 0o600);
  } catch {
    throw new UsageError(`${file} cannot be written, or is there already`, 'Name a new file.');
  }
  try {
    const made = await make();
    fs.writeFileSync(handle, made.content);
    return made;
  } catch (error) {
    fs.rmSync(file);
    throw error;
  } finally {
    fs.closeSync(handle);
  }
}

async function encode(made: Identity, format: 'p12' | 'pem', password: string | undefined): Promise<string | Buffer> {
  if (format === 'p12') {
    const { encodePkcs12 } = await import('../../gateway/devices/authority/pkcs12.ts');
    return encodePkcs12(made, password ?? '');
  }
  const lock = password === undefined ? {} : { cipher: 'aes-256-cbc', passphrase: password };
  const options = { type: 'pkcs8', format: 'pem', ...lock } as { type: 'pkcs8'; format: 'pem' };
  return made.certificate.toString() + made.key.export(options);
}

/** What the list calls it: nobody gets a certificate for a name that they bring. */
async function listedAs(device: string, name: string, config: GatewayConfig): Promise<string> {
  const bare = name.replace(/^\$/, '');
  if (config.lists[bare]?.kind !== 'serial')
    throw new UsageError(`${bare} is no list of devices`, describeLists(config));
  const lists = listsOf(config);
  await lists.load();
  const replicated = lists.lists.get(bare);
  if (replicated) await loadFileHere(bare, replicated);
  const listed = normalSerial(device);
  const view = replicated?.view;
  const isListed = listed !== undefined && view?.kind === 'string' && view.has(listed) === true;
  if (!isListed || listed.includes(':'))
    throw new UsageError(
      `the device is not on the list ${bare}`,
      replicated?.source && !replicated.source.isLocal
        ? 'Add it there first. What a URL or command has is known once the gateway has read it, and to its user alone.'
        : 'Add it there first.',
    );
  return listed;
}

/** The gateway's copy of it may be older, and is for its own user: the CA has another. */
async function loadFileHere(name: string, list: ReplicatedList): Promise<void> {
  try {
    await loadFile(list, AbortSignal.timeout(FILE_TIMEOUT_MS));
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof ContentError)) throw error;
    const hint = error.code === 'FILE_UNREADABLE' ? 'Let this user read it.' : error.hint;
    throw new UsageError(`the list ${name}: ${error.message}`, hint);
  }
}

function describeLists({ lists }: GatewayConfig): string {
  const names = Object.keys(lists).filter((name) => lists[name]?.kind === 'serial');
  if (names.length === 0) return 'The configuration has none: add one to lists, with kind: serial.';
  return `The configuration has ${names.join(', ')}.`;
}
