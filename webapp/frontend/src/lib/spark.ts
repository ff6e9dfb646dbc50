export interface SparkShape {
  /** SVG path of the line; gaps in the data are gaps in the line. */
  line: string;
  low: number;
  high: number;
  /** Height of a value inside the box, for limit lines. */
  y(value: number): number;
}

/** A counter only climbs; what can be seen in it is how fast. The last bucket is not over yet. */
export function growth(values: (number | null)[]): (number | null)[] {
  return values.slice(0, -1).map((value, index) => {
    const before = index > 0 ? values[index - 1] : null;
    if (value === null || before === null || before === undefined || value < before) return null;
    return value - before;
  });
}

const PAD = 2;

function extent(values: number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  // A constant line belongs in the middle, not on an edge that suggests a minimum.
  if (low === high) return [low - 1, high + 1];
  return [low, high];
}

export function sparkShape(
  times: number[],
  values: (number | null)[],
  width: number,
  height: number,
): SparkShape | null {
  const known = values.filter((value): value is number => value !== null);
  const first = times[0];
  const last = times.at(-1);
  if (known.length < 2 || first === undefined || last === undefined || last <= first) return null;
  const [low, high] = extent(known);
  const y = (value: number): number =>
    PAD + (height - 2 * PAD) * (1 - (value - low) / (high - low));
  let line = "";
  let pen = "M";
  const drawn = (index: number): boolean => values[index] !== null && values[index] !== undefined;
  values.forEach((value, index) => {
    const time = times[index];
    if (value === null || time === undefined) {
      pen = "M";
      return;
    }
    const x = PAD + ((width - 2 * PAD) * (time - first)) / (last - first);
    line += `${pen}${x.toFixed(1)} ${y(value).toFixed(1)}`;
    // Alone between two gaps: a line of no length, which round ends make a dot.
    if (!drawn(index - 1) && !drawn(index + 1)) line += "h0";
    pen = "L";
  });
  return { line, low, high, y };
}
