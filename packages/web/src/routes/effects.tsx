import { Page } from "../ui/page.tsx";

export function EffectsScreen() {
  return <Page title="Effects">Being built.</Page>;
}
