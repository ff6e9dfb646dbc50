/** Tells every screen of this tab and of the others what was written. */

export interface Change {
  /** Walkthroughs of which something changed; "" stands for what belongs to none. */
  inspections: string[];
  reference?: boolean;
}

export interface Progress {
  current: number;
  total: number;
  sending: string | null;
}

export type News =
  | { kind: "change"; change: Change }
  | { kind: "progress"; progress: Progress }
  | { kind: "session" };

type Listener = (change: Change) => Promise<void>;

const listeners = new Set<Listener>();
const readers = new Set<(news: News) => void>();
let channel: BroadcastChannel | null = null;

export const onChange = (listener: Listener): void => void listeners.add(listener);

/** For news of other tabs that are no change of records. */
export const onNews = (reader: (news: News) => void): void => void readers.add(reader);

async function tellHere(change: Change): Promise<void> {
  await Promise.all([...listeners].map((listener) => listener(change)));
}

export function openChannel(): void {
  if (channel || typeof BroadcastChannel === "undefined") return;
  channel = new BroadcastChannel("fieldproof-work");
  channel.onmessage = ({ data }: MessageEvent<News>) => {
    if (data.kind === "change") void tellHere(data.change).catch(() => undefined);
    for (const reader of readers) reader(data);
  };
}

export const tellOthers = (news: News): void => channel?.postMessage(news);

/** Resolves when the signals of this tab show what was written. */
export async function announce(change: Change): Promise<void> {
  tellOthers({ kind: "change", change });
  await tellHere(change);
}

export function closeChannel(): void {
  channel?.close();
  channel = null;
}
