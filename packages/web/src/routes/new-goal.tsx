import { Page } from "../ui/page.tsx";

export function NewGoalScreen() {
  return <Page title="NewGoal">Being built.</Page>;
}
