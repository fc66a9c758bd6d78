// How the head of a request is refused: with the end of its connection, since what follows on it
// may be a body that was to be taken for a request.

import { type AnswerCode, Refusal } from '../answers/kinds.ts';

export const refuse = (code: AnswerCode): Refusal => new Refusal(code, { close: true });
