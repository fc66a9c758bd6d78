// Starts the WebAssembly kernel with the memory that its caller lays out.

import { KERNEL_WASM } from './kernel-wasm.ts';

const PAGE_BYTES = 65_536;
/** Of a vector register. */
const ALIGNMENT = 16;

/** The kernel's functions; each caller uses some. Addresses and lengths are in bytes. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  stateAfter(block: number, state: number): void;
  hmacBatch(keys: number, messages: number, count: number, out: number): void;
  sha256Heads(blocks: number, count: number, out: number): void;
  entryScratchBytes(capacity: number): number;
  deriveEntries(
    keys: number,
    list: number,
    count: number,
    capacity: number,
    forms: number,
    wants: number,
    scratch: number,
    account: number,
    password: number,
  ): number;
  renderRange(body: number, bytes: number, suffixBytes: number, half: number, out: number): number;
  sortScratchBytes(): number;
  sortRecords(from: number, count: number, spare: number, scratch: number): number;
}

export interface KernelInstance {
  readonly exports: KernelExports;
  /** Where the caller's memory begins: a multiple of 16. */
  readonly heapAt: number;
  /** All of the kernel's memory. */
  readonly bytes: Uint8Array;
}

/** Compiled once for all of a thread. */
let module: WebAssembly.Module | undefined;

/** @param heapBytes the memory that the caller needs after `heapAt` */
export function startKernel(heapBytes: (exports: KernelExports) => number): KernelInstance {
  module ??= new WebAssembly.Module(Buffer.from(KERNEL_WASM, 'base64'));
  const instance = new WebAssembly.Instance(module, { env: { abort: () => undefined } });
  const exports = instance.exports as unknown as KernelExports;
  const { memory } = exports;
  const heapAt = Math.ceil(exports.heapBase() / ALIGNMENT) * ALIGNMENT;
  memory.grow(
    Math.max(0, Math.ceil((heapAt + heapBytes(exports)) / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES),
  );
  return { exports, heapAt, bytes: new Uint8Array(memory.buffer) };
}
