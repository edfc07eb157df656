import { Page } from "../ui/page.tsx";

export function HealthScreen() {
  return <Page title="Health">Being built.</Page>;
}
