// The order of the labels of a text: where blocks end, and whether there are any.

import type { Role } from './block-roles.ts';
import { type CutText, isRepeated } from './block-text.ts';
import { isRuler } from './labelled-line.ts';

/** What blank lines and rulers stand between: each two blocks, each two fields, or some of them. */
export type Bounds = 'blocks' | 'fields' | 'none';

const MOST_WHOLE = 0.8;

/** What groups of lines between blank lines and rulers are, mostly. */
export function boundsOf(
  cut: CutText,
  lines: readonly string[],
  roles: ReadonlyMap<string, Role>,
  isBelow: boolean,
): Bounds {
  let [logins, passwords] = [0, 0];
  const groups = { all: 0, whole: 0, login: 0, password: 0 };
  let counted = new Set<string>();
  const close = (): void => {
    if (logins + passwords > 0) groups.all++;
    if (logins === 1 && passwords >= 1) groups.whole++;
    else if (logins + passwords === 1) groups[logins === 1 ? 'login' : 'password']++;
    [logins, passwords, counted] = [0, 0, new Set()];
  };
  for (const [i, line] of lines.entries()) {
    const found = cut.lines[i];
    const role = found && roles.get(found.label);
    if (found && role !== undefined && (!isBelow || found.value.trim() === '')) {
      // Another login of the same block has another label.
      if (role === 'password') passwords++;
      else if (role === 'login' && (logins === 0 || counted.has(found.label))) logins++;
      counted.add(found.label);
    } else if (isRuler(line)) close();
  }
  close();
  if (groups.whole > MOST_WHOLE * groups.all) return 'blocks';
  // As many of one half as of the other.
  return 2 * Math.min(groups.login, groups.password) > MOST_WHOLE * groups.all ? 'fields' : 'none';
}

/** Labels beyond this are not those of a block. */
const MAX_LABELS = 40;

/** Whether labels that come again follow each other in the same order, and none follows itself. */
export function isCyclic(cut: CutText): boolean {
  const repeated = [...cut.labels].filter(([label]) => isRepeated(cut)(label));
  if (repeated.length < 2 || repeated.length > MAX_LABELS) return false;
  const order = cut.lines.flatMap((found) => (found && isRepeated(cut)(found.label) ? [found.label] : []));
  const followers = new Map<string, Map<string, number>>();
  for (const [i, label] of order.slice(1).entries()) {
    const before = order[i] as string;
    const counts = followers.get(before) ?? new Map<string, number>();
    followers.set(before, counts.set(label, (counts.get(label) ?? 0) + 1));
  }
  let all = 0;
  let usual = 0;
  for (const [label, counts] of followers) {
    const others = [...counts].filter(([next]) => next !== label).map(([, count]) => count);
    all += [...counts.values()].reduce((sum, count) => sum + count, 0);
    usual += Math.max(0, ...others);
  }
  return usual > MOST_WHOLE * all;
}
