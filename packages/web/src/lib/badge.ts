/** The number on the app's picture, where the system shows one. 0 takes it away. */
export function showBadge(count: number): void {
  if (!("setAppBadge" in navigator)) return;
  const shown = count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge();
  // A system that shows none refuses; nothing is lost.
  shown.catch(() => undefined);
}
