// Lists built from content in tests, and what they hold.

import { parseAddress } from '../../../gateway/addresses/address.ts';
import { type BuildOptions, type BuiltList, buildList } from '../../../gateway/lists/build/build-list.ts';
import { AddressTable } from '../../../gateway/lists/table/address-table.ts';
import { decodeImage } from '../../../gateway/lists/table/list-image.ts';
import { TextTable } from '../../../gateway/lists/table/text-table.ts';

export const HEADER = { origin: 'test', content: '', validator: '', leftOut: 0 };

const OPTIONS: BuildOptions = { kind: 'ip', allowPrivate: false, maxEntries: 1000, maxBytes: 1_000_000 };

export function build(content: string | Uint8Array, options: Partial<BuildOptions> = {}): BuiltList {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return buildList({ bytes: Uint8Array.from(bytes), header: HEADER, options: { ...OPTIONS, ...options } });
}

/** Of an image, which values it has. */
export async function findIn({ image }: Pick<BuiltList, 'image'>, values: readonly string[]): Promise<string[]> {
  const columns = (await decodeImage(image))?.columns;
  if (!columns) throw new Error('the image is damaged');
  if (columns.kind === 'string') {
    const texts = new TextTable(columns.columns);
    return values.filter((value) => texts.has(value));
  }
  const addresses = new AddressTable(columns.columns);
  return values.filter((value) => {
    const address = parseAddress(value);
    return address !== undefined && addresses.has(address);
  });
}
