import { Page } from "../ui/page.tsx";

export function RunScreen() {
  return <Page title="Run">Being built.</Page>;
}
