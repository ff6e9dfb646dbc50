import type { DetachedWindowAPI } from "happy-dom";
import { beforeEach, describe, expect, it } from "vitest";
import {
  address,
  aspectPath,
  devicePath,
  findingPath,
  goBack,
  isFocused,
  isInside,
  itemPath,
  navigate,
  parseRoute,
  placePath,
  pointPath,
  route,
  safeNext,
  signInPath,
  startRouter,
} from "./router";

describe("parseRoute", () => {
  it("knows every screen", () => {
    expect(parseRoute("/")).toEqual({ screen: "today" });
    expect(parseRoute("/live")).toEqual({ screen: "live" });
    expect(parseRoute("/alarms")).toEqual({ screen: "alarms", ended: false });
    expect(parseRoute("/alarms?ended")).toEqual({ screen: "alarms", ended: true });
    expect(parseRoute("/alarms/4f")).toEqual({ screen: "alarm", id: "4f", ended: false });
    expect(parseRoute("/sign-in?next=%2Flive")).toEqual({ screen: "sign-in", next: "/live" });
  });

  it("knows devices, and what labels say", () => {
    const device = { screen: "device", id: "dairy.effluent" };
    expect(parseRoute("/devices")).toEqual({ screen: "devices" });
    expect(parseRoute(devicePath("dairy.effluent"))).toEqual(device);
    expect(parseRoute("/d/dairy.effluent")).toEqual(device);
    expect(parseRoute("/l/hdtwpkqvdd")).toEqual({ screen: "label", token: "hdtwpkqvdd" });
    expect(parseRoute("/d")).toEqual({ screen: "unknown" });
    expect(parseRoute("/devices/a/b")).toEqual({ screen: "unknown" });
  });

  it("reads back what pointPath writes, whatever is in the names", () => {
    const path = pointPath("dairy.effluent", "ph/50%");
    expect(parseRoute(path)).toEqual({
      screen: "point",
      device: "dairy.effluent",
      metric: "ph/50%",
    });
  });

  it("calls everything else unknown, broken escapes too", () => {
    expect(parseRoute("/nowhere")).toEqual({ screen: "unknown" });
    expect(parseRoute("/live/a/b/c")).toEqual({ screen: "unknown" });
    expect(parseRoute("/alarms/%E0%A4%A")).toEqual({
      screen: "alarm",
      id: "%E0%A4%A",
      ended: false,
    });
  });
});

describe("signing in", () => {
  it("returns only to our own pages", () => {
    expect(safeNext("/alarms/1")).toBe("/alarms/1");
    for (const trap of [
      null,
      "",
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "/sign-in",
    ]) {
      expect(safeNext(trap)).toBe("/");
    }
    expect(signInPath("/")).toBe("/sign-in");
    expect(parseRoute(signInPath("/alarms?ended"))).toEqual({
      screen: "sign-in",
      next: "/alarms?ended",
    });
  });
});

describe("navigation", () => {
  beforeEach(() => {
    // This DOM follows a link before the document hears of the click; browsers do it afterwards.
    const { happyDOM } = window as unknown as { happyDOM: DetachedWindowAPI };
    happyDOM.settings.navigation.disableMainFrameNavigation = true;
    happyDOM.settings.navigation.disableFallbackToSetURL = true;
    startRouter();
    navigate("/", true);
  });

  it("follows a plain click on one of our links and leaves others to the browser", () => {
    document.body.innerHTML =
      '<a id="in" href="/live"><b>Live</b></a><a id="new" href="/alarms" target="_blank">x</a>';
    document
      .querySelector("#in b")
      ?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    expect(route.value).toEqual({ screen: "live" });
    const other = new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: true });
    document.querySelector("#new")?.dispatchEvent(other);
    expect(address.value).toBe("/live");
  });

  it("goes to the parent when the page was opened directly", () => {
    navigate("/alarms/1", true);
    history.replaceState(null, "", "/alarms/1");
    goBack("/alarms");
    expect(address.value).toBe("/alarms");
  });
});

describe("addresses of walkthroughs and aspects", () => {
  it("name a walkthrough, a question, a finding and the finish", () => {
    expect(parseRoute("/walkthroughs")).toEqual({ screen: "walkthroughs", location: null });
    expect(parseRoute(placePath("yard/1"))).toEqual({ screen: "walkthroughs", location: "yard/1" });
    expect(parseRoute("/walkthroughs/w1")).toEqual({ screen: "walkthrough", id: "w1" });
    expect(parseRoute(itemPath("w1", "spill-kit"))).toEqual({
      screen: "item",
      id: "w1",
      item: "spill-kit",
    });
    expect(parseRoute(findingPath("w1", null, "spill-kit"))).toEqual({
      screen: "finding",
      id: "w1",
      finding: null,
      item: "spill-kit",
    });
    expect(parseRoute(findingPath("w1", "f1"))).toMatchObject({ finding: "f1", item: null });
    expect(parseRoute("/walkthroughs/w1/finish")).toEqual({ screen: "finish", id: "w1" });
    for (const path of ["/walkthroughs/w1/items", "/walkthroughs/w1/finish/x", "/phone/x"])
      expect(parseRoute(path), path).toEqual({ screen: "unknown" });
    expect(parseRoute("/walkthroughs/w1/items/a/b")).toEqual({ screen: "unknown" });
  });

  it("name an aspect and the page about this phone", () => {
    expect(parseRoute("/aspects")).toEqual({ screen: "aspects" });
    expect(parseRoute(aspectPath("a/1"))).toEqual({ screen: "aspect", id: "a/1" });
    expect(parseRoute("/aspects/a/b")).toEqual({ screen: "unknown" });
    expect(parseRoute("/phone")).toEqual({ screen: "phone" });
  });

  it("tell where the app must not offer to change itself", () => {
    expect(isInside(parseRoute("/walkthroughs/w1"))).toBe(true);
    expect(isInside(parseRoute(itemPath("w1", "a")))).toBe(true);
    expect(isInside(parseRoute("/walkthroughs"))).toBe(false);
    expect(isFocused(parseRoute("/walkthroughs/w1"))).toBe(false);
  });
});
