import { Menu as BaseMenu } from "@base-ui/react/menu";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import type { MenuEntry } from "./menu.tsx";

/** The menu itself, open from the start: it is there once somebody wants it. */
export function OpenedMenu({ label, entries }: { label: string; entries: readonly MenuEntry[] }) {
  return (
    <BaseMenu.Root defaultOpen>
      <BaseMenu.Trigger render={<IconButton icon="more" label={label} />} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner sideOffset={4} align="end" className="z-50">
          <BaseMenu.Popup className="min-w-48 rounded-xl border border-line bg-raised p-1 shadow-lg outline-none">
            {entries.map((entry) => (
              <BaseMenu.Item
                key={entry.label}
                disabled={entry.disabled ?? false}
                onClick={entry.onSelect}
                className={`flex min-h-11 cursor-pointer items-center gap-2 rounded-lg px-3 outline-none data-highlighted:bg-sunken data-disabled:opacity-55 md:min-h-9 ${entry.isDanger === true ? "text-bad" : ""}`}
              >
                {entry.icon === undefined ? null : <Icon name={entry.icon} className="size-4.5" />}
                {entry.label}
              </BaseMenu.Item>
            ))}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  );
}
