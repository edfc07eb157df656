import { Page } from "../ui/page.tsx";

export function GoalsScreen() {
  return <Page title="Goals">Being built.</Page>;
}
