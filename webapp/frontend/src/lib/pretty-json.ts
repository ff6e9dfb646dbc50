const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

const opens = (token: string): boolean => token === "{" || token === "[";
const closes = (token: string): boolean => token === "}" || token === "]";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A JSON document set in lines. The document's own words are kept: reading and writing it anew would round long numbers
 * and drop keys that come twice, and then it would not be what the device has sent. Anything else comes back as it is.
 */
export function prettyJson(text: string): string {
  if (!isJson(text)) return text;
  let out = "";
  let depth = 0;
  let before = "";
  for (const token of text.match(TOKEN) ?? []) {
    if (closes(token)) depth -= 1;
    const breaks = closes(token) ? !opens(before) : opens(before) || before === ",";
    if (breaks) out += `\n${"  ".repeat(depth)}`;
    out += token === ":" ? ": " : token;
    if (opens(token)) depth += 1;
    before = token;
  }
  return out;
}
