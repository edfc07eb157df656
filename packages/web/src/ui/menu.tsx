import { lazy, Suspense, useState } from "react";
import { IconButton } from "./button.tsx";
import type { IconName } from "./icon.tsx";

export interface MenuEntry {
  label: string;
  icon?: IconName;
  isDanger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

const load = () => import("./menu-popup.tsx");
const OpenedMenu = lazy(() => load().then((menu) => ({ default: menu.OpenedMenu })));

/** What else can be done here, behind a button with three dots. The menu is loaded when somebody reaches for it. */
export function MoreMenu({ label, entries }: { label: string; entries: readonly MenuEntry[] }) {
  const [isWanted, setWanted] = useState(false);
  if (entries.length === 0) return null;
  const closed = (
    <IconButton
      icon="more"
      label={label}
      aria-haspopup="menu"
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      onClick={() => setWanted(true)}
    />
  );
  return isWanted ? (
    <Suspense fallback={closed}>
      <OpenedMenu label={label} entries={entries} />
    </Suspense>
  ) : (
    closed
  );
}
