/**
 * A server in a few lines that stands for `fetch`: it keeps what it is sent, computes digests as the real one does, and
 * can be told to lose answers, refuse, lie, or be away. The browser tests run against the real one.
 */

import { vi } from "vitest";
import { canonical } from "../work/digest";
import { sha256 } from "../work/hash";

export interface Call {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

type Rule = (call: Call) => Reply | "away" | "lost" | undefined;

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Fields = Record<string, unknown>;

interface Row {
  sha256: string;
  body: unknown;
  revision: number;
  author?: { id: string; username: string; name: string };
}

const NOON = "2026-11-25T12:00:00.000Z";

interface Part {
  sha: string;
  length: number;
  bytes: Uint8Array<ArrayBuffer>;
}

const problem = (status: number, code: string, errors: object = {}): Reply => ({
  status,
  body: { status, code, detail: code, errors },
});

const digest = (content: object): Promise<string> =>
  sha256(new TextEncoder().encode(canonical(content as never)));

const decode = (text: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

export class FakeServer {
  user: { id: string; username: string; name: string } | null;
  calls: Call[] = [];
  /** By id: what was recorded, with its digest. */
  rows = new Map<string, Row>();
  photos = new Map<string, Uint8Array>();
  parts = new Map<string, Part>();
  submissions = new Map<string, Record<string, unknown>>();
  rules: Rule[] = [];
  sync: Record<string, unknown> = {};
  inspections = new Map<string, unknown>();
  private made = 0;

  constructor(user: { id: string; username: string; name: string }) {
    this.user = user;
  }

  install(): void {
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => this.fetch(url, init));
  }

  /** The rule answers in the place of the server; "lost" lets the server do it and loses the answer. */
  when(method: string, path: RegExp, answer: Reply | "away" | "lost", times = Infinity): void {
    let left = times;
    this.rules.push((call) => {
      if (left <= 0 || call.method !== method || !path.test(call.path)) return undefined;
      left -= 1;
      return answer;
    });
  }

  paths(method: string): string[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.path);
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    init.signal?.throwIfAborted();
    const path = url.replace(/^https?:\/\/[^/]+/, "").replace("/api/v1", "");
    const raw = init.body;
    const body = typeof raw === "string" ? JSON.parse(raw) : raw;
    const call = { method: init.method ?? "GET", path, headers: new Headers(init.headers), body };
    this.calls.push(call);
    const ruled = this.ruled(call);
    if (ruled === "away") throw new TypeError("network");
    if (ruled && ruled !== "lost") return this.response(ruled);
    const reply = await this.handle(call);
    if (ruled === "lost") throw new TypeError("connection reset");
    return this.response(reply);
  }

  /** Of the first rule that has something to say: those after it must not count the call as theirs. */
  private ruled(call: Call): ReturnType<Rule> {
    for (const rule of this.rules) {
      const found = rule(call);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private response({ status, body, headers }: Reply): Response {
    const json = body === undefined ? null : JSON.stringify(body);
    const type: Record<string, string> = json ? { "content-type": "application/json" } : {};
    return new Response(status === 204 ? null : json, { status, headers: { ...type, ...headers } });
  }

  private async handle(call: Call): Promise<Reply> {
    if (!this.user) return problem(401, "unauthenticated");
    const { method, path } = call;
    const author = call.headers.get("X-Fieldproof-Author");
    if (!["GET", "HEAD"].includes(method) && author !== null && author !== this.user.id)
      return problem(403, "other_author");
    if (path === "/me")
      return {
        status: 200,
        body: {
          user: this.user,
          role: "inspector",
          roles: ["inspector"],
          sites: [{ id: "dairy", name: "Dairy", timezone: "UTC" }],
        },
      };
    if (path.startsWith("/sync")) return { status: 200, body: this.syncAnswer() };
    if (path.startsWith("/uploads")) return this.upload(call);
    if (path.startsWith("/photos")) return this.photo(call);
    if (method === "PUT") return this.put(call);
    if (method === "POST") return this.submit(call);
    return this.shown(path.split("/")[2] ?? "");
  }

  /** As a GET shows it: what the test put there, else what was recorded. */
  private shown(id: string): Reply {
    const row = this.rows.get(id);
    const found = this.inspections.get(id) ?? (row && this.told(row));
    return found ? { status: 200, body: found } : problem(404, "not_found");
  }

  private read(row: Row): Fields & { sha256: string; id: string } {
    const body = row.body as Fields;
    return { ...body, id: String(body.id), ...row, delivered_by: null, received_at: NOON };
  }

  /** A walkthrough with all that belongs to it; anything else as it was recorded. */
  private told(row: Row): Fields {
    const read = this.read(row);
    if (!("template_version" in read)) return read;
    const of = [...this.rows.values()]
      .map((one) => this.read(one))
      .filter((one) => one.inspection === read.id);
    const submission = this.submissions.get(read.id);
    const links = of.filter((one) => "photo" in one);
    const photos = [...new Set(links.map((one) => String(one.photo)))].map((sha256) => ({
      sha256,
      size: this.photos.get(sha256)?.length ?? null,
      state: this.photos.has(sha256) ? "verified" : "awaited",
      links: links.filter((one) => one.photo === sha256),
    }));
    return {
      ...read,
      template: { id: read.template, version: read.template_version, title: "" },
      content: {},
      state: submission ? "submitted" : "draft",
      submitted_at: submission?.submitted_at ?? null,
      missing: [],
      flagged: false,
      answers: of.filter((one) => "replaces" in one),
      findings: of.filter((one) => "kind" in one),
      photos,
      submissions: submission ? [submission] : [],
    };
  }

  syncAnswer(): Fields {
    const changed = { templates: [], locations: [], aspects: [], points: [], inspections: [] };
    return {
      cursor: "1.1",
      anew: this.sync.anew ?? false,
      changed: { ...changed, ...(this.sync.changed as object) },
      removed: this.sync.removed ?? {},
      server_time: new Date(Date.now() + ((this.sync.ahead as number) ?? 0)).toISOString(),
    };
  }

  private async keep(
    id: string,
    content: object,
    match: string | null,
    changeable: boolean,
  ): Promise<Reply> {
    const sha = await digest(content);
    const known = this.rows.get(id);
    if (known?.sha256 === sha)
      return { status: 200, body: { id, sha256: sha, revision: known.revision } };
    if (known && !changeable) return problem(409, "conflict");
    if ((known?.revision ?? 0) !== Number(match?.replaceAll('"', "") ?? 0))
      return problem(412, "stale");
    const revision = (known?.revision ?? 0) + 1;
    const author = known?.author ?? this.user ?? undefined;
    this.rows.set(id, { sha256: sha, body: content, revision, ...(author && { author }) });
    return { status: 201, body: { id, sha256: sha, revision } };
  }

  private put({ path, body, headers }: Call): Promise<Reply> {
    const [, kind, first, , second] = path.split("/");
    const match = headers.get("If-Match");
    if (kind === "findings")
      return this.keep(first ?? "", { ...(body as object), id: first }, match, true);
    const id = second ?? first ?? "";
    if (second && !this.rows.has(first ?? "")) return Promise.resolve(problem(404, "not_found"));
    const more = second ? { inspection: first } : {};
    return this.keep(id, { ...(body as object), id, ...more }, match, false);
  }

  private async submit({ path, body }: Call): Promise<Reply> {
    const id = path.split("/")[2] ?? "";
    const given = body as {
      content_sha256: string;
      answers: string[];
      findings: string[];
      photos: { sha256: string }[];
    };
    const absent = (ids: string[]): string[] => ids.filter((one) => !this.rows.has(one));
    const lack = { answers: absent(given.answers), findings: absent(given.findings) };
    if (lack.answers.length + lack.findings.length > 0)
      return problem(409, "content_differs", lack);
    const header = this.rows.get(id)?.body as
      | { template: string; template_version: number }
      | undefined;
    const named = (ids: string[]) =>
      ids
        .map((one) => ({ id: one, sha256: this.rows.get(one)?.sha256 }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    const content = await digest({
      inspection: id,
      template: { id: header?.template, version: header?.template_version },
      answers: named(given.answers),
      findings: named(given.findings),
      photos: given.photos.map((one) => one.sha256).sort(),
    });
    if (content !== given.content_sha256) return problem(409, "content_differs");
    const missing = given.photos.map((one) => one.sha256).filter((sha) => !this.photos.has(sha));
    this.submissions.set(id, given);
    return {
      status: 200,
      body: {
        state: missing.length > 0 ? "submitted" : "complete",
        missing,
        version: 1,
        content_sha256: content,
        flagged: false,
      },
    };
  }

  private async photo({ method, path, body }: Call): Promise<Reply> {
    const [, , sha = "", what, link = ""] = path.split("/");
    if (what === "links") {
      const reply = await this.keep(
        link,
        { ...(body as object), id: link, photo: sha },
        null,
        false,
      );
      const told = reply.body as { sha256: string };
      return reply.status < 300
        ? { ...reply, body: { id: link, sha256: sha, digest: told.sha256 } }
        : reply;
    }
    const bytes = this.photos.get(sha);
    if (!bytes) return method === "HEAD" ? { status: 404 } : problem(404, "not_found");
    if (method === "HEAD") return { status: 200 };
    const receipt = {
      sha256: sha,
      size: bytes.length,
      verified: true,
      received_at: "2026-11-25T10:00:00.000Z",
    };
    return { status: 200, body: { ...receipt, audit_head: "1:aa", signature: "bb" } };
  }

  private async upload({ method, path, headers, body }: Call): Promise<Reply> {
    if (method === "POST") return this.create(headers);
    const id = path.split("/")[2] ?? "";
    const part = this.parts.get(id);
    if (!part) return method === "HEAD" ? { status: 410 } : problem(410, "upload_gone");
    const told = {
      "Upload-Offset": String(part.bytes.length),
      "Upload-Length": String(part.length),
    };
    if (method === "HEAD") return { status: 200, headers: told };
    if (Number(headers.get("Upload-Offset")) !== part.bytes.length)
      return { ...problem(409, "wrong_offset"), headers: told };
    part.bytes = Uint8Array.from([...part.bytes, ...new Uint8Array(body as ArrayBuffer)]);
    if (part.bytes.length === part.length) {
      this.parts.delete(id);
      if ((await sha256(part.bytes)) !== part.sha) return problem(460, "checksum_mismatch");
      this.photos.set(part.sha, part.bytes);
    }
    return { status: 204, headers: { "Upload-Offset": String(part.bytes.length) } };
  }

  private create(headers: Headers): Reply {
    const pairs = (headers.get("Upload-Metadata") ?? "").split(",").map((pair) => pair.split(" "));
    const sha = decode(pairs.find(([name]) => name === "sha256")?.[1] ?? "");
    this.made += 1;
    const id = `up-${this.made}`;
    this.parts.set(id, {
      sha,
      length: Number(headers.get("Upload-Length")),
      bytes: new Uint8Array(),
    });
    return { status: 201, headers: { Location: `/api/v1/uploads/${id}` } };
  }
}
