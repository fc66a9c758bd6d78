// credveil gateway access and tokens: who may reach applications, and with what.

import type { Command } from 'commander';
import type { AccessTestFlags } from './access-facts.ts';
import { testAccess } from './access-test.ts';
import { addCertificateCommands } from './certificates.ts';
import { type HoldTestFlags, runHoldTest } from './hold-test.ts';
import type { WithFaults } from './record-commands.ts';
import { addSessionCommands } from './sessions.ts';
import { addToken, type CreateFlags, endToken, listTokens, type TokenFlags } from './tokens.ts';

type Given<Flags> = Omit<Flags, 'config'> & { readonly config?: string };

/** @param withFaults prints the mistakes of the file of --config */
export function addAccessCommands(gateway: Command, withFaults: WithFaults): void {
  const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  gateway
    .command('access')
    .description('the policies of applications')
    .command('test')
    .description('show whether policies let a request in, and why')
    .requiredOption('--app <host>', 'the application')
    .requiredOption('--path <path>', 'of the request')
    .option('--user <email>', 'who has signed in; - reads it from standard input')
    .option('--group <name>', 'a group of theirs, which may be repeated', several)
    .option('--claim <name=value>', 'a claim about them, which may be repeated', several)
    .option('--provider <name>', 'where they signed in')
    .option('--factor <method>', 'a factor that they have shown just now, which may be repeated', several)
    .option('--amr <value>', 'how they authenticated at their provider, which may be repeated', several)
    .option('--signed-in <time>', 'how long ago their provider asked who they are, such as 2h')
    .option('--idle <time>', 'the longest pause between their requests since then')
    .option('--address <address>', 'of the client')
    .option('--token <name>', 'the service token that the request has')
    .option('--certificate <file>', 'the client certificate that was shown, in PEM')
    .option('--country <code>', 'of the address, if not what the file of geo says')
    .option('--asn <number>', 'of the address, likewise')
    .option('--config <file>', 'the configuration')
    .option('--json', 'print the result as JSON')
    .action((_: unknown, command: Command) => {
      const flags: Given<AccessTestFlags> = command.optsWithGlobals();
      return withFaults(flags, testAccess);
    });
  addQuarantineCommands(gateway, withFaults);
  addSessionCommands(gateway);
  addCertificateCommands(gateway, withFaults);
  addTokenCommands(gateway, withFaults);
}

function addTokenCommands(gateway: Command, withFaults: WithFaults): void {
  const tokens = gateway
    .command('tokens')
    .description('show the service tokens of programs')
    .option('--config <file>', 'the configuration of the gateway')
    .option('--json', 'print the result as JSON')
    .action((_: unknown, command: Command) => {
      const flags: Given<TokenFlags> = command.optsWithGlobals();
      return withFaults(flags, async (checked) => listTokens(checked));
    });
  tokens
    .command('create')
    .description('create a token, and show its secret this once')
    .argument('<name>', 'what policies call it')
    .option('--for <time>', 'how long it lasts, such as 90d; until it is revoked otherwise')
    .option('--config <file>', 'the configuration of the gateway')
    .option('--json', 'print the result as JSON')
    .action((name: string, _: unknown, command: Command) => {
      const flags: Given<CreateFlags> = command.optsWithGlobals();
      return withFaults(flags, async (checked) => addToken(name, checked));
    });
  tokens
    .command('revoke')
    .description('end a token, within a second on all workers')
    .argument('<id>', 'of the token')
    .option('--config <file>', 'the configuration of the gateway')
    .option('--json', 'print the result as JSON')
    .action((id: string, _: unknown, command: Command) => {
      const flags: Given<TokenFlags> = command.optsWithGlobals();
      return withFaults(flags, async (checked) => endToken(id, checked));
    });
}

function addQuarantineCommands(gateway: Command, withFaults: WithFaults): void {
  gateway
    .command('quarantine')
    .description('logins that are held back')
    .command('test')
    .description('log a test account in, and try to get past what holds it back')
    .argument('<app>', 'the application, as in the configuration')
    .option('--account <file>', 'the test account; standard input otherwise')
    .option('--config <file>', 'the configuration of the gateway')
    .option('--json', 'print the result as JSON')
    .action((app: string, _: unknown, command: Command) => {
      const flags: Given<HoldTestFlags> = command.optsWithGlobals();
      return withFaults(flags, (checked) => runHoldTest(app, checked));
    });
}
