// A backtracking matcher as JavaScript's engine is one. It counts its steps, so that the time of an
// expression is a number and no measurement.

import type { ByteSet } from '../../../../gateway/rules/regex/byte-set.ts';
import type { Place, RegexNode } from '../../../../gateway/rules/regex/node.ts';

export class StepsExceeded extends Error {}

/** Searches a text from each start, and gives up beyond a number of steps. */
export function searchBacktracking(
  node: RegexNode,
  text: string,
  maxSteps: number,
): { readonly isFound: boolean; readonly steps: number } {
  let steps = 0;
  type Then = (at: number) => boolean;
  const match = (part: RegexNode, at: number, then: Then): boolean => {
    if (++steps > maxSteps) throw new StepsExceeded();
    switch (part.kind) {
      case 'set':
        return at < text.length && contains(part.set, text.charCodeAt(at)) && then(at + 1);
      case 'assert':
        return holdsAt(part.place, text, at) && then(at);
      case 'sequence': {
        const from = (index: number): Then => {
          const item = part.items[index];
          return item === undefined ? then : (place) => match(item, place, from(index + 1));
        };
        return from(0)(at);
      }
      case 'choice':
        return part.items.some((item) => match(item, at, then));
      case 'repeat': {
        const again = (count: number, place: number): boolean => {
          const isDone = count >= part.min;
          const more =
            count < part.max &&
            match(part.item, place, (next) => !(next === place && isDone) && again(count + 1, next));
          return more || (isDone && then(place));
        };
        return again(0, at);
      }
    }
  };
  for (let start = 0; start <= text.length; start++)
    if (match(node, start, () => true)) return { isFound: true, steps };
  return { isFound: false, steps };
}

const contains = (set: ByteSet, byte: number): boolean => set.some(([first, last]) => byte >= first && byte <= last);

function holdsAt(place: Place, text: string, at: number): boolean {
  const isWord = (index: number): boolean => /^\w$/.test(text.charAt(index));
  switch (place) {
    case 'start':
      return at === 0;
    case 'end':
      return at === text.length;
    case 'line start':
      return at === 0 || text[at - 1] === '\n';
    case 'line end':
      return at === text.length || text[at] === '\n';
    default:
      return (isWord(at - 1) !== isWord(at)) === (place === 'word boundary');
  }
}
