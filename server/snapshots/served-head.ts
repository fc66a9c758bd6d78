// The head of a snapshot as it is served: looked at again with each poll, replaced when the
// publisher renewed it, and reported before it runs out. PROTOCOL.md §10.

import fs from 'node:fs';
import type { SnapshotId } from '../../protocol/brands.ts';
import { type HeadState, headState } from '../../protocol/signed/head.ts';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import type { Dataset } from '../../store/dataset.ts';
import { snapshotName } from '../../store/snapshot/layout/snapshot-facts.ts';
import { type HeadFile, headPath, readHead, type StatementFile } from '../../store/snapshot/statement-files.ts';

export class ServedHead {
  readonly #dataset: Dataset;
  readonly #name: string;
  readonly #id: SnapshotId;
  readonly #stated: StatementFile;
  readonly #onEvent: OnEvent;
  #file: HeadFile;
  #version: string;
  /** The version that was refused, said once. */
  #refused: string | undefined;
  #reported: HeadState = 'fresh';

  /** @throws StoreError `HEAD_CORRUPT` */
  constructor(dataset: Dataset, id: SnapshotId, stated: StatementFile, onEvent: OnEvent) {
    this.#dataset = dataset;
    this.#name = snapshotName(id);
    this.#id = id;
    this.#stated = stated;
    this.#onEvent = onEvent;
    this.#version = this.#readVersion();
    this.#file = readHead(dataset, this.#name, stated);
  }

  /** The envelope of the newest head. */
  get envelope(): Buffer {
    return this.#file.envelope;
  }

  get validUntil(): string {
    return this.#file.head.validUntil;
  }

  /** Negative once it has run out. */
  validSeconds(now: number): number {
    return (Date.parse(this.validUntil) - now) / 1000;
  }

  state(now: number): HeadState {
    return headState(this.#file.head, now);
  }

  /** Takes over a renewed head; a broken one leaves the old one in use. */
  poll(now: number): void {
    const version = this.#readVersion();
    if (version !== this.#version && version !== this.#refused)
      try {
        this.#file = readHead(this.#dataset, this.#name, this.#stated);
        this.#version = version;
        this.#refused = undefined;
        this.#onEvent({ event: 'head-renewed', snapshot: this.#id, validUntil: this.validUntil });
      } catch (error) {
        this.#refused = version;
        const { code, hint } = nameError(error);
        this.#onEvent({ event: 'head-refused', snapshot: this.#id, code, hint });
      }
    this.#report(now);
  }

  #report(now: number): void {
    const state = this.state(now);
    if (state === this.#reported) return;
    this.#reported = state;
    if (state === 'fresh') return;
    const event = state === 'expired' ? 'head-expired' : 'head-expiring';
    const hint = `Run: credveil publish ${this.#dataset.folder} --renew, every hour.`;
    this.#onEvent({ event, snapshot: this.#id, validUntil: this.validUntil, hint });
  }

  /** Changes when the file is replaced. */
  #readVersion(): string {
    try {
      const { mtimeNs, ino, size } = fs.statSync(headPath(this.#dataset, this.#name), { bigint: true });
      return `${mtimeNs} ${ino} ${size}`;
    } catch {
      return 'missing';
    }
  }
}
