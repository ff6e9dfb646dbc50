/** Everything of every walkthrough that has anything unsent, whoever's. The packing itself is loaded when it is needed. */
export async function exportZip(): Promise<Blob> {
  const { buildZip } = await import("./zip");
  return buildZip();
}
