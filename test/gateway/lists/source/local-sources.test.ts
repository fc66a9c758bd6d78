// Lists in files and from commands.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCommandSource } from '../../../../gateway/lists/source/command-source.ts';
import { createFileSource } from '../../../../gateway/lists/source/file-source.ts';

const LIMITS = { maxBytes: 1000, timeoutMs: 60_000 };
const never = new AbortController().signal;
const failure = (code: string) => expect.objectContaining({ name: 'SourceError', code });
const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const newFile = (): string => path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'list-')), 'list');

describe('a list in a file', () => {
  test('is read again once it has changed', async () => {
    const file = newFile();
    fs.writeFileSync(file, '1.2.3.4\n');
    fs.utimesSync(file, 1_700_000_000, 1_700_000_000);
    const source = createFileSource(file, 1000);
    const first = await source.read('', never);
    expect(first).toMatchObject({ confirmedAtMs: 1_700_000_000_000 });
    expect(textOf(first.bytes)).toBe('1.2.3.4\n');
    expect((await source.read(first.validator, never)).bytes).toBeUndefined();
    fs.writeFileSync(`${file}.new`, '5.6.7.8\n');
    fs.renameSync(`${file}.new`, file);
    expect(textOf((await source.read(first.validator, never)).bytes)).toBe('5.6.7.8\n');
  });

  test('from the future is of now', async () => {
    const file = newFile();
    fs.writeFileSync(file, '1.2.3.4\n');
    fs.utimesSync(file, 4_000_000_000, 4_000_000_000);
    const { confirmedAtMs } = await createFileSource(file, 1000).read('', never);
    expect(confirmedAtMs).toBeLessThanOrEqual(Date.now());
  });

  test('that is missing, a folder, a pipe or too long is named so', async () => {
    const file = newFile();
    const read = () => createFileSource(file, 10).read('', never);
    await expect(read()).rejects.toEqual(failure('FILE_MISSING'));
    fs.mkdirSync(file);
    await expect(read()).rejects.toEqual(failure('FILE_UNREADABLE'));
    fs.rmdirSync(file);
    execFileSync('mkfifo', [file]);
    await expect(read()).rejects.toEqual(failure('FILE_UNREADABLE'));
    fs.rmSync(file);
    fs.writeFileSync(file, '1.2.3.4\n1.2.3.4\n');
    await expect(read()).rejects.toEqual(failure('SOURCE_TOO_LONG'));
  });
});

describe('a list from a command', () => {
  const run = (script: string, limits = LIMITS, signal = never) =>
    createCommandSource([process.execPath, '-e', script], limits).read('', signal);

  test('is its standard output', async () => {
    const { bytes } = await run("console.log('1.2.3.4'); console.error('never read')");
    expect(textOf(bytes)).toBe('1.2.3.4\n');
  });

  test('needs no shell, and gets no secrets', async () => {
    process.env.CREDVEIL_LISTS_TEST = 'secret';
    const { bytes } = await createCommandSource(
      [
        process.execPath,
        '-p',
        'JSON.stringify([process.env.CREDVEIL_LISTS_TEST ?? null, process.argv[1]])',
        '$(id); *',
      ],
      LIMITS,
    ).read('', never);
    expect(textOf(bytes)).toBe('[null,"$(id); *"]\n');
  });

  test('that fails, floods or is missing is named so', async () => {
    await expect(run('console.log("1.2.3.4"); process.exit(3)')).rejects.toEqual(failure('COMMAND_FAILED'));
    await expect(run('process.kill(process.pid, "SIGKILL")')).rejects.toEqual(failure('COMMAND_FAILED'));
    await expect(run('for (;;) console.log("1.2.3.4")')).rejects.toEqual(failure('SOURCE_TOO_LONG'));
    await expect(createCommandSource(['/does/not/exist'], LIMITS).read('', never)).rejects.toEqual(
      failure('COMMAND_MISSING'),
    );
  });

  test('that hangs ends together with its children', async () => {
    const file = newFile();
    const script = `
      const { pid } = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(pid));
      setInterval(() => {}, 1000)`;
    const stop = new AbortController();
    const reading = run(script, LIMITS, stop.signal);
    await expect.poll(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8')).toMatch(/\d+/);
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
    const isRunning = (pid: number): boolean => {
      try {
        return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    };
    await expect.poll(() => isRunning(Number(fs.readFileSync(file, 'utf8')))).toBe(false);
    await expect(run('setInterval(() => {}, 1000)', { ...LIMITS, timeoutMs: 50 })).rejects.toEqual(
      failure('SOURCE_TIMEOUT'),
    );
  });
});
