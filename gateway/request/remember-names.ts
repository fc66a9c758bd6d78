// Header names repeat: looking one up is cheaper than judging it.

/** Clients make up names: beyond so many, each is judged anew. */
const MAX_NAMES = 4_096;

/** @param judge depends on the name alone */
export function rememberNames<Judgement extends string | boolean>(
  judge: (name: string) => Judgement,
): (name: string) => Judgement {
  const known = new Map<string, Judgement>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const judgement = judge(name);
    if (known.size < MAX_NAMES) known.set(name, judgement);
    return judgement;
  };
}
