// Exit codes, and how a failure is told.

import { CredveilError } from '../protocol/errors.ts';

export const ExitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A command line that asks for what cannot be. */
export class UsageError extends CredveilError<'USAGE'> {
  override name = 'UsageError';

  constructor(message: string, hint: string) {
    super('USAGE', message, hint);
  }
}

/** Errors of other areas that say the same of an option. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'SOURCE_NAME',
  'SOURCE_DATE',
  'OPTION_MALFORMED',
  'CLIENT_NAME',
  'SETTING_UNKNOWN',
  'SETTING_INVALID',
  'SETTINGS_FILE_MISSING',
  'SETTINGS_FILE_MALFORMED',
]);

/** Writes why to stderr and what to do next below it. @returns the exit code */
export function reportFailure(error: unknown): number {
  if (isAbort(error)) {
    process.stderr.write(
      '\ninterrupted: nothing was left half done\n' +
        '  Run the same command again: ingest of files goes on after what is finished, of standard input it begins anew.\n',
    );
    return ExitCode.interrupted;
  }
  if (error instanceof CredveilError) {
    process.stderr.write(`error ${error.code}: ${error.message}\n  ${error.hint}\n`);
    return error instanceof UsageError || USAGE_CODES.has(error.code) ? ExitCode.usage : ExitCode.failed;
  }
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined || code?.startsWith('SQLITE_'))
    process.stderr.write(
      `error ${code}: ${message}\n  Mend what the system reports, then run this again; nothing was lost.\n`,
    );
  else
    process.stderr.write(
      `error INTERNAL: ${(error as Error).stack ?? message}\n  This is a bug: please report it with this text.\n`,
    );
  return ExitCode.failed;
}

export function isAbort(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'AbortError';
}
