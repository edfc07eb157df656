/** What could not be read or asked. */
export function Notices({ notices }: { notices: readonly string[] }) {
  return notices.map((notice) => (
    <p key={notice} className="mb-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-wrap-anywhere">
      {notice}
    </p>
  ));
}
