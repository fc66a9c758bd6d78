// The last good copy of each list, in the gateway's folder. All processes search their copy of it;
// one process writes it. The time of a file's last change is when its source last confirmed it.

import fs from 'node:fs/promises';
import path from 'node:path';
import { decodeImage, type ListImage } from '../table/list-image.ts';
import { makePrivateFolder, readWholeFile, renameFile, writePrivateFile } from './private-file.ts';
import { isOwnFolder, makeOwnFolder, spareFolderOf } from './spare-folder.ts';

export interface ListCopy extends ListImage {
  readonly confirmedAtMs: number;
}

/** 5 million ranges of IPv6 are 160 MB. */
const MAX_COPY_BYTES = 2 ** 29;

export class ListCopies {
  readonly #folder: string;
  readonly #spareFolder: string;
  /** Lists whose copy in use is in the spare folder. */
  readonly #spared = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#spareFolder = spareFolderOf(folder);
  }

  async prepare(): Promise<void> {
    await makePrivateFolder(this.#folder);
  }

  /**
   * @returns undefined if there is none of this source; `damaged` if there is one that cannot be
   * used, as after a change of the machine
   */
  async read(name: string, origin: string): Promise<ListCopy | 'damaged' | undefined> {
    const copy = await readCopy(this.#file(name), origin);
    const spare = await this.#readSpare(name, origin);
    const isNewer = spare && (copy === undefined || copy === 'damaged' || spare.confirmedAtMs > copy.confirmedAtMs);
    if (isNewer) this.#spared.add(name);
    else this.#spared.delete(name);
    return isNewer ? spare : copy;
  }

  /** Whether the copy that was read or written last is not in the gateway's folder. */
  isSpared(name: string): boolean {
    return this.#spared.has(name);
  }

  /** @throws Error if the copy can be written nowhere */
  async write(name: string, image: Uint8Array, confirmedAtMs: number): Promise<void> {
    try {
      await writePrivateFile(this.#file(name), image, confirmedAtMs);
    } catch (error) {
      if (!(await makeOwnFolder(this.#spareFolder))) throw error;
      await writePrivateFile(this.#spareFile(name), image, confirmedAtMs);
      this.#spared.add(name);
      return;
    }
    await this.#removeSpare(name);
    await fs.rm(this.#pendingFile(name), { force: true });
  }

  async confirm(name: string, confirmedAtMs: number): Promise<void> {
    const file = this.#spared.has(name) ? this.#spareFile(name) : this.#file(name);
    await fs.utimes(file, confirmedAtMs / 1000, confirmedAtMs / 1000);
  }

  /** Keeps a list that a guard refused, until somebody accepts it. @returns false if it cannot */
  async writePending(name: string, image: Uint8Array): Promise<boolean> {
    try {
      await writePrivateFile(this.#pendingFile(name), image);
      return true;
    } catch {
      // An older one is not what would be accepted.
      await fs.rm(this.#pendingFile(name), { force: true }).catch(() => undefined);
      return false;
    }
  }

  readPending(name: string, origin: string): Promise<ListCopy | 'damaged' | undefined> {
    return readCopy(this.#pendingFile(name), origin);
  }

  /** Makes the refused list the good one. */
  async acceptPending(name: string): Promise<void> {
    await renameFile(this.#pendingFile(name), this.#file(name));
    await this.#removeSpare(name);
  }

  async #readSpare(name: string, origin: string): Promise<ListCopy | undefined> {
    if (!(await isOwnFolder(this.#spareFolder))) return undefined;
    const copy = await readCopy(this.#spareFile(name), origin);
    return copy === 'damaged' ? undefined : copy;
  }

  async #removeSpare(name: string): Promise<void> {
    this.#spared.delete(name);
    if (await isOwnFolder(this.#spareFolder)) await fs.rm(this.#spareFile(name), { force: true });
  }

  #file(name: string): string {
    return path.join(this.#folder, `${name}.list`);
  }

  #spareFile(name: string): string {
    return path.join(this.#spareFolder, `${name}.list`);
  }

  #pendingFile(name: string): string {
    return path.join(this.#folder, `${name}.pending`);
  }
}

async function readCopy(file: string, origin: string): Promise<ListCopy | 'damaged' | undefined> {
  try {
    const read = await readWholeFile(file, MAX_COPY_BYTES);
    if (!read) return undefined;
    const image = await decodeImage(read.bytes);
    if (!image) return 'damaged';
    return image.header.origin === origin ? { ...image, confirmedAtMs: read.modifiedAtMs } : undefined;
  } catch {
    return 'damaged';
  }
}
