import { Page } from "../ui/page.tsx";

export function NewAgentScreen() {
  return <Page title="NewAgent">Being built.</Page>;
}
