import { AppError } from "@bureau/protocol";

const PLACE = /\$\{([^${}]{1,200})\}/g;
const SHORTEST_SECRET = 6;

/** Where the values of `${…}` come from. */
export interface Values {
  environment: Readonly<Record<string, string | undefined>>;
  /** Folder that `${workspaceFolder}` stands for. */
  workspace: string;
  /** Puts the value in place of each `${secret:NAME}` of a text. Absent: there is no vault. */
  resolveSecret?: ((text: string) => Promise<string>) | undefined;
  /** Told of each value that was filled in, before it is handed over, so that it is hidden wherever it comes up. */
  onValue?: ((name: string, value: string) => void) | undefined;
}

/** Fills in texts, and remembers what must not be shown. */
export interface Filler {
  fill(text: string): Promise<string>;
  /** A text in which what was filled in is not to be read. */
  redact(text: string): string;
}

/**
 * Fills `${VAR}`, `${env:VAR}`, `${VAR:-default}`, `${workspaceFolder}` and `${secret:NAME}`. What comes in is not
 * looked through again, so no value can name another.
 */
export function createFiller(values: Values): Filler {
  const secrets = new Set<string>();
  const valueOf = async (place: string, name: string): Promise<string> => {
    const value = await find(values, place, name);
    if (value.trim().length >= SHORTEST_SECRET && name !== "workspaceFolder") secrets.add(value);
    if (name !== "workspaceFolder") values.onValue?.(name, value);
    return value;
  };
  return {
    fill: async (text) => {
      let filled = "";
      let end = 0;
      for (const match of text.matchAll(PLACE)) {
        filled += text.slice(end, match.index) + (await valueOf(match[0], match[1]!));
        end = match.index + match[0].length;
      }
      return filled + text.slice(end);
    },
    redact: (text) => [...secrets].reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text),
  };
}

async function find({ environment, workspace, resolveSecret }: Values, place: string, name: string): Promise<string> {
  if (name === "workspaceFolder") return workspace;
  if (name.startsWith("secret:")) {
    if (resolveSecret) return await resolveSecret(place);
    throw new AppError("invalid", `${place} cannot be filled in: there is no vault here.`, {
      hint: "Use ${env:NAME} and set the variable.",
    });
  }
  const [variable, fallback] = splitDefault(name.replace(/^env:/, ""));
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) {
    throw new AppError("invalid", `${place} is not known.`, {
      hint: "Use ${VAR}, ${env:VAR}, ${VAR:-default}, ${workspaceFolder} or ${secret:NAME}.",
    });
  }
  const value = environment[variable];
  const found = value === undefined || value === "" ? fallback : value;
  if (found !== null) return found;
  throw new AppError("invalid", `The environment has no ${variable}, which ${place} asks for.`, {
    hint: `Set ${variable} where Bureau is started, or write a default: \${${variable}:-…}.`,
  });
}

function splitDefault(name: string): [string, string | null] {
  const at = name.indexOf(":-");
  return at === -1 ? [name, null] : [name.slice(0, at), name.slice(at + 2)];
}
