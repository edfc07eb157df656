import { dirname, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brokenBoundary } from "./boundaries.ts";

// The linter's own plugin interface, as far as it is used here. A plugin is the one kind of file, besides
// configuration, that has a default export: the linter asks for it.

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

interface SyntaxNode {
  type: string;
}

interface ModuleReference extends SyntaxNode {
  source: { type: string; value?: unknown } | null;
  importKind?: "type" | "value";
  exportKind?: "type" | "value";
  specifiers?: { importKind?: "type" | "value"; exportKind?: "type" | "value" }[];
}

interface NewExpression extends SyntaxNode {
  callee: { type: string; name?: string };
  arguments: unknown[];
}

interface RuleContext {
  filename: string;
  report(problem: { node: SyntaxNode; message: string }): void;
}

const plugin = {
  meta: { name: "bureau" },
  rules: {
    boundaries: {
      create(context: RuleContext) {
        const file = relative(ROOT, context.filename).split(sep).join("/");
        const check = (node: ModuleReference): void => {
          if (typeof node.source?.value !== "string") return;
          const message = brokenBoundary(file, node.source.value, isTypeOnly(node));
          if (message) context.report({ node, message: `${message} (${node.source.value})` });
        };
        return {
          ImportDeclaration: check,
          ImportExpression: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
        };
      },
    },
    "no-current-date": {
      create(context: RuleContext) {
        return {
          NewExpression(node: NewExpression): void {
            if (node.callee.name !== "Date" || node.arguments.length > 0) return;
            context.report({ node, message: "Time comes from Clock, so that tests can move it." });
          },
        };
      },
    },
  },
};

export default plugin;

function isTypeOnly(node: ModuleReference): boolean {
  if (node.importKind === "type" || node.exportKind === "type") return true;
  const specifiers = node.specifiers ?? [];
  return specifiers.length > 0 && specifiers.every((one) => one.importKind === "type" || one.exportKind === "type");
}
