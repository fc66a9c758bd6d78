// A first look at the inputs of an ingest, before anything is read in full: what can be refused at
// once is.

import type { DatasetParameters } from '../store/dataset-parameters.ts';
import { chooseFormat, type Refused, refuseTexts, uselessFormat } from './choose-format.ts';
import type { CorpusFormat } from './formats/format.ts';
import { createSample, SAMPLE_BYTES } from './formats/sample.ts';
import { totalBytes } from './input/inputs.ts';
import { createReading, sampleInput } from './input/read-input.ts';
import { mirroredIndex } from './mirror.ts';
import type { IngestOptions } from './options.ts';
import { labelOf } from './source-identity.ts';

/**
 * Looks at the first text of each file. Streams and archives of sources are read once.
 * @returns the label of the formats, as in facts; undefined for streams, archives and empty files
 * @throws IngestError `FORMAT_UNRECOGNISED`, `FORMAT_USELESS` and others, for texts by name
 */
export async function lookAtInputs(parameters: DatasetParameters, options: IngestOptions): Promise<string | undefined> {
  const { inputs, archive, signal, format } = options;
  const useless = format && uselessFormat(parameters, format);
  if (useless) throw useless;
  if (format && options.mirror) mirroredIndex([format]);
  if (archive || totalBytes(inputs) === undefined) return undefined;
  const refused: Refused[] = [];
  const formats: CorpusFormat[] = [];
  const reading = createReading(inputs[0], { isMirror: options.mirror === true });
  for (const input of inputs) {
    signal?.throwIfAborted();
    const { texts } = await sampleInput(input, SAMPLE_BYTES + 1, signal, reading);
    const [first] = texts.filter(({ text }) => text.length > 0);
    if (!first) continue;
    const { name, text, whole } = first;
    const sample = createSample(text.subarray(0, SAMPLE_BYTES), whole);
    const choice = await chooseFormat(name, sample, options, parameters);
    if ('refusal' in choice) refused.push({ name, refusal: choice.refusal });
    else if ('recognised' in choice) formats.push(choice.recognised.format);
  }
  if (refused.length > 0) throw refuseTexts(refused);
  if (options.mirror && formats.length > 0) mirroredIndex(formats);
  return formats.length > 0 ? labelOf(formats) : undefined;
}
