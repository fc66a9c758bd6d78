// The routes of generated logins: each reader, hash and mode.

import { MODES, type Mode } from './attempts.ts';
import { NESTED_FIELDS, NESTED_READERS, READERS, type Reader } from './readers.ts';
import type { LoginRequest, LoginShape } from './requests.ts';
import { HASHES, type HashName } from './users.ts';

export interface LoginApp {
  /** What it reads whatever the route; otherwise the route's reader decides. */
  readonly reads?: LoginShape;
  send(path: string, login: LoginRequest): Promise<void>;
  close(): Promise<void>;
}

export interface Route {
  readonly path: string;
  /** For reports. */
  readonly name: string;
  readonly reader: Reader;
  /** The names whose field alone it takes for the username; empty if it reads nested fields. */
  readonly usernames: readonly string[];
  readonly hash: HashName;
  readonly mode: Mode;
  readonly options: ReturnType<typeof optionsOf>;
}

function optionsOf(mode: Mode, isNested: boolean) {
  const fields = isNested ? { fields: NESTED_FIELDS } : {};
  if (mode === 'deny') return { mode, ...fields } as const;
  return mode === 'eager' ? ({ eager: true, ...fields } as const) : fields;
}

const usernamesOf = (reader: Reader): string[] =>
  ['username', 'email'].filter((name) => {
    try {
      return reader({ [name]: 'a', password: 'b' }, {})[0] === 'a';
    } catch {
      return false;
    }
  });

const ALL_READERS = [
  ...Object.entries(READERS).map(([name, reader]) => ({ name, reader, isNested: false })),
  ...Object.entries(NESTED_READERS).map(([name, reader]) => ({ name, reader, isNested: true })),
];

export const ROUTES: readonly Route[] = MODES.flatMap((mode) =>
  (Object.keys(HASHES) as HashName[]).flatMap((hash) =>
    ALL_READERS.map(({ name, reader, isNested }, i) => ({
      path: `/${mode}/${hash.replace(' ', '-')}/${i}`,
      name: `${mode}, ${hash}, ${name}`,
      reader,
      usernames: usernamesOf(reader),
      hash,
      mode,
      options: optionsOf(mode, isNested),
    })),
  ),
);
