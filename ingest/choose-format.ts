// Chooses how a text of a corpus is read: as what the operator named, as what it is recognised as,
// or not at all.

import { type FedParameters, sectionsFed } from '../store/run/run-facts.ts';
import { IngestError } from './errors.ts';
import { detectFormat } from './formats/detect.ts';
import type { CorpusFormat, FormatOptions, Recognised } from './formats/format.ts';
import type { TextSample } from './formats/sample.ts';
import { describeBinary } from './input/binary.ts';

/** What the operator stated about all texts. */
export interface Reading {
  /** Undefined if each text is recognised by itself. */
  readonly format?: CorpusFormat;
  readonly formatOptions?: FormatOptions;
  /** Leaves out what is not recognised, instead of refusing the corpus. */
  readonly skipUnrecognised?: boolean;
}

export type Choice =
  | { readonly recognised: Recognised }
  /** Why the text is left out. */
  | { readonly leftOut: string }
  | { readonly refusal: IngestError };

/** @param parameters of the dataset: a format that it has no use for is refused */
export function chooseFormat(
  sample: TextSample,
  { format, formatOptions, skipUnrecognised }: Reading,
  parameters: FedParameters,
): Choice {
  const binary = describeBinary(sample.bytes);
  if (binary?.isPicture) return { leftOut: binary.what };
  if (format && !binary) return chooseUseful({ format, score: 1, reasons: ['named by the operator'] }, parameters);
  try {
    return chooseUseful(detectFormat(sample, formatOptions), parameters);
  } catch (error) {
    if (!(error instanceof IngestError)) throw error;
    return skipUnrecognised ? { leftOut: 'not recognised' } : { refusal: error };
  }
}

export function chooseUseful(recognised: Recognised, parameters: FedParameters): Choice {
  const refusal = uselessFormat(parameters, recognised.format);
  return refusal ? { refusal } : { recognised };
}

/** @returns why the dataset has no use for the format, or undefined if it has */
export function uselessFormat(parameters: FedParameters, { name, feeds }: CorpusFormat): IngestError | undefined {
  if (sectionsFed(parameters, feeds).length > 0) return undefined;
  return new IngestError(
    'FORMAT_USELESS',
    `format ${name} feeds none of the dataset's indexes`,
    'Create a dataset whose --index fits this corpus: credveil init --index …',
  );
}

export interface Refused {
  /** Its path in the corpus. */
  readonly name: string;
  readonly refusal: IngestError;
}

const MAX_NAMED = 10;

/** One error for all texts that were refused. */
export function refuseTexts(refused: readonly Refused[]): IngestError {
  const [first] = refused as [Refused];
  const named = refused.slice(0, MAX_NAMED).map(({ name, refusal }) => `${name}: ${refusal.message}`);
  if (refused.length === 1) return new IngestError(first.refusal.code, named.join(''), first.refusal.hint);
  const others = refused.length > MAX_NAMED ? [`${refused.length - MAX_NAMED} more`] : [];
  return new IngestError(
    'FORMAT_UNRECOGNISED',
    `${refused.length} texts of the corpus are refused: ${[...named, ...others].join('; ')}`,
    'Ingest texts of one format together and name it with --format, or leave these out with --skip-unrecognised.',
  );
}
