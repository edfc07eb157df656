/** Fetches what a thread is shown with, while somebody still looks at the list or waits for the items. */
export function preloadThread(): void {
  void import("../../ui/markdown-rendered.tsx").catch(() => undefined);
  void import("../../routes/thread.tsx").catch(() => undefined);
}
