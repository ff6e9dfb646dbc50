import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError, request, Unreachable, whenSignedOut, withQuery } from "./client";
import { getPoints } from "./endpoints";

type Answer = (url: string, headers: Record<string, unknown>, response: ServerResponse) => void;

let server: Server;
let answer: Answer;

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

beforeEach(async () => {
  server = createServer((incoming, response) =>
    answer(incoming.url ?? "", incoming.headers, response),
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM.setURL(
    `http://127.0.0.1:${port}/`,
  );
});

afterEach(async () => {
  whenSignedOut(() => undefined);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

it("sends the header that stands against forged requests only where something changes", async () => {
  const seen: unknown[] = [];
  answer = (_url, headers, response) => {
    seen.push(headers["x-fieldproof"]);
    json(response, 200, {});
  };
  await request("GET", "/me");
  await request("PUT", "/alarms/1/ops/2", { op: "comment" });
  expect(seen).toEqual([undefined, "1"]);
});

it("tells a lost session from a wrong password", async () => {
  const lost = vi.fn();
  whenSignedOut(lost);
  answer = (_url, _headers, response) =>
    json(response, 401, { code: "bad_credentials", detail: "no" });
  await expect(request("POST", "/session", {})).rejects.toMatchObject({
    status: 401,
    code: "bad_credentials",
  });
  expect(lost).not.toHaveBeenCalled();
  answer = (_url, _headers, response) => json(response, 401, { code: "unauthenticated" });
  await expect(request("GET", "/me")).rejects.toBeInstanceOf(ApiError);
  expect(lost).toHaveBeenCalledOnce();
});

it("does not take a foreign page for an answer", async () => {
  answer = (_url, _headers, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<h1>Welcome to the hotel network</h1>");
  };
  await expect(request("GET", "/points")).rejects.toBeInstanceOf(Unreachable);
  answer = (_url, _headers, response) => {
    response.writeHead(502, { "content-type": "text/html" });
    response.end("Bad gateway");
  };
  await expect(request("GET", "/points")).rejects.toBeInstanceOf(Unreachable);
});

it("calls a cut connection unreachable", async () => {
  answer = (_url, _headers, response) => response.destroy();
  await expect(request("GET", "/points")).rejects.toBeInstanceOf(Unreachable);
});

it("follows the cursor of a list to its end", async () => {
  const asked: string[] = [];
  answer = (url, _headers, response) => {
    asked.push(url);
    const last = url.includes("cursor=b");
    json(response, 200, { items: [{ point: last ? "d/2" : "d/1" }], next: last ? null : "b" });
  };
  const points = await getPoints("dairy", 6);
  expect(points.map((item) => item.point)).toEqual(["d/1", "d/2"]);
  expect(asked[0]).toBe("/api/v1/points?site=dairy&spark=6");
});

it("leaves empty parameters out of the address", () => {
  expect(withQuery("/alarms", { site: "dairy", cursor: null, since: undefined, q: "" })).toBe(
    "/alarms?site=dairy",
  );
});
