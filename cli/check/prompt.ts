// Prompts on the terminal. They go to stderr, so that stdout carries only results.

import readline from 'node:readline/promises';
import { stripVTControlCharacters } from 'node:util';

function abortError(): Error {
  return new DOMException('interrupted', 'AbortError');
}

/** Prompts for a line with echo. @throws an AbortError on Ctrl-C and Ctrl-D */
export async function promptLine(question: string, signal: AbortSignal): Promise<string> {
  const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    terminal.on('SIGINT', () => process.emit('SIGINT'));
    const closed = new Promise<never>((_, reject) => terminal.once('close', () => reject(abortError())));
    return await Promise.race([terminal.question(question, { signal }), closed]);
  } finally {
    terminal.close();
  }
}

/** Prompts for a line without echo. @throws an AbortError on Ctrl-C and Ctrl-D */
export function promptHidden(question: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise<string>((resolve, reject) => {
    let typed: string[] = [];
    const end = (settle: () => void): void => {
      stdin.off('data', onKeys);
      signal.removeEventListener('abort', onAbort);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const onAbort = (): void => end(() => reject(abortError()));
    const onKeys = (keys: string): void => {
      // Arrow keys arrive as escape sequences, which are never part of a password.
      for (const key of stripVTControlCharacters(keys)) {
        if (key === '\r' || key === '\n') {
          end(() => resolve(typed.join('')));
          return;
        }
        if (key === '\x03' || key === '\x04') {
          onAbort();
          return;
        }
        if (key === '\x7f' || key === '\b') typed = typed.slice(0, -1);
        else if (key === '\x15') typed = [];
        else if (key >= ' ') typed.push(key);
      }
    };
    stdin.on('data', onKeys);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
