const BASE = "/api/v1";
const TIMEOUT_MS = 20_000;
const BODY_TIMEOUT_MS = 60_000;

/** The server answered, and the answer is no. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** What exactly is wrong, by field. */
    readonly errors: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.name = "ApiError";
  }
}

/** Nothing that is our server answered; trying again later can help. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super("unreachable", { cause });
    this.name = "Unreachable";
  }
}

type Listener = () => void;
let onSignedOut: Listener = () => undefined;

/** Called whenever a request is refused because the session is gone. */
export function whenSignedOut(listener: Listener): void {
  onSignedOut = listener;
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  errors?: Record<string, unknown>;
}

/** What came back, read to its end: a body that stalls half-way is no answer. */
export interface Answer {
  status: number;
  ok: boolean;
  headers: Headers;
  text: string;
}

function isJson(answer: Answer): boolean {
  return /\bjson\b/.test(answer.headers.get("content-type") ?? "");
}

function problemOf(answer: Answer): Problem {
  try {
    return (JSON.parse(answer.text) ?? {}) as Problem;
  } catch {
    return {};
  }
}

export function toError(answer: Answer): Error {
  // A gateway in between answers in HTML: then it was not Fieldproof that refused.
  if (!isJson(answer)) {
    return answer.status >= 500
      ? new Unreachable(answer.status)
      : new ApiError(answer.status, "", "");
  }
  const problem = problemOf(answer);
  const detail = problem.detail ?? problem.title ?? "";
  const error = new ApiError(answer.status, problem.code ?? "", detail, problem.errors ?? {});
  if (isLostSession(error)) onSignedOut();
  return error;
}

/** A 401 without a code of ours is a proxy that wants a password of its own: our session still stands. */
const isLostSession = (error: ApiError): boolean =>
  error.status === 401 && error.code !== "" && error.code !== "bad_credentials";

export interface Options {
  headers?: Record<string, string>;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

export interface RawOptions extends Options {
  body?: BodyInit;
}

/**
 * One request to a whole path of this server; any answer resolves. The header X-Fieldproof cannot be sent across origins
 * without consent, so it stands in for a CSRF token; X-Fieldproof-Clock lets the server see how wrong this clock is.
 */
export async function rawRequest(
  method: string,
  path: string,
  { headers = {}, timeoutMs = TIMEOUT_MS, signal, body }: RawOptions = {},
): Promise<Answer> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  let timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  const own: Record<string, string> = { "X-Fieldproof-Clock": String(Date.now()) };
  if (method !== "GET" && method !== "HEAD") own["X-Fieldproof"] = "1";
  try {
    const response = await fetch(path, {
      method,
      headers: { ...own, ...headers },
      credentials: "same-origin",
      cache: "no-store",
      signal: abort.signal,
      ...(body === undefined ? {} : { body }),
    });
    clearTimeout(timer);
    // Long lists take their time over a poor network, but not for ever.
    timer = setTimeout(stop, Math.max(timeoutMs, BODY_TIMEOUT_MS));
    const { status, ok, headers: answered } = response;
    return { status, ok, headers: answered, text: await response.text() };
  } catch (error) {
    throw new Unreachable(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function send(method: string, path: string, body: unknown, options: Options): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return rawRequest(method, BASE + path, {
    ...options,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  options: Options = {},
): Promise<T> {
  const answer = await send(method, path, body, options);
  if (!answer.ok) throw toError(answer);
  if (answer.status === 204) return undefined as T;
  // A hotel or guest network may answer everything with its own sign-in page and status 200.
  if (!isJson(answer)) throw new Unreachable("not json");
  try {
    return JSON.parse(answer.text) as T;
  } catch (error) {
    throw new Unreachable(error);
  }
}

export type Query = Record<string, string | number | null | undefined>;

export function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}
