// The documents against the repository: links, paths, npm scripts, commands and flags exist.

import fs from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { FORMAT_NAMES } from '../ingest/format-loader.ts';
import { ALARM_NAMES } from '../ingest/report/alarms.ts';
import { PROBLEMS } from '../runtime/http/problems.ts';
import { listProse } from '../scripts/check-prose.ts';

const root = path.join(import.meta.dirname, '..');
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
const documents = listProse(root).filter((file) => file.endsWith('.md'));

/** Code blocks and inline code, where commands are. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'));
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return [...blocks, ...[...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll('\\|', '|'))];
}

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function anchorsOf(file: string): string[] {
  const prose = read(file).replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

/** @returns the fault of a link, or undefined */
function checkLink(file: string, target: string): string | undefined {
  const [name = '', anchor] = target.split('#');
  const linked = name === '' ? file : path.posix.join(path.posix.dirname(file), name);
  if (!fs.existsSync(path.join(root, linked))) return `${file}: ${target} does not exist`;
  if (anchor !== undefined && !anchorsOf(linked).includes(anchor)) return `${file}: ${target} has no such heading`;
  return undefined;
}

/** Every command of cli/commands, as commander knows it. */
async function loadCommands(): Promise<Command> {
  const program = new Command('credveil');
  for (const name of fs.readdirSync(path.join(root, 'cli/commands'))) {
    const module = (await import(/* @vite-ignore */ `../cli/commands/${name}`)) as { [name: string]: unknown };
    for (const [exported, add] of Object.entries(module))
      if (/^add[A-Z]/.test(exported) && typeof add === 'function') add(program);
  }
  return program;
}

const flagsOf = (command: Command): string[] =>
  command.options.flatMap(({ long, negate }) => (long ? [long, ...(negate ? [long.replace('--no-', '--')] : [])] : []));
const allFlags = (command: Command): string[] => [...flagsOf(command), ...command.commands.flatMap(allFlags)];

/** @returns the faults of a line that starts with `credveil` */
function checkCommand(program: Command, line: string): string[] {
  const words = line
    .replace(/\s#.*$/, '')
    .split(/\s+/)
    .slice(1);
  let command = program;
  while (words.length > 0 && command.commands.length > 0 && !words[0]?.startsWith('-')) {
    // `add|list|revoke` names several.
    const names = (words.shift() ?? '').replace(/[,;.:)]+$/, '').split('|');
    const found = names.map((name) => command.commands.find((below) => below.name() === name));
    const missing = names.filter((_, at) => found[at] === undefined);
    if (missing.length > 0) return [`there is no command ${missing.join(', ')}`];
    command = found[0] as Command;
  }
  const known = [...flagsOf(command), '--help', '--version'];
  return words
    .filter((word) => word.startsWith('--'))
    .map((word) => word.replace(/[=,;.)].*$/, ''))
    .filter((flag) => !known.includes(flag))
    .map((flag) => `${command.name()} has no ${flag}`);
}

const program = await loadCommands();

describe('the documents', () => {
  test('the check of commands knows the real ones, and refuses others', () => {
    expect(checkCommand(program, 'credveil ingest leaks a.txt --source a --no-publish')).toEqual([]);
    expect(checkCommand(program, 'credveil client add|list|revoke DIR NAME')).toEqual([]);
    expect(checkCommand(program, 'credveil client ad leaks a')).toEqual(['there is no command ad']);
    expect(checkCommand(program, 'credveil publish leaks --kep 1 # --none')).toEqual(['publish has no --kep']);
    expect(checkCommand(program, 'credveil serve --limits-max-url-bytes 4096')).toEqual([]);
  });

  test('every link in a document leads to a file and heading that exist', () => {
    const wrong = documents.flatMap((file) =>
      [
        ...read(file)
          .replace(/^```[\s\S]*?^```/gm, '')
          .matchAll(/\]\(([^)\s]+)\)/g),
      ]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target))
        .map((target) => checkLink(file, target))
        .filter((found) => found !== undefined),
    );
    expect(wrong).toEqual([]);
  });

  test('every path of the repository that ARCHITECTURE.md or a decision names exists', () => {
    const pages = ['ARCHITECTURE.md', ...documents.filter((file) => file.startsWith('docs/'))];
    const rooms = fs.readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const inRoom = new RegExp(`^(${rooms.map(({ name }) => name).join('|')})/[\\w./-]*$`);
    const named = pages.flatMap((file) =>
      [...read(file).matchAll(/`([^`\n]+)`/g)]
        .map(([, code = '']) => code)
        .filter((code) => inRoom.test(code) && !/^(dist|node_modules)\//.test(code))
        .map((code) => [file, code] as const),
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter(([, code]) => !fs.existsSync(path.join(root, code)))).toEqual([]);
  });

  test('every table of a document begins with a header', () => {
    const wrong = documents.flatMap((file) => {
      const lines = read(file)
        .replace(/^```[\s\S]*?^```/gm, '')
        .split('\n');
      const starts = lines.filter((line, i) => line.startsWith('|') && !lines[i - 1]?.startsWith('|'));
      const isHeader = (line: string): boolean => /^\|[\s:|-]+\|$/.test(lines[lines.indexOf(line) + 1] ?? '');
      return starts.filter((line) => !isHeader(line)).map((line) => `${file}: ${line}`);
    });
    expect(wrong).toEqual([]);
  });

  test('every npm script in a document exists', () => {
    const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
    const wrong = documents.flatMap((file) =>
      codeOf(read(file)).flatMap((line) =>
        [...line.matchAll(/npm (?:run (?:--silent |-s )?([\w:-]+)|(test))/g)]
          .map(([, run, plain]) => run ?? plain ?? '')
          .filter((script) => !scripts.includes(script))
          .map((script) => `${file}: npm run ${script}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('every credveil command and flag in a document exists', () => {
    const wrong = documents
      .filter((file) => file !== 'CHANGELOG.md')
      .flatMap((file) =>
        codeOf(read(file))
          .filter((line) => /^(npx )?credveil [a-z]/.test(line))
          .flatMap((line) => checkCommand(program, line.replace(/^npx /, '')))
          .map((problem) => `${file}: ${problem}`),
      );
    expect(wrong).toEqual([]);
  });

  test('every flag that a page of docs/ explains by itself exists', () => {
    const known = allFlags(program);
    for (const file of [
      'README.md',
      'docs/operations.md',
      'docs/corpora.md',
      'docs/hibp-clients.md',
      'docs/match.md',
      'docs/events.md',
      'docs/watch.md',
    ]) {
      const named = codeOf(read(file)).flatMap((code) => /^(--[a-z][a-z-]*)/.exec(code)?.[1] ?? []);
      expect(
        named.filter((flag) => !known.includes(flag)),
        file,
      ).toEqual([]);
    }
  });

  test('PROTOCOL.md lists every problem code beside its status, and no other', () => {
    const section = /\n## 13\.[\s\S]*?\n## 14\./.exec(read('PROTOCOL.md'))?.[0] ?? '';
    const statusOf = new Map<string, string[]>();
    for (const [, statuses = '', codes = ''] of section.matchAll(/^\| (\d{3}[\d, ]*) \| (.*) \|$/gm))
      for (const [code] of codes.matchAll(/(?<=`)[A-Z]+(_[A-Z]+)*(?=`)/g))
        statusOf.set(code, statuses.trim().split(', '));
    expect([...statusOf.keys()].sort()).toEqual(Object.keys(PROBLEMS).sort());
    for (const [code, { status }] of Object.entries(PROBLEMS))
      expect(statusOf.get(code), code).toContain(String(status));
  });

  test('docs/operations.md lists every metric that the service has, and no other', () => {
    const metrics = (text: string): string[] => [...new Set(text.match(/credveil_[a-z_]+/g))].sort();
    const sources = listProse(root).filter((file) => /^(runtime|access|server)\/.*\.ts$/.test(file));
    const documented = metrics(read('docs/operations.md'));
    expect(documented.length).toBeGreaterThan(10);
    expect(documented).toEqual(metrics(sources.map(read).join('\n')));
  });

  test('the pages of docs/ have every metric of the gateway, and every event of the log', () => {
    const pages = documents
      .filter((file) => file.startsWith('docs/'))
      .map(read)
      .join('\n');
    const sources = listProse(root).filter((file) => /^gateway\/.*\.ts$/.test(file));
    const metrics = sources.flatMap(
      (file) => read(file).match(/(?<=['`])credveil_gateway_[a-z_]+[a-z](?=['`])/g) ?? [],
    );
    const events = [...read('runtime/events.ts').matchAll(/readonly event: ([^;]+);/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name),
    );
    expect(Math.min(metrics.length, events.length)).toBeGreaterThan(15);
    expect([...metrics, ...events].filter((name) => !pages.includes(`\`${name}\``))).toEqual([]);
  });

  test('docs/corpora.md has a row for every format, and no other', () => {
    const table = /\| `--format` \|[\s\S]*?\n\n/.exec(read('docs/corpora.md'))?.[0] ?? '';
    const rows = table.split('\n').slice(2);
    const names = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(names.sort()).toEqual([...FORMAT_NAMES].sort());
  });

  test('docs/corpora.md has a row for every alarm, and no other', () => {
    const table = /\| alarm \|[\s\S]*?\n\n/.exec(read('docs/corpora.md'))?.[0] ?? '';
    const rows = table.split('\n').slice(2);
    const names = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(names.sort()).toEqual([...ALARM_NAMES].sort());
  });

  test('README.md has at most 900 words', () => {
    const words = read('README.md').trim().split(/\s+/);
    expect(words.length).toBeLessThanOrEqual(900);
  });
});
