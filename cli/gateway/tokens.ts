// credveil gateway tokens: what programs show to reach applications with policies.

import { readConfig } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import {
  createToken,
  isTokenName,
  readTokens,
  revokeToken,
  type ServiceToken,
  tokenFolder,
} from '../../gateway/identity/tokens/token-folder.ts';
import { parseDuration } from '../../runtime/config/duration.ts';
import { UsageError } from '../exit.ts';
import { formatTable, note, printResult } from '../output.ts';

export interface TokenFlags {
  readonly config: string;
  readonly json?: boolean;
}

export interface CreateFlags extends TokenFlags {
  /** As `90d`. */
  readonly for?: string;
}

/** @throws TokenError, GatewayConfigError */
export function listTokens(flags: TokenFlags): void {
  const tokens = readTokens(folderOf(readConfig(flags.config))).sort((a, b) => a.createdAt - b.createdAt);
  printResult(flags, tokens.map(shown), (all) =>
    all.length === 0
      ? 'no service tokens'
      : formatTable(
          ['ID', 'NAME', 'CREATED', 'EXPIRES'],
          all.map(({ id, name, createdAt, expiresAt }) => [id, name, createdAt.slice(0, 10), describeEnd(expiresAt)]),
        ),
  );
}

/** @throws TokenError, GatewayConfigError, UsageError */
export function addToken(name: string, flags: CreateFlags): void {
  if (!isTokenName(name))
    throw new UsageError('this is no name of a token', 'Use up to 64 letters, digits, - and _, as policies do.');
  const lifetimeMs = flags.for === undefined ? undefined : parseDuration(flags.for);
  if (flags.for !== undefined && !lifetimeMs)
    throw new UsageError('--for is no duration', 'Write it as 12h, 90d or 365d.');
  const config = readConfig(flags.config);
  const { token, secret } = createToken(folderOf(config), name, lifetimeMs);
  printResult(flags, { ...shown(token), secret }, () =>
    [`Credveil-Token-Id: ${token.id}`, `Credveil-Token-Secret: ${secret}`].join('\n'),
  );
  note('The program sends both headers with each request. The secret is shown this once.');
  if (!isNamed(config, name)) note(`No policy of ${flags.config} names a serviceToken ${name} yet.`);
}

/** @throws TokenError, GatewayConfigError, UsageError */
export function endToken(id: string, flags: TokenFlags): void {
  const token = revokeToken(folderOf(readConfig(flags.config)), id);
  if (!token) throw new UsageError('there is no token of this id', 'credveil gateway tokens shows them.');
  printResult(flags, shown(token), ({ name }) => `revoked ${name}`);
}

const folderOf = ({ stateDirectory = '.' }: GatewayConfig): string => tokenFolder(stateDirectory);

const shown = ({ id, name, createdAt, expiresAt }: ServiceToken) => ({
  ...{ id, name },
  createdAt: new Date(createdAt).toISOString(),
  expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
});

function describeEnd(expiresAt: string | null): string {
  if (expiresAt === null) return 'never';
  return Date.parse(expiresAt) <= Date.now() ? 'expired' : expiresAt.slice(0, 10);
}

const isNamed = ({ apps }: GatewayConfig, name: string): boolean =>
  Object.values(apps).some(({ access }) =>
    (access?.policies ?? []).some(({ include, require }) =>
      [...include, ...require].some(({ serviceToken = [] }) => serviceToken.includes(name)),
    ),
  );
