import { expect, test } from "bun:test";
import { label } from "./index";

test("label", () => expect(label()).toBe("baked for 1m"));
