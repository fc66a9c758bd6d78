// Events: what an operator is told. Their fields hold nothing of a request and nothing of a client.

import type { SnapshotId } from '../protocol/brands.ts';
import { CredveilError } from '../protocol/errors.ts';

export type ServerEvent =
  | { readonly event: 'listening'; readonly url: string }
  | { readonly event: 'snapshot-opened'; readonly snapshot: SnapshotId }
  /** The snapshot before goes on being served. */
  | { readonly event: 'snapshot-refused'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly event: 'request-failed'; readonly code: string; readonly hint: string }
  | { readonly event: 'closing'; readonly deadlineMs: number }
  | { readonly event: 'closed' };

export type OnEvent = (event: ServerEvent) => void;

/** The name of an error without its message, which may come from a library and say anything. */
export function nameError(error: unknown): { code: string; hint: string } {
  if (error instanceof CredveilError) return { code: error.code, hint: error.hint };
  const code = (error as { code?: unknown } | null)?.code;
  return {
    code: typeof code === 'string' ? code : error instanceof Error ? error.name : 'UNKNOWN',
    hint: 'Report this with the version of credveil.',
  };
}
