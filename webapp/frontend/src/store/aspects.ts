import { request, withQuery } from "../api/client";
import { getEvidence } from "../api/endpoints";
import type { Evidence, Named, Page, Place } from "../api/types";
import { Resource } from "./load";

/** An aspect as the register has it. */
export interface AspectRecord extends Named {
  activity: string;
  impact: string;
  condition: string;
  significant: boolean;
  site: string;
  location: Place | null;
  points: string[];
}

export const aspectList = new Resource<AspectRecord[]>();
export const evidence = new Resource<Evidence>();

export const loadAspects = (site: string): Promise<void> =>
  aspectList.fetch(
    async () =>
      (await request<Page<AspectRecord>>("GET", withQuery("/aspects", { site, limit: 200 }))).items,
  );

export async function loadEvidence(aspect: string): Promise<void> {
  if (evidence.state.peek().data?.aspect.id !== aspect) evidence.reset();
  await evidence.fetch(() => getEvidence(aspect));
}
