import { Page } from "../ui/page.tsx";

export function UsageScreen() {
  return <Page title="Usage">Being built.</Page>;
}
