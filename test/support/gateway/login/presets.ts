// Presets as files, and what they make of an application's answer.

import fs from 'node:fs';
import path from 'node:path';
import { parseReference } from '../../../../gateway/login/reference.ts';
import { root } from '../../paths.ts';
import { judgedBy, type LoginAnswer, type LoginRequest, type Told } from './answer.ts';

export interface PresetFile {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly version: string;
  readonly ranAgainst: string | null;
  readonly sessionCookies: readonly string[];
  readonly sessionUser?: object;
  readonly logins: readonly PresetLogin[];
}

export interface PresetLogin {
  readonly name: string;
  readonly when: string;
  readonly username?: string | readonly string[];
  readonly password: string | readonly string[];
  readonly success?: string;
  readonly failure?: string;
  readonly proves?: readonly ('success' | 'failure')[];
}

const DIRECTORY = path.join(root, 'gateway/login/presets');

export const PRESET_FILES: ReadonlyMap<string, PresetFile> = new Map(
  fs
    .readdirSync(DIRECTORY)
    .sort()
    .map((name) => {
      const preset = JSON.parse(fs.readFileSync(path.join(DIRECTORY, name), 'utf8')) as PresetFile;
      return [preset.name, preset];
    }),
);

/** @param at the preset and its login, such as `wordpress wp-login` */
export function outcomeOf(at: string, answer: LoginAnswer, request?: LoginRequest): Told {
  const [name = '', login] = at.split(' ');
  const preset = PRESET_FILES.get(name);
  const found = preset?.logins.find((one) => one.name === login);
  if (!preset || !found) throw new Error(`there is no ${at}`);
  const passwords = [found.password].flat().map(parseReference);
  const { sessionCookies, sessionUser } = preset;
  return judgedBy([{ ...found, sessionCookies, passwords }], answer, {
    isTyped: sessionUser !== undefined,
    ...request,
  });
}

export type OutcomeCase = [what: string, at: string, answer: LoginAnswer, outcome: Told, request?: LoginRequest];
