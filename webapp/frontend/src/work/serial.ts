/**
 * One after the other within this tab: a version must know the one before it, and photos must not lie in memory side by
 * side. Not over tabs: a tab that the system froze would hold up all others, and two heads lose nothing.
 */
export class Lane {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const next = this.last.then(work, work);
    this.last = next.catch(() => undefined);
    return next;
  }
}

const records = new Lane();

/** For everything that reads what is there and writes what follows from it. */
export const serially = <T>(work: () => Promise<T>): Promise<T> => records.run(work);
