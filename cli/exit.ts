// Exit codes, and how failures are reported.

import { TextsRefused } from '../ingest/errors.ts';
import { CredveilError } from '../protocol/errors.ts';
import { note, type OutputOptions, printJson } from './output.ts';
import { printable } from './printable.ts';

/**
 * `alarm`: it is done, and the corpus holds accounts that were planted in one's own user table.
 * `closedPipe`: nobody reads on, which ends other programs by SIGPIPE: shells give that this code.
 */
export const ExitCode = { done: 0, failed: 1, usage: 2, alarm: 3, interrupted: 130, closedPipe: 141 } as const;

/** An invalid command line. */
export class UsageError extends CredveilError<'USAGE'> {
  override name = 'UsageError';

  constructor(message: string, hint: string) {
    super('USAGE', message, hint);
  }
}

/** Errors of other areas that mean an invalid option too. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'SOURCE_NAME',
  'SOURCE_DATE',
  'OPTION_MALFORMED',
  'HASH_FORMAT_MALFORMED',
  'CLIENT_NAME',
  'RECIPIENT_MALFORMED',
  'SINK_MALFORMED',
  'SETTING_UNKNOWN',
  'SETTING_INVALID',
  'SETTINGS_FILE_MISSING',
  'SETTINGS_FILE_MALFORMED',
  'CONFIG_UNREADABLE',
  'CONFIG_INVALID',
]);

/** What went wrong, and the next step. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Writes the error and its hint to stderr, and for programs to stdout too: they read results there.
 * @returns the exit code
 */
export function reportFailure(error: unknown, { json = false }: OutputOptions = {}): number {
  const [exitCode, failure] = explainFailure(error);
  if (json) printFailure(failure);
  const { message, hint } = failure;
  note(exitCode === ExitCode.interrupted ? `\n${message}\n  ${hint}` : formatFailure(failure));
  return exitCode;
}

/** For people. */
export const formatFailure = ({ code, message, hint }: Failure): string => `error ${code}: ${message}\n  ${hint}`;

/** The line that a program finds in the place of a result. */
export const printFailure = ({ code, message, hint }: Failure): void => printJson({ error: { code, message, hint } });

function explainFailure(error: unknown): readonly [exitCode: number, failure: Failure] {
  if (isAbort(error))
    return [
      ExitCode.interrupted,
      {
        code: 'INTERRUPTED',
        message: 'interrupted: the dataset is consistent',
        hint: 'Run the same command again. A publish and an ingest or a match of files resume; those of standard input start over.',
      },
    ];
  if (error instanceof CredveilError) {
    const isUsage = error instanceof UsageError || USAGE_CODES.has(error.code);
    return [
      isUsage ? ExitCode.usage : ExitCode.failed,
      { code: error.code, message: describeError(error), hint: printable(error.hint) },
    ];
  }
  const { code, message, syscall, stack } = error as NodeJS.ErrnoException;
  if (syscall !== undefined || code?.startsWith('SQLITE_'))
    return [
      ExitCode.failed,
      {
        code: code ?? 'SYSTEM',
        message: printable(message),
        hint: 'Fix what the system reports, then run the same command again; nothing was lost.',
      },
    ];
  return [
    ExitCode.failed,
    {
      code: 'INTERNAL',
      message: stack ?? message,
      hint: 'This is a bug. Please report it and include this text.',
    },
  ];
}

/**
 * Standard output cannot be written. Whoever closed a pipe has read enough.
 * @returns the exit code
 */
export function reportOutputFailure(error: NodeJS.ErrnoException): number {
  return error.code === 'EPIPE' ? ExitCode.closedPipe : reportFailure(error);
}

/** Of several texts, each is a line. */
function describeError(error: CredveilError): string {
  if (!(error instanceof TextsRefused)) return printable(error.message);
  return [`${printable(error.headline)}:`, ...error.texts.map((text) => `  ${printable(text)}`)].join('\n');
}

export function isAbort(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'AbortError';
}
