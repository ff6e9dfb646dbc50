import { expect, it } from "vitest";
import {
  answerDigest,
  canonical,
  contentDigest,
  findingDigest,
  headerDigest,
  linkDigest,
  wellFormed,
} from "./digest";
import type { Answer, Capture, Finding, Inspection } from "./types";

const INSPECTION = "0190a000-0000-7000-8000-0000000000aa";
const ANSWER = "0190a000-0000-7000-8000-000000000001";
const FINDING = "0190a000-0000-7000-8000-000000000002";
const CAPTURE = "0190a000-0000-7000-8000-000000000003";
const PHOTO = "ab".repeat(32);
const INES = { id: "u", username: "ines", name: "Ines" };
const PHONE = { deviceId: "phone-1", utcOffsetMin: 60, skewMs: -1500, author: INES, here: true };
const at = (time: string): number => Date.parse(`2026-11-25T${time}Z`);

const answer: Answer = {
  ...PHONE,
  id: ANSWER,
  inspection: INSPECTION,
  item: "ph",
  repeat: 0,
  value: { source: "handheld", number: 7.2, text: "7,2", instrument: "WTW 3310" },
  note: "Überlauf ✓ “ok”\n😀",
  aspect: null,
  location: "outfall",
  reading: {
    point: "dairy.effluent/ph",
    label: "pH",
    value: 7.15,
    unit: "pH",
    precision: 2,
    quality: "good",
    reasons: [],
    observed_at: "2026-11-25T10:42:05.000Z",
    age_s: 2.5,
    freshness: "live",
    limits: [{ kind: "high", level: "permit", value: 9 }],
  },
  photos: [PHOTO],
  answeredAt: at("10:42:07.123"),
  replaces: ["0190a000-0000-7000-8000-000000000000"],
  sha256: "11".repeat(32),
};

const finding: Finding = {
  ...PHONE,
  skewMs: null,
  id: FINDING,
  site: "dairy",
  inspection: INSPECTION,
  item: "ph",
  kind: "minor",
  text: "Foam at the outfall",
  aspect: "a1",
  location: null,
  photos: [],
  foundAt: at("10:43:00.000"),
  revision: 0,
  sha256: "33".repeat(32),
};

const capture: Capture = {
  ...PHONE,
  id: CAPTURE,
  sha256: PHOTO,
  size: 1,
  mime: "image/jpeg",
  inspection: INSPECTION,
  item: "ph",
  answer: ANSWER,
  finding: null,
  aspect: null,
  location: "outfall",
  caption: "",
  source: "camera",
  capturedAt: at("10:42:07.000"),
  position: { lat: 52.5, lon: -7.25, accuracy: 1e-7, at: at("10:42:01.000") },
};

const inspection = {
  ...PHONE,
  id: INSPECTION,
  site: "dairy",
  template: { id: "t1", version: 3 },
  startedAt: at("10:40:00.000"),
} as unknown as Inspection;

// The expected values were computed with Python's rfc8785 over the bodies of the wire protocol.
it("gives everything that is sent the digest that the server finds", async () => {
  expect(await answerDigest(answer)).toBe(
    "73aeccf1901a36b295f73fd5a46b6173421271b3644bec32fe42ed8b3005c241",
  );
  expect(await findingDigest(finding)).toBe(
    "7c169f608d45b4424c0bfc2e6cec1b8ee9be8ea5c6c277ac28dcd53e18392878",
  );
  expect(await linkDigest(capture)).toBe(
    "836681bc16e0bd5d55f1d4b9f9c36ae3577a953791d2f22f95588b7ff0f94bbf",
  );
  expect(await headerDigest(inspection)).toBe(
    "4f671cbf0cca470933474cbbea60beedac3755b891172509630dc319a1e5432a",
  );
});

it("digests a walkthrough by its parts, in whatever order they lie here", async () => {
  const other = { ...answer, id: "0190a000-0000-7000-8000-000000000009", sha256: "22".repeat(32) };
  const photos = [PHOTO, "0a".repeat(32)].map((sha256) => ({ sha256, size: 1, mime: "image/png" }));
  expect(await contentDigest(inspection, [other, answer], [finding], photos)).toBe(
    "c4c90fd6f2362c8e872c275dbe998ef895ab365283554a33af2ca1f8533e09b5",
  );
});

it("writes canonical JSON, and makes halves of characters whole before they get there", () => {
  expect(canonical({ b: [1, 1e21, -0], a: "é" })).toBe('{"a":"é","b":[1,1e+21,0]}');
  expect(() => canonical("\ud83d")).toThrow();
  expect(canonical(wellFormed("\ud83d and 😀"))).toBe('"\ufffd and 😀"');
  expect(wellFormed("a\0b")).toBe("a\ufffdb");
});
