import { api, type Endpoint } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { openApiDocument } from "./openapi.ts";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>;
  components: { schemas: Record<string, { properties: Record<string, unknown> }> };
}

const document = openApiDocument("1.0.0") as Document;

describe("openApiDocument", () => {
  test("has every endpoint of the table once, with its parameters", () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operations.map(({ operation }) => operation.operationId).toSorted()).toEqual(Object.keys(api).toSorted());
    for (const { path, method, operation } of operations) {
      const endpoint: Endpoint = api[operation.operationId as keyof typeof api];
      expect(method.toUpperCase()).toBe(endpoint.method);
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(operation.parameters.filter((each) => each.in === "path").map((each) => each.name)).toEqual(names);
    }
  });

  test("every reference leads to a schema of the document", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(references.length).toBeGreaterThan(50);
    const known = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    expect(references.filter((reference) => !known.has(reference))).toEqual([]);
  });

  test("ids are text and keep their place among the properties", () => {
    expect(document.components.schemas["Run"]?.properties["id"]).toEqual({ type: "string" });
    expect(document.components.schemas["Goal"]?.properties).toHaveProperty("checks");
  });
});
