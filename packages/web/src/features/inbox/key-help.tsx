const KEYS = [
  ["j k", "move"],
  ["Enter", "open"],
  ["a", "approve"],
  ["d", "deny"],
  ["e", "edit"],
  ["x", "choose"],
  ["1–9", "answer"],
  ["r", "reply"],
] as const;

/** The keys of the list, where there is a keyboard. */
export function KeyHelp() {
  return (
    <p className="mb-3 hidden flex-wrap gap-x-3 gap-y-1 text-xs text-quiet lg:flex">
      {KEYS.map(([keys, does]) => (
        <span key={keys}>
          <kbd className="rounded border border-line bg-raised px-1 font-sans">{keys}</kbd> {does}
        </span>
      ))}
    </p>
  );
}
