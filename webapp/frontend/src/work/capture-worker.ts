import { type Hashed, makeThumb, readAndHash } from "./darkroom";

export type Job =
  | { id: number; kind: "hash"; file: Blob }
  | { id: number; kind: "thumb"; bytes: ArrayBuffer; mime: string };

export type Done =
  | { id: number; kind: "hash"; result: Hashed }
  | { id: number; kind: "thumb"; result: ArrayBuffer }
  | { id: number; kind: "failed"; reason: string };

/** The page's type library has no worker scope; this is all that is used of it. */
interface Scope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(message: Done, transfer: Transferable[]): void;
}

const scope = self as unknown as Scope;

async function work(job: Job): Promise<void> {
  if (job.kind === "hash") {
    const result = await readAndHash(job.file);
    scope.postMessage({ id: job.id, kind: "hash", result }, [result.bytes]);
  } else {
    const result = await makeThumb(job.bytes, job.mime);
    scope.postMessage({ id: job.id, kind: "thumb", result }, [result]);
  }
}

scope.onmessage = ({ data: job }) => {
  work(job).catch((error: unknown) => {
    scope.postMessage({ id: job.id, kind: "failed", reason: String(error) }, []);
  });
};
