// Fields that frameworks read from the path of a request: `/login/user/alice` (Zend, Yii),
// `/login/user:alice` (CakePHP) and parameters of a segment, `/login;user=alice` (JAX-RS).

import type { Field } from './fields.ts';
import { readForm } from './form.ts';

/** More segments than any route has. */
const MAX_SEGMENTS = 1_000;

/** nginx and PHP undo them before an application takes the path apart. */
const MARKS: { readonly [code: string]: string } = { '%2f': '/', '%3a': ':', '%3b': ';', '%3d': '=' };

/** @param path as it stands in the target, without its query */
export function readPath(path: string): readonly Field[] {
  const undone = path.replace(/%(?:2f|3[abd])/gi, (code) => MARKS[code.toLowerCase()] ?? code);
  return [...new Set([path, undone])].flatMap(fieldsIn);
}

function fieldsIn(path: string): readonly Field[] {
  const segments = path.split('/', MAX_SEGMENTS).filter((segment) => segment !== '');
  const turns = segments.slice(1).map((value, i) => `${segments[i]}=${value}`);
  const pairs = segments.flatMap((segment) => segment.split(';')).map((piece) => piece.replace(/[:=]/, '='));
  return readForm([...turns, ...pairs.filter((pair) => pair.includes('='))].join('&')).fields;
}
