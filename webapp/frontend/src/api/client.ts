const BASE = "/api/v1";
const TIMEOUT_MS = 20_000;

/** The server answered, and the answer is no. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
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
}

function isJson(response: Response): boolean {
  return /\bjson\b/.test(response.headers.get("content-type") ?? "");
}

async function toError(response: Response): Promise<Error> {
  // A gateway in between answers in HTML: then it was not Fieldproof that refused.
  if (!isJson(response)) {
    return response.status >= 500
      ? new Unreachable(response.status)
      : new ApiError(response.status, "", "");
  }
  const problem = (await response.json().catch(() => ({}))) as Problem;
  return new ApiError(response.status, problem.code ?? "", problem.detail ?? problem.title ?? "");
}

async function send(method: string, path: string, body: unknown): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  const headers: Record<string, string> = { Accept: "application/json" };
  // The header cannot be sent across origins without consent, so it stands in for a CSRF token.
  if (method !== "GET") headers["X-Fieldproof"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(BASE + path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: abort.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new Unreachable(error);
  } finally {
    clearTimeout(timer);
  }
}

export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body);
  if (!response.ok) {
    const error = await toError(response);
    if (error instanceof ApiError && error.status === 401 && error.code !== "bad_credentials")
      onSignedOut();
    throw error;
  }
  if (response.status === 204) return undefined as T;
  // A hotel or guest network may answer everything with its own sign-in page and status 200.
  if (!isJson(response)) throw new Unreachable("not json");
  try {
    return (await response.json()) as T;
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
