import { expect, it } from "vitest";
import { prettyJson } from "./pretty-json";

it("sets a document in lines", () => {
  expect(prettyJson('{"a":[1,2,{}],"b":{"c":null},"d":[]}')).toBe(
    '{\n  "a": [\n    1,\n    2,\n    {}\n  ],\n  "b": {\n    "c": null\n  },\n  "d": []\n}',
  );
});

it("keeps what the device has sent to the letter: long numbers, twice the same key, zeros at the end", () => {
  const pretty = prettyJson(
    '{"id":12345678901234567890,"v":7.10,"v":1e3,"s":"a: {b,\\"c\\"} [d]"}',
  );
  expect(pretty.replace(/\n\s*/g, "")).toBe(
    '{"id": 12345678901234567890,"v": 7.10,"v": 1e3,"s": "a: {b,\\"c\\"} [d]"}',
  );
});

it("leaves alone what is no JSON", () => {
  for (const text of ["", "23.5", "temp=23.5,hum=40", '{"cut": [1, 2', "01 75 5C"])
    expect(prettyJson(text)).toBe(text);
});
