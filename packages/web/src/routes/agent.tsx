import { Page } from "../ui/page.tsx";

export function AgentScreen() {
  return <Page title="Agent">Being built.</Page>;
}
