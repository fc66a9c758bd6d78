// What the configuration of a list means for its source: the defaults are here.

import type { BuildOptions } from './build/build-list.ts';
import type { ListConfig } from './list-schema.ts';
import { createCommandSource } from './source/command-source.ts';
import { createFileSource } from './source/file-source.ts';
import { originOf, type Source } from './source/source.ts';
import { createUrlSource } from './source/url-source.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DEFAULT_MAX_BYTES = 2 ** 26;
const DEFAULT_MAX_ENTRIES = 1_000_000;
const DEFAULT_TIMEOUT_MS = 60 * SECOND;

export interface ConfiguredSource {
  readonly source: Source;
  /** Names the source and how it is read: a copy of another list is of no use. */
  readonly origin: string;
  readonly build: BuildOptions;
  readonly everyMs: number;
  readonly maxAgeMs: number;
  /** Asking costs others nothing, so that a start and a failure need not wait. */
  readonly isLocal: boolean;
}

/** Undefined for a list of items and observed addresses alone. */
export function sourceOf(list: ListConfig): ConfiguredSource | undefined {
  const { maxBytes = DEFAULT_MAX_BYTES, timeout: timeoutMs = DEFAULT_TIMEOUT_MS } = list;
  const build: BuildOptions = {
    kind: list.kind,
    format: list.format,
    allowPrivate: list.allowPrivate ?? false,
    maxEntries: list.maxEntries ?? DEFAULT_MAX_ENTRIES,
    maxBytes,
  };
  const configured = (source: Source) => ({ source, origin: originOf('list', source.origin, JSON.stringify(build)) });
  // A file's age is that of its content, which may be right for years.
  const local = { build, everyMs: list.every ?? 5 * SECOND, maxAgeMs: list.maxAge ?? Number.POSITIVE_INFINITY };
  const remote = { build, everyMs: list.every ?? HOUR, maxAgeMs: list.maxAge ?? 48 * HOUR };
  const limits = { maxBytes, timeoutMs };
  if (list.file !== undefined) return { ...local, isLocal: true, ...configured(createFileSource(list.file, maxBytes)) };
  if (list.url !== undefined) return { ...remote, isLocal: false, ...configured(createUrlSource(list.url, limits)) };
  if (list.command) return { ...remote, isLocal: false, ...configured(createCommandSource(list.command, limits)) };
  return undefined;
}
