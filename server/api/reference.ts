// The service's description of itself: the OpenAPI document and the page made from it.

import { VERSION } from '../../runtime/version.ts';
import type { Reference } from '../exchange.ts';
import { createOpenApi } from './openapi.ts';
import { referencePage } from './reference-page.ts';
import type { Route } from './route.ts';

/** Created on the first call, then shared. */
export function createReference(routes: readonly Route[]): () => Reference {
  let created: Reference | undefined;
  return () => {
    if (created) return created;
    const document = createOpenApi(routes, VERSION);
    created = { json: Buffer.from(JSON.stringify(document)), page: Buffer.from(referencePage(document)) };
    return created;
  };
}
