// Questions of a worker to the first process, many in one message: logins of a moment wait for one
// answer, and not for one after the other.

import { CredveilError } from '../../protocol/errors.ts';
import { nameError } from '../../runtime/events.ts';
import { StateError, type StateErrorCode } from './state.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type BatchAnswer = { readonly reply: unknown } | { readonly failure: Failure };

interface Waiting<Question> {
  readonly question: Question;
  resolve(reply: unknown): void;
  reject(error: StateError): void;
}

const MAX_BATCH = 512;
const MAX_WAITING = 65_536;

export class Batches<Question> {
  readonly #send: (questions: readonly Question[]) => Promise<readonly BatchAnswer[]>;
  #waiting: Waiting<Question>[] = [];
  #isScheduled = false;

  constructor(send: (questions: readonly Question[]) => Promise<readonly BatchAnswer[]>) {
    this.#send = send;
  }

  /** @throws StateError `STATE_AWAY`, or what the first process has met */
  ask(question: Question): Promise<unknown> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(away());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => void this.#sendAll());
    });
  }

  /** In a message of its own, which none waits for. */
  async askAlone(question: Question): Promise<unknown> {
    const [answer] = await this.#send([question]).catch((cause: unknown) => {
      throw away(cause);
    });
    if (answer && 'reply' in answer) return answer.reply;
    throw answer ? errorOf(answer.failure) : away();
  }

  /** One message after the other, so that what waits meanwhile goes with the next. */
  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        const answers = await this.#send(batch.map(({ question }) => question));
        for (const [i, { resolve, reject }] of batch.entries()) {
          const answer = answers[i];
          if (answer && 'reply' in answer) resolve(answer.reply);
          else reject(answer ? errorOf(answer.failure) : away());
        }
      } catch (cause) {
        for (const { reject } of batch) reject(away(cause));
      }
    }
    this.#isScheduled = false;
  }
}

/** The other side: every question has its own answer, or its own failure. */
export function answerBatch<Question>(
  questions: readonly Question[],
  answer: (question: Question) => Promise<unknown>,
): Promise<BatchAnswer[]> {
  return Promise.all(
    questions.map(async (question): Promise<BatchAnswer> => {
      try {
        return { reply: await answer(question) };
      } catch (error) {
        const { code, hint } = nameError(error);
        return { failure: { code, hint, message: error instanceof CredveilError ? error.message : 'it failed' } };
      }
    }),
  );
}

const errorOf = ({ code, message, hint }: Failure): StateError => new StateError(code as StateErrorCode, message, hint);

export const away = (cause?: unknown): StateError =>
  new StateError(
    'STATE_AWAY',
    'the process that keeps the state does not answer',
    'Wait: it is started again, or has too much to do.',
    { cause },
  );
