import { type Query, request, withQuery } from "./client";
import type {
  Alarm,
  Collector,
  Device,
  Me,
  OpAnswer,
  OpRequest,
  Page,
  Point,
  Series,
} from "./types";

const PAGE_LIMIT = 50;

const get = <T>(path: string, query: Query = {}): Promise<T> =>
  request<T>("GET", withQuery(path, query));

/** Follows the cursor to the end; bounded so that a server's mistake cannot loop for ever. */
async function getAll<T>(path: string, query: Query): Promise<T[]> {
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
