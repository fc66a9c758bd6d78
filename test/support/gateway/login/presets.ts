// Presets as files, and what they make of an application's answer.

import fs from 'node:fs';
import path from 'node:path';
import type { LoginOutcome } from '../../../../gateway/login/attempt.ts';
import { compileOutcome, judgeOutcome } from '../../../../gateway/login/outcome.ts';
import { root } from '../../paths.ts';
import { exchangeOf, type LoginAnswer, type LoginRequest, responseOf } from './answer.ts';

export interface PresetFile {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly version: string;
  readonly ranAgainst: string | null;
  readonly sessionCookies: readonly string[];
  readonly logins: readonly PresetLogin[];
}

export interface PresetLogin {
  readonly name: string;
  readonly when: string;
  readonly username?: string | readonly string[];
  readonly password: string | readonly string[];
  readonly success?: string;
  readonly failure?: string;
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
export function outcomeOf(at: string, answer: LoginAnswer, request?: LoginRequest): LoginOutcome {
  const [name = '', login] = at.split(' ');
  const preset = PRESET_FILES.get(name);
  const found = preset?.logins.find((one) => one.name === login);
  if (!preset || !found) throw new Error(`there is no ${at}`);
  const outcome = compileOutcome({ ...found, sessionCookies: preset.sessionCookies }, () => undefined);
  return judgeOutcome([{ outcome }], exchangeOf(request), responseOf(answer));
}

export type OutcomeCase = [
  what: string,
  at: string,
  answer: LoginAnswer,
  outcome: LoginOutcome,
  request?: LoginRequest,
];
