import { Page } from "../ui/page.tsx";

export function GoalScreen() {
  return <Page title="Goal">Being built.</Page>;
}
