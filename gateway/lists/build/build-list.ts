// Content of a source to the image of a list: unpacked, recognised, read, checked, sorted.

import { ContentError } from '../formats/content-error.ts';
import { parseEntry } from '../formats/entry.ts';
import type { Candidate, FormatName } from '../formats/format.ts';
import { isForbidden } from '../formats/internal-entries.ts';
import { formatOf, type ListKind, recognise, unpack } from '../formats/recognise.ts';
import { normalSerial } from '../formats/serial.ts';
import { encodeImage, type ImageHeader, type ListSize, sizeOf } from '../table/list-image.ts';
import { RangeBuilder } from '../table/range-builder.ts';
import { buildTextColumns } from '../table/text-table.ts';

export interface BuildOptions {
  readonly kind: ListKind;
  /** Default: recognised. */
  readonly format?: FormatName | undefined;
  /** Keeps networks that are not global, or larger than a /8. */
  readonly allowPrivate: boolean;
  readonly maxEntries: number;
  /** Of the content, once unpacked. */
  readonly maxBytes: number;
}

export interface BuildTask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly header: Omit<ImageHeader, 'leftOut'>;
  readonly options: BuildOptions;
}

export interface BuildReport extends ListSize {
  readonly format: FormatName;
  /** Lines that hold no entry. */
  readonly unreadable: number;
  /** Entries that were left out, since they are not global or too large. */
  readonly forbidden: number;
}

export interface BuiltList {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly report: BuildReport;
}

/** Unreadable lines of a list: so many, or this share of it. */
const MAX_UNREADABLE = 2;
const MAX_UNREADABLE_SHARE = 0.05;
/** So many of them, and more than half, end the reading. */
const HOPELESS = 1000;

/** @throws ContentError */
export function buildList({ bytes, header, options }: BuildTask): BuiltList {
  const { kind, maxBytes } = options;
  const content = unpack(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), maxBytes);
  const format = options.format ?? recognise(content, kind);
  const intake = new Intake(options);
  const candidates = formatOf(format, kind).candidates(content);
  return kind === 'ip'
    ? buildAddresses(candidates, intake, format, header)
    : buildTexts(kind === 'serial' ? normalised(candidates) : candidates, intake, format, header);
}

function buildAddresses(
  candidates: Iterable<Candidate>,
  intake: Intake,
  format: FormatName,
  header: BuildTask['header'],
): BuiltList {
  const ranges = new RangeBuilder();
  for (const text of candidates) {
    const range = text === undefined ? undefined : parseEntry(text);
    if (!range) intake.skip();
    else if (!intake.allowPrivate && isForbidden(range)) intake.forbidden++;
    else if (intake.take()) ranges.add(range);
  }
  intake.assertUsable();
  const columns = ranges.build();
  const image = encodeImage({ ...header, leftOut: intake.forbidden }, { kind: 'ip', columns });
  return { image, report: { ...intake.report(format), ...sizeOf({ kind: 'ip', columns }) } };
}

function buildTexts(
  candidates: Iterable<Candidate>,
  intake: Intake,
  format: FormatName,
  header: BuildTask['header'],
): BuiltList {
  const texts: string[] = [];
  for (const text of candidates) {
    if (text === undefined) intake.skip();
    else if (intake.take()) texts.push(text);
  }
  intake.assertUsable();
  const columns = buildTextColumns(texts);
  const image = encodeImage({ ...header, leftOut: 0 }, { kind: 'string', columns });
  return { image, report: { ...intake.report(format), ...sizeOf({ kind: 'string', columns }) } };
}

function* normalised(candidates: Iterable<Candidate>): Generator<Candidate> {
  for (const text of candidates) yield text && normalSerial(text);
}

/** Counts what was read, and judges it. */
class Intake {
  readonly allowPrivate: boolean;
  readonly #maxEntries: number;
  #taken = 0;
  #unreadable = 0;
  forbidden = 0;

  constructor({ allowPrivate, maxEntries }: BuildOptions) {
    this.allowPrivate = allowPrivate;
    this.#maxEntries = maxEntries;
  }

  /** Counts an unreadable entry. @throws ContentError `LINES_UNREADABLE` */
  skip(): void {
    if (++this.#unreadable % HOPELESS === 0 && this.#unreadable > this.#taken + this.forbidden) this.assertUsable();
  }

  /** @throws ContentError `TOO_MANY_ENTRIES` */
  take(): true {
    if (++this.#taken <= this.#maxEntries) return true;
    const message = `the list has more than ${this.#maxEntries} entries`;
    throw new ContentError('TOO_MANY_ENTRIES', message, 'Name a smaller list, or raise maxEntries.');
  }

  /** @throws ContentError `LINES_UNREADABLE`, `ONLY_PRIVATE`, `LIST_EMPTY` */
  assertUsable(): void {
    const unreadable = this.#unreadable;
    const all = this.#taken + this.forbidden + unreadable;
    if (unreadable > Math.max(MAX_UNREADABLE, MAX_UNREADABLE_SHARE * all) || 2 * unreadable > all)
      throw new ContentError(
        'LINES_UNREADABLE',
        `${unreadable} of ${all} entries are unreadable`,
        'Look at the source by hand, or set the format of the list.',
      );
    if (this.#taken > 0) return;
    if (this.forbidden > 0)
      throw new ContentError(
        'ONLY_PRIVATE',
        `all ${this.forbidden} networks are private, reserved or too large`,
        'Set allowPrivate if the list is of your own networks.',
      );
    throw new ContentError('LIST_EMPTY', 'the list has no entry', 'Look at the source by hand.');
  }

  report(format: FormatName): Pick<BuildReport, 'format' | 'unreadable' | 'forbidden'> {
    return { format, unreadable: this.#unreadable, forbidden: this.forbidden };
  }
}
