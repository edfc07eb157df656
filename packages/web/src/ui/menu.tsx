import { Menu as BaseMenu } from "@base-ui/react/menu";
import { IconButton } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

export interface MenuEntry {
  label: string;
  icon?: IconName;
  isDanger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

/** What else can be done here, behind a button with three dots. */
export function MoreMenu({ label, entries }: { label: string; entries: readonly MenuEntry[] }) {
  if (entries.length === 0) return null;
  return (
    <BaseMenu.Root>
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
