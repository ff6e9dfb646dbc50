let last: Promise<unknown> = Promise.resolve();

/**
 * One after the other within this tab: a version must know the one before it, and photos must not lie in memory side by
 * side. Not over tabs: a tab that the system froze would hold up all others, and two heads lose nothing.
 */
export function serially<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work, work);
  last = next.catch(() => undefined);
  return next;
}
