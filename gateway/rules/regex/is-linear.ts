// Whether a backtracking engine needs time linear in the text. Conservative: no means perhaps.

import { type ByteSet, intersects } from './byte-set.ts';
import { isNullable, type RegexNode } from './node.ts';

/** Bounds of the work at one start: ways through the expression, and steps on all of them. */
const MAX_PATHS = 64;
const MAX_STEPS = 512;
/** Parts that are compared with each other. */
const MAX_POSITIONS = 256;

/**
 * Either there are few ways through the expression, none of which is longer than it, so that each
 * start costs a bounded number of steps. Or it begins at the start of the text, and each byte
 * leaves one way at most, so that a step back fails at once.
 */
export function isLinear(node: RegexNode): boolean {
  const { paths, steps } = costOf(node);
  return (paths <= MAX_PATHS && steps <= MAX_STEPS) || (isAnchored(node) && isDeterministic(node));
}

interface Cost {
  readonly paths: number;
  readonly steps: number;
}

function costOf(node: RegexNode): Cost {
  switch (node.kind) {
    case 'set':
    case 'assert':
      return { paths: 1, steps: 1 };
    case 'sequence':
      return node.items.map(costOf).reduce(behind, { paths: 1, steps: 0 });
    case 'choice': {
      const costs = node.items.map(costOf);
      return {
        paths: costs.reduce((sum, { paths }) => sum + paths, 0),
        steps: costs.reduce((sum, { steps }) => sum + steps + 1, 0),
      };
    }
    case 'repeat': {
      if (node.max > MAX_STEPS) return { paths: Number.POSITIVE_INFINITY, steps: Number.POSITIVE_INFINITY };
      const once = costOf(node.item);
      let cost: Cost = { paths: 1, steps: 1 };
      // An optional copy is done or left out.
      for (let i = node.max; i > 0; i--) {
        const { paths, steps } = behind(once, cost);
        cost = { paths: paths + (i > node.min ? 1 : 0), steps: steps + 1 };
        if (cost.steps > MAX_STEPS) break;
      }
      return cost;
    }
  }
}

/** Each way through the first is followed by each way through the second. */
const behind = (first: Cost, second: Cost): Cost => ({
  paths: first.paths * second.paths,
  steps: first.steps + first.paths * second.steps,
});

function isAnchored(node: RegexNode): boolean {
  switch (node.kind) {
    case 'assert':
      return node.place === 'start';
    case 'sequence':
      return node.items[0] !== undefined && isAnchored(node.items[0]);
    case 'choice':
      return node.items.every(isAnchored);
    default:
      return false;
  }
}

/** Sets of bytes that a part begins with, and what stands at its end (Glushkov's construction). */
interface Part {
  readonly first: readonly Position[];
  readonly last: readonly Position[];
  readonly canBeEmpty: boolean;
}

interface Position {
  readonly set: ByteSet;
  /** What may come next, once for each way to it. */
  readonly next: Position[];
}

class Ambiguous extends Error {}

function isDeterministic(node: RegexNode): boolean {
  const positions: Position[] = [];
  try {
    const { first } = partOf(node, positions);
    return isDistinct(first) && positions.every(({ next }) => isDistinct(next));
  } catch (error) {
    if (error instanceof Ambiguous) return false;
    throw error;
  }
}

/** A position that is reached in two ways intersects itself. */
const isDistinct = (positions: readonly Position[]): boolean =>
  positions.every(({ set }, at) => positions.slice(at + 1).every((other) => !intersects(set, other.set)));

function partOf(node: RegexNode, positions: Position[]): Part {
  switch (node.kind) {
    case 'set': {
      const position: Position = { set: node.set, next: [] };
      if (positions.push(position) > MAX_POSITIONS) throw new Ambiguous();
      return { first: [position], last: [position], canBeEmpty: false };
    }
    case 'assert':
      return { first: [], last: [], canBeEmpty: true };
    case 'sequence':
      return node.items.map((item) => partOf(item, positions)).reduce(joined, NOTHING);
    case 'choice': {
      const parts = node.items.map((item) => partOf(item, positions));
      // Two empty alternatives are two ways to the same place.
      if (parts.filter(({ canBeEmpty }) => canBeEmpty).length > 1) throw new Ambiguous();
      return {
        first: parts.flatMap(({ first }) => first),
        last: parts.flatMap(({ last }) => last),
        canBeEmpty: parts.some(({ canBeEmpty }) => canBeEmpty),
      };
    }
    case 'repeat':
      return repeated(node, positions);
  }
}

const NOTHING: Part = { first: [], last: [], canBeEmpty: true };

function joined(before: Part, after: Part): Part {
  for (const { next } of before.last) next.push(...after.first);
  return {
    first: before.canBeEmpty ? [...before.first, ...after.first] : before.first,
    last: after.canBeEmpty ? [...before.last, ...after.last] : after.last,
    canBeEmpty: before.canBeEmpty && after.canBeEmpty,
  };
}

function repeated(node: RegexNode & { kind: 'repeat' }, positions: Position[]): Part {
  if (isNullable(node.item)) throw new Ambiguous();
  if (node.max > MAX_POSITIONS && Number.isFinite(node.max)) throw new Ambiguous();
  let whole = NOTHING;
  const copies = Number.isFinite(node.max) ? node.max : Math.max(1, node.min);
  for (let i = 0; i < copies; i++) {
    const copy = partOf(node.item, positions);
    const isLoop = !Number.isFinite(node.max) && i === copies - 1;
    if (isLoop) for (const { next } of copy.last) next.push(...copy.first);
    whole = joined(whole, i < node.min ? copy : { ...copy, canBeEmpty: true });
  }
  return whole;
}
