// The start of a table or of objects, parsed once: what its passwords are, and what is rejected.

import type { RejectReason } from '../../rejects.ts';
import type { CorpusFormat } from '../format.ts';
import type { TextSample } from '../sample.ts';

export interface ParsedSample {
  readonly passwords: readonly string[];
  readonly rejects: ReadonlyMap<RejectReason, number>;
  /** What the parser threw at the end, such as a missing column. */
  readonly error?: unknown;
}

export function parseSample(format: CorpusFormat, { bytes }: TextSample): ParsedSample {
  const passwords: string[] = [];
  const rejects = new Map<RejectReason, number>();
  const parser = format.createParser({
    credential: ({ password }) => passwords.push(password),
    reject: (reason) => rejects.set(reason, (rejects.get(reason) ?? 0) + 1),
  });
  try {
    parser.push(bytes);
    parser.end();
  } catch (error) {
    return { passwords, rejects, error };
  }
  return { passwords, rejects };
}
