// Finds the files of a corpus: those that are named, and all files below folders. Links are
// followed, and every real file is read once.

import fs from 'node:fs';
import path from 'node:path';
import { isMissing } from '../../store/files.ts';
import { isDatasetFolder, isWithinDataset } from '../../store/inside-dataset.ts';
import { rangeOfName } from '../containers/range-name.ts';
import { IngestError } from '../errors.ts';
import { COMPANION_WHY, isCompanion, type LeftOut } from './left-out.ts';
import { isOwnFile } from './own-files.ts';

export interface FoundFile {
  /** Files of one folder share it: a mirror has a million of them. */
  readonly folder: string;
  readonly name: string;
}

export const pathOf = ({ folder, name }: FoundFile): string => path.join(folder, name);

/** What one path of the command line led to. */
export interface Found {
  readonly path: string;
  readonly isFolder: boolean;
  /** In the order of their paths. */
  readonly files: readonly FoundFile[];
}

/**
 * @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE`, `INPUT_OWN`
 */
export function findFiles(paths: readonly string[], leftOut: LeftOut): Found[] {
  const finder = new Finder(leftOut);
  const roots = paths.map((given) => finder.openRoot(given));
  finder.followFolders();
  finder.followFiles();
  for (const { path: given, isFolder, files } of roots)
    if (isFolder && files.length === 0 && !finder.hasSkipped)
      throw new IngestError('INPUT_MISSING', `${given} contains no files`, 'Pass the folder that contains the corpus.');
  if (roots.every(({ files }) => files.length === 0))
    throw new IngestError(
      'INPUT_MISSING',
      `${paths.join(', ')}: everything in it was left out (${finder.reasons})`,
      'Pass the folder that contains the corpus.',
    );
  for (const { files } of roots) files.sort(byPath);
  return roots;
}

function byPath(a: FoundFile, b: FoundFile): number {
  const [left, right] = a.folder === b.folder ? [a.name, b.name] : [pathOf(a), pathOf(b)];
  return left < right ? -1 : 1;
}

type Root = Found & { readonly files: FoundFile[] };
/** A path that is a link or was named, and what it really is. */
interface Lead {
  readonly root: Root;
  readonly at: string;
  readonly real: string;
}

const ALREADY = 'read already';
const NOWHERE = 'a link that leads nowhere';
const SPECIAL = 'not a regular file';
const DATASET = 'a dataset, or a part of one';
const OWN = 'a key, or another file of credveil';

/**
 * Takes real folders first, then linked ones, then files: each file is known by its real folder.
 */
class Finder {
  readonly #leftOut: LeftOut;
  /** Real paths of the folders that were read. */
  readonly #folders = new Set<string>();
  /** Real paths of the files outside of them. */
  readonly #files = new Set<string>();
  readonly #folderLeads: Lead[] = [];
  readonly #fileLeads: Lead[] = [];

  constructor(leftOut: LeftOut) {
    this.#leftOut = leftOut;
  }

  get hasSkipped(): boolean {
    return this.#leftOut.groups.length > 0;
  }

  get reasons(): string {
    return this.#leftOut.groups.map(({ why }) => why).join('; ');
  }

  /** @throws IngestError */
  openRoot(given: string): Root {
    const stat = statInput(given);
    const real = fs.realpathSync(given);
    const root: Root = { path: given, isFolder: stat.isDirectory(), files: [] };
    if (isWithinDataset(real)) throw refuseOwn(given, DATASET);
    if (stat.isDirectory()) this.#walk(root, given, real);
    else if (!stat.isFile())
      throw new IngestError(
        'INPUT_UNREADABLE',
        `${given} is ${SPECIAL}`,
        'Pass files or folders, or `-` for standard input.',
      );
    else if (isOwnFile(real)) throw refuseOwn(given, OWN);
    else this.#fileLeads.push({ root, at: given, real });
    return root;
  }

  followFolders(): void {
    // The list grows meanwhile.
    for (const { root, at, real } of this.#folderLeads) this.#walk(root, at, real);
  }

  followFiles(): void {
    for (const { root, at, real } of this.#fileLeads) {
      if (this.#files.has(real) || this.#folders.has(path.dirname(real))) this.#leftOut.add(at, ALREADY);
      else if (isWithinDataset(real)) this.#leftOut.add(at, DATASET);
      else {
        this.#files.add(real);
        this.#take(root, path.dirname(at), path.basename(at));
      }
    }
  }

  #walk(root: Root, folder: string, real: string): void {
    const why = this.#folders.has(real) ? ALREADY : isDatasetFolder(real) ? DATASET : undefined;
    this.#folders.add(real);
    if (why !== undefined) {
      this.#leftOut.add(folder, why);
      return;
    }
    for (const entry of readFolder(folder)) {
      const at = path.join(folder, entry.name);
      if (entry.isFile()) this.#take(root, folder, entry.name);
      else if (entry.isDirectory()) this.#walk(root, at, path.join(real, entry.name));
      else if (entry.isSymbolicLink()) this.#follow(root, at);
      else this.#leftOut.add(at, SPECIAL);
    }
  }

  #follow(root: Root, at: string): void {
    let real: string;
    let stat: fs.Stats;
    try {
      real = fs.realpathSync(at);
      stat = fs.statSync(real);
    } catch {
      this.#leftOut.add(at, NOWHERE);
      return;
    }
    if (stat.isFile()) this.#fileLeads.push({ root, at, real });
    else if (!stat.isDirectory()) this.#leftOut.add(at, SPECIAL);
    else if (isWithinDataset(real)) this.#leftOut.add(at, DATASET);
    else this.#folderLeads.push({ root, at, real });
  }

  #take(root: Root, folder: string, name: string): void {
    // Range files are not opened: a mirror has a million, and reading them shows what they are.
    if (isCompanion(name)) this.#leftOut.add(path.join(folder, name), COMPANION_WHY);
    else if (rangeOfName(name) === undefined && this.#isOwn(path.join(folder, name)))
      this.#leftOut.add(path.join(folder, name), OWN);
    else root.files.push({ folder, name });
  }

  #isOwn(file: string): boolean {
    try {
      return isOwnFile(file);
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }
}

function readFolder(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

/** @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE` */
export function statInput(file: string): fs.Stats {
  try {
    const stat = fs.statSync(file);
    fs.accessSync(file, fs.constants.R_OK);
    return stat;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): IngestError {
  const code = isMissing(cause) ? 'INPUT_MISSING' : 'INPUT_UNREADABLE';
  const what = isMissing(cause) ? 'does not exist' : 'cannot be read';
  return new IngestError(code, `${file} ${what}`, 'Check its path and permissions; `-` reads standard input.', {
    cause,
  });
}

const refuseOwn = (given: string, what: string): IngestError =>
  new IngestError('INPUT_OWN', `${given} is ${what}, not a corpus`, 'Pass the files or the folder of the corpus.');
