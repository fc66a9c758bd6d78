// The service's description of itself: the OpenAPI document and the page made from it.

import { loadOnce } from '../../runtime/load-once.ts';
import { VERSION } from '../../runtime/version.ts';
import type { Reference } from '../exchange.ts';
import type { Route } from './route.ts';

/** Loads the schemas and creates both on the first call, then shares them. */
export const createReference = (routes: readonly Route[]): (() => Promise<Reference>) =>
  loadOnce(async () => {
    const [{ createOpenApi }, { referencePage }] = await Promise.all([
      import('./openapi.ts'),
      import('./reference-page.ts'),
    ]);
    const document = createOpenApi(routes, VERSION);
    return { json: Buffer.from(JSON.stringify(document)), page: Buffer.from(referencePage(document)) };
  });
