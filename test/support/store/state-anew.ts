// A statement for facts that somebody has altered, as of a publisher who has been deceived.

import fs from 'node:fs';
import { createMac } from '../../../protocol/signed/envelope.ts';
import type { KeyedSuite } from '../../../protocol/suite.ts';
import type { Dataset } from '../../../store/dataset.ts';
import { factsPath, openPublishedFacts, writeCurrent } from '../../../store/snapshot/current.ts';
import { storedFacts } from '../../../store/snapshot/joined-facts.ts';
import { writeStated } from '../../../store/snapshot/stated-facts.ts';

/** States the facts that CURRENT names, with a MAC. */
export function stateAnew(dataset: Dataset, { sealKey }: KeyedSuite): void {
  const { name, sequence, facts: unstated } = openPublishedFacts(dataset);
  const options = { signer: createMac(sealKey), sequence, minSequence: 1, now: Date.now() };
  const { facts } = writeStated(dataset, name, unstated, options);
  fs.writeFileSync(factsPath(dataset, name), JSON.stringify(storedFacts(facts)));
  writeCurrent(dataset, name);
}
