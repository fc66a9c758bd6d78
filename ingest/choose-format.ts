// Chooses how a text of a corpus is read: as what the operator named, as what it is recognised as,
// or not at all.

import { type FedParameters, sectionsFed } from '../store/run/run-facts.ts';
import { IngestError, TextsRefused } from './errors.ts';
import { loadModules } from './format-loader.ts';
import { detectAmong } from './formats/detect.ts';
import type { CorpusFormat, FormatOptions, Recognised } from './formats/format.ts';
import { isAddress } from './formats/line-parser.ts';
import type { TextSample } from './formats/sample.ts';
import { kindOfLogMember } from './input/log-members.ts';

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

/**
 * @param name its path in the corpus: a member of a log that is known to hold no credentials, and
 * does not look as if it held any, is left out
 * @param parameters of the dataset: a format that it has no use for is refused
 */
export async function chooseFormat(
  name: string,
  sample: TextSample,
  { format, formatOptions, skipUnrecognised }: Reading,
  parameters: FedParameters,
): Promise<Choice> {
  const { binary, remarks } = sample;
  if (binary?.isPicture) return { leftOut: binary.what };
  const choose = (recognised: Recognised): Choice => {
    const choice = chooseUseful({ ...recognised, reasons: [...recognised.reasons, ...remarks] }, parameters);
    return 'refusal' in choice && skipUnrecognised ? { leftOut: choice.refusal.message } : choice;
  };
  if (format && !binary) return choose({ format, score: 1, reasons: ['named by the operator'] });
  const member = kindOfLogMember(name);
  const leftOut = `no credentials: ${member}, by name and content`;
  try {
    const recognised = detectAmong(await loadModules(sample, formatOptions), sample, formatOptions ?? {});
    if (member !== undefined && !mayHoldCredentials(recognised, sample)) return { leftOut };
    return choose(recognised);
  } catch (error) {
    if (!(error instanceof IngestError)) throw error;
    if (member !== undefined) return { leftOut };
    return skipUnrecognised ? { leftOut: 'not recognised' } : { refusal: error };
  }
}

/** Formats whose texts name a password. */
const NAMED = new Set(['stealer-blocks', 'csv', 'tsv', 'json', 'json-lines', 'sql']);
/** Of the credentials: cookies and histories hardly have any as a username. */
const SOME_ADDRESSES = 0.1;

/** Whether a text names a password, or its format takes e-mail addresses for usernames. */
function mayHoldCredentials({ format }: Recognised, { bytes }: TextSample): boolean {
  if (NAMED.has(format.name)) return true;
  let credentials = 0;
  let addresses = 0;
  const parser = format.createParser({
    credential({ username = '' }) {
      credentials++;
      if (isAddress(username.trim())) addresses++;
    },
    reject() {},
  });
  parser.push(bytes);
  parser.end();
  return addresses > SOME_ADDRESSES * credentials;
}

export function chooseUseful(recognised: Recognised, parameters: FedParameters): Choice {
  const refusal = uselessFormat(parameters, recognised.format);
  return refusal ? { refusal } : { recognised };
}

/** @returns why the dataset has no use for the format, or undefined if it has */
export function uselessFormat(parameters: FedParameters, { name, feeds }: CorpusFormat): IngestError | undefined {
  if (sectionsFed(parameters, feeds).length > 0) return undefined;
  const indexes = new Set([...parameters.indexes, ...(parameters.ranges ?? []), ...feeds]);
  return new IngestError(
    'FORMAT_USELESS',
    `format ${name} feeds none of the dataset's indexes`,
    `Create a dataset with an index for it: credveil init DIR --index ${[...indexes].join(',')}`,
  );
}

/** `chooseFormat` for the texts of one corpus. */
export const formatChooser =
  (reading: Reading, parameters: FedParameters) =>
  (name: string, sample: TextSample): Promise<Choice> =>
    chooseFormat(name, sample, reading, parameters);

export interface Refused {
  /** Its path in the corpus. */
  readonly name: string;
  readonly refusal: IngestError;
}

const MAX_NAMED = 10;

/** One error for all texts that were refused. */
export function refuseTexts(refused: readonly Refused[]): IngestError {
  const [first] = refused as [Refused];
  if (refused.length === 1)
    return new IngestError(first.refusal.code, `${first.name}: ${first.refusal.message}`, first.refusal.hint);
  const hints = new Set<string>();
  const named = refused.slice(0, MAX_NAMED).map(({ name, refusal: { message, hint } }) => {
    const isNew = hint !== undefined && !hints.has(hint);
    if (isNew) hints.add(hint);
    return `${name}: ${message}${isNew ? `. ${hint}` : ''}`;
  });
  const others = refused.length > MAX_NAMED ? [`${refused.length - MAX_NAMED} more`] : [];
  return new TextsRefused(
    `${refused.length} texts of the corpus are refused`,
    [...named, ...others],
    'Ingest each of these by itself with what it needs, or leave them out with --skip-unrecognised.',
  );
}
