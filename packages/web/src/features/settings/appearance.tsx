import { useState } from "react";
import { readTheme, setTheme, THEMES, type Theme } from "../../lib/theme.ts";
import { Section } from "../../ui/page.tsx";

const WORDS: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

export function Appearance() {
  const [theme, show] = useState(readTheme);
  return (
    <Section title="Appearance">
      <div
        role="radiogroup"
        aria-label="Colours"
        className="grid grid-cols-3 rounded-xl border border-line bg-sunken p-1"
      >
        {THEMES.map((one) => (
          <label
            key={one}
            className="flex min-h-11 cursor-pointer items-center justify-center rounded-lg px-2 text-center text-sm text-quiet has-checked:bg-raised has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="theme"
              checked={theme === one}
              className="sr-only"
              onChange={() => {
                setTheme(one);
                show(one);
              }}
            />
            {WORDS[one]}
          </label>
        ))}
      </div>
    </Section>
  );
}
