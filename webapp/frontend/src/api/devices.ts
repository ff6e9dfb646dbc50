import { request, withQuery } from "./client";
import type { Adoption, Device, DeviceDetail, LocationRecord, Profile } from "./device-types";
import { get, getAll } from "./endpoints";
import type { Named, Page } from "./types";

const part = encodeURIComponent;

export const getDevice = (id: string): Promise<DeviceDetail> =>
  get<DeviceDetail>(`/devices/${part(id)}`);
export const adopt = (id: string, body: Adoption): Promise<Device> =>
  request<Device>("POST", `/devices/${part(id)}/adopt`, body);
export const retire = (id: string): Promise<Device> =>
  request<Device>("POST", `/devices/${part(id)}/retire`);
/** The first page is enough to choose from; what is sought is narrowed by writing more. */
export const findProfiles = async (text: string): Promise<Profile[]> =>
  (await get<Page<Profile>>("/profiles", { q: text, limit: 30 })).items;
export const getLocations = (site: string): Promise<LocationRecord[]> =>
  getAll<LocationRecord>("/locations", { site });
export const getAspectNames = (site: string): Promise<Named[]> =>
  getAll<Named>("/aspects", { site });
export const putLocation = (
  id: string,
  body: { site: string; parent: string | null; name: string },
): Promise<LocationRecord> => request<LocationRecord>("PUT", `/locations/${part(id)}`, body);

export type LabelsOf = "devices" | "locations";
export const LABEL_SIZES = ["small", "medium", "large"] as const;

/** What the server draws at once. */
export const MOST_LABELS = 300;

/** Opened in a tab of its own: the browser shows and prints it. Without ids: all of the site. */
export const labelsUrl = (site: string, of: LabelsOf, ids: string[] | null, size: string): string =>
  withQuery("/api/v1/labels.pdf", { site, of, ids: ids?.join(","), size });

const SEARCH_MAX = 100;
/** As data: these are messages for those who look after the devices. */
export const deadLettersUrl = (topic: string): string =>
  withQuery("/api/v1/dead-letters", { q: topic.slice(0, SEARCH_MAX) });
