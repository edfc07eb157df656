/** Drawn for this app on a grid of 24, in one stroke width. */
const PATHS = {
  activity: "M3 12h4l3-8 4 16 3-8h4",
  agent:
    "M12 3v3M7 6h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zM9 11v1M15 11v1M9.5 15h5M3 11v3M21 11v3",
  artifact: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  back: "M15 5l-7 7 7 7",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
  close: "M6 6l12 12M18 6L6 18",
  coins: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM16 10a5 5 0 1 1-6 6",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  down: "M5 9l7 7 7-7",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  folder: "M3 6h6l2 3h10v10H3z",
  forward: "M9 5l7 7-7 7",
  goal: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 12h.01",
  health: "M12 20C5 15 3 11.500 3 8.500A4.500 4.500 0 0 1 12 7a4.500 4.500 0 0 1 9 1.500c0 3-2 6.500-9 11.500z",
  inbox: "M3 13l3-8h12l3 8v6H3zM3 13h5l1.500 3h5L16 13h5",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12l9-8M16 8l3 3",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  microphone: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  paperclip: "M20 11l-8 8a5 5 0 0 1-7-7l8-8a3.500 3.500 0 0 1 5 5l-8 8a2 2 0 0 1-3-3l7-7",
  pause: "M8 5v14M16 5v14",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-4 3.500-6 8-6s8 2 8 6",
  phone: "M7 2h10v20H7zM11 18h2",
  play: "M7 4l13 8-13 8z",
  plus: "M12 5v14M5 12h14",
  question: "M9 9a3 3 0 1 1 4.500 2.600C12.500 12.300 12 13 12 14M12 18h.01",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  send: "M4 12l16-8-5 16-3-7z",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  shield: "M12 3l8 3v6c0 5-3.500 7.500-8 9-4.500-1.500-8-4-8-9V6z",
  stop: "M6 6h12v12H6z",
  thread: "M4 5h16v11H10l-5 4v-4H4z",
  undo: "M4 9h10a6 6 0 0 1 0 12h-3M4 9l5-5M4 9l5 5",
  usage: "M5 20V10M12 20V4M19 20v-7",
  warning: "M12 4l9.500 16h-19zM12 10v4M12 17h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration beside a word; a button without a word has its own label. */
export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden="true"
      className={className ?? "size-5 shrink-0"}
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
