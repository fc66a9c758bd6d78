// credveil gateway certificate: a CA of devices, for operators without one.

import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { readConfig } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import {
  certificateIn,
  createAuthority,
  type Issued,
  issuedBy,
  issueFor,
} from '../../gateway/devices/authority/authority.ts';
import type { Identity } from '../../gateway/devices/authority/pkcs12.ts';
import { idOf, keyHashOf, serialOf } from '../../gateway/devices/certificate/client-certificate.ts';
import { readRevoked, revoke, revokedFolder } from '../../gateway/devices/revocation/revoked-folder.ts';
import { normalSerial } from '../../gateway/lists/formats/serial.ts';
import { UsageError } from '../exit.ts';
import { formatTable, note, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { readNamedFile } from './named-file.ts';
import { listsOf } from './offline-setup.ts';
import type { WithFaults } from './record-commands.ts';

interface Flags {
  readonly config: string;
  readonly json?: boolean;
  /** The folder of the CA. */
  readonly ca?: string;
  readonly caPasswordFile?: string;
}

interface InitFlags extends Omit<Flags, 'config' | 'ca'> {
  readonly name: string;
  readonly days: string;
}

interface IssueFlags extends Flags {
  readonly ca: string;
  readonly list: string;
  readonly out: string;
  readonly days: string;
  /** `-` is standard input. */
  readonly passwordFile?: string;
}

type Given<Of> = Omit<Of, 'config'> & { readonly config?: string };

export function addCertificateCommands(gateway: Command, withFaults: WithFaults): void {
  const certificate = gateway.command('certificate').description('client certificates of devices, and their CA');
  const json = ['--json', 'print the result as JSON'] as const;
  const password = ['--ca-password-file <file>', 'with the password of its key; - is standard input'] as const;
  certificate
    .command('init')
    .description('create a CA of devices')
    .argument('<folder>', 'of the CA: keep it where the gateway is not')
    .option('--name <name>', 'of the CA', 'Devices')
    .option('--days <number>', 'how long it lasts', '3650')
    .option(...password)
    .option(...json)
    .action((folder: string, _: unknown, command: Command) => init(folder, command.optsWithGlobals()));
  certificate
    .command('issue')
    .description('issue a certificate, with a key, for a device of a list')
    .argument('<device>', 'as the list calls it')
    .requiredOption('--ca <folder>', 'the CA')
    .requiredOption('--list <name>', 'a list of the configuration, of kind serial')
    .requiredOption('--out <file>', 'what the device imports: .p12 or .pem')
    .option('--password-file <file>', 'with the password of that file; - is standard input')
    .option('--days <number>', 'how long it lasts', '365')
    .option(...password)
    .option('--config <file>', 'the configuration of the gateway')
    .option(...json)
    .action((device: string, _: unknown, command: Command) => {
      const flags: Given<IssueFlags> = command.optsWithGlobals();
      return withFaults(flags, (checked) => issue(device, checked));
    });
  certificate
    .command('list')
    .description('show what a CA has issued')
    .requiredOption('--ca <folder>', 'the CA')
    .option('--config <file>', 'the configuration of the gateway')
    .option(...json)
    .action((_: unknown, command: Command) => {
      const flags: Given<Flags> = command.optsWithGlobals();
      return withFaults(flags, async (checked) => list(checked));
    });
  certificate
    .command('revoke')
    .description('end a certificate, or all of a device, within a second on all workers')
    .argument('<what>', 'ISSUER:SERIAL, or a device with --ca')
    .option('--ca <folder>', 'the CA that issued for the device')
    .option('--config <file>', 'the configuration of the gateway')
    .option(...json)
    .action((what: string, _: unknown, command: Command) => {
      const flags: Given<Flags> = command.optsWithGlobals();
      return withFaults(flags, async (checked) => end(what, checked));
    });
}

/** @throws AuthorityError, UsageError */
async function init(folder: string, flags: InitFlags): Promise<void> {
  const password = await passwordOf('--ca-password-file', flags.caPasswordFile);
  const ca = await createAuthority(folder, flags.name, daysOf(flags.days), password);
  const issuer = keyHashOf(ca.publicKey);
  printResult(flags, { folder, issuer }, () => issuer);
  note(
    `This is the hash of its key, for devices.issuers. Name ${folder}/ca.pem as caFile of clientCertificates.\n` +
      'The gateway needs nothing else of this folder.',
  );
}

/** @throws AuthorityError, UsageError, GatewayConfigError */
async function issue(device: string, flags: IssueFlags): Promise<void> {
  const { ca, out, list: name } = flags;
  const format = /\.(?:p12|pfx)$/i.test(out) ? 'p12' : 'pem';
  if (flags.passwordFile === '-' && flags.caPasswordFile === '-')
    throw new UsageError('standard input has one password', 'Pass the other one in a file.');
  const password = await passwordOf('--password-file', flags.passwordFile);
  if (format === 'p12' && password === undefined)
    throw new UsageError('PKCS #12 needs a password', 'Pass --password-file, or name a file that ends in .pem.');
  const listed = await listedAs(device, name, readConfig(flags.config));
  const made = await writing(out, async () => {
    const identity = await issueFor(
      listed,
      ca,
      daysOf(flags.days),
      await passwordOf('--ca-password-file', flags.caPasswordFile),
    );
    return { ...identity, content: await encode(identity, format, password) };
  });
  const { certificate } = made;
  const id = idOf({ issuer: keyHashOf(certificateIn(ca).publicKey), serial: serialOf(certificate.serialNumber) });
  printResult(flags, { device: listed, certificate: id, file: out }, () => id);
  const until = new Date(Date.parse(certificate.validTo)).toISOString().slice(0, 10);
  if (!flags.json) note(`${out} has the certificate of ${printable(listed)} and its key. It is valid until ${until}.`);
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
    fs.writeSync(handle, made.content as string);
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
  const listed = normalSerial(device);
  const view = lists.lookup(bare);
  const isListed = listed !== undefined && view?.kind === 'string' && view.has(listed) === true;
  if (!isListed || listed.includes(':'))
    throw new UsageError(
      `the device is not on the list ${bare}`,
      'Add it there first. A list with a source is known once the gateway has read it.',
    );
  return listed;
}

function describeLists({ lists }: GatewayConfig): string {
  const names = Object.keys(lists).filter((name) => lists[name]?.kind === 'serial');
  if (names.length === 0) return 'The configuration has none: add one to lists, with kind: serial.';
  return `The configuration has ${names.join(', ')}.`;
}

/** @throws AuthorityError, RevocationError, GatewayConfigError */
function list(flags: Flags): void {
  const revoked = new Set(readRevoked(folderOf(readConfig(flags.config))));
  const shown = issuedBy(flags.ca ?? '')
    .sort((a, b) => a.notAfter - b.notAfter)
    .map((each) => ({
      device: each.devices[0] ?? '',
      certificate: idOf(each),
      until: new Date(each.notAfter).toISOString(),
      state: revoked.has(idOf(each)) ? 'revoked' : each.notAfter < Date.now() ? 'expired' : 'valid',
    }));
  printResult(flags, shown, (all) =>
    all.length === 0
      ? 'no certificates'
      : formatTable(
          ['DEVICE', 'UNTIL', 'STATE', 'CERTIFICATE'],
          all.map(({ device, until, state, certificate }) => [device, until.slice(0, 10), state, certificate]),
        ),
  );
}

/** @throws AuthorityError, RevocationError, GatewayConfigError, UsageError */
function end(what: string, flags: Flags): void {
  const folder = folderOf(readConfig(flags.config));
  const ended = certificatesOf(what, flags.ca);
  for (const each of ended) revoke(folder, each);
  printResult(flags, ended.map(idOf), (ids) => ids.map((id) => `revoked ${id}`).join('\n'));
}

function certificatesOf(what: string, ca: string | undefined): Pick<Issued, 'issuer' | 'serial'>[] {
  const normal = normalSerial(what);
  const [issuer = '', serial] = normal?.split(':') ?? [];
  if (serial !== undefined) return [{ issuer, serial }];
  if (ca === undefined)
    throw new UsageError('this is no certificate', 'Pass ISSUER:SERIAL, or a device with --ca <folder>.');
  const found = issuedBy(ca).filter(({ devices }) => devices.some((device) => normalSerial(device) === normal));
  if (found.length === 0)
    throw new UsageError('the CA has issued nothing for this device', 'certificate list shows what it has.');
  return found;
}

const folderOf = ({ stateDirectory = '.' }: GatewayConfig): string => revokedFolder(stateDirectory);

function daysOf(given: string): number {
  const days = Number(given);
  if (!Number.isInteger(days) || days < 1 || days > 36_500)
    throw new UsageError('--days is no number of days', 'Pass a whole number: --days 365.');
  return days;
}

/** Never an argument: others see those. */
async function passwordOf(flag: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const content =
    file === '-'
      ? await text(process.stdin)
      : readNamedFile(
          file,
          `Write a password of yours into it, for this user alone, or name another with ${flag}.`,
        ).toString();
  const password = content.replace(/\r?\n$/, '');
  if (!/^[\x20-\x7e]{8,128}$/.test(password))
    throw new UsageError(
      `the password of ${flag} cannot be used`,
      'Use 8 to 128 letters, digits and signs of ASCII, in one line.',
    );
  return password;
}
