// Derives the records of credentials in batches on the WebAssembly kernel, under suite `hmac`:
// PROTOCOL.md §3, §4, §11. Tests compare it with store/run/credential-records.ts.

import { INPUT_OVERHEAD_BYTES, MAX_SIMILAR_FORMS } from '../protocol/private-input.ts';
import { KEY_STATE_BYTES, MAX_KERNEL_MESSAGE_BYTES, prepareKey } from './hmac-kernel.ts';
import { type KernelExports, startKernel } from './kernel-instance.ts';

/** Bytes of a username and a password, or a form, that the kernel takes. */
export const MAX_ENTRY_BYTES = MAX_KERNEL_MESSAGE_BYTES - INPUT_OVERHEAD_BYTES;

/** Credentials in a batch: what they need should fit the processor's cache. */
const BATCH = 1024;
/** Of a batch's fields. */
const FIELD_BYTES = 96 * 1024;
/** A credential with its forms. */
const MOST_FIELD_BYTES = MAX_ENTRY_BYTES * (1 + MAX_SIMILAR_FORMS);
/** Vectors are read from where a field begins, and may reach beyond it. */
const SLACK_BYTES = 64;
/** u32 of a credential and of a form. */
const CREDENTIAL_WORDS = 6;
const FORM_WORDS = 2;
/** Of a record: store/run/record.ts. */
const RECORD_BYTES = 23;
/** A pair and its forms, and the username. */
const MAX_ACCOUNT_RECORDS = 2 + MAX_SIMILAR_FORMS;
const WANTS_ACCOUNT = 1;
const WANTS_PASSWORD = 2;

/** Places in memory, from the start of the heap on. */
const LIST_AT = 2 * KEY_STATE_BYTES;
const FORMS_AT = LIST_AT + 4 * CREDENTIAL_WORDS * BATCH;
const ACCOUNT_AT = FORMS_AT + 4 * FORM_WORDS * MAX_SIMILAR_FORMS * BATCH;
const PASSWORD_AT = ACCOUNT_AT + RECORD_BYTES * MAX_ACCOUNT_RECORDS * BATCH;
const SCRATCH_AT = PASSWORD_AT + RECORD_BYTES * BATCH;

export interface EntryKeys {
  /** The subkeys of the uses `account` and `entry`. */
  readonly account: Uint8Array;
  readonly entry: Uint8Array;
}

/** Records of a batch in any order, valid until the next credential is added. */
export interface EntryRecords {
  readonly account: Uint8Array;
  readonly password: Uint8Array;
}

/**
 * Takes credentials of up to MAX_ENTRY_BYTES: their fields are written to `bytes` from `end` on,
 * then `add` takes them, and then `addForm` each form in the same way.
 */
export class EntryKernel {
  readonly #exports: KernelExports;
  readonly #heapAt: number;
  readonly #wants: number;
  readonly #fieldsAt: number;
  readonly #list: Uint32Array;
  readonly #forms: Uint32Array;
  readonly bytes: Uint8Array;
  #end: number;
  #count = 0;
  #formCount = 0;

  constructor(keys: EntryKeys, wants: { readonly account: boolean; readonly password: boolean }) {
    const kernel = startKernel(
      ({ entryScratchBytes }) => SCRATCH_AT + entryScratchBytes(BATCH) + FIELD_BYTES + MOST_FIELD_BYTES + SLACK_BYTES,
    );
    const { exports, heapAt, bytes } = kernel;
    this.#exports = exports;
    this.#heapAt = heapAt;
    this.bytes = bytes;
    this.#wants = (wants.account ? WANTS_ACCOUNT : 0) | (wants.password ? WANTS_PASSWORD : 0);
    this.#fieldsAt = heapAt + SCRATCH_AT + exports.entryScratchBytes(BATCH);
    this.#end = this.#fieldsAt;
    const { buffer } = bytes;
    this.#list = new Uint32Array(buffer, heapAt + LIST_AT, CREDENTIAL_WORDS * BATCH);
    this.#forms = new Uint32Array(buffer, heapAt + FORMS_AT, FORM_WORDS * MAX_SIMILAR_FORMS * BATCH);
    prepareKey(kernel, keys.account, heapAt, this.#fieldsAt);
    prepareKey(kernel, keys.entry, heapAt + KEY_STATE_BYTES, this.#fieldsAt);
  }

  /** Where the next field begins in `bytes`. */
  get end(): number {
    return this.#end;
  }

  /** Whether `run` must come before the next credential. */
  get isFull(): boolean {
    return this.#count === BATCH || this.#end > this.#fieldsAt + FIELD_BYTES;
  }

  /** Adds the credential at `end`: its username, empty for none, and behind it its password. */
  add(usernameBytes: number, passwordBytes: number, times: number): void {
    const list = this.#list;
    const at = this.#end;
    const place = CREDENTIAL_WORDS * this.#count++;
    list[place] = at;
    list[place + 1] = usernameBytes;
    list[place + 2] = at + usernameBytes;
    list[place + 3] = passwordBytes;
    list[place + 4] = times;
    list[place + 5] = 0;
    this.#end = at + usernameBytes + passwordBytes;
  }

  /** Adds a form of the last credential, bytes[at, at + length), and keeps what is before `end`. */
  addForm(at: number, length: number, end: number): void {
    const place = FORM_WORDS * this.#formCount++;
    this.#forms[place] = at;
    this.#forms[place + 1] = length;
    const forms = CREDENTIAL_WORDS * this.#count - 1;
    this.#list[forms] = (this.#list[forms] as number) + 1;
    this.#end = end;
  }

  /** Derives the records of all credentials and empties the batch. */
  run(): EntryRecords {
    const heapAt = this.#heapAt;
    const made = this.#exports.deriveEntries(
      heapAt,
      heapAt + LIST_AT,
      this.#count,
      BATCH,
      heapAt + FORMS_AT,
      this.#wants,
      heapAt + SCRATCH_AT,
      heapAt + ACCOUNT_AT,
      heapAt + PASSWORD_AT,
    );
    this.#count = 0;
    this.#formCount = 0;
    this.#end = this.#fieldsAt;
    const records = (at: number, count: number): Uint8Array =>
      this.bytes.subarray(heapAt + at, heapAt + at + count * RECORD_BYTES);
    return { account: records(ACCOUNT_AT, made & 0xffff), password: records(PASSWORD_AT, made >>> 16) };
  }
}
