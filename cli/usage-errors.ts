// What Commander writes about an invalid command line, as an error with a hint like all others.

import type { Command } from 'commander';
import { nearest } from '../runtime/config/nearest.ts';
import type { Failure } from './exit.ts';
import { printable } from './printable.ts';

/** What other servers call the options of this one. */
const OTHER_NAMES: { readonly [flag: string]: string } = {
  '--port': '--listen',
  '--host': '--listen',
  '--bind': '--listen',
  '--address': '--listen',
  '--cert': '--tls-cert-file',
  '--data': '--dataset',
  '--config-file': '--config',
};

/**
 * @param words the command with its full name
 * @param argv the arguments behind the program
 */
export function explainUsage(text: string, command: Command, words: string, argv: readonly string[]): Failure {
  const [, told = '', likely] = /^(?:error: )?([\s\S]*?)(?:\s\(Did you mean (.*)\?\))?$/.exec(text.trimEnd()) ?? [];
  const word = unknownWord(told, command);
  const fault = word === undefined ? told : `unknown command '${word}'`;
  const meant = word === undefined ? likely : nearest(word, namesBelow(command));
  // A mistyped option also leaves the right one missing.
  const stray = fault.startsWith('required option') ? unknownFlag(command, argv) : undefined;
  const flag = stray ?? /^unknown option '(--[\w-]+)/.exec(fault)?.[1];
  const suggestion = (flag === undefined ? undefined : suggestFlag(flag, command)) ?? meant;
  const advice = suggestion === undefined ? adviceOn(told, command) : `Did you mean ${suggestion}? `;
  const hint = `${advice}See: ${words} --help`;
  const shown = stray === undefined ? withoutValues(fault) : `unknown option '${stray}'`;
  return { code: 'USAGE', message: printable(shown), hint: printable(hint) };
}

/** What it is about was given where other users see it. */
function adviceOn(told: string, command: Command): string {
  const isGiven = told.startsWith('too many arguments') && /\bstandard input\b/.test(command.description());
  return isGiven ? 'It reads that from standard input, since others see arguments: end it with < FILE. ' : '';
}

/** Without what was typed beside names: it may be a secret. */
const withoutValues = (fault: string): string =>
  fault
    .replace(/^(too many arguments for .*?\bgot \d+)[:.].*$/s, '$1')
    .replace(/^unknown option '(--[a-z][\w-]*|-[a-z])?.*$/is, (_, flag) => withName('unknown option', flag))
    .replace(/^unknown command '([a-z][a-z-]{0,39}(?='$))?.*$/is, (_, word) => withName('unknown command', word))
    .replace(/^(option '[^']*') argument '.*' is invalid\./s, '$1 has an invalid value.')
    .replace(/^command-argument value '.*' is invalid for (argument '[^']*')\./s, '$1 has an invalid value.');

const withName = (what: string, name: string | undefined): string => (name === undefined ? what : `${what} '${name}'`);

const namesBelow = (command: Command): string[] => command.commands.map((below) => below.name());

/** Commander counts the arguments of a command that does something without its subcommands. */
function unknownWord(fault: string, command: Command): string | undefined {
  if (command.commands.length === 0 || command.registeredArguments.length > 0) return undefined;
  return /^too many arguments for .*\bgot \d+: ([^,]+?)(?:,.*|\.)$/s.exec(fault)?.[1];
}

const flagsOf = (command: Command): string[] => command.options.flatMap(({ long }) => long ?? []);

function unknownFlag(command: Command, argv: readonly string[]): string | undefined {
  const known = new Set([...flagsOf(command), '--help']);
  const given = argv.filter((word) => /^--[a-z]/i.test(word)).map((word) => word.replace(/[^\w-].*/s, ''));
  return given.find((flag) => !known.has(flag));
}

function suggestFlag(flag: string, command: Command): string | undefined {
  const known = flagsOf(command);
  const other = OTHER_NAMES[flag];
  return other !== undefined && known.includes(other) ? other : nearest(flag, known);
}
