import type { TemplateContent } from "../work/types";
import { type Query, request, withQuery } from "./client";
import type {
  Alarm,
  Collector,
  Device,
  Evidence,
  ListedInspection,
  Me,
  OpAnswer,
  OpRequest,
  Page,
  Point,
  RemoteFinding,
  RemoteInspection,
  RemoteState,
  RemoteTemplate,
  Series,
  SyncAnswer,
} from "./types";

const PAGE_LIMIT = 50;
/** A phone that begins fetches some hundred kB, perhaps over 50 kbit/s. */
const SYNC_TIMEOUT_MS = 120_000;

export const get = <T>(path: string, query: Query = {}): Promise<T> =>
  request<T>("GET", withQuery(path, query));

/** Follows the cursor to the end; bounded so that a server's mistake cannot loop for ever. */
export async function getAll<T>(path: string, query: Query): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGE_LIMIT; page += 1) {
    const answer: Page<T> = await get<Page<T>>(path, { ...query, cursor });
    items.push(...answer.items);
    cursor = answer.next;
    if (!cursor) break;
  }
  return items;
}

export const signIn = (username: string, password: string): Promise<Me> =>
  request<Me>("POST", "/session", { username, password });
export const signOut = (): Promise<void> => request<void>("DELETE", "/session");
export const getMe = (): Promise<Me> => get<Me>("/me");

export const getPoints = (site: string, sparkHours?: number): Promise<Point[]> =>
  getAll<Point>("/points", { site, spark: sparkHours });
export const getDevices = (site: string): Promise<Device[]> => getAll<Device>("/devices", { site });
/** Those that nobody has adopted, of whatever site: most name none. */
export const getNewDevices = (): Promise<Device[]> =>
  getAll<Device>("/devices", { state: "unassigned" });
export const getCollectors = (): Promise<Collector[]> => getAll<Collector>("/collectors", {});

export const getOpenAlarms = (site: string): Promise<Alarm[]> =>
  getAll<Alarm>("/alarms", { site, state: "open" });
export const getEndedAlarms = (site: string, cursor: string | null): Promise<Page<Alarm>> =>
  get<Page<Alarm>>("/alarms", { site, state: "ended", limit: 30, cursor });
export const getAlarm = (id: string): Promise<Alarm> =>
  get<Alarm>(`/alarms/${encodeURIComponent(id)}`);
export const putAlarmOp = (alarm: string, op: string, body: OpRequest): Promise<OpAnswer> =>
  request<OpAnswer>("PUT", `/alarms/${encodeURIComponent(alarm)}/ops/${op}`, body);

export const getReadings = (
  device: string,
  metric: string,
  start: number,
  end: number,
  buckets: number,
): Promise<Series> =>
  get<Series>(
    `/devices/${encodeURIComponent(device)}/points/${encodeURIComponent(metric)}/readings`,
    {
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
      buckets,
    },
  );

export const liveUrl = (site: string): string => withQuery("/api/v1/live", { site });

const part = encodeURIComponent;

export const getTemplates = (site: string): Promise<RemoteTemplate[]> =>
  getAll<RemoteTemplate>("/templates", { site });
export const getTemplate = (id: string, version?: number): Promise<RemoteTemplate> =>
  get<RemoteTemplate>(`/templates/${part(id)}`, { version });
/** `version` is the one that the change was made from; null publishes a new template. */
export const putTemplate = (
  id: string,
  body: { site: string; content: TemplateContent },
  version: number | null,
): Promise<RemoteTemplate> =>
  request<RemoteTemplate>("PUT", `/templates/${part(id)}`, body, {
    headers: version === null ? {} : { "If-Match": `"${version}"` },
  });

export const getInspections = (
  site: string,
  query: { state?: RemoteState; mine?: boolean; cursor?: string | null } = {},
): Promise<Page<ListedInspection>> =>
  get<Page<ListedInspection>>("/inspections", {
    site,
    state: query.state,
    mine: query.mine ? "true" : null,
    cursor: query.cursor,
  });
export const getInspection = (id: string): Promise<RemoteInspection> =>
  get<RemoteInspection>(`/inspections/${part(id)}`);
export const getFindings = (
  site: string,
  query: { aspect?: string; inspection?: string; cursor?: string | null } = {},
): Promise<Page<RemoteFinding>> => get<Page<RemoteFinding>>("/findings", { site, ...query });
export const getFinding = (id: string): Promise<RemoteFinding> =>
  get<RemoteFinding>(`/findings/${part(id)}`);
export const getEvidence = (aspect: string, start?: number, end?: number): Promise<Evidence> =>
  get<Evidence>(`/aspects/${part(aspect)}/evidence`, {
    start: start === undefined ? null : new Date(start).toISOString(),
    end: end === undefined ? null : new Date(end).toISOString(),
  });

export const getSync = (
  site: string,
  since: string | null,
  signal?: AbortSignal,
): Promise<SyncAnswer> =>
  request<SyncAnswer>("GET", withQuery("/sync", { site, since }), undefined, {
    timeoutMs: SYNC_TIMEOUT_MS,
    signal,
  });
