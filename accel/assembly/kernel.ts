// What the kernel exports.

export { deriveEntries, entryScratchBytes } from './entries';
export { heapBase, hmacBatch, sha256Heads, stateAfter } from './hmac-sha256';
export { renderRange } from './ranges';
export { sortRecords, sortScratchBytes } from './records';
