// Ids are random, so that one in 64 begins with a hyphen, which command lines take for an option.

import type { Command, Option } from 'commander';

/**
 * Puts what is behind the first id with a hyphen at its beginning, and it, behind `--`. No command
 * has short flags that are written together.
 * @param argv the arguments behind the program
 */
export function guardOperands(program: Command, argv: readonly string[]): string[] {
  const [before, operands]: [string[], string[]] = [[], []];
  let command = program;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') return [...before, '--', ...operands, ...argv.slice(i + 1)];
    const below = word.startsWith('-') ? undefined : command.commands.find((each) => each.name() === word);
    const takesValue = word.startsWith('-') && optionOf(command, word)?.required === true;
    if (below && operands.length === 0) {
      command = below;
      before.push(word);
    } else if (takesValue) before.push(word, ...argv.slice(++i, i + 1));
    else if ((isDashedId(word) && !optionOf(command, `-${word}`)) || (operands.length > 0 && !word.startsWith('-')))
      operands.push(word);
    else before.push(word);
  }
  return operands.length === 0 ? before : [...before, '--', ...operands];
}

const isDashedId = (word: string): boolean => /^-[A-Za-z0-9_-]{11,}$/.test(word) && !word.startsWith('--');

function optionOf(command: Command, word: string): Option | undefined {
  for (let each: Command | null = command; each; each = each.parent) {
    const found = each.options.find(({ long, short }) => long === word || short === word);
    if (found) return found;
  }
  return undefined;
}
