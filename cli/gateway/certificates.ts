// credveil gateway certificate: a CA of devices, for operators without one.

import fs from 'node:fs';
import type { Command } from 'commander';
import { readConfig } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { createAuthority, type Issued, issuedBy } from '../../gateway/devices/authority/authority.ts';
import { idOf, keyHashOf } from '../../gateway/devices/certificate/client-certificate.ts';
import {
  RevocationError,
  readRevoked,
  revoke,
  revokedFolder,
} from '../../gateway/devices/revocation/revoked-folder.ts';
import { normalSerial } from '../../gateway/lists/formats/serial.ts';
import { UsageError } from '../exit.ts';
import { formatTable, note, printResult } from '../output.ts';
import { daysOf, passwordOf } from './certificate-flags.ts';
import { type IssueFlags, issue } from './issue-certificate.ts';
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
    .description('issue a certificate for a device of a list, with a key or for the one that it has')
    .argument('<device>', 'as the list calls it')
    .requiredOption('--ca <folder>', 'the CA')
    .requiredOption('--list <name>', 'a list of the configuration, of kind serial')
    .requiredOption('--out <file>', 'what the device imports: .p12 or .pem')
    .option('--request <file>', 'for the key of this request (PKCS #10) of the device; - is standard input')
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

/** @throws AuthorityError, RevocationError, GatewayConfigError */
function list(flags: Flags): void {
  const revoked = revokedHere(readConfig(flags.config));
  const shown = issuedBy(flags.ca ?? '')
    .sort((a, b) => a.notAfter - b.notAfter)
    .map((each) => ({
      device: each.devices[0] ?? '',
      certificate: idOf(each),
      until: new Date(each.notAfter).toISOString(),
      state: stateOf(each, revoked),
    }));
  printResult(flags, shown, (all) =>
    all.length === 0
      ? 'no certificates'
      : formatTable(
          ['DEVICE', 'UNTIL', 'STATE', 'CERTIFICATE'],
          all.map(({ device, until, state, certificate }) => [device, until.slice(0, 10), state, certificate]),
        ),
  );
  if (!revoked && !flags.json)
    note('What was revoked is not known here: the stateDirectory of the gateway is for its user, on its machine.');
}

/** Undefined where it cannot be known: the CA may have another user or machine than the gateway. */
function revokedHere(config: GatewayConfig): ReadonlySet<string> | undefined {
  if (!hasState(config)) return undefined;
  try {
    return new Set(readRevoked(folderOf(config)));
  } catch (error) {
    if (error instanceof RevocationError && error.code === 'REVOKED_UNREADABLE') return undefined;
    throw error;
  }
}

function stateOf(each: Issued, revoked: ReadonlySet<string> | undefined): string {
  if (revoked?.has(idOf(each))) return 'revoked';
  if (each.notAfter < Date.now()) return 'expired';
  return revoked ? 'valid' : 'unknown';
}

/** @throws AuthorityError, RevocationError, GatewayConfigError, UsageError */
function end(what: string, flags: Flags): void {
  const config = readConfig(flags.config);
  const ended = certificatesOf(what, flags.ca);
  // A folder made for it would be read by nobody, and the certificate stay good.
  if (!hasState(config))
    throw new UsageError(
      `there is no stateDirectory of ${flags.config} here`,
      'Run this on the machine of the gateway, as its user.',
    );
  const folder = folderOf(config);
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

const hasState = ({ stateDirectory = '.' }: GatewayConfig): boolean => fs.existsSync(stateDirectory);

const folderOf = ({ stateDirectory = '.' }: GatewayConfig): string => revokedFolder(stateDirectory);
