// One kind of what the gateway answers itself.

export interface AnswerKind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly hint: string;
}

export const malformed = (detail: string, hint: string): AnswerKind => ({
  status: 400,
  title: 'Bad request',
  detail,
  hint,
});
